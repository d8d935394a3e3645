//! The host name and user in a machine's cloud-init `user-data`.
//!
//! The file may hold passwords. Only these two values are taken from it, and no error quotes it.

use vmkit_types::{Reading, Unread, bounded};

use crate::names::{valid_hostname, valid_username};

/// Largest `user-data` that is read; QEMU users attach a few KiB, and clouds allow 16–64 KiB.
pub(crate) const USER_DATA_LIMIT: u64 = 1024 * 1024;

/// The names in user-data.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct GuestNames {
    /// The top-level `hostname:`.
    pub(crate) hostname: Reading<String>,
    /// The first `name:` under `users:`.
    pub(crate) username: Reading<String>,
}

/// Finds both in one pass over the lines. It understands the block form that the toolkit writes,
/// not YAML; anything else is malformed.
pub(crate) fn parse(text: &str) -> GuestNames {
    let mut names = GuestNames { hostname: Reading::Absent, username: Reading::Absent };
    let mut in_users = false;
    for line in text.lines() {
        let content = line.trim_start();
        if content.is_empty() || content.starts_with('#') {
            continue;
        }
        let top_level = content.len() == line.len() && !content.starts_with("- ") && content != "-";
        if top_level {
            in_users = false;
            if let Some(value) = value_of(content, "hostname") {
                names.hostname = reading(value, "hostname", valid_hostname);
            } else if let Some(value) = value_of(content, "users") {
                in_users = true;
                if !uncommented(value).is_empty() {
                    names.username = malformed("users");
                }
            }
        } else if in_users && names.username == Reading::Absent {
            let item = content.trim_start_matches('-').trim_start();
            if let Some(value) = value_of(item, "name") {
                names.username = reading(value, "name", valid_username);
            }
        }
    }
    names
}

/// The value after `key:` on the line.
fn value_of<'a>(line: &'a str, key: &str) -> Option<&'a str> {
    let rest = line.strip_prefix(key)?.strip_prefix(':')?;
    (rest.is_empty() || rest.starts_with([' ', '\t'])).then(|| rest.trim())
}

fn uncommented(value: &str) -> &str {
    if value.starts_with('#') {
        return "";
    }
    value.split_once(" #").map_or(value, |(value, _)| value.trim_end())
}

fn reading(value: &str, key: &str, valid: fn(&str) -> bool) -> Reading<String> {
    let quoted = |quote| {
        let rest: &str = value.strip_prefix(quote)?;
        rest.split_once(quote).map(|(inner, _)| inner)
    };
    let value = quoted('"').or_else(|| quoted('\'')).unwrap_or_else(|| uncommented(value));
    match bounded(value, 256) {
        "" | "null" | "~" => Reading::Absent,
        value if valid(value) => Reading::Known(value.to_owned()),
        _ => malformed(key),
    }
}

fn malformed(key: &str) -> Reading<String> {
    Reading::Unknown(Unread::Malformed(format!("`{key}` in user-data")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_the_two_names_only() {
        let toolkit = "#cloud-config
hostname: web
manage_etc_hosts: true
users:
  - name: ubuntu
    sudo: ALL=(ALL) NOPASSWD:ALL
    plain_text_passwd: hostname
chpasswd:
  list: |
    ubuntu:secret
";
        let flow = "hostname: [web]\nusers: [{name: u}]\n";
        let later = "users:\n- default\n- sudo: ALL\n  name: \"second\" # the one\n- name: third\nhostname: 'h1'\n";
        let elsewhere = "write_files:\n  - path: /etc/x\n    name: no\n    hostname: no\nhostname_x: no\nusers:\ngroups:\n  - name: no\n";
        let hostile = "hostname: \x1b[2J\nusers:\n  - name: -oProxyCommand=x\n";
        let table = [
            (toolkit, "Known(\"web\") Known(\"ubuntu\")"),
            ("", "Absent Absent"),
            (later, "Known(\"h1\") Known(\"second\")"),
            (elsewhere, "Absent Absent"),
            ("hostname:web\nhostname: # none\n", "Absent Absent"),
            (
                "hostname: web # it\r\nusers: # all\r\n  - name: u\r\n",
                "Known(\"web\") Known(\"u\")",
            ),
            (
                flow,
                "Unknown(Malformed(\"`hostname` in user-data\")) Unknown(Malformed(\"`users` in user-data\"))",
            ),
            (
                hostile,
                "Unknown(Malformed(\"`hostname` in user-data\")) Unknown(Malformed(\"`name` in user-data\"))",
            ),
        ];
        for (text, expected) in table {
            let names = parse(text);
            assert_eq!(format!("{:?} {:?}", names.hostname, names.username), expected, "{text}");
        }
    }
}
