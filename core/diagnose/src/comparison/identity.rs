//! The part of a client identifier that is the same for all cards of a system.

use vmkit_types::Mac;

/// Type of an identifier that is an Ethernet address, RFC 2132, 9.14.
const ETHERNET: u8 = 1;
/// Type of an identifier that has an IAID and a DUID, RFC 4361.
const IAID_AND_DUID: u8 = 0xff;
/// The shortest DUID has a type and one octet, RFC 8415, section 11.1.
const SHORTEST: usize = 3;

/// The DUID in a client identifier. Systems make it of their machine id, or write it to a file once:
/// clones have the same.
pub(super) fn duid(identifier: &[u8]) -> Option<&[u8]> {
    match identifier {
        [IAID_AND_DUID, _, _, _, _, duid @ ..] if duid.len() >= SHORTEST => Some(duid),
        _ => None,
    }
}

/// The identifier of a client that sends none.
pub(super) fn by_hardware(mac: Mac) -> Vec<u8> {
    [&[ETHERNET][..], &mac.octets()].concat()
}

/// Longest identifier: the length of a DHCP option.
const LONGEST: usize = 255;

/// The octets of pairs of hexadecimal digits.
pub(super) fn octets(text: &str) -> Option<Vec<u8>> {
    let digits = text.bytes().all(|digit| digit.is_ascii_hexdigit());
    if !digits || !text.len().is_multiple_of(2) || text.len() > 2 * LONGEST {
        return None;
    }
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok())
        .collect()
}
