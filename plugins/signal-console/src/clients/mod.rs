//! The programs whose lines are understood, one file each.

pub(crate) mod cloud_init;
pub(crate) mod dhclient;
pub(crate) mod dhcpcd;
pub(crate) mod ip_config;
pub(crate) mod link_local;
pub(crate) mod network_manager;
pub(crate) mod networkd;
pub(crate) mod ssh;
pub(crate) mod udhcpc;

use std::net::IpAddr;

use crate::device::Device;

/// What clients remember from one line to the next.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    /// The table of cloud-init that is being printed.
    table: Option<cloud_init::Table>,
    /// The interface that dhclient speaks of.
    dhclient_device: Option<Device>,
    /// The server that answered dhclient last.
    dhclient_server: Option<IpAddr>,
    /// The offer that dhcpcd had last.
    dhcpcd_offer: Option<(Device, IpAddr)>,
    /// The server that `NetworkManager` named last.
    network_manager_server: Option<(Device, IpAddr)>,
    /// The interface, and the server, whose details klibc's ipconfig prints next.
    klibc: Option<(Device, Option<IpAddr>)>,
}
