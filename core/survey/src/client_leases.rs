//! Leases as DHCP clients of Linux keep or show them: systemd-networkd, `NetworkManager` and dhclient.
//!
//! ```text
//! ADDRESS=192.168.1.50                                DHCP4.OPTION[3]: ip_address = 192.168.1.50
//! SERVER_ADDRESS=192.168.1.254                        lease {
//! ROUTER=192.168.1.254                                  fixed-address 192.168.1.50;
//! LIFETIME=86400                                        option dhcp-server-identifier 192.168.1.254;
//! ```

use std::{net::Ipv4Addr, time::Duration};

use crate::OwnLease;

/// The lease in this text, the last one of several. `None`: it is in none of these formats.
pub(crate) fn client_lease(text: &str) -> Option<OwnLease> {
    let mut lease = Fields::default();
    for line in text.lines().map(str::trim) {
        // dhclient appends each lease to its file.
        if line == "lease {" {
            lease = Fields::default();
        }
        if let Some((name, value)) = field(line) {
            lease.take(name, value);
        }
    }
    lease.complete()
}

/// Name and value of a line: `NAME=VALUE`, `DHCP4.OPTION[N]: NAME = VALUE` or `option NAME VALUE;`.
fn field(line: &str) -> Option<(&str, &str)> {
    if let Some(rest) = line.strip_prefix("DHCP4.OPTION[") {
        let (_, rest) = rest.split_once(']')?;
        let (name, value) = rest.trim_start_matches(':').split_once('=')?;
        return Some((name.trim(), value.trim()));
    }
    if let Some(statement) = line.strip_suffix(';') {
        return statement.strip_prefix("option ").unwrap_or(statement).split_once(' ');
    }
    line.split_once('=')
}

#[derive(Default)]
struct Fields {
    address: Option<Ipv4Addr>,
    server: Option<Ipv4Addr>,
    router: Option<Ipv4Addr>,
    length: Option<Duration>,
}

impl Fields {
    fn take(&mut self, name: &str, value: &str) {
        match name {
            "ADDRESS" | "ip_address" | "fixed-address" => self.address = value.parse().ok(),
            "SERVER_ADDRESS" | "dhcp_server_identifier" | "dhcp-server-identifier" => {
                self.server = value.parse().ok();
            }
            "ROUTER" | "routers" => {
                let mut routers = value.split([' ', ',']).filter(|router| !router.is_empty());
                self.router = routers.next().and_then(|router| router.parse().ok());
            }
            "LIFETIME" | "dhcp_lease_time" | "dhcp-lease-time" => {
                self.length =
                    value.parse().ok().map(|seconds: u32| Duration::from_secs(seconds.into()));
            }
            _ => {}
        }
    }

    fn complete(self) -> Option<OwnLease> {
        let address = self.address.filter(|address| !address.is_unspecified())?;
        let (server, router, length) = (self.server, self.router, self.length);
        Some(OwnLease { address, client: None, server, router, length })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NETWORKD: &str = "# This is private data. Do not parse.\nADDRESS=192.168.1.50\n\
        NETMASK=255.255.255.0\nROUTER=192.168.1.254 192.168.1.253\nSERVER_ADDRESS=192.168.1.3\n\
        T1=43200\nT2=75600\nLIFETIME=86400\nDNS=192.168.1.254\n";
    const NETWORK_MANAGER: &str = "DHCP4.OPTION[1]:                        broadcast_address = 192.168.1.255\n\
        DHCP4.OPTION[2]:                        dhcp_lease_time = 86400\n\
        DHCP4.OPTION[3]:                        dhcp_server_identifier = 192.168.1.3\n\
        DHCP4.OPTION[4]:                        ip_address = 192.168.1.50\n\
        DHCP4.OPTION[5]:                        requested_routers = 1\n\
        DHCP4.OPTION[6]:                        routers = 192.168.1.254\n";
    const DHCLIENT: &str = "lease {\n  interface \"eth0\";\n  fixed-address 10.0.0.9;\n  option routers 10.0.0.1;\n}\n\
        lease {\n  interface \"eth0\";\n  fixed-address 192.168.1.50;\n  option subnet-mask 255.255.255.0;\n  \
        option routers 192.168.1.254,192.168.1.253;\n  option dhcp-lease-time 86400;\n  \
        option dhcp-server-identifier 192.168.1.3;\n  expire 1 2026/11/30 13:00:00;\n}\n";

    #[test]
    fn reads_the_lease_of_each_client() {
        for text in [NETWORKD, NETWORK_MANAGER, DHCLIENT] {
            let expected = OwnLease {
                address: [192, 168, 1, 50].into(),
                client: None,
                server: Some([192, 168, 1, 3].into()),
                router: Some([192, 168, 1, 254].into()),
                length: Some(Duration::from_hours(24)),
            };
            assert_eq!(client_lease(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn reads_what_there_is_and_nothing_from_other_text() {
        let alone = client_lease("ADDRESS=192.168.1.50\nROUTER=\nLIFETIME=x\n").unwrap();
        assert_eq!((alone.server, alone.router, alone.length), (None, None, None));
        for text in ["words", "ADDRESS=0.0.0.0", "ADDRESS=", "lease {", "DHCP4.OPTION[", ";", "="] {
            assert_eq!(client_lease(text), None, "{text}");
        }
    }
}
