//! `dhcpd.leases` of ISC dhcpd and `VMware`: a log of blocks. The last block of an address counts.
//!
//! ```text
//! lease 10.0.0.2 {
//!   starts 2 2026/11/24 05:00:00;
//!   ends 2 2026/11/24 07:00:00;
//!   binding state active;
//!   hardware ethernet 52:54:00:4b:5e:57;
//!   uid "\001RT\000K^W";
//! }
//! ```

use std::{collections::HashMap, net::Ipv4Addr};

use jiff::{civil::DateTime, tz::Offset};
use vmkit_types::{Mac, is_host_address};

use crate::{
    client_id::{mac_of_client_id, octets, usable},
    lease::{Lease, NotThisFormat, Validity},
};

/// The leases in this text; the last written comes first. An abandoned address is no lease: the server
/// saw an unknown host there.
pub(super) fn leases(text: &str) -> Result<Vec<Lease>, NotThisFormat> {
    let mut last: HashMap<Ipv4Addr, (usize, Block<'_>)> = HashMap::new();
    let mut open: Option<(Ipv4Addr, Block<'_>)> = None;
    let (mut depth, mut known) = (0_usize, false);
    let mut statements = Statements { rest: text };
    for (number, (statement, end)) in statements.by_ref().enumerate() {
        known = true;
        match (end, &mut open) {
            ('{', _) => {
                depth += 1;
                if depth == 1 {
                    open = address_of(statement).map(|address| (address, Block::default()));
                }
            }
            ('}', _) => {
                depth = depth.saturating_sub(1);
                if let Some((address, block)) = open.take_if(|_| depth == 0) {
                    last.insert(address, (number, block));
                }
            }
            (_, Some((_, block))) if depth == 1 => block.take(statement),
            _ => {}
        }
    }
    if !known && !statements.rest.is_empty() {
        return Err(NotThisFormat);
    }
    let mut blocks: Vec<_> = last.into_iter().collect();
    blocks.sort_by_key(|(_, (number, _))| std::cmp::Reverse(*number));
    Ok(blocks.into_iter().filter_map(|(address, (_, block))| block.into_lease(address)).collect())
}

/// The statements of a file, each with its end: `;`, `{` or `}`. Text without an end remains in `rest`.
struct Statements<'a> {
    rest: &'a str,
}

impl<'a> Iterator for Statements<'a> {
    type Item = (&'a str, char);

    fn next(&mut self) -> Option<Self::Item> {
        self.rest = self.rest.trim_start();
        while self.rest.starts_with('#') {
            self.rest = self.rest.split_once('\n').map_or("", |(_, rest)| rest.trim_start());
        }
        let (mut quoted, mut escaped) = (false, false);
        for (at, character) in self.rest.char_indices() {
            match character {
                _ if escaped => escaped = false,
                '\\' if quoted => escaped = true,
                '"' => quoted = !quoted,
                // Line breaks in a string are escaped, so this string was cut.
                '\n' => quoted = false,
                ';' | '{' | '}' if !quoted => {
                    let statement = self.rest[..at].trim_end();
                    self.rest = &self.rest[at + 1..];
                    return Some((statement, character));
                }
                _ => {}
            }
        }
        None
    }
}

/// The address of a block that begins with this statement.
fn address_of(statement: &str) -> Option<Ipv4Addr> {
    let mut words = statement.split_ascii_whitespace();
    let address = words.next().filter(|word| *word == "lease").and(words.next())?;
    words.next().is_none().then_some(address)?.parse().ok()
}

#[derive(Default)]
struct Block<'a> {
    starts: Option<u64>,
    ends: Option<Validity>,
    hardware: Option<&'a str>,
    identifier: Option<&'a str>,
    /// Whether its binding state is another than `active`.
    ended: bool,
    abandoned: bool,
}

impl<'a> Block<'a> {
    fn take(&mut self, statement: &'a str) {
        let (name, value) = statement.split_once(' ').unwrap_or((statement, ""));
        let value = value.trim_start();
        match name {
            "starts" => self.starts = time(value),
            "ends" if value == "never" => self.ends = Some(Validity::Forever),
            "ends" => self.ends = time(value).map(Validity::Until),
            "hardware" => self.hardware = value.strip_prefix("ethernet ").map(str::trim_start),
            "uid" => self.identifier = Some(value),
            "abandoned" => self.abandoned = true,
            "binding" => match value.strip_prefix("state").map(str::trim_start) {
                Some("active") => self.ended = false,
                Some("abandoned") => self.abandoned = true,
                _ => self.ended = true,
            },
            _ => {}
        }
    }

    fn into_lease(self, address: Ipv4Addr) -> Option<Lease> {
        let validity = if self.ended { Validity::Ended } else { self.ends? };
        let length = match (self.starts, self.ends) {
            (Some(starts), Some(Validity::Until(ends))) => ends.checked_sub(starts),
            _ => None,
        };
        let mac = self.hardware.and_then(|text| text.parse::<Mac>().ok()).and_then(usable);
        let client_id = self.identifier.and_then(identifier);
        let of_identifier = client_id.as_deref().and_then(mac_of_client_id);
        (!self.abandoned && is_host_address(address.into())).then(|| Lease {
            name: None,
            address: address.into(),
            mac: mac.or(of_identifier),
            client_id,
            validity,
            length,
        })
    }
}

/// `WEEKDAY Y/M/D H:M:S`, always UTC, or `epoch SECONDS`, in seconds since the Unix epoch.
fn time(text: &str) -> Option<u64> {
    let (first, rest) = text.split_once(' ')?;
    if first == "epoch" {
        return rest.trim().parse().ok();
    }
    let time = DateTime::strptime("%Y/%m/%d %H:%M:%S", rest.trim()).ok()?;
    let time = Offset::UTC.to_timestamp(time).ok()?;
    u64::try_from(time.as_second()).ok()
}

/// Longest client identifier that is read, in bytes.
const CLIENT_ID_LIMIT: usize = 255;

/// The octets of a `uid`: in hexadecimal, or a string with escapes in octal.
fn identifier(text: &str) -> Option<Vec<u8>> {
    let Some(quoted) = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')) else {
        return octets(text);
    };
    let mut octets = Vec::new();
    let mut bytes = quoted.bytes();
    while let Some(byte) = bytes.next() {
        if octets.len() == CLIENT_ID_LIMIT {
            return None;
        }
        if byte != b'\\' {
            octets.push(byte);
            continue;
        }
        let first = bytes.next()?;
        if !first.is_ascii_digit() {
            octets.push(first);
            continue;
        }
        let digits = [first, bytes.next()?, bytes.next()?];
        let value = std::str::from_utf8(&digits).ok()?;
        octets.push(u8::from_str_radix(value, 8).ok()?);
    }
    Some(octets)
}

#[cfg(test)]
mod tests {
    use super::{
        super::{Format, summary::lines},
        time,
    };

    #[test]
    fn the_last_block_of_each_address_counts() {
        let rows = [
            (
                include_str!("../../tests/data/dhcpd.leases"),
                &[
                    "10.0.0.14 52:54:00:4b:5e:5c forever",
                    "10.0.0.13 52:54:00:4b:5e:5b ended 7200s",
                    "10.0.0.11 52:54:00:4b:5e:58 1795510800 7200s",
                    "10.0.0.10 52:54:00:4b:5e:57 1795507200 7200s",
                ][..],
            ),
            (
                include_str!("../../tests/data/vmnet-dhcpd-vmnet8.leases"),
                &[
                    "172.16.12.129 00:0c:29:4b:5e:58 1795500000 1800s",
                    "172.16.12.128 00:0c:29:4b:5e:57 1795505400 1800s",
                ],
            ),
        ];
        for (text, expected) in rows {
            assert_eq!(lines(Format::Isc, text), expected);
        }
    }

    #[test]
    fn times_are_utc() {
        let rows = [
            ("2 2026/11/24 09:00:00", Some(1_795_510_800)),
            ("epoch 1795510800", Some(1_795_510_800)),
            ("2 2026/13/24 09:00:00", None),
            ("2 1969/12/31 00:00:00", None),
            ("never", None),
            ("2 2026/11/24 09:00:00 x", None),
        ];
        for (text, expected) in rows {
            assert_eq!(time(text), expected, "{text}");
        }
    }

    #[test]
    fn reads_nested_blocks_and_blocks_on_one_line() {
        let rows = [
            "lease 10.0.0.2 { starts 2 2026/11/24 08:00:00; ends 2 2026/11/24 09:00:00; \
             hardware ethernet 52:54:0:4b:5e:57; }",
            "lease 10.0.0.2 {\n starts 2 2026/11/24 08:00:00;\n ends 2 2026/11/24 09:00:00;\n \
             set a = \"}\\\"{\";\n on expiry {\n  ends never;\n }\n \
             hardware ethernet 52:54:00:4b:5e:57;\n}\nlease 10.0.0.3 {\n ends never",
        ];
        for text in rows {
            let expected = ["10.0.0.2 52:54:00:4b:5e:57 1795510800 3600s"];
            assert_eq!(lines(Format::Isc, text), expected, "{text}");
        }
    }

    #[test]
    fn skips_everything_but_leases() {
        let none = [
            "",
            "# a comment alone\n",
            "authoring-byte-order little-endian;\nserver-duid \"\\000\\001\";\n",
            "lease 10.0.0.999 {\n  ends never;\n}\n",
            "lease 10.0.0.2 {\n  starts 2 2026/11/24 05:00:00;\n}\n",
            "lease 10.0.0.2 {\n  ends never;\n",
            "lease 10.0.0.2 {\n  uid \"\\001}\";\n}\n",
            "failover peer \"dhcp\" state {\n  my state normal;\n}\n",
        ];
        for text in none {
            assert_eq!(lines(Format::Isc, text), [""; 0], "{text}");
        }
        assert!(Format::Isc.leases("1795510800 52:54:00:4b:5e:57 10.0.0.2 * *\n").is_err());
    }
}
