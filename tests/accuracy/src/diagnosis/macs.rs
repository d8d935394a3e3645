//! What a drawn Mac shows of itself and of its VMs, in the texts of each release and language.

use std::net::Ipv4Addr;

use vmkit_mac_texts::{Firewall, Guest, Identifier};
use vmkit_types::Mac;

use super::{
    side::{OWN, Side, Sight},
    site::{Client, Site, System, Vm},
};

impl Side {
    /// The neighbour table in the texts of each tool: file names and contents. The rows are addresses,
    /// with the MACs of those that answer.
    pub(super) fn neighbours(
        &self,
        site: &Site,
        rows: &[(String, Option<Mac>)],
    ) -> Vec<(&'static str, String)> {
        let answering = rows.iter().filter_map(|(ip, mac)| Some((ip, (*mac)?)));
        let others = answering.filter(|(ip, _)| **ip != self.router().to_string() || site.shared);
        let guests = others.map(|(ip, mac)| Guest {
            name: String::new(),
            mac: mac.to_string(),
            address: ip.parse().ok(),
            port: 0,
            bridged: !site.shared,
            age: age(site),
        });
        let texts = self.texts(guests.collect());
        let arp = match self.sight {
            Sight::Nothing => String::new(),
            Sight::Masked => texts.masked_arp(),
            Sight::Whole => {
                let silent = rows.iter().filter(|(_, mac)| mac.is_none());
                let on = site.own_interface();
                let line = |(ip, _): &(String, _)| {
                    format!("? ({ip}) at (incomplete) on {on} ifscope [ethernet]\n")
                };
                texts.whole_arp() + &silent.map(line).collect::<String>()
            }
        };
        let mut files = vec![("neigh/arp-an.txt", arp)];
        // Older versions of vmkit recorded one tool alone.
        if !site.age.is_multiple_of(3) {
            files.push(("neigh/netstat-rn.txt", texts.netstat(self.sees_neighbours())));
        }
        files
    }

    /// `ifconfig`, whose bridges list the VMs that sent frames: each with its address, if it uses one.
    pub(super) fn bridges(&self, site: &Site, seen: &[(&Vm, Option<Ipv4Addr>)]) -> String {
        let guest = |(vm, address): &(&Vm, Option<Ipv4Addr>)| Guest {
            name: vm.name.clone(),
            mac: vm.mac.to_string(),
            address: *address,
            port: vm.port.trim_start_matches("vmenet").parse().unwrap_or(0),
            bridged: !site.shared,
            age: age(site),
        };
        let text = self.texts(seen.iter().map(guest).collect()).ifconfig(true);
        text.replace(&OWN.to_string(), &site.host_mac.to_string())
    }

    /// `/var/db/dhcpd_leases` with these leases.
    pub(super) fn leases(&self, leases: &[(&Vm, Ipv4Addr)], end: u64) -> String {
        let entry = |(vm, address): &(&Vm, Ipv4Addr)| {
            let identifier = match vm.client {
                Client::Networkd if self.names_clients => Identifier::Duid,
                Client::Networkd => Identifier::DuidWithoutName,
                _ => Identifier::Mac,
            };
            let guest = Guest {
                name: vm.name.clone(),
                mac: vm.mac.to_string(),
                address: Some(*address),
                port: 0,
                bridged: false,
                age: 0,
            };
            guest.lease(identifier, end)
        };
        leases.iter().map(entry).collect()
    }

    /// The application firewall.
    pub(super) fn firewall(&self, site: &Site) -> String {
        let blocks = site.has("host-firewall-blocks-dhcp-server");
        let texts = self.texts(Vec::new());
        if blocks && site.age.is_multiple_of(3) {
            let all = texts.firewall(Firewall { on: true, allows_built_in: true, bootpd: None });
            return all
                .replace("(State = 1)", "(State = 2)")
                .replace("block all state set to disabled", "block all state set to enabled");
        }
        let on = blocks || !site.age.is_multiple_of(2);
        let bootpd = self.lists_bootpd.then_some(!blocks);
        texts.firewall(Firewall { on, allows_built_in: !blocks || self.lists_bootpd, bootpd })
    }

    /// The packet by which the Mac has its own address, given to the address of its card.
    pub(super) fn packet(&self) -> String {
        self.texts(Vec::new()).own_lease("en0", self.router())
    }
}

/// Seconds since the last frame of each VM.
fn age(site: &Site) -> u32 {
    // Less than it takes the youngest VM to have an address.
    u32::try_from(site.age % 15).unwrap_or(0)
}

/// Whether the table of this computer's neighbours can be seen.
pub(super) fn sees_neighbours(site: &Site) -> bool {
    site.mac.as_ref().is_none_or(Side::sees_neighbours)
}

/// Whether this computer's lease file tells whose the first VM's lease is.
pub(super) fn lease_tells(site: &Site) -> bool {
    // A name alone can be that of an earlier VM.
    site.mac.is_none() || site.vms[0].client != Client::Networkd
}

/// The name of the system in a snapshot.
pub(super) fn system(site: &Site) -> &'static str {
    match site.system {
        System::Linux => "linux",
        System::MacOs => "macos",
    }
}
