//! The hosts file, which resolvers of this computer answer from.

use std::{collections::HashSet, net::IpAddr};

/// The names and addresses in the hosts file. vmkit itself writes there, so an answer from it is no
/// evidence.
#[derive(Clone, Debug, Default)]
pub(crate) struct Hosts(HashSet<(String, IpAddr)>);

impl Hosts {
    pub(crate) fn parse(text: &str) -> Self {
        let entries = text.lines().flat_map(|line| {
            let line = line.split('#').next().unwrap_or_default();
            let mut words = line.split_whitespace();
            let ip = words.next().and_then(|ip| ip.parse::<IpAddr>().ok());
            let names = words.map(str::to_ascii_lowercase);
            ip.into_iter().flat_map(move |ip| names.clone().map(move |name| (name, ip)))
        });
        Self(entries.collect())
    }

    /// Whether the file gives this address for this name.
    pub(crate) fn gives(&self, name: &str, ip: IpAddr) -> bool {
        self.0.contains(&(name.to_owned(), ip))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_gives_its_address_to_each_of_its_names() {
        let hosts =
            Hosts::parse("127.0.0.1 localhost\n10.0.0.1\tWeb web.lan # db\n\nx y\n#10.0.0.2 db");
        let ip = [10, 0, 0, 1].into();
        assert!(hosts.gives("web", ip) && hosts.gives("web.lan", ip));
        assert!(!hosts.gives("db", ip) && !hosts.gives("db", [10, 0, 0, 2].into()));
    }
}
