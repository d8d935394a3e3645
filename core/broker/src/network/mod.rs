//! Ports of this computer's networks for machines.

#[cfg(target_os = "linux")]
mod device;
#[cfg(target_os = "linux")]
mod leftovers;
#[cfg(target_os = "linux")]
mod link;
#[cfg(target_os = "linux")]
mod macvtap;
#[cfg(target_os = "linux")]
mod names;
#[cfg(target_os = "linux")]
mod netlink;
mod port;
#[cfg(target_os = "linux")]
mod requests;
#[cfg(target_os = "linux")]
mod shared;
#[cfg(target_os = "linux")]
mod tap;
#[cfg(not(target_os = "linux"))]
mod unsupported;
#[cfg(target_os = "linux")]
mod watcher;

pub(crate) use self::port::Port;
#[cfg(target_os = "linux")]
pub(crate) use self::requests::{mode, port};
#[cfg(not(target_os = "linux"))]
pub(crate) use self::unsupported::{mode, port};
