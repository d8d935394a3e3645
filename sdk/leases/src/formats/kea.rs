//! Kea's memory file: a log of rows `ADDRESS,HWADDR,CLIENT-ID,LIFETIME,EXPIRY,SUBNET,…` below a header. The
//! last row of an address counts. State 0 is a lease; a declined, reclaimed or released one is not.

use std::{
    collections::{HashMap, hash_map::Entry},
    net::Ipv4Addr,
};

use vmkit_types::is_host_address;

use crate::{
    client_id::{mac_of_client_id, octets, usable},
    lease::{Lease, NotThisFormat, Validity, last_to_end_first},
};

/// How the header of a file for IPv4 begins. Later versions append columns.
const HEADER: &str = "address,hwaddr,client_id,valid_lifetime,expire,";
/// Place of the column `state`.
const STATE: usize = 9;
/// The state of a lease that a client has.
const ASSIGNED: &str = "0";
/// A lifetime without end.
const INFINITE: u64 = 0xffff_ffff;

/// The leases in this text, which may be several files of one server, the oldest first; those that end last
/// come first.
pub(super) fn leases(text: &str) -> Result<Vec<Lease>, NotThisFormat> {
    let (mut blank, mut known) = (true, false);
    let mut last: HashMap<Ipv4Addr, Option<Lease>> = HashMap::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        blank = false;
        known |= line.starts_with(HEADER);
        let Some((address, lease)) = row(line).filter(|_| known) else { continue };
        match last.entry(address) {
            Entry::Occupied(mut of_address) => *of_address.get_mut() = lease,
            Entry::Vacant(of_address) => {
                of_address.insert(lease);
            }
        }
    }
    if !blank && !known {
        return Err(NotThisFormat);
    }
    Ok(last_to_end_first(last.into_values().flatten().collect()))
}

/// The address of a row, and its lease: a lease of no length was deleted.
fn row(line: &str) -> Option<(Ipv4Addr, Option<Lease>)> {
    let fields: Vec<&str> = line.split(',').take(STATE + 1).collect();
    let [address, hardware, identifier, lifetime, expiry, rest @ ..] = fields.as_slice() else {
        return None;
    };
    let address: Ipv4Addr = address.parse().ok()?;
    let (lifetime, expiry): (u64, u64) = (lifetime.parse().ok()?, expiry.parse().ok()?);
    let assigned = rest.get(STATE - 5).is_none_or(|state| *state == ASSIGNED);
    if lifetime == 0 || !assigned || !is_host_address(address.into()) {
        return Some((address, None));
    }
    let client_id = octets(identifier);
    let mac = hardware.parse().ok().and_then(usable);
    let validity = if lifetime == INFINITE { Validity::Forever } else { Validity::Until(expiry) };
    let lease = Lease {
        name: None,
        address: address.into(),
        mac: mac.or_else(|| mac_of_client_id(client_id.as_deref()?)),
        client_id,
        validity,
        length: Some(lifetime).filter(|length| *length != INFINITE),
    };
    Some((address, Some(lease)))
}

#[cfg(test)]
mod tests {
    use super::super::{Format, summary::lines};

    #[test]
    fn the_last_row_of_an_address_counts() {
        let text = include_str!("../../tests/data/kea-leases4.csv");
        let expected = [
            "10.77.0.13 52:54:00:4b:5e:5a forever",
            "10.77.0.10 52:54:00:4b:5e:57 1795511400 3600s",
            "10.77.0.12 52:54:00:4b:5e:59 1795510800 3600s",
        ];
        assert_eq!(lines(Format::Kea, text), expected);
    }

    #[test]
    fn a_text_without_the_header_is_refused() {
        assert_eq!(lines(Format::Kea, ""), [""; 0]);
        for text in ["x", "10.0.0.2,52:54:00:4b:5e:57,,3600,1795511400,1,0,0,web,0\n"] {
            assert!(Format::Kea.leases(text).is_err(), "{text}");
        }
        let header = "address,hwaddr,client_id,valid_lifetime,expire,subnet_id\n";
        for row in ["10.0.0.2", "10.0.0.2,,,x,y", "10.0.0.999,,,1,2", "127.0.0.1,,,1,2,1"] {
            assert_eq!(lines(Format::Kea, &format!("{header}{row}")), [""; 0], "{row}");
        }
    }
}
