//! What a bridge knows of MACs, as plain data for every platform.

use std::{net::IpAddr, time::Duration};

use vmkit_plugin::Mac;

/// Most bytes of one artefact that are read: 64 Ki entries of a hundred bytes.
pub(crate) const TEXT_LIMIT: u64 = 8 << 20;
/// What macOS records.
pub(crate) const IFCONFIG: &str = "bridge/ifconfig.txt";
/// What Linux records.
pub(crate) const FDB: &str = "bridge/fdb.json";

/// Most facts of one table: a bridge of Linux learns 1024 MACs by default, and macOS translates 64.
pub(crate) const MOST_FACTS: usize = 64 << 10;

/// One thing that a bridge knows of a MAC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fact {
    pub(crate) mac: Mac,
    /// The member of the bridge behind which the MAC is.
    pub(crate) port: String,
    pub(crate) bridge: String,
    /// The time since the last frame of the MAC, where the system says so.
    pub(crate) age: Option<Duration>,
    pub(crate) what: What,
}

/// What it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// Frames of this MAC came in at the port.
    Seen,
    /// The MAC has this address, and the bridge replaces the MAC by the host's own.
    Translated(IpAddr),
    /// The MAC asks for an address by DHCP, and the bridge waits for the answer.
    Asking,
}

/// What was read of all bridges.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Table {
    pub(crate) facts: Vec<Fact>,
    /// The bridges whose MACs the text leaves out.
    pub(crate) without_macs: Vec<String>,
}

/// Whether an interface of a host can have this name: with its ending zero, `IFNAMSIZ` allows 16 bytes.
pub(crate) fn is_interface(name: &str) -> bool {
    (1..=15).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_an_interface_has_fifteen_bytes_at_most() {
        let rows = [("e", true), ("enx0123456789ab", true), ("enx0123456789abc", false)];
        for (name, expected) in rows.into_iter().chain([("", false), ("a b", false)]) {
            assert_eq!(is_interface(name), expected, "{name}");
        }
    }
}
