//! Captures: MACs and addresses in the frames, and the checksums over them.

use std::{net::Ipv4Addr, time::SystemTime};

use etherparse::{EtherType, Ethernet2Slice, Ipv4HeaderSlice};
use vmkit_capture::{Frame, pcap::Writer};
use vmkit_dhcp::{Checksum, Content, Frame as Read, pcap::frames};
use vmkit_types::Mac;

use super::{addresses::Addresses, names::Names, text};

/// Where the fields are: RFC 826, 791, 768 and 2131.
const ETHERNET: usize = 14;
const UDP: usize = 8;
const CIADDR: usize = 12;
const CHADDR: usize = 28;
const OPTIONS: usize = 240;

/// Redacts a capture; what is no capture becomes an empty one. Frames that are neither DHCP nor ARP
/// lose all but their Ethernet header.
pub(super) fn redact(bytes: &[u8], addresses: &mut Addresses, names: &Names) -> Vec<u8> {
    // Writing to memory cannot fail.
    let Ok(mut writer) = Writer::new(Vec::new()) else { return Vec::new() };
    let each = |at: SystemTime, frame: &[u8]| {
        let data = redacted(at, frame, addresses, names);
        let length = u32::try_from(data.len()).unwrap_or(u32::MAX);
        writer.write(&Frame { at, data: &data, length }).ok();
        Ok::<(), vmkit_dhcp::pcap::Fault>(())
    };
    // A truncated capture stays truncated.
    frames(bytes, each).ok();
    writer.into_inner()
}

fn redacted(at: SystemTime, frame: &[u8], addresses: &mut Addresses, names: &Names) -> Vec<u8> {
    let mut data = frame.to_vec();
    let Some(read) = Read::parse(at, frame) else { return Vec::new() };
    for start in [0, 6] {
        mac(&mut data, start, addresses);
    }
    let plain = Ethernet2Slice::from_slice_without_fcs(frame).ok();
    let kind = plain.map(|ethernet| ethernet.ether_type());
    match read.content {
        Content::Arp(_) if kind == Some(EtherType::ARP) => {
            for (hardware, protocol) in [(8, 14), (18, 24)] {
                mac(&mut data, ETHERNET + hardware, addresses);
                ip(&mut data, ETHERNET + protocol, addresses);
            }
        }
        Content::Dhcp(datagram) if kind == Some(EtherType::IPV4) => {
            dhcp(&mut data, datagram.checksum, addresses, names);
        }
        // A VLAN tag shifts every field: drop the frame rather than redact half of it.
        Content::Arp(_) | Content::Dhcp(_) | Content::Other => data.truncate(ETHERNET),
    }
    data
}

fn dhcp(data: &mut [u8], checksum: Checksum, addresses: &mut Addresses, names: &Names) {
    let Ok(header) = Ipv4HeaderSlice::from_slice(&data[ETHERNET..]) else { return };
    let udp = ETHERNET + header.slice().len();
    let payload = udp + UDP;
    ip(data, ETHERNET + 12, addresses);
    ip(data, ETHERNET + 16, addresses);
    for field in 0..4 {
        ip(data, payload + CIADDR + 4 * field, addresses);
    }
    mac(data, payload + CHADDR, addresses);
    options(data, payload + OPTIONS, addresses, names);
    // A checksum that was right or absent is left out, which UDP over IPv4 allows; a wrong one
    // stays wrong.
    if checksum != Checksum::Wrong && data.len() >= udp + 8 {
        data[udp + 6..udp + 8].fill(0);
    }
    if let Ok(header) = Ipv4HeaderSlice::from_slice(&data[ETHERNET..]) {
        let sum = header.to_header().calc_header_checksum().to_be_bytes();
        data[ETHERNET + 10..ETHERNET + 12].copy_from_slice(&sum);
    }
}

/// Options that hold addresses, MACs or names.
fn options(data: &mut [u8], mut at: usize, addresses: &mut Addresses, names: &Names) {
    while let Some(&[code, length]) = data.get(at..at + 2).and_then(|two| two.first_chunk::<2>()) {
        if code == 0 {
            at += 1;
            continue;
        }
        let (start, end) = (at + 2, at + 2 + usize::from(length));
        if code == 255 || end > data.len() {
            return;
        }
        match code {
            3 | 4 | 6 | 28 | 42 | 44 | 50 | 54 => {
                (start..end).step_by(4).for_each(|place| ip(data, place, addresses));
            }
            61 if length == 7 && data[start] == 1 => mac(data, start + 1, addresses),
            12 | 15 | 56 | 81 | 119 => {
                let text = text::redact(&data[start..end], addresses, names);
                // The length is part of the format: a longer stand-in is cut, a shorter one padded.
                for (place, byte) in (start..end).zip(text.into_iter().chain(std::iter::repeat(0)))
                {
                    data[place] = byte;
                }
            }
            _ => {}
        }
        at = end;
    }
}

fn mac(data: &mut [u8], at: usize, addresses: &mut Addresses) {
    if let Some(place) = data.get_mut(at..at + 6)
        && let Ok(octets) = <[u8; 6]>::try_from(&*place)
    {
        place.copy_from_slice(&addresses.mac(Mac::new(octets)).octets());
    }
}

fn ip(data: &mut [u8], at: usize, addresses: &mut Addresses) {
    if let Some(place) = data.get_mut(at..at + 4)
        && let Ok(octets) = <[u8; 4]>::try_from(&*place)
    {
        place.copy_from_slice(&addresses.v4(Ipv4Addr::from(octets)).octets());
    }
}

#[cfg(test)]
mod tests {
    use vmkit_dhcp::Traffic;

    use super::*;

    #[test]
    fn a_redacted_capture_keeps_its_messages_with_other_names() {
        let bytes = include_bytes!("../../../../sdk/dhcp/tests/data/mac-nat-guest.pcap");
        let redacted = redact(bytes, &mut Addresses::default(), &Names::default());
        let (before, _) = Traffic::read(&bytes[..]);
        let (after, fault) = Traffic::read(&redacted[..]);
        assert_eq!(fault, Ok(()));
        let kinds = |traffic: &Traffic| traffic.messages().map(|m| m.kind).collect::<Vec<_>>();
        assert_eq!(kinds(&after), kinds(&before));
        let chaddr = before.exchanges[0].chaddr.octets();
        assert!(!redacted.windows(6).any(|window| window == chaddr));
        assert_ne!(after.exchanges[0].chaddr, before.exchanges[0].chaddr);
        assert_eq!(after.exchanges[0].chaddr.octets()[..3], chaddr[..3]);
    }
}
