//! Validates names and MACs.

use sha2::{Digest as _, Sha256};
use vmkit_types::Mac;

/// Whether a machine can have this name, by the toolkit's rule.
pub fn valid_name(name: &str) -> bool {
    (1..=50).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
}

/// The MAC that the toolkit derives from a machine's name: QEMU's prefix, then the first three
/// bytes of the name's SHA-256.
pub fn derived_mac(name: &str) -> Mac {
    let digest = Sha256::digest(name.as_bytes());
    Mac::new([0x52, 0x54, 0x00, digest[0], digest[1], digest[2]])
}

/// The MAC in the text, if a machine can have it.
pub(crate) fn machine_mac(text: &str) -> Option<Mac> {
    text.parse().ok().filter(|mac: &Mac| mac.is_of_one_card())
}

/// Whether the text can be a host name within DNS's length. `_` is allowed, as in machine names.
pub(crate) fn valid_hostname(text: &str) -> bool {
    starts_and_holds(text, 253, |byte| matches!(byte, b'-' | b'_' | b'.'))
}

/// Whether the text can be a Linux user. One that begins with `-` would be an option of `ssh`.
pub(crate) fn valid_username(text: &str) -> bool {
    starts_and_holds(text, 32, |byte| matches!(byte, b'-' | b'_' | b'.'))
}

/// Whether the text is a short word such as `60G`, `ubuntu-noble` or `x86_64`.
pub(crate) fn valid_word(text: &str) -> bool {
    starts_and_holds(text, 64, |byte| matches!(byte, b'-' | b'_' | b'.' | b':' | b'+' | b' '))
}

fn starts_and_holds(text: &str, limit: usize, also: impl Fn(u8) -> bool) -> bool {
    let first = text.bytes().next();
    first.is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && text.len() <= limit
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || also(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_names_by_the_rule_of_the_toolkit() {
        let fifty = "a".repeat(50);
        for name in ["web", "Web_1-b", "-", "0", &fifty] {
            assert!(valid_name(name), "{name}");
        }
        let longer = "a".repeat(51);
        for name in ["", ".", "..", "a/b", "a b", "a\u{1b}[2J", "é", "a\n", &longer] {
            assert!(!valid_name(name), "{name}");
        }
    }

    #[test]
    fn derives_the_mac_that_the_toolkit_derives() {
        // printf %s NAME | sha256sum
        for (name, expected) in DERIVED {
            assert_eq!(derived_mac(name).to_string(), *expected, "{name}");
        }
    }

    const DERIVED: &[(&str, &str)] = &[("web", "52:54:00:4b:5e:57"), ("db-1", "52:54:00:68:15:0c")];

    #[test]
    fn refuses_macs_that_no_machine_can_have() {
        assert!(machine_mac("52:54:00:4b:5e:57").is_some());
        for text in ["", "null", "00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff", "01:00:5e:00:00:01"] {
            assert_eq!(machine_mac(text), None, "{text}");
        }
    }

    /// A rule, texts that it accepts, and texts that it refuses.
    type Row<'a> = (fn(&str) -> bool, &'a [&'a str], &'a [&'a str]);

    #[test]
    fn refuses_words_that_could_act_elsewhere() {
        let table: &[Row<'_>] = &[
            (valid_hostname, &["web", "web.lan", "my_vm"], &["", "-web", "a b", "a\u{1b}", "é"]),
            (valid_username, &["ubuntu", "_apt", "u.v"], &["-oProxyCommand=x", "a@b", "$(x)", ""]),
            (valid_word, &["60G", "ubuntu-noble", "x86_64"], &["", "a\nb", "a\u{7}"]),
        ];
        for (valid, good, bad) in table {
            assert!(good.iter().all(|text| valid(text)), "{good:?}");
            assert!(!bad.iter().any(|text| valid(text)), "{bad:?}");
        }
    }
}
