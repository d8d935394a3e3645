//! dnsmasq's lease file: lines `EXPIRY MAC ADDRESS NAME CLIENT-ID`, then a line `duid …` of the server
//! itself and lines `EXPIRY IAID ADDRESS NAME DUID` for IPv6. An unknown name or identifier is `*`.

use std::net::IpAddr;

use vmkit_types::is_host_address;

use crate::{
    client_id::{mac_of_client_id, mac_of_duid, octets, usable},
    lease::{Lease, NotThisFormat, Validity, last_to_end_first},
};

/// The leases in this text; those that end last come first.
pub(super) fn leases(text: &str) -> Result<Vec<Lease>, NotThisFormat> {
    let mut leases = Vec::new();
    let (mut blank, mut known) = (true, false);
    for line in text.lines() {
        let words: Vec<&str> = line.split_ascii_whitespace().take(5).collect();
        blank &= words.is_empty();
        known |= words.first() == Some(&"duid");
        if let Some(lease) = lease(&words) {
            known = true;
            leases.extend(Some(lease).filter(|lease| is_host_address(lease.address)));
        }
    }
    if blank || known { Ok(last_to_end_first(leases)) } else { Err(NotThisFormat) }
}

fn lease(words: &[&str]) -> Option<Lease> {
    let [expiry, client, address, _name, identifier @ ..] = words else { return None };
    let address: IpAddr = address.parse().ok()?;
    let identifier = identifier.first().and_then(|text| octets(text));
    let mac = match address {
        IpAddr::V4(_) => client
            .parse()
            .ok()
            .and_then(usable)
            .or_else(|| mac_of_client_id(identifier.as_deref()?)),
        IpAddr::V6(_) => identifier.as_deref().and_then(mac_of_duid),
    };
    let validity = Validity::until_or_forever(expiry.parse().ok()?);
    Some(Lease { address, mac, client_id: identifier, name: None, validity, length: None })
}

#[cfg(test)]
mod tests {
    use super::super::{Format, summary::lines};

    #[test]
    fn reads_rows_of_both_families() {
        let text = include_str!("../../tests/data/dnsmasq.leases");
        let expected = [
            "192.168.122.12 52:54:00:4b:5e:59 forever",
            "192.168.122.11 52:54:00:4b:5e:58 1795511240",
            "192.168.122.10 52:54:00:4b:5e:57 1795510800",
            "192.168.122.15 52:54:00:4b:5e:5b 1795510700",
            "192.168.122.14 - 1795510600",
            "2001:db8::10 52:54:00:4b:5e:57 1795510500",
            "2001:db8::11 - 1795510400",
        ];
        assert_eq!(lines(Format::Dnsmasq, text), expected);
    }

    #[test]
    fn skips_lines_of_other_forms() {
        let good = "1795510800 52:54:00:4b:5e:57 10.0.0.2 web 01:52:54:00:4b:5e:57\n";
        let rows = [
            "x 52:54:00:4b:5e:57 10.0.0.3 web *",
            "-1 52:54:00:4b:5e:57 10.0.0.3 web *",
            "1795510800 52:54:00:4b:5e:57 10.0.0.999 web *",
            "1795510800 52:54:00:4b:5e:57 255.255.255.255 web *",
            "1795510800 1 fe80::1 web *",
            "1795510800 52:54:00:4b:5e:57 10.0.0",
            "1795510800",
        ];
        for row in rows {
            let found = lines(Format::Dnsmasq, &format!("{row}\n{good}"));
            assert_eq!(found, ["10.0.0.2 52:54:00:4b:5e:57 1795510800"], "{row}");
        }
        assert_eq!(lines(Format::Dnsmasq, "\n"), [""; 0]);
        assert_eq!(lines(Format::Dnsmasq, "duid 00:01:00:01:2c\n"), [""; 0]);
        assert!(Format::Dnsmasq.leases("{}\n").is_err());
    }
}
