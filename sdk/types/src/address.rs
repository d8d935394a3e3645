//! Which addresses a machine can have.

use std::net::IpAddr;

/// Whether a machine can have this address and another computer reach it there. A link-local IPv6
/// address is reached only together with the name of a link, so it does not count.
///
/// ```
/// assert!(vmkit_types::is_host_address([192, 168, 1, 64].into()));
/// assert!(!vmkit_types::is_host_address([127, 0, 0, 1].into()));
/// ```
pub fn is_host_address(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            !(address.is_unspecified()
                || address.is_broadcast()
                || address.is_multicast()
                || address.is_loopback())
        }
        IpAddr::V6(address) => {
            !(address.is_unspecified()
                || address.is_multicast()
                || address.is_loopback()
                || address.is_unicast_link_local())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_only_addresses_of_single_reachable_hosts() {
        let rows = [
            ("192.168.1.64", true),
            ("169.254.9.9", true),
            ("fd00::64", true),
            ("0.0.0.0", false),
            ("255.255.255.255", false),
            ("224.0.0.251", false),
            ("127.0.0.1", false),
            ("::", false),
            ("::1", false),
            ("ff02::fb", false),
            ("fe80::1", false),
        ];
        for (address, expected) in rows {
            assert_eq!(is_host_address(address.parse().unwrap()), expected, "{address}");
        }
    }
}
