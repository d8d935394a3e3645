//! `scutil --dns`.

use crate::{Language, Mac};

impl Mac {
    /// The text of `scutil --dns`: the uplink's resolver, mDNS, that of a VPN's domain, and in the second
    /// part the resolvers of each interface, among them that of a phone at en7.
    pub fn scutil_dns(&self) -> String {
        if !self.connected {
            return "No DNS configuration available\n".to_owned();
        }
        let domain = match self.language {
            Language::English => "lan",
            Language::German => "fritz.box",
        };
        let router = self.router();
        format!(
            "DNS configuration\n\n\
             resolver #1\n  search domain[0] : {domain}\n  search domain[1] : b\u{1b}d\n  \
             nameserver[0] : {router}\n  nameserver[1] : fd00::1\n  if_index : 14 (en0)\n  \
             flags    : Request A records, Request AAAA records\n  \
             reach    : 0x00020002 (Reachable,Directly Reachable Address)\n\n\
             resolver #2\n  domain   : local\n  options  : mdns\n  timeout  : 5\n  \
             flags    : Request A records\n  reach    : 0x00000000 (Not Reachable)\n  order    : 300000\n\n\
             resolver #3\n  domain   : corp.example\n  nameserver[0] : 10.8.0.1\n  \
             flags    : Supplemental, Request A records\n  order    : 103000\n\n\
             DNS configuration (for scoped queries)\n\n\
             resolver #1\n  search domain[0] : {domain}\n  nameserver[0] : {router}\n  \
             if_index : 14 (en0)\n  flags    : Scoped, Request A records\n\n\
             resolver #2\n  nameserver[0] : 172.20.10.1\n  port     : 5354\n  \
             if_index : 9 (en7)\n  flags    : Scoped, Request A records\n"
        )
    }
}
