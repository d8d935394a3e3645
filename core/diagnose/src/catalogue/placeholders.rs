//! Placeholders in the texts and commands of remedies and tests.

/// All placeholders, which the data has in braces, and the words that a page shows instead.
pub(crate) const PLACEHOLDERS: &[(&str, &str)] = &[
    ("name", "NAME"),
    ("port", "PORT"),
    ("bridge", "BRIDGE"),
    ("uplink", "UPLINK"),
    ("adapter", "ADAPTER"),
    ("adapters", "ADAPTERS"),
    ("mac", "MAC"),
    ("router", "ROUTER"),
    ("address", "ADDRESS"),
    ("network", "NETWORK"),
    ("subnet", "SUBNET"),
    ("link", "LINK"),
    ("card", "CARD"),
    ("uplink_bridge", "UPLINK_BRIDGE"),
];

/// Whether this placeholder exists.
pub(super) fn is_known_placeholder(name: &str) -> bool {
    PLACEHOLDERS.iter().any(|(known, _)| *known == name)
}

/// The text with each placeholder replaced by its value; `None`: one of them has none.
pub(crate) fn fill(template: &str, value: impl Fn(&str) -> Option<String>) -> Option<String> {
    let mut out = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}')?;
        out.push_str(before);
        out.push_str(&value(name)?);
        rest = after;
    }
    out.push_str(rest);
    Some(out)
}
