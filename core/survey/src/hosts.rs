//! The hosts file: lines of `ADDRESS NAME…`, comments from `#` (hosts(5)).

use std::net::IpAddr;

use crate::LONGEST_TEXT;

/// Address and name of each entry, in the file's order. Other lines are skipped.
pub fn hosts(text: &[u8]) -> Vec<(IpAddr, String)> {
    let text = &text[..text.len().min(LONGEST_TEXT)];
    let mut entries = Vec::new();
    for line in text.split(|byte| *byte == b'\n') {
        let line = String::from_utf8_lossy(line);
        let entry = line.split('#').next().unwrap_or_default();
        let mut words = entry.split_whitespace();
        let Some(address) = words.next().and_then(|word| word.parse::<IpAddr>().ok()) else {
            continue;
        };
        entries.extend(words.map(|name| (address, name.to_owned())));
    }
    entries
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_entries_and_skips_comments() {
        let text = b"127.0.0.1 localhost\r\n# 10.0.0.1 old\n192.168.1.64\tweb web.lan # vm\nx y\n";
        let read: Vec<_> =
            hosts(text).into_iter().map(|(address, name)| format!("{address} {name}")).collect();
        assert_eq!(read, ["127.0.0.1 localhost", "192.168.1.64 web", "192.168.1.64 web.lan"]);
    }
}
