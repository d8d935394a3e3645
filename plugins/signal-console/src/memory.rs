//! What the parsers of DHCP clients remember from one line to the next.

use std::net::IpAddr;

use crate::device::Device;

/// What the parsers of DHCP clients remember from one line to the next.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    /// The table of cloud-init whose rows follow.
    pub(crate) table: Option<Table>,
    /// What its rows have listed so far.
    pub(crate) listed: Listed,
    /// The interface that dhclient last named.
    pub(crate) dhclient_device: Option<Device>,
    /// The server that last answered dhclient.
    pub(crate) dhclient_server: Option<IpAddr>,
    /// The last offer to dhcpcd.
    pub(crate) dhcpcd_offer: Option<(Device, IpAddr)>,
    /// The server that `NetworkManager` last named.
    pub(crate) network_manager_server: Option<(Device, IpAddr)>,
    /// The interface and the server whose details klibc's ipconfig prints next.
    pub(crate) klibc: Option<(Device, Option<IpAddr>)>,
}

/// What the rows of cloud-init's table of devices have listed.
#[derive(Debug, Default)]
pub(crate) enum Listed {
    /// No device yet.
    #[default]
    Nothing,
    /// The loopback device alone, in this row.
    Loopback(String),
    /// Another device.
    Another,
}

/// A table of cloud-init, with the positions of its columns. Releases differ in the columns that
/// they have.
#[derive(Debug)]
pub(crate) enum Table {
    /// `Device | Up | Address | Mask | Scope | Hw-Address`
    Devices { device: usize, up: usize, address: usize, mask: Option<usize>, mac: Option<usize> },
    /// `Route | Destination | Gateway | Genmask | Interface | Flags`
    Routes { gateway: usize },
    /// A table that says nothing of interest.
    Other,
}
