//! The facts about the gateway, normalised for comparison with clues.

use std::collections::BTreeMap;

use vmkit_plugin::Fact;

use crate::table::{Clue, On};

/// The facts in lower case, by what clues look at.
#[derive(Debug, Default)]
pub(crate) struct Sighting {
    titles: Vec<String>,
    servers: Vec<String>,
    friendly_names: Vec<String>,
    manufacturers: Vec<String>,
    model_names: Vec<String>,
    names: Vec<String>,
    domains: Vec<String>,
    /// Decoded bodies of the delivered pages, by path.
    pages: BTreeMap<String, String>,
    /// Addresses of the gateway.
    pub(crate) addresses: Vec<String>,
    /// Its MACs.
    pub(crate) macs: Vec<String>,
    /// Kinds of the uplinks of machines.
    pub(crate) uplinks: Vec<String>,
}

impl Sighting {
    pub(crate) fn of(facts: &[Fact]) -> Self {
        let mut seen = Self::default();
        let given = |path: &str| {
            let key = format!("http.status:{path}");
            facts.iter().any(|fact| fact.key == key && fact.value == "200")
        };
        for Fact { key, value } in facts {
            let (kind, rest) = key.split_once(':').unwrap_or((key, ""));
            let list = match kind {
                "http.title" => &mut seen.titles,
                "http.header" if rest.ends_with(":server") => &mut seen.servers,
                "ssdp.server" => &mut seen.servers,
                "ssdp.friendly-name" => &mut seen.friendly_names,
                "ssdp.manufacturer" => &mut seen.manufacturers,
                "ssdp.model-name" => &mut seen.model_names,
                "gateway.name" => &mut seen.names,
                "gateway.address" => &mut seen.addresses,
                "gateway.mac" => &mut seen.macs,
                "dhcp.domain" => &mut seen.domains,
                "uplink.kind" => &mut seen.uplinks,
                "http.body" if given(rest) => {
                    seen.pages.insert(rest.to_owned(), decoded(value).to_lowercase());
                    continue;
                }
                _ => continue,
            };
            let absolute = matches!(kind, "gateway.name" | "dhcp.domain");
            let value = if absolute { value.trim_end_matches('.') } else { value };
            list.push(value.to_lowercase());
        }
        seen
    }

    /// The first text of the clue that is present.
    pub(crate) fn finds<'a>(&self, clue: &'a Clue) -> Option<&'a str> {
        let page;
        let (texts, whole) = match clue.on {
            On::Title => (&self.titles[..], false),
            On::Server => (&self.servers[..], false),
            On::FriendlyName => (&self.friendly_names[..], false),
            On::Manufacturer => (&self.manufacturers[..], false),
            On::ModelName => (&self.model_names[..], false),
            On::Name => (&self.names[..], true),
            On::Domain => (&self.domains[..], true),
            On::Page => {
                page = self.pages.get(clue.path.as_deref()?)?;
                (std::slice::from_ref(page), false)
            }
        };
        let is_there = |wanted: &&String| {
            let wanted = wanted.to_lowercase();
            texts.iter().any(|text| if whole { *text == wanted } else { says(text, &wanted) })
        };
        clue.any.iter().find(is_there).map(String::as_str)
    }

    /// Whether any page contains this text.
    pub(crate) fn any_page_says(&self, text: &str) -> bool {
        let text = text.to_lowercase();
        self.pages.values().any(|page| says(page, &text))
    }
}

/// Whether `text` contains `wanted` as whole words.
fn says(text: &str, wanted: &str) -> bool {
    let ends = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    let (first, last) = (ends(wanted.chars().next()), ends(wanted.chars().next_back()));
    text.match_indices(wanted).any(|(at, _)| {
        let (before, after) = (&text[..at], &text[at + wanted.len()..]);
        !(first && ends(before.chars().next_back()) || last && ends(after.chars().next()))
    })
}

/// The text with `%XX` decoded: the scripts of some hubs encode every value. A broken escape stays.
fn decoded(text: &str) -> String {
    let digit = |byte: &u8| char::from(*byte).to_digit(16);
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let escape = match &bytes[at..] {
            [b'%', high, low, ..] => digit(high).zip(digit(low)),
            _ => None,
        };
        if let Some((high, low)) = escape {
            out.extend(u8::try_from(high * 16 + low));
            at += 3;
        } else {
            out.push(bytes[at]);
            at += 1;
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_whole() {
        let rows = [
            ("fritz!box 7590", "fritz!box", true),
            ("my deco x60", "deco", true),
            ("decoder", "deco", false),
            ("art deco", "deco", true),
            ("sw_ver:'v0.06-ee '", "-ee '", true),
            ("bbox", "bbox", true),
            ("bboxen and bbox", "bbox", true),
            ("", "x", false),
        ];
        for (text, wanted, expected) in rows {
            assert_eq!(says(text, wanted), expected, "{wanted} in {text}");
        }
    }

    #[test]
    fn broken_escapes_stay() {
        for (text, expected) in [("a%2Db", "a-b"), ("%", "%"), ("%4", "%4"), ("%zz%41", "%zzA")] {
            assert_eq!(decoded(text), expected);
        }
    }
}
