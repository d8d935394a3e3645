//! Parsers of the lines of DHCP clients and other programs, one file each.

pub(crate) mod banner;
pub(crate) mod card;
pub(crate) mod cloud_init;
pub(crate) mod dhclient;
pub(crate) mod dhcpcd;
pub(crate) mod ip_config;
pub(crate) mod link_local;
pub(crate) mod logins;
pub(crate) mod network_manager;
pub(crate) mod networkd;
pub(crate) mod ssh;
pub(crate) mod udhcpc;
