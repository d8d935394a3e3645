//! `arp -an` and `netstat -rn`.

use std::fmt::Write as _;

use crate::{Mac, stripped};

/// Seconds that macOS keeps a neighbour.
const KEPT: u32 = 1200;
/// The router's MAC.
const ROUTER: &str = "34:e5:ec:1a:0:b";

impl Mac {
    /// The text of `arp -an`. From release 26 on it is empty for programs that Apple has not signed.
    pub fn arp(&self) -> String {
        if self.release >= 26 { String::new() } else { self.whole_arp() }
    }

    /// The text of `arp -an` with every neighbour.
    pub fn whole_arp(&self) -> String {
        let mut text = String::new();
        if self.connected {
            _ = writeln!(text, "? ({}) at {ROUTER} on en0 ifscope [ethernet]", self.router());
        }
        for guest in &self.guests {
            let Some(address) = guest.address else { continue };
            let (on, kind) =
                if guest.bridged { ("en0", "ethernet") } else { ("bridge100", "bridge") };
            let mac = stripped(&guest.mac);
            _ = writeln!(text, "? ({address}) at {mac} on {on} ifscope [{kind}]");
        }
        text.push_str("? (224.0.0.251) at 1:0:5e:0:0:fb on en0 ifscope permanent [ethernet]\n");
        text
    }

    /// The same with every MAC hidden.
    pub fn masked_arp(&self) -> String {
        let hide = |line: &str| match line.split_once(" at ") {
            Some((start, rest)) => {
                let (_, end) = rest.split_once(' ').unwrap_or((rest, ""));
                format!("{start} at 0:0:0:0:0:0 {end}\n")
            }
            None => format!("{line}\n"),
        };
        self.whole_arp().lines().map(hide).collect()
    }

    /// The text of `netstat -rn`. `neighbours`: with the rows of neighbours. On bridges their MACs have
    /// dots.
    pub fn netstat(&self, neighbours: bool) -> String {
        let mut text = String::from(
            "Routing tables\n\nInternet:\n\
             Destination        Gateway            Flags               Netif Expire\n",
        );
        let mut row = |to: &str, by: &str, flags: &str, on: &str, left: &str| {
            _ = writeln!(text, "{to:<18} {by:<18} {flags:<12} {on:>12} {left:>6}");
        };
        if self.connected {
            row("default", &self.router().to_string(), "UGScg", "en0", "");
        }
        row("127", "127.0.0.1", "UCS", "lo0", "");
        row(&format!("{}/32", self.address()), "link#14", "UCS", "en0", "!");
        if neighbours && self.connected {
            row(&self.router().to_string(), ROUTER, "UHLWIir", "en0", "1173");
        }
        for guest in self.guests.iter().filter(|_| neighbours) {
            let Some(address) = guest.address else { continue };
            let left = KEPT.saturating_sub(guest.age).to_string();
            let mac = stripped(&guest.mac);
            if guest.bridged {
                row(&address.to_string(), &mac, "UHLWIi", "en0", &left);
            } else {
                row(&address.to_string(), &mac.replace(':', "."), "UHLWIi", "bridge100", &left);
            }
        }
        text.push_str(
            "\nInternet6:\n\
             Destination                             Gateway                         Flags         Netif Expire\n\
             default                                 fe80::%utun0                    UGcIg         utun0\n",
        );
        text
    }
}
