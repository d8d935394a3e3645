//! The listeners on UDP port 67, from the output of `ss -lunp`, of `lsof -nP -iUDP:67`, or of
//! `/proc/net/udp`.

use std::net::{IpAddr, Ipv4Addr};

use vmkit_types::bounded;

use crate::{LONGEST_TEXT, Listener};

const PORT: &str = "67";
/// Longest name of a program; Linux and lsof give about 15 characters.
const LONGEST_NAME: usize = 64;

/// The listeners in the output.
pub fn listeners(text: &[u8]) -> Vec<Listener> {
    let text = String::from_utf8_lossy(&text[..text.len().min(LONGEST_TEXT)]);
    let mut found: Vec<Listener> = text.lines().filter_map(line).collect();
    found.dedup();
    found
}

fn line(line: &str) -> Option<Listener> {
    lsof(line).or_else(|| proc_net(line)).or_else(|| ss(line))
}

/// `bootpd 512 root 5u IPv4 0x… 0t0 UDP *:67`
fn lsof(line: &str) -> Option<Listener> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let place = words.iter().position(|word| *word == "UDP")?;
    let local = words.get(place + 1)?;
    let (host, port) = local.rsplit_once(':')?;
    let bootps = port == PORT || port == "bootps";
    (bootps && words.len() > 4).then(|| Listener {
        address: address(host),
        interface: None,
        program: Some(bounded(words[0], LONGEST_NAME).to_owned()),
    })
}

/// `  12: 00000000:0043 00000000:0000 07 …`: hexadecimal addresses in little-endian, the byte order
/// of all computers that vmkit runs on.
fn proc_net(line: &str) -> Option<Listener> {
    let mut words = line.split_whitespace();
    words.next()?.strip_suffix(':')?.parse::<u32>().ok()?;
    let (host, port) = words.next()?.split_once(':')?;
    let bootps = u16::from_str_radix(port, 16).ok()? == 67 && host.len() == 8;
    let octets = u32::from_str_radix(host, 16).ok()?.to_le_bytes();
    let address = Ipv4Addr::from(octets);
    bootps.then(|| Listener {
        address: Some(address.into()).filter(|_| !address.is_unspecified()),
        interface: None,
        program: None,
    })
}

/// `UNCONN 0 0 0.0.0.0%br0:67 0.0.0.0:* users:(("dnsmasq",pid=812,fd=4))`. Some versions omit the
/// first word or two.
fn ss(line: &str) -> Option<Listener> {
    let mut words = line.split_whitespace().skip_while(|word| !word.contains(':'));
    let (host, port) = words.next()?.rsplit_once(':')?;
    // A listener's line has a peer next.
    let peer = words.next()?;
    (port == PORT && peer.contains(':')).then(|| {
        let (host, interface) = host.split_once('%').map_or((host, None), |(h, i)| (h, Some(i)));
        let program = line.split("((\"").nth(1).and_then(|rest| rest.split('"').next());
        Listener {
            address: address(host),
            interface: interface.map(|name| bounded(name, LONGEST_NAME).to_owned()),
            program: program.map(|name| bounded(name, LONGEST_NAME).to_owned()),
        }
    })
}

fn address(host: &str) -> Option<IpAddr> {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host.parse().ok().filter(|address: &IpAddr| !address.is_unspecified())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Output, then address, interface and program of each listener.
    #[test]
    fn reads_the_listeners_of_each_tool() {
        let rows: [(&str, &[&str]); 6] = [
            (
                "State  Recv-Q Send-Q Local Address:Port Peer Address:PortProcess\n\
                 UNCONN 0      0      0.0.0.0%br0:67     0.0.0.0:*    users:((\"dnsmasq\",pid=8,fd=4))\n\
                 UNCONN 0      0      127.0.0.53%lo:53   0.0.0.0:*\n",
                &["- br0 dnsmasq"],
            ),
            ("UNCONN 0 0 192.168.105.1:67 0.0.0.0:*\n", &["192.168.105.1 - -"]),
            (
                "COMMAND PID USER FD TYPE DEVICE SIZE/OFF NODE NAME\n\
                 launchd   1 root 21u IPv4 0x9f1 0t0 UDP *:67\n\
                 bootpd  512 root  5u IPv4 0x9f2 0t0 UDP *:bootps\n",
                &["- - launchd", "- - bootpd"],
            ),
            (
                "  sl  local_address rem_address   st\n\
                  1: 0100007F:0035 00000000:0000 07\n\
                  2: 00000000:0043 00000000:0000 07\n",
                &["- - -"],
            ),
            ("", &[]),
            ("UNCONN 0 0 0.0.0.0:5367 0.0.0.0:*\n", &[]),
        ];
        for (text, expected) in rows {
            let word = |value: Option<String>| value.unwrap_or_else(|| "-".to_owned());
            let read: Vec<_> = listeners(text.as_bytes())
                .into_iter()
                .map(|l| {
                    let address = word(l.address.map(|a| a.to_string()));
                    format!("{address} {} {}", word(l.interface), word(l.program))
                })
                .collect();
            assert_eq!(read, expected, "{text}");
        }
    }
}
