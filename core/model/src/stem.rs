//! Machines' names in names of files.

use std::fmt::Write as _;

/// The name of a machine as part of a file's name: letters, digits, `-`, `_` and `.` stay, and every
/// other byte becomes `+` and two digits. Different names have different stems.
pub fn stem(name: &str) -> String {
    let mut stem = String::with_capacity(name.len());
    for (index, byte) in name.bytes().enumerate() {
        let stays = byte.is_ascii_alphanumeric()
            || matches!(byte, b'-' | b'_')
            || (byte == b'.' && index > 0);
        if stays {
            stem.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(stem, "+{byte:02x}");
        }
    }
    stem
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stem_is_one_part_of_a_path_and_tells_names_apart() {
        let rows = [
            ("web", "web"),
            ("web_1-b.lan", "web_1-b.lan"),
            ("libvirt/web", "libvirt+2fweb"),
            ("libvirt+2fweb", "libvirt+2b2fweb"),
            ("..", "+2e."),
            ("Windows 11", "Windows+2011"),
            ("\u{e9}", "+c3+a9"),
        ];
        for (name, expected) in rows {
            assert_eq!(stem(name), expected, "{name}");
        }
    }
}
