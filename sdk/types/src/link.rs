//! The links of the host that candidates are on.

use std::{fmt, net::Ipv4Addr, str::FromStr};

use crate::{Mac, Prefix};

/// One link of the host with the host's addresses there, for a plugin that sends frames on it. As
/// text: `br0 52:54:00:00:00:01 192.168.1.50/24`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Link {
    /// Name of the interface, without white space.
    pub interface: String,
    /// The interface's MAC.
    pub mac: Mac,
    /// The host's own IPv4 address there.
    pub address: Ipv4Addr,
    /// Leading bits of the address that name the link's network: at most 32.
    pub length: u8,
}

/// The text is not a [`Link`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidLink;

impl Link {
    /// Whether `address` is in the network of this link.
    pub fn holds(&self, address: Ipv4Addr) -> bool {
        Prefix { address: self.address.into(), length: self.length }.contains(address.into())
    }
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { interface, mac, address, length } = self;
        write!(f, "{interface} {mac} {address}/{length}")
    }
}

impl FromStr for Link {
    type Err = InvalidLink;

    fn from_str(text: &str) -> Result<Self, InvalidLink> {
        let parse = || {
            let mut words = text.split(' ');
            let interface = words.next().filter(|name| !name.is_empty())?.to_owned();
            let mac = words.next()?.parse().ok()?;
            let (address, length) = words.next()?.split_once('/')?;
            let length = length.parse().ok().filter(|length| *length <= 32)?;
            let link = Self { interface, mac, address: address.parse().ok()?, length };
            words.next().is_none().then_some(link)
        };
        parse().ok_or(InvalidLink)
    }
}

impl fmt::Display for InvalidLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not an interface, its MAC and its IPv4 network")
    }
}

impl std::error::Error for InvalidLink {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_survives_its_text() {
        let text = "br0 52:54:00:00:00:01 192.168.1.50/24";
        let link: Link = text.parse().unwrap();
        assert_eq!(link.to_string(), text);
        assert!(link.holds(Ipv4Addr::new(192, 168, 1, 7)));
        assert!(!link.holds(Ipv4Addr::new(192, 168, 2, 7)));
    }

    #[test]
    fn refuses_anything_else() {
        let wrong = [
            "",
            "br0",
            " 52:54:00:00:00:01 192.168.1.50/24",
            "br0 (incomplete) 192.168.1.50/24",
            "br0 52:54:00:00:00:01 192.168.1.50",
            "br0 52:54:00:00:00:01 192.168.1.50/33",
            "br0 52:54:00:00:00:01 fe80::1/24",
            "br0 52:54:00:00:00:01 192.168.1.50/24 up",
        ];
        for text in wrong {
            assert_eq!(text.parse::<Link>(), Err(InvalidLink), "{text}");
        }
    }
}
