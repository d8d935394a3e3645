//! Words and lists that several commands write.

/// Whether a shell reads the text as one plain word. Other text is not offered for pasting.
pub(crate) fn pastes(text: &str) -> bool {
    let plain =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'/');
    !text.is_empty() && !text.starts_with('-') && text.bytes().all(plain)
}

/// Each text once, in the order of its first use: many plugins have the same hint.
pub(super) fn distinct<'a>(texts: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut all = Vec::new();
    for text in texts {
        if !all.contains(&text) {
            all.push(text);
        }
    }
    all
}

/// `1 VM`, `2 VMs`.
pub(crate) fn counted(count: usize, thing: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {thing}{plural}")
}
