//! Parses the lease by which this computer itself has its address: what DHCP clients of Linux keep, or the
//! ACK as macOS's `ipconfig getpacket INTERFACE` shows it.
//!
//! ```text
//! yiaddr = 192.168.1.50
//! chaddr = a4:83:e7:11:22:33
//! options:
//! server_identifier (ip): 192.168.1.254
//! lease_time (uint32): 0x15180
//! router (ip_mult): {192.168.1.254}
//! ```

use std::{net::Ipv4Addr, time::Duration};

use vmkit_types::{Reading, Unread};

use crate::{OwnLease, client_leases::client_lease};

/// Most packets that are read: as many interfaces as are asked.
const MOST: usize = 8;

/// The line above the packet of one of several interfaces; its name follows.
const INTERFACE: &str = "interface ";

/// The leases in this text, that of the default route first where it has one. A packet that names no address
/// is left out beside one that does. `Absent`: no interface has its address from a DHCP server.
pub fn own_leases(text: &[u8]) -> Reading<Vec<OwnLease>> {
    let text = String::from_utf8_lossy(text);
    let mut leases = Vec::new();
    let mut unread = None;
    for packet in packets(&text) {
        match of_packet(&packet) {
            Reading::Known(lease) => leases.push(lease),
            Reading::Unknown(why) => unread = unread.or(Some(why)),
            Reading::Absent => {}
        }
    }
    match unread {
        _ if !leases.is_empty() => Reading::Known(leases),
        Some(why) => Reading::Unknown(why),
        None => Reading::Absent,
    }
}

/// The packets, each without the line above it.
fn packets(text: &str) -> Vec<String> {
    let mut packets = vec![String::new()];
    for line in text.lines() {
        match packets.last_mut() {
            Some(packet) if !line.starts_with(INTERFACE) => {
                packet.push_str(line);
                packet.push('\n');
            }
            _ => packets.push(String::new()),
        }
    }
    packets.retain(|packet| !packet.trim().is_empty());
    packets.truncate(MOST);
    packets
}

fn of_packet(text: &str) -> Reading<OwnLease> {
    if let Some(lease) = client_lease(text) {
        return Reading::Known(lease);
    }
    let (mut address, mut client, mut server) = (None, None, None);
    let (mut router, mut length) = (None, None);
    for line in text.lines().map(str::trim) {
        let field = line.split_once(" = ").map(|(name, value)| (name, "", value));
        let option = || {
            let (name, rest) = line.split_once(" (")?;
            let (kind, value) = rest.split_once("): ")?;
            Some((name, kind, value))
        };
        match field.or_else(option) {
            Some(("yiaddr", _, value)) => address = value.parse().ok(),
            Some(("chaddr", _, value)) => client = value.parse().ok(),
            Some(("server_identifier", _, value)) => server = value.parse().ok(),
            Some(("router", _, value)) => router = first(value),
            Some(("lease_time", _, value)) => length = seconds(value),
            _ => {}
        }
    }
    match address.filter(|address: &Ipv4Addr| !address.is_unspecified()) {
        Some(address) => Reading::Known(OwnLease { address, client, server, router, length }),
        None => Reading::Unknown(Unread::Malformed(
            "the lease of this computer names no address".to_owned(),
        )),
    }
}

/// The first of `{192.168.1.254, 192.168.1.253}`.
fn first(list: &str) -> Option<Ipv4Addr> {
    list.trim_matches(['{', '}']).split(',').next()?.trim().parse().ok()
}

/// `0x15180`.
fn seconds(text: &str) -> Option<Duration> {
    let digits = text.strip_prefix("0x")?;
    u32::from_str_radix(digits, 16).ok().map(|seconds| Duration::from_secs(seconds.into()))
}

#[cfg(test)]
mod tests {
    use vmkit_mac_texts::{Language, Mac};

    use super::*;

    const TEXT: &str = "op = BOOTREPLY\nhtype = 1\nflags = 0x0\nhlen = 6\nhops = 0\nxid = 0x5c2d1e7f\n\
        secs = 0\nciaddr = 0.0.0.0\nyiaddr = 192.168.1.50\nsiaddr = 192.168.1.254\ngiaddr = 0.0.0.0\n\
        chaddr = a4:83:e7:11:22:33\nsname = \nfile = \noptions:\nOptions count is 9\n\
        dhcp_message_type (uint8): ACK 0x5\nserver_identifier (ip): 192.168.1.254\n\
        lease_time (uint32): 0x15180\nsubnet_mask (ip): 255.255.255.0\n\
        router (ip_mult): {192.168.1.254, 192.168.1.253}\nend (none): \n";

    #[test]
    fn reads_the_computers_own_lease() {
        let expected = OwnLease {
            address: [192, 168, 1, 50].into(),
            client: Some("a4:83:e7:11:22:33".parse().unwrap()),
            server: Some([192, 168, 1, 254].into()),
            router: Some([192, 168, 1, 254].into()),
            length: Some(Duration::from_hours(24)),
        };
        assert_eq!(own_leases(TEXT.as_bytes()), Reading::Known(vec![expected]));
    }

    #[test]
    fn reads_the_lease_of_each_interface() {
        for (language, at) in
            [(Language::English, [192, 168, 1]), (Language::German, [192, 168, 178])]
        {
            let mac =
                Mac { release: 15, language, wifi: true, connected: true, guests: Vec::new() };
            let [a, b, c] = at;
            let text = mac.own_lease("en0", mac.router())
                + "interface en5\n\n"
                + &mac.own_lease("en7", mac.at(66));
            let leases = own_leases(text.as_bytes()).known().unwrap();
            let servers: Vec<_> = leases.iter().filter_map(|lease| lease.server).collect();
            assert_eq!(leases[0].address, mac.address());
            assert_eq!(servers, [mac.router(), [a, b, c, 66].into()]);
        }
    }

    #[test]
    fn reads_no_lease_from_other_text() {
        assert_eq!(own_leases(b"\n"), Reading::Absent);
        for text in
            ["words", "yiaddr = 0.0.0.0\n", "yiaddr = x\nlease_time (uint32): 0xfffffffff\n"]
        {
            assert!(matches!(own_leases(text.as_bytes()), Reading::Unknown(_)), "{text}");
            let beside = format!("{text}\ninterface en0\n{TEXT}");
            assert_eq!(own_leases(beside.as_bytes()).known().map(|leases| leases.len()), Some(1));
        }
    }
}
