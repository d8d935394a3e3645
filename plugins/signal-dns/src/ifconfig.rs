//! The interfaces in the output of macOS's `ifconfig -a -v -v`, in English everywhere.

use crate::interface::Interface;

/// The tool, as the host runs it for a look.
#[cfg(target_os = "macos")]
pub(crate) const TOOL: &str = "/sbin/ifconfig -a -v -v";

/// The interfaces on which hosts can be asked: up, with an IPv4 address, and no tunnel. A bridge of VMs is
/// one of them.
pub(crate) fn interfaces(text: &str) -> Vec<Interface> {
    let mut found: Vec<Interface> = Vec::new();
    let mut usable = false;
    for line in text.lines() {
        if !line.starts_with(char::is_whitespace) {
            let Some((name, rest)) = line.split_once(": flags=") else {
                usable = false;
                continue;
            };
            let flags = rest.split_once('<').and_then(|(_, rest)| rest.split_once('>'));
            let has = |flag| flags.is_some_and(|(flags, _)| flags.split(',').any(|it| it == flag));
            let is_link = !has("LOOPBACK") && !has("POINTOPOINT");
            usable = has("UP") && has("MULTICAST") && is_link;
            if usable {
                found.push(Interface { name: name.to_owned(), address: None });
            }
        } else if usable && let Some(last) = found.last_mut() {
            let mut words = line.split_whitespace();
            match (words.next(), words.next()) {
                (Some("inet"), Some(address)) if last.address.is_none() => {
                    last.address = address.parse().ok();
                }
                (Some("status:"), Some("inactive")) => last.address = None,
                _ => {}
            }
        }
    }
    found.retain(|interface| interface.address.is_some());
    found
}

#[cfg(test)]
mod tests {
    use vmkit_mac_texts::{Guest, Language, Mac};

    use super::*;

    fn lines(text: &str) -> Vec<String> {
        let line = |it: Interface| format!("{} {}", it.name, it.address.expect("an address"));
        interfaces(text).into_iter().map(line).collect()
    }

    #[test]
    fn asks_on_links_with_an_address_and_on_no_tunnel() {
        let guest = Guest {
            name: "web".to_owned(),
            mac: "52:54:00:4b:0e:00".to_owned(),
            address: None,
            port: 0,
            bridged: false,
            age: 0,
        };
        for (language, own) in
            [(Language::English, "en0 192.168.1.50"), (Language::German, "en0 192.168.178.50")]
        {
            let guests = vec![guest.clone()];
            let mac = Mac { release: 15, language, wifi: true, connected: true, guests };
            assert_eq!(lines(&mac.ifconfig(true)), [own, "bridge100 192.168.64.1"], "{language:?}");
        }
        let text = "utun4: flags=8051<UP,POINTOPOINT,RUNNING,MULTICAST> mtu 1380\n\tinet 10.8.0.2 --> 10.8.0.1\n\
            en5: flags=8863<UP,BROADCAST,MULTICAST> mtu 1500\n\tinet 10.0.0.1 netmask 0xff\n\tstatus: inactive\n\
            words\n\tinet 10.0.0.3\n\
            en6: flags=8822<BROADCAST,MULTICAST> mtu 1500\n\tinet 10.0.0.2 netmask 0xff\n";
        assert_eq!(lines(text), [""; 0]);
    }
}
