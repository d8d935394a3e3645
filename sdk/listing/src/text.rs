//! Names and paths in managers' files.

use vmkit_plugin::{Mac, Unread, bounded, escaped};

/// Longest name of a machine, in bytes.
const NAME_LIMIT: usize = 200;

/// What holds on this platform.
pub fn here<T>(linux: T, macos: T) -> T {
    if cfg!(target_os = "macos") { macos } else { linux }
}

/// The name on one line, without control characters, of at most 200 bytes; `otherwise` for one without
/// any text.
pub fn plain_name(name: &str, otherwise: &str) -> String {
    let name = name.trim();
    let name = if name.is_empty() { otherwise } else { name };
    bounded(&escaped(name), NAME_LIMIT).to_owned()
}

/// The file's name without folder and last ending: `web` for `/vms/web.vmx`.
pub fn stem(path: &str) -> &str {
    let name = path.rsplit_once('/').map_or(path, |(_, name)| name);
    name.rsplit_once('.').map_or(name, |(stem, _)| stem).trim_start_matches('/')
}

/// The folder of an absolute path: `/vms` for `/vms/web.vmx`.
pub fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// The path, which begins in this folder if it is relative. Steps of `.` and `..` are taken in the text.
pub fn absolute(folder: &str, path: &str) -> String {
    let whole = if path.starts_with('/') { path.to_owned() } else { format!("{folder}/{path}") };
    let mut parts: Vec<&str> = Vec::new();
    for part in whole.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

/// The MAC of a card. `file` and `card` are for messages. Twelve digits without separators are one too, as
/// VirtualBox writes them.
pub fn card_mac(file: &str, card: &str, text: &str) -> Result<Mac, Unread> {
    let bare = text.len() == 12 && text.bytes().all(|digit| digit.is_ascii_hexdigit());
    let mac = if bare {
        let octets: Vec<&str> = (0..6).map(|octet| &text[2 * octet..2 * octet + 2]).collect();
        octets.join(":").parse()
    } else {
        text.trim().parse()
    };
    mac.map_err(|error| {
        let (card, text) = (escaped(bounded(card, 40)), escaped(bounded(text, 40)));
        Unread::Malformed(format!("{file}: {card}: the MAC `{text}` is {error}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_short_line() {
        assert_eq!(plain_name(" web ", "x"), "web");
        assert_eq!(plain_name("\n", "x"), "x");
        assert_eq!(plain_name("a\u{1b}[2J\nb", "x"), "a\\x1b[2J\\nb");
        assert_eq!(plain_name(&"é".repeat(500), "x").len(), NAME_LIMIT);
    }

    #[test]
    fn paths_are_made_absolute_in_the_text() {
        assert_eq!(absolute("/vms/web", "disk.qcow2"), "/vms/web/disk.qcow2");
        assert_eq!(absolute("/vms/web", "../db/./disk"), "/vms/db/disk");
        assert_eq!(absolute("/vms", "../../../etc"), "/etc");
        assert_eq!(absolute("/vms", "/x//y"), "/x/y");
        assert_eq!(
            (stem("/vms/a.b.vmx"), folder("/vms/a.vmx"), stem("web")),
            ("a.b", "/vms", "web")
        );
    }

    #[test]
    fn reads_a_mac_in_every_form_of_managers() {
        let expected: Mac = "08:00:27:ab:cd:ef".parse().unwrap();
        for text in ["080027ABCDEF", "08:00:27:ab:cd:ef", "08-00-27-AB-CD-EF", " 8:0:27:ab:cd:ef"] {
            assert_eq!(card_mac("f", "c", text), Ok(expected), "{text}");
        }
        for text in ["", "auto", "080027ABCDE", "080027ABCDEG", "08:00:27:ab:cd", "ééé080027"] {
            assert!(matches!(card_mac("f", "c", text), Err(Unread::Malformed(_))), "{text}");
        }
    }
}
