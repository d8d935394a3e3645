//! What a console states about one address.

use std::{fmt, net::IpAddr};

use vmkit_plugin::Mac;

use crate::device::Device;

/// The program that wrote a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Client {
    CloudInit,
    Udhcpc,
    Dhclient,
    Dhcpcd,
    Networkd,
    NetworkManager,
    IpConfig,
    Autoipd,
    Banner,
}

impl fmt::Display for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::CloudInit => "cloud-init",
            Self::Udhcpc => "udhcpc",
            Self::Dhclient => "dhclient",
            Self::Dhcpcd => "dhcpcd",
            Self::Networkd => "systemd-networkd",
            Self::NetworkManager => "NetworkManager",
            Self::IpConfig => "IP-Config",
            Self::Autoipd => "avahi-autoipd",
            Self::Banner => "login banner",
        })
    }
}

/// One address of the guest, as a line of its console states it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Statement {
    pub(crate) client: Client,
    pub(crate) address: IpAddr,
    pub(crate) device: Option<Device>,
    pub(crate) prefix: Option<u8>,
    /// The DHCP server, or the router if the line names only that.
    pub(crate) server: Option<IpAddr>,
    pub(crate) mac: Option<Mac>,
    /// Whether the check for a conflict was still running.
    pub(crate) pending: bool,
}

impl Statement {
    pub(crate) fn new(client: Client, address: IpAddr) -> Self {
        Self {
            client,
            address,
            device: None,
            prefix: None,
            server: None,
            mac: None,
            pending: false,
        }
    }

    pub(crate) fn is_link_local(&self) -> bool {
        match self.address {
            IpAddr::V4(address) => address.is_link_local(),
            IpAddr::V6(address) => address.is_unicast_link_local(),
        }
    }

    /// Whether a machine can have this address: not a group, nor the address or broadcast of a network.
    pub(crate) fn is_host_address(&self) -> bool {
        match self.address {
            IpAddr::V4(address) => {
                let bits = address.to_bits();
                let host = self
                    .prefix
                    .map_or(0, |length| u32::MAX.checked_shr(length.into()).unwrap_or(0));
                // A network of /31 or /32 has neither a network address nor a broadcast.
                let edge = host > 1 && (bits & host == 0 || bits & host == host);
                let [first, ..] = address.octets();
                (1..224).contains(&first) && !address.is_loopback() && !edge
            }
            IpAddr::V6(address) => {
                !address.is_unspecified() && !address.is_loopback() && !address.is_multicast()
            }
        }
    }

    /// Whether both are rows of one table or banner, so that both hold.
    pub(crate) fn stands_beside(&self, other: &Self) -> bool {
        self.client == other.client && matches!(self.client, Client::CloudInit | Client::Banner)
    }

    /// Adds what another line says about the same address.
    pub(crate) fn complete_from(&mut self, other: Self) {
        self.device = self.device.take().or(other.device);
        self.prefix = self.prefix.or(other.prefix);
        self.server = self.server.or(other.server);
        self.mac = self.mac.or(other.mac);
    }

    /// The statement in plain words.
    pub(crate) fn says(&self) -> String {
        let Self { client, address, .. } = self;
        let device = self.device.as_ref().map_or_else(String::new, |name| format!(" on {name}"));
        let server = self.server.map_or_else(String::new, |server| format!(" from {server}"));
        let mac = if self.mac.is_some() { " with the VM's MAC" } else { "" };
        let pending = if self.pending { ", conflict check pending" } else { "" };
        match client {
            _ if self.is_link_local() => {
                format!("{client}: link-local address {address}{device}{mac}")
            }
            Client::CloudInit => format!("{client}: {address} is up{device}{mac}"),
            Client::Banner => format!("{client}: {address}{device}{mac}"),
            _ => format!("{client}: lease of {address}{server}{device}{mac}{pending}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_addresses_that_no_machine_has() {
        let rows = [
            ("192.168.1.64", Some(24), true),
            ("192.168.1.0", Some(24), false),
            ("192.168.1.255", Some(24), false),
            ("192.168.1.255", None, true),
            ("192.168.1.255", Some(22), true),
            ("10.0.0.0", Some(31), true),
            ("10.0.0.0", Some(32), true),
            ("10.0.0.5", Some(0), true),
            ("10.0.0.5", Some(200), true),
            ("0.0.0.0", None, false),
            ("127.0.1.1", None, false),
            ("224.0.0.1", None, false),
            ("255.255.255.0", None, false),
            ("2001:db8::5", Some(64), true),
            ("::", None, false),
            ("::1", Some(128), false),
            ("ff02::1", None, false),
        ];
        for (address, prefix, expected) in rows {
            let mut statement = Statement::new(Client::Udhcpc, address.parse().unwrap());
            statement.prefix = prefix;
            assert_eq!(statement.is_host_address(), expected, "{address} {prefix:?}");
        }
    }
}
