//! `/var/db/dhcpd_leases`.

use std::net::Ipv4Addr;

use crate::{Guest, Mac, stripped};

/// How a client identifies itself to the DHCP server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Identifier {
    /// By its MAC.
    Mac,
    /// By the DUID of systemd-networkd, which has no MAC.
    Duid,
    /// By a DUID, and without a name.
    DuidWithoutName,
}

impl Mac {
    /// The text of `ipconfig getpacket` for an interface whose lease is of this server, below the line
    /// that names the interface in a snapshot.
    pub fn own_lease(&self, interface: &str, server: Ipv4Addr) -> String {
        let (address, mac, router) = (self.address(), stripped(Self::OWN_MAC), self.router());
        format!(
            "interface {interface}\nop = BOOTREPLY\nhtype = 1\nflags = 0x0\nhlen = 6\nhops = 0\n\
             xid = 0x5c2d1e7f\nsecs = 0\nciaddr = 0.0.0.0\nyiaddr = {address}\nsiaddr = {server}\n\
             giaddr = 0.0.0.0\nchaddr = {mac}\nsname = \nfile = \noptions:\nOptions count is 7\n\
             dhcp_message_type (uint8): ACK 0x5\nserver_identifier (ip): {server}\n\
             lease_time (uint32): 0x15180\nsubnet_mask (ip): 255.255.255.0\n\
             router (ip_mult): {{{router}}}\ndomain_name_server (ip_mult): {{{router}}}\nend (none): \n"
        )
    }
}

impl Guest {
    /// Its entry in the leases, which ends at this time; empty: it has no address.
    pub fn lease(&self, identifier: Identifier, end: u64) -> String {
        let Some(address) = self.address else { return String::new() };
        let mac = stripped(&self.mac);
        let by = match identifier {
            Identifier::Mac => format!("1,{mac}"),
            Identifier::Duid | Identifier::DuidWithoutName => {
                let installed = self.name.bytes().fold(0x57_u8, u8::wrapping_add);
                format!("ff,f1:f5:dd:7f:0:2:0:0:ab:11:cb:fc:dd:b2:d6:93:e:{installed:x}")
            }
        };
        let name = match identifier {
            Identifier::DuidWithoutName => String::new(),
            _ => format!("\tname={}\n", self.name),
        };
        format!(
            "{{\n{name}\tip_address={address}\n\thw_address={by}\n\tidentifier={by}\n\tlease=0x{end:x}\n}}\n"
        )
    }
}
