//! A macvtap: a port with a MAC of its own on the network of a wired adapter.

use std::{
    fs::{self, File, OpenOptions},
    io,
    os::{fd::OwnedFd, unix::fs::MetadataExt as _},
    path::{Path, PathBuf},
    time::Duration,
};

use netlink_packet_route::link::{InfoData, InfoKind, InfoMacVtap, LinkAttribute, MacVtapMode};
use rustix::{
    fs::{
        CWD, FileType, Mode,
        inotify::{self, CreateFlags, WatchFlags},
        mknodat,
    },
    io::Errno,
};
use vmkit_rights::Refusal;
use vmkit_types::{InterfaceKind, Mac};

use super::{
    device,
    link::Link,
    names::{alias, name, refusal},
    netlink::Netlink,
    port::Port,
    watcher,
};
use crate::interface::attachable;

/// Most names that are tried.
const MOST: u32 = 4096;

/// Makes one. It ends with its descriptor.
pub(super) fn on_adapter(netlink: &mut Netlink, uplink: &str, mac: Mac) -> Result<Port, Refusal> {
    if !rustix::process::geteuid().is_root() {
        // The device of a macvtap is root's file.
        return Err(Refusal::denied(format!("a VM directly on {uplink} needs root (sudo)")));
    }
    let group = mac.octets()[0] & 1 != 0;
    if group || mac.is_zero() {
        return Err(Refusal::denied(format!("{mac} is no machine's MAC")));
    }
    let adapter = wired(netlink, uplink)?;
    let link = add(netlink, &adapter, mac)?;
    let opened = open(&link);
    if opened.is_err() {
        // The reason of the failure is the one to report.
        netlink.remove_link(link.index).ok();
    }
    Ok(Port::new(link.name, opened?, Duration::ZERO))
}

/// The adapter of this name, if its network takes frames of other MACs.
fn wired(netlink: &mut Netlink, name: &str) -> Result<Link, Refusal> {
    let interface = attachable(name)?;
    match interface.kind {
        InterfaceKind::Ethernet => {}
        InterfaceKind::Wifi => {
            let why = "is Wi-Fi, whose access point drops frames of other MACs";
            return Err(Refusal::denied(format!("{name} {why}")));
        }
        _ => return Err(Refusal::denied(format!("{name:?} is not a wired adapter"))),
    }
    let looked = netlink.link(name).map_err(|error| refusal(&format!("look up {name}"), &error))?;
    let gone = || Refusal::failed(format!("there is no adapter {name:?}"));
    let adapter = looked.ok_or_else(gone)?;
    match adapter.bridge {
        None => Ok(adapter),
        Some(bridge) => {
            let bridge = netlink.link_at(bridge).ok().flatten();
            let bridge = bridge.map(|bridge| format!(": {}", bridge.name)).unwrap_or_default();
            Err(Refusal::denied(format!("{name} is in a bridge, to be used in its place{bridge}")))
        }
    }
}

/// Makes the interface with the first free name. The kernel does not tell the name that it makes of a
/// pattern.
fn add(netlink: &mut Netlink, adapter: &Link, mac: Mac) -> Result<Link, Refusal> {
    let operation = format!("make a macvtap with {mac} on {}", adapter.name);
    let failed = |error: io::Error| refusal(&operation, &error);
    let gone = || Refusal::failed(format!("{operation}: it has vanished"));
    for number in 0..MOST {
        let name = name(number);
        let mut attributes = vec![
            LinkAttribute::IfName(name.clone()),
            LinkAttribute::Link(adapter.index),
            LinkAttribute::Address(mac.octets().to_vec()),
        ];
        attributes.extend(adapter.mtu.map(LinkAttribute::Mtu));
        let mode = InfoData::MacVtap(vec![InfoMacVtap::Mode(MacVtapMode::Bridge)]);
        match netlink.add_link(InfoKind::MacVtap, mode, attributes) {
            Err(error) if error.raw_os_error() == Some(Errno::EXIST.raw_os_error()) => continue,
            result => result.map_err(failed)?,
        }
        let link = netlink.link(&name).map_err(failed)?.ok_or_else(gone)?;
        let named = vec![LinkAttribute::IfAlias(alias())];
        // The kernel lets no two on one adapter be up with one MAC.
        return match netlink.set_up(link.index, named) {
            Ok(()) => Ok(link),
            Err(error) => {
                netlink.remove_link(link.index).ok();
                Err(failed(error))
            }
        };
    }
    Err(Refusal::failed(format!("{operation}: there are {MOST} ports already")))
}

/// Opens its device, and has it removed once nobody has it open.
fn open(link: &Link) -> Result<OwnedFd, Refusal> {
    let failed = |error: io::Error| refusal(&format!("open the device of {}", link.name), &error);
    let (device, end) = match node(link).map_err(failed)? {
        Node::OfTheSystem(path) => opened_and_watched(&path).map_err(failed)?,
        Node::Missing(number) => {
            let directory = PrivateDirectory::new(link.index).map_err(failed)?;
            let path = directory.0.join("tap");
            let mode = Mode::RUSR | Mode::WUSR;
            mknodat(CWD, &path, FileType::CharacterDevice, mode, number)
                .map_err(|error| failed(error.into()))?;
            opened_and_watched(&path).map_err(failed)?
        }
    };
    watcher::start(link.index, end).map_err(failed)?;
    Ok(device.into())
}

fn opened_and_watched(path: &Path) -> io::Result<(File, OwnedFd)> {
    let device = OpenOptions::new().read(true).write(true).open(path)?;
    let end = inotify::init(CreateFlags::CLOEXEC)?;
    inotify::add_watch(&end, path, WatchFlags::CLOSE_WRITE)?;
    Ok((device, end))
}

enum Node {
    OfTheSystem(PathBuf),
    /// The number of the device that has no file.
    Missing(u64),
}

/// The file of its device. A file of this name may belong to another network namespace.
fn node(link: &Link) -> io::Result<Node> {
    let number = device::number(&link.name)?;
    let path = PathBuf::from(format!("/dev/tap{}", link.index));
    let is_it = fs::symlink_metadata(&path).is_ok_and(|status| status.rdev() == number);
    Ok(if is_it { Node::OfTheSystem(path) } else { Node::Missing(number) })
}

/// A directory of root's beside the devices, since other places may not hold any.
struct PrivateDirectory(PathBuf);

impl PrivateDirectory {
    fn new(index: u32) -> io::Result<Self> {
        let path = PathBuf::from(format!("/dev/vmkit-{}-{index}", std::process::id()));
        rustix::fs::mkdir(&path, Mode::RWXU)?;
        Ok(Self(path))
    }
}

impl Drop for PrivateDirectory {
    fn drop(&mut self) {
        // An open device needs no name.
        fs::remove_dir_all(&self.0).ok();
    }
}
