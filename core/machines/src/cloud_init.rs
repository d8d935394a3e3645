//! What cloud-init reads in a guest: the texts of a `NoCloud` seed.
//!
//! The formats are those of cloud-init's manual: `#cloud-config`, the data source `NoCloud`, and version 2 of
//! its network configuration. Every value is quoted, so that none is read as anything but a text.

use std::fmt::Write as _;

use vmkit_types::Mac;

use crate::{
    guest::{SshUnit, UserName},
    ssh_key::PublicKey,
};

/// Gives the system on a cloned disk an identity of its own. It runs once per instance, when cloud-init has
/// set up the network: the DHCP client has asked by then, with the MAC as its identifier where the network's
/// configuration can say so. Networkd reads the identity only when it starts.
const NEW_MACHINE_ID: &str = "if [ -s /etc/machine-id ]; then \
    [ -L /var/lib/dbus/machine-id ] || rm -f /var/lib/dbus/machine-id; \
    : > /etc/machine-id; \
    systemd-machine-id-setup || dbus-uuidgen > /etc/machine-id; \
    systemctl --no-block try-restart systemd-networkd.service; fi";

/// What a guest is to become at its first boot.
#[derive(Clone, Debug)]
pub(crate) struct Guest<'a> {
    pub(crate) hostname: &'a str,
    pub(crate) instance_id: &'a str,
    /// The user who logs in; `None`: those that the disk has.
    pub(crate) user: Option<&'a UserName>,
    pub(crate) keys: &'a [PublicKey],
    /// Nobody logs in with a password.
    pub(crate) locks_password: bool,
    pub(crate) mac: Mac,
    /// The unit of its SSH server; `None`: unknown.
    pub(crate) ssh: Option<SshUnit>,
    /// Its disk has been another machine's.
    pub(crate) is_clone: bool,
}

/// The files of a seed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SeedTexts {
    pub(crate) user_data: String,
    pub(crate) meta_data: String,
    pub(crate) network_config: String,
}

impl SeedTexts {
    /// The texts for a guest.
    pub(crate) fn new(guest: &Guest<'_>) -> Self {
        Self {
            user_data: user_data(guest),
            meta_data: format!(
                "instance-id: {}\nlocal-hostname: {}\n",
                quoted(guest.instance_id),
                quoted(guest.hostname)
            ),
            network_config: network_config(guest.mac),
        }
    }
}

fn user_data(guest: &Guest<'_>) -> String {
    let mut lines = vec![
        "#cloud-config".to_owned(),
        format!("hostname: {}", quoted(guest.hostname)),
        "preserve_hostname: false".to_owned(),
        // sudo looks its own host's name up.
        "manage_etc_hosts: localhost".to_owned(),
    ];
    lines.extend(users(guest));
    // Otherwise the keys of root only print a notice.
    let is_root = guest.user.is_some_and(|user| user.to_string() == "root");
    lines.extend(guest.user.map(|_| format!("disable_root: {}", !is_root)));
    lines.extend(guest.locks_password.then(|| "ssh_pwauth: false".to_owned()));
    lines.push("ssh_deletekeys: true".to_owned());
    if guest.is_clone {
        let words = ["cloud-init-per", "instance", "vmkit-machine-id", "sh", "-c", NEW_MACHINE_ID];
        lines.push("bootcmd:".to_owned());
        lines.push(format!("  - {}", list(&words)));
    }
    lines.push("runcmd:".to_owned());
    lines.push(format!("  - {}", list(&["sh", "-c", enable(guest.ssh)])));
    lines.join("\n") + "\n"
}

/// An empty list keeps cloud-init from making the system's usual user.
fn users(guest: &Guest<'_>) -> Vec<String> {
    let Some(user) = guest.user else { return vec!["users: []".to_owned()] };
    let mut lines = vec![
        "users:".to_owned(),
        format!("  - name: {}", quoted(&user.to_string())),
        "    shell: \"/bin/bash\"".to_owned(),
        "    sudo: \"ALL=(ALL) NOPASSWD:ALL\"".to_owned(),
        format!("    lock_passwd: {}", guest.locks_password),
    ];
    if !guest.keys.is_empty() {
        lines.push("    ssh_authorized_keys:".to_owned());
    }
    lines.extend(guest.keys.iter().map(|key| format!("      - {}", quoted(key.line()))));
    lines
}

/// Enables the SSH server, which some images bring disabled.
fn enable(unit: Option<SshUnit>) -> &'static str {
    match unit {
        Some(SshUnit::Ssh) => "systemctl enable --now ssh",
        Some(SshUnit::Sshd) => "systemctl enable --now sshd",
        None => "systemctl enable --now ssh || systemctl enable --now sshd",
    }
}

/// DHCP on the card with this MAC. Its name is set, since what is rendered for ifupdown and for networkd finds
/// the card by the name. Netplan passes the identifier on, and the others skip it: ifupdown's and
/// `NetworkManager`'s clients identify themselves by the MAC unless somebody configured another identifier.
fn network_config(mac: Mac) -> String {
    let mac = quoted(&mac.to_string());
    format!(
        "version: 2\nethernets:\n  eth0:\n    match:\n      macaddress: {mac}\n    set-name: eth0\n    \
         dhcp4: true\n    dhcp-identifier: mac\n"
    )
}

fn list(words: &[&str]) -> String {
    let words: Vec<_> = words.iter().map(|word| quoted(word)).collect();
    format!("[{}]", words.join(", "))
}

/// The text as a double-quoted scalar of YAML 1.1 and 1.2: printable ASCII, the rest escaped.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => out.extend(['\\', character]),
            ' '..='~' => out.push(character),
            _ => {
                // Writing to a text does not fail.
                write!(out, "\\U{:08x}", u32::from(character)).ok();
            }
        }
    }
    out + "\""
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ssh_key::tests::ED25519;

    fn texts(user: &str, key: &str, ssh: Option<SshUnit>, is_clone: bool) -> SeedTexts {
        SeedTexts::new(&Guest {
            hostname: "web",
            instance_id: "iid-web-1759",
            user: Some(&user.parse().unwrap()),
            keys: &PublicKey::named(key).unwrap(),
            locks_password: true,
            mac: "52:54:00:4b:5e:57".parse().unwrap(),
            ssh,
            is_clone,
        })
    }

    #[test]
    fn writes_what_cloud_init_reads() {
        let texts = texts("ubuntu", &format!("{ED25519} ann"), Some(SshUnit::Ssh), false);
        let expected = format!(
            r#"#cloud-config
hostname: "web"
preserve_hostname: false
manage_etc_hosts: localhost
users:
  - name: "ubuntu"
    shell: "/bin/bash"
    sudo: "ALL=(ALL) NOPASSWD:ALL"
    lock_passwd: true
    ssh_authorized_keys:
      - "{ED25519} ann"
disable_root: true
ssh_pwauth: false
ssh_deletekeys: true
runcmd:
  - ["sh", "-c", "systemctl enable --now ssh"]
"#
        );
        assert_eq!(texts.user_data, expected);
        let expected = "instance-id: \"iid-web-1759\"\nlocal-hostname: \"web\"\n";
        assert_eq!(texts.meta_data, expected);
        let expected = r#"version: 2
ethernets:
  eth0:
    match:
      macaddress: "52:54:00:4b:5e:57"
    set-name: eth0
    dhcp4: true
    dhcp-identifier: mac
"#;
        assert_eq!(texts.network_config, expected);
    }

    #[test]
    fn enables_the_unit_that_the_system_has() {
        let table = [
            (Some(SshUnit::Ssh), "systemctl enable --now ssh\""),
            (Some(SshUnit::Sshd), "systemctl enable --now sshd\""),
            (None, "systemctl enable --now ssh || systemctl enable --now sshd\""),
        ];
        for (unit, expected) in table {
            let text = texts("ann", ED25519, unit, false).user_data;
            assert!(text.contains(expected), "{text}");
        }
    }

    #[test]
    fn resets_the_identity_of_a_clone_once_per_instance() {
        let line = "bootcmd:\n  - [\"cloud-init-per\", \"instance\", \"vmkit-machine-id\", ";
        for (is_clone, root) in [(true, "ann"), (false, "root")] {
            let text = texts(root, ED25519, None, is_clone).user_data;
            assert_eq!(text.contains(line), is_clone, "{text}");
            assert_eq!(text.contains("disable_root: false"), root == "root", "{text}");
        }
    }

    #[test]
    fn leaves_the_users_and_passwords_of_a_cloned_disk() {
        let guest = Guest {
            hostname: "web",
            instance_id: "iid-web-1",
            user: None,
            keys: &[],
            locks_password: false,
            mac: "52:54:00:4b:5e:57".parse().unwrap(),
            ssh: None,
            is_clone: true,
        };
        let text = SeedTexts::new(&guest).user_data;
        assert!(text.contains("\nusers: []\n") && !text.contains("pwauth"), "{text}");
        let user = "ann".parse().unwrap();
        let text = SeedTexts::new(&Guest { user: Some(&user), ..guest }).user_data;
        assert!(text.contains("lock_passwd: false") && !text.contains("ssh_auth"), "{text}");
    }

    #[test]
    fn quotes_what_yaml_could_read_as_something_else() {
        let table = [
            ("null", r#""null""#),
            ("a: b # c", r#""a: b # c""#),
            ("\"]\\", r#""\"]\\""#),
            ("a\nb\u{85}\u{2028}\u{e9}", r#""a\U0000000ab\U00000085\U00002028\U000000e9""#),
        ];
        for (text, expected) in table {
            assert_eq!(quoted(text), expected);
        }
    }
}
