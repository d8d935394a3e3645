//! `ifconfig -a -v -v`.

use std::fmt::Write as _;

use crate::{Guest, Mac, stripped};

/// Seconds that a bridge keeps what it learned.
const KEPT: u32 = 1200;

impl Mac {
    /// The whole text of `ifconfig`. `lists`: with the lists of the bridges; without them it is that of
    /// `ifconfig -a -v`.
    pub fn ifconfig(&self, lists: bool) -> String {
        let kind = if self.wifi { "Wi-Fi" } else { "Ethernet" };
        let mut text = format!(
            "lo0: flags=8049<UP,LOOPBACK,RUNNING,MULTICAST> mtu 16384 index 1\n\
             \tinet 127.0.0.1 netmask 0xff000000\n\ttype: Loopback\n\
             en0: flags=8963<UP,BROADCAST,SMART,RUNNING,PROMISC,SIMPLEX,MULTICAST> mtu 1500 index 14\n\
             \teflags=412008c0<ACCEPT_RTADV,TXSTART,ARPLL,NOACKPRI,ECN_ENABLE,FASTLN_ON>\n\
             \tether {}\n\tinet {} netmask 0xffffff00\n\tmedia: autoselect\n\tstatus: active\n\
             \ttype: {kind}\n\tagent domain:Skywalk type:NetIf flags:0xa443 desc:\"Userspace Networking\"\n\
             \tlink quality: 100 (good)\n",
            Self::OWN_MAC,
            self.address(),
        );
        for (bridge, bridged) in [("bridge100", false), ("bridge101", true)] {
            let guests: Vec<&Guest> =
                self.guests.iter().filter(|it| it.bridged == bridged).collect();
            if !guests.is_empty() {
                self.bridge(bridge, &guests, lists, &mut text);
            }
        }
        text
    }

    fn bridge(&self, name: &str, guests: &[&Guest], lists: bool, text: &mut String) {
        let translates = self.wifi && name == "bridge101";
        let flags = match self.release {
            ..=13 => "10003<LEARNING,DISCOVER,CSUM>",
            14..=15 => "10803<LEARNING,DISCOVER,CHECKSUM_OFFLOAD,IN_CSUM>",
            _ => "20003<LEARNING,DISCOVER,HF_DROP>",
        };
        _ = write!(
            text,
            "{name}: flags=8a63<UP,BROADCAST,SMART,RUNNING,ALLMULTI,SIMPLEX,MULTICAST> mtu 1500 index 22\n\
             \tether a6:83:e7:4a:b6:64\n\tConfiguration:\n\
             \t\tid 0:0:0:0:0:0 priority 0 hellotime 0 fwddelay 0\n\
             \t\tmaxage 0 holdcnt 0 proto stp maxaddr 100 timeout {KEPT}\n\
             \t\troot id 0:0:0:0:0:0 priority 0 ifcost 0 port 0\n\t\tipfilter disabled flags 0x0\n"
        );
        if name == "bridge100" {
            text.push_str("\tinet 192.168.64.1 netmask 0xffffff00 broadcast 192.168.64.255\n");
        }
        if name == "bridge101" {
            let flags =
                if translates { "8003<LEARNING,DISCOVER,MACNAT>" } else { "3<LEARNING,DISCOVER>" };
            _ = write!(
                text,
                "\tmember: en0 flags={flags}\n\t        ifmaxaddr 0 port 14 priority 0 path cost 0\n"
            );
        }
        for guest in guests {
            let port = guest.port;
            _ = write!(
                text,
                "\tmember: vmenet{port} flags={flags}\n\t        ifmaxaddr 0 port {port} priority 0 path cost 0\n"
            );
        }
        if lists {
            self.lists(guests, translates, text);
        }
        text.push_str("\tmedia: autoselect\n\tstatus: active\n\ttype: Ethernet\n");
    }

    fn lists(&self, guests: &[&Guest], translates: bool, text: &mut String) {
        text.push_str("\tAddress cache:\n");
        let left = |guest: &Guest| KEPT.saturating_sub(guest.age);
        for guest in guests {
            let (mac, port) = (stripped(&guest.mac), guest.port);
            _ = writeln!(text, "\t\t{mac} Vlan1 vmenet{port} {} flags=0<>", left(guest));
        }
        let named = guests.iter().filter_map(|guest| Some((guest, guest.address?)));
        if translates && named.clone().next().is_some() {
            text.push_str("\tMAC NAT list:\n");
            for (guest, address) in named {
                let (mac, port) = (stripped(&guest.mac), guest.port);
                _ = writeln!(text, "\t\tvmenet{port} {address} {mac} {}", left(guest));
            }
        }
        let mut asking = guests.iter().filter(|guest| guest.address.is_none()).peekable();
        if translates && self.release >= 14 && asking.peek().is_some() {
            text.push_str("\tDHCP XID list:\n");
            for guest in asking {
                _ = writeln!(
                    text,
                    "\t\tvmenet{} {} 0x5c2d1e7f 9",
                    guest.port,
                    stripped(&guest.mac)
                );
            }
        }
    }
}
