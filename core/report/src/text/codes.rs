//! The codes that `vm explain` knows.

use std::io::{self, Write};

use vmkit_diagnose::Catalogue;

use super::{Terminal, style::Role, wrap::wrapped};

/// Most codes that are named as near to another.
const MOST_NEAR: usize = 8;
/// Shorter parts of a code, such as `no`, are in many codes.
const LEAST_WORD: usize = 3;

/// Writes all codes with their faults, by where the fault is.
pub(crate) fn write_codes(
    catalogue: &Catalogue,
    out: &mut impl Write,
    terminal: Terminal,
) -> io::Result<()> {
    let width = catalogue.causes().iter().map(|cause| cause.code.len()).max().unwrap_or(0);
    let rest = " ".repeat(width + 4);
    let mut layer = None;
    for cause in catalogue.causes() {
        if layer.replace(cause.layer) != Some(cause.layer) {
            writeln!(out, "{}", terminal.style.paint(Role::Heading, cause.layer.word()))?;
        }
        wrapped(out, terminal, &format!("  {:width$}  ", cause.code), &rest, &cause.title)?;
    }
    writeln!(out, "Next: vm explain CODE")
}

/// Which codes are near to one that nobody knows, or else where all are.
pub fn code_hint(code: &str, catalogue: &Catalogue) -> String {
    match near_codes(code, catalogue).as_slice() {
        [] => "all codes: vm explain".to_owned(),
        near => format!("near ones are {}; all codes: vm explain", near.join(", ")),
    }
}

/// The codes that have most words in common with this one, the nearest first. Capitals count as small letters.
fn near_codes(code: &str, catalogue: &Catalogue) -> Vec<&'static str> {
    let code = code.to_ascii_lowercase();
    let words: Vec<&str> = code.split(['-', '_', ' ']).filter(|word| !word.is_empty()).collect();
    let alike = |known: &str, word: &str| {
        let long = known.len().min(word.len()) >= LEAST_WORD;
        known == word || long && (known.starts_with(word) || word.starts_with(known))
    };
    let all = catalogue.causes().iter().map(|cause| cause.code);
    let mut near: Vec<(usize, usize, &str)> = Vec::new();
    for known in all {
        let shared: Vec<&str> =
            known.split('-').filter(|known| words.iter().any(|word| alike(known, word))).collect();
        if shared.iter().any(|word| word.len() >= LEAST_WORD) {
            near.push((shared.len(), known.split('-').count(), known));
        }
    }
    near.sort_by_key(|(shared, all, _)| (std::cmp::Reverse(*shared), *all));
    near.into_iter().take(MOST_NEAR).map(|(.., known)| known).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_codes_come_first_whatever_the_case() {
        let catalogue = Catalogue::builtin().unwrap();
        for asked in ["dhcp-no-servers", "DHCP_NO_SERVERS", "no dhcp server"] {
            let near = near_codes(asked, &catalogue);
            assert_eq!(near.first(), Some(&"dhcp-no-server"), "{asked}: {near:?}");
            assert!(near.len() <= MOST_NEAR, "{near:?}");
        }
        assert_eq!(near_codes("zebra", &catalogue), [""; 0]);
    }

    #[test]
    fn every_code_is_listed_once_with_its_fault() {
        let catalogue = Catalogue::builtin().unwrap();
        let mut out = Vec::new();
        write_codes(&catalogue, &mut out, Terminal::default()).unwrap();
        let text = String::from_utf8(out).unwrap();
        for cause in catalogue.causes() {
            let line = format!("\n  {} ", cause.code);
            assert_eq!(text.matches(&line).count(), 1, "{}: {text}", cause.code);
        }
    }
}
