//! All stand-ins of one snapshot.

use std::collections::HashMap;

use vmkit_types::Mac;

use super::{addresses::Addresses, names::Names, words::Words};

/// The stand-ins so far. Each thing has the same one in every file.
#[derive(Debug)]
pub(super) struct StandIns<'a> {
    pub(super) names: &'a Names,
    pub(super) addresses: Addresses,
    pub(super) words: Words,
    identifiers: HashMap<Vec<u8>, u16>,
}

impl<'a> StandIns<'a> {
    pub(super) fn new(names: &'a Names) -> Self {
        let (addresses, words) = (Addresses::default(), Words::default());
        Self { names, addresses, words, identifiers: HashMap::new() }
    }

    /// The stand-in of a client identifier or a DUID (RFC 2132, 9.14; RFC 8415, 11). One that is made
    /// from a MAC is made from the stand-in of that MAC.
    pub(super) fn identifier(&mut self, octets: &[u8]) -> Vec<u8> {
        let mut stand_in = vec![0; octets.len()];
        let kept: &[usize] = match octets {
            [1, mac @ ..] if mac.len() == 6 => &[0],
            [255, _, _, _, _, 0, 1 | 3, 0, 1, ..] => &[0, 6, 8],
            [0, 1 | 3, 0, 1, ..] => &[1, 3],
            _ => &[],
        };
        let mac = octets.last_chunk::<6>().filter(|_| !kept.is_empty());
        if let (Some(mac), Some(end)) = (mac, stand_in.last_chunk_mut::<6>()) {
            *end = self.addresses.mac(Mac::new(*mac)).octets();
            for place in kept {
                stand_in[*place] = octets[*place];
            }
            return stand_in;
        }
        let number = u16::try_from(self.identifiers.len() + 1).unwrap_or(u16::MAX);
        let number = *self.identifiers.entry(octets.to_vec()).or_insert(number);
        if let Some(end) = stand_in.last_chunk_mut::<2>() {
            *end = number.to_be_bytes();
        }
        stand_in
    }
}
