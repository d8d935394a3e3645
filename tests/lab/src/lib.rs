//! Real networks in namespaces, for vmkit's tests.
//!
//! A [`Lab`] is a router with real DHCP, an access point and a host, each a network namespace, with
//! guests on the host's bridge. Guests are QEMU's virtual machines, or namespaces with a real DHCP
//! client ([`GuestKind`]). The host has a vm-toolkit data directory, and [`Lab::vm`] runs the staged
//! `vm` on it.
//!
//! All names contain the process id. Dropping the lab removes everything, and the next lab removes
//! what a killed process left. After a panic, captures and logs are kept.
#![cfg(target_os = "linux")]
#![forbid(unsafe_code)]

mod capture;
mod command;
mod data_directory;
mod enclosure;
mod error;
mod folder;
mod guest;
mod hub;
mod image;
mod initramfs;
mod kernel;
mod lab;
mod libvirt;
mod login;
mod mounts;
mod names;
mod namespace;
mod process;
mod qemu;
mod qmp;
mod requirements;
mod router;
mod skip;
mod slot;
mod stage;
mod tap_guest;
mod topology;
mod wait;
mod wired;

pub use command::{Finished, finish, run};
pub use error::LabError;
pub use guest::{Guest, GuestKind, GuestPlan};
pub use hub::serve_hub;
pub use image::Image;
pub use kernel::guest_kernel;
pub use lab::Lab;
pub use libvirt::{Domain, Libvirt};
pub use login::Login;
pub use namespace::Namespace;
pub use process::Process;
pub use requirements::{
    BENCH_REQUIREMENTS, BROWSER_REQUIREMENTS, DEBIAN_REQUIREMENTS, LIBVIRT_REQUIREMENTS,
    REQUIREMENTS, Requirement,
};
pub use router::Router;
pub use skip::or_skip;
pub use stage::Stage;
pub use tap_guest::TapGuest;
pub use topology::{HOST_ADDRESS, ROUTER_ADDRESS};
pub use wait::{PATIENCE, wait_until};
