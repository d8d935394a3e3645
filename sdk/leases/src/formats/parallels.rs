//! Parallels' lease file: `ADDRESS="EXPIRY,LENGTH,MAC,CLIENT-ID"` below the name of a network in brackets.
//! The last two are in hexadecimal, without separators.

use std::net::Ipv4Addr;

use vmkit_types::{Mac, is_host_address};

use crate::{
    client_id::{mac_of_client_id, usable},
    lease::{Lease, NotThisFormat, Validity, last_to_end_first},
};

/// Longest client identifier that is read, in bytes: the length of a DHCP option.
const CLIENT_ID_LIMIT: usize = 255;

/// The leases in this text; those that end last come first.
pub(super) fn leases(text: &str) -> Result<Vec<Lease>, NotThisFormat> {
    let mut leases = Vec::new();
    let (mut blank, mut known) = (true, false);
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        blank = false;
        known |= line.starts_with('[') && line.ends_with(']');
        if let Some(lease) = lease(line) {
            known = true;
            leases.extend(Some(lease).filter(|lease| is_host_address(lease.address)));
        }
    }
    if blank || known { Ok(last_to_end_first(leases)) } else { Err(NotThisFormat) }
}

fn lease(line: &str) -> Option<Lease> {
    let (address, value) = line.split_once('=')?;
    let address: Ipv4Addr = address.trim_end().parse().ok()?;
    let value = value.trim_start().strip_prefix('"')?.strip_suffix('"')?;
    let mut fields = value.split(',').map(str::trim);
    let (expiry, length, mac) = (fields.next()?, fields.next()?, fields.next()?);
    let client_id = fields.next().and_then(octets);
    let of_identifier = client_id.as_deref().and_then(mac_of_client_id);
    let mac = octets(mac).and_then(|octets| <[u8; 6]>::try_from(octets).ok()).map(Mac::new);
    Some(Lease {
        name: None,
        address: address.into(),
        mac: mac.and_then(usable).or(of_identifier),
        client_id,
        validity: Validity::until_or_forever(expiry.parse().ok()?),
        length: length.parse().ok(),
    })
}

/// The octets of pairs of digits.
fn octets(text: &str) -> Option<Vec<u8>> {
    let digits = text.bytes().all(|digit| digit.is_ascii_hexdigit());
    if !digits || !text.len().is_multiple_of(2) || text.len() > 2 * CLIENT_ID_LIMIT {
        return None;
    }
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::super::{Format, summary::lines};

    #[test]
    fn reads_rows_of_all_networks() {
        let text = include_str!("../../tests/data/parallels.leases");
        let expected = [
            "10.211.55.4 00:1c:42:4b:5e:58 1795511000 1800s",
            "10.211.55.3 00:1c:42:4b:5e:57 1795510800 1800s",
            "10.37.129.3 00:1c:42:4b:5e:59 1763900000 1800s",
        ];
        assert_eq!(lines(Format::Parallels, text), expected);
    }

    #[test]
    fn skips_lines_of_other_forms() {
        let rows = [
            "10.0.0.2=1795510800,1800,001c424b5e57,01001c424b5e57",
            "10.0.0.2=\"1795510800,1800\"",
            "10.0.0.2=\"x,1800,001c424b5e57,\"",
            "10.0.0.2=\"",
            "224.0.0.1=\"1795510800,1800,001c424b5e57,\"",
            "web=\"1795510800,1800,001c424b5e57,\"",
        ];
        for row in rows {
            assert_eq!(lines(Format::Parallels, &format!("[vnic0]\n{row}\n")), [""; 0], "{row}");
        }
        let row = "10.0.0.2=\"1795510800,?,zz1c424b5e57,é\"";
        assert_eq!(lines(Format::Parallels, row), ["10.0.0.2 - 1795510800"]);
        assert_eq!(lines(Format::Parallels, ""), [""; 0]);
        assert!(Format::Parallels.leases("lease 10.0.0.2 {").is_err());
    }
}
