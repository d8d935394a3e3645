//! Which MACs and addresses are numbers of a redaction.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::{Ipv4Addr, Ipv6Addr},
};

use vmkit_model::{Place, TraceKind};

use super::traces::Traces;

/// Whether the MAC says nothing: the second half is a small number, or it is a group of a protocol.
pub(super) fn is_numbered_mac(mac: [u8; 6]) -> bool {
    let is_group = mac[0] & 1 == 1 && !matches!(mac, [0x33, 0x33, 0xff, ..]);
    mac == *b"\x02vmkit" || mac[3] == 0 || is_group || mac == [0; 6]
}

/// Whether the address is of documentation, or of the link and numbered.
pub(super) fn is_numbered_v6(address: Ipv6Addr) -> bool {
    let octets = address.octets();
    if let Some(v4) = address.to_ipv4_mapped() {
        return is_public_stand_in(v4) || v4.is_private();
    }
    let known_prefix = matches!(
        octets,
        [0x20, 0x01, 0x0d, 0xb8, 0, 0, ..] | [0xfd, 0, 0, 0, 0, 0, ..] | [0xfe, 0x80, ..]
    ) || address.is_multicast();
    let small = octets[8..13].iter().all(|octet| *octet == 0) || octets[11..13] == [0xff, 0xfe];
    let is_group_end = address.is_multicast() && octets[13] == 0xff && octets[14] == 0;
    address.is_unspecified()
        || address.is_loopback()
        || (known_prefix && (small || address.is_multicast()) && (octets[13] == 0 || is_group_end))
}

/// Networks of documentation and benchmarks, and addresses that every network has.
fn is_public_stand_in(address: Ipv4Addr) -> bool {
    matches!(
        address.octets(),
        [203, 0, 113, _]
            | [198, 51, 100, _]
            | [192, 0, 2, _]
            | [198, 18 | 19, ..]
            | [0 | 127 | 224..=239 | 255, ..]
    )
}

/// The host parts of private addresses by network. A redaction numbers them from 10 without gaps.
#[derive(Debug, Default)]
pub(super) struct Hosts(BTreeMap<[u8; 3], (BTreeSet<u8>, String, Option<Place>)>);

impl Hosts {
    /// Counts an address; `false`: it is of the Internet.
    pub(super) fn count(&mut self, address: Ipv4Addr, path: &str, place: Place) -> bool {
        let [a, b, c, last] = address.octets();
        let shared = a == 100 && (64..=127).contains(&b);
        if !(address.is_private()
            || address.is_link_local()
            || shared
            || is_public_stand_in(address))
        {
            return false;
        }
        let every = matches!(a, 0 | 127 | 224..=255);
        if !every && !matches!(last, 0 | 1 | 254 | 255) {
            let (seen, first, at) = self.0.entry([a, b, c]).or_default();
            if seen.insert(last) && at.is_none() {
                (*first, *at) = (path.to_owned(), Some(place));
            }
        }
        true
    }

    /// Reports the networks whose host parts are not numbered.
    pub(super) fn report(&self, traces: &mut Traces) {
        for ([a, b, c], (seen, path, place)) in &self.0 {
            let numbered = (10..=253).chain(2..=9).take(seen.len()).collect::<BTreeSet<u8>>();
            if *seen != numbered {
                let strange = seen.difference(&numbered).map(|last| format!("{a}.{b}.{c}.{last}"));
                let strange: Vec<String> = strange.take(8).collect();
                let place = place.unwrap_or(Place::File);
                traces.add(path, place, TraceKind::Address, &strange.join(" "));
            }
        }
    }
}
