//! What the tools of macOS print about VMs, for each release from 13 to 26 and for Macs in English and in
//! German. The forms are those of Apple's published tools and of texts in public reports.

#![forbid(unsafe_code)]

mod bridges;
mod firewall;
mod leases;
mod neighbours;
mod resolvers;

pub use firewall::Firewall;
pub use leases::Identifier;

use std::net::Ipv4Addr;

/// The language that a Mac is set to. Tools that print in English everywhere show it by names alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// English.
    English,
    /// German.
    German,
}

/// A Mac with VMs.
#[derive(Clone, Debug)]
pub struct Mac {
    /// The major release, 13 to 26.
    pub release: u32,
    /// Its language.
    pub language: Language,
    /// Whether the uplink en0 is Wi-Fi.
    pub wifi: bool,
    /// Whether it has a default route.
    pub connected: bool,
    /// Its VMs.
    pub guests: Vec<Guest>,
}

/// One VM.
#[derive(Clone, Debug)]
pub struct Guest {
    /// Its name, which is its host name.
    pub name: String,
    /// Its MAC, with leading zeros.
    pub mac: String,
    /// Its address, if it has one.
    pub address: Option<Ipv4Addr>,
    /// The number of its port `vmenetN`.
    pub port: u32,
    /// Whether it is on the network of the uplink, and not on the Mac's own.
    pub bridged: bool,
    /// Seconds since its last frame.
    pub age: u32,
}

impl Mac {
    /// The MAC of the uplink.
    pub const OWN_MAC: &'static str = "a4:83:e7:11:22:33";

    /// The Mac's own address on the network of its uplink.
    pub fn address(&self) -> Ipv4Addr {
        self.at(50)
    }

    /// The router.
    pub fn router(&self) -> Ipv4Addr {
        match self.language {
            Language::English => self.at(254),
            Language::German => self.at(1),
        }
    }

    /// An address on the network of the uplink: that of the routers usual in the country.
    pub fn at(&self, last: u8) -> Ipv4Addr {
        match self.language {
            Language::English => Ipv4Addr::new(192, 168, 1, last),
            Language::German => Ipv4Addr::new(192, 168, 178, last),
        }
    }
}

/// A MAC as macOS prints it: without leading zeros.
fn stripped(mac: &str) -> String {
    let octet = |octet: &str| {
        let digits = octet.trim_start_matches('0');
        if digits.is_empty() { "0".to_owned() } else { digits.to_owned() }
    };
    mac.split(':').map(octet).collect::<Vec<_>>().join(":")
}
