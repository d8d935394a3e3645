//! Whether packets are forwarded, as `sysctl net.ipv4` prints it.

use vmkit_types::{Reading, Unread, bounded};

use crate::{Forwarding, LONGEST_TEXT};

/// Longest kept name of an interface; the kernel allows 15 octets.
const LONGEST_NAME: usize = 64;

/// Parses lines such as `net.ipv4.ip_forward = 1` and `net.ipv4.conf.br0.forwarding = 0`.
pub fn forwarding(text: &[u8]) -> Reading<Forwarding> {
    let text = String::from_utf8_lossy(&text[..text.len().min(LONGEST_TEXT)]);
    let mut all = None;
    let mut interfaces = Vec::new();
    for line in text.lines() {
        let Some((key, value)) = line.split_once('=') else { continue };
        let value = match value.trim() {
            "0" => false,
            "1" => true,
            _ => continue,
        };
        let key = key.trim();
        if key == "net.ipv4.ip_forward" {
            all = Some(value);
        } else if let Some(name) = key.strip_prefix("net.ipv4.conf.")
            && let Some(name) = name.strip_suffix(".forwarding")
        {
            interfaces.push((bounded(name, LONGEST_NAME).to_owned(), value));
        }
    }
    let malformed =
        || Reading::Unknown(Unread::Malformed("no line has net.ipv4.ip_forward".to_owned()));
    all.map_or_else(malformed, |all| Reading::Known(Forwarding { all, interfaces }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_setting_of_each_interface() {
        let text =
            b"net.ipv4.ip_forward = 1\nnet.ipv4.conf.br0.forwarding = 0\nnet.ipv4.x = 1\n=\n";
        let Reading::Known(read) = forwarding(text) else { panic!("{text:?}") };
        assert_eq!((read.of("br0"), read.of("virbr0")), (false, true));
        for text in [&b""[..], b"net.ipv4.ip_forward = yes", b"net.ipv4.conf.br0.forwarding = 1"] {
            assert!(matches!(forwarding(text), Reading::Unknown(Unread::Malformed(_))), "{text:?}");
        }
    }
}
