//! `BRIDGE.status` of libvirt's helper for dnsmasq: a JSON array of objects. Leases that ended remain until
//! the helper runs again. A lease without end has no `expiry-time`.

use std::net::IpAddr;

use serde_json::Value;
use vmkit_types::is_host_address;

use crate::{
    client_id::{mac_of_client_id, mac_of_duid, octets, usable},
    lease::{Lease, NotThisFormat, Validity, last_to_end_first},
};

/// The leases in this text; those that end last come first.
pub(super) fn leases(text: &str) -> Result<Vec<Lease>, NotThisFormat> {
    if text.trim().is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<Value> = serde_json::from_str(text).map_err(|_| NotThisFormat)?;
    Ok(last_to_end_first(rows.iter().filter_map(lease).collect()))
}

fn lease(row: &Value) -> Option<Lease> {
    let text = |key: &str| row.get(key).and_then(Value::as_str);
    let address: IpAddr = text("ip-address")?.parse().ok()?;
    let client_id = text("client-id").and_then(octets);
    let of_identifier = match address {
        IpAddr::V4(_) => client_id.as_deref().and_then(mac_of_client_id),
        IpAddr::V6(_) => client_id.as_deref().and_then(mac_of_duid),
    };
    let mac = text("mac-address").and_then(|mac| mac.parse().ok()).and_then(usable);
    let validity = match row.get("expiry-time") {
        None => Validity::Forever,
        Some(expiry) => Validity::until_or_forever(expiry.as_u64()?),
    };
    is_host_address(address).then(|| Lease {
        name: None,
        address,
        mac: mac.or(of_identifier),
        client_id,
        validity,
        length: None,
    })
}

#[cfg(test)]
mod tests {
    use super::super::{Format, summary::lines};

    #[test]
    fn reads_rows_of_a_bridge() {
        let text = include_str!("../../tests/data/virbr0.status");
        let expected = [
            "192.168.122.52 52:54:00:4b:5e:59 forever",
            "192.168.122.50 52:54:00:4b:5e:57 1795510800",
            "2001:db8:122::50 52:54:00:4b:5e:57 1795510800",
            "192.168.122.51 52:54:00:4b:5e:58 1763900000",
        ];
        assert_eq!(lines(Format::Libvirt, text), expected);
    }

    #[test]
    fn an_empty_file_has_no_leases_and_another_format_is_refused() {
        for text in ["", "\n", "[]", "[1, null, {}, {\"ip-address\": 5}]"] {
            assert_eq!(lines(Format::Libvirt, text), [""; 0], "{text}");
        }
        let deep = "[".repeat(100_000);
        for text in ["{}", "[", "[]]", "1795510800 52:54:0:1:2:3 10.0.0.2 * *", &deep] {
            assert!(Format::Libvirt.leases(text).is_err(), "{text}");
        }
    }
}
