//! Whether an argument is what it is said to be.

use std::path::Path;

use vmkit_rights::{Account, Refusal};
use vmkit_types::{Interface, InterfaceKind};

use super::list::Meaning;
use crate::interface::attachable;

/// Longest path and name, in octets: what the kernel opens, and a file's name.
const LONGEST_PATH: usize = 4096;
const LONGEST_NAME: usize = 255;

/// Confirms one argument of a command for this user.
pub(super) fn confirm(meaning: Meaning, value: &str, user: Account) -> Result<(), Refusal> {
    match meaning {
        Meaning::Port => {
            of_kind(value, &[InterfaceKind::Tap], "a machine's port")?;
            held_by_a_machine(value, user)
        }
        Meaning::Bridge => of_kind(value, &[InterfaceKind::Bridge], "a bridge").map(drop),
        Meaning::Uplink => {
            let adapters = [InterfaceKind::Ethernet, InterfaceKind::Wifi];
            of_kind(value, &adapters, "an adapter of this computer").map(drop)
        }
        Meaning::DataDirectory => {
            let usable = Path::new(value).is_absolute() && value.len() <= LONGEST_PATH;
            usable.then_some(()).ok_or_else(|| refused(value, "the path of a directory"))
        }
        Meaning::Name => {
            let usable = !value.is_empty() && !value.starts_with('-') && !value.contains('/');
            let usable = usable && value.len() <= LONGEST_NAME;
            usable.then_some(()).ok_or_else(|| refused(value, "a machine's name"))
        }
    }
}

fn of_kind(name: &str, kinds: &[InterfaceKind], what: &str) -> Result<Interface, Refusal> {
    let interface = attachable(name)?;
    if kinds.contains(&interface.kind) { Ok(interface) } else { Err(refused(name, what)) }
}

fn refused(value: &str, what: &str) -> Refusal {
    Refusal::denied(format!("{value:?} is not {what}"))
}

/// Whether a QEMU of the user's or of root's holds the port, by what the kernel says of its open files.
#[cfg(target_os = "linux")]
fn held_by_a_machine(port: &str, user: Account) -> Result<(), Refusal> {
    let entries = std::fs::read_dir("/proc")
        .map_err(|error| Refusal::failed(format!("list the processes: {error}")))?;
    let pids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok());
    let mut holders = pids.filter(|pid| holds::port(*pid, port));
    if holders.any(|pid| crate::process::Qemu::of(pid, user).is_ok()) {
        Ok(())
    } else {
        Err(Refusal::denied(format!("no machine of user {} holds the port {port}", user.uid)))
    }
}

#[cfg(not(target_os = "linux"))]
fn held_by_a_machine(port: &str, _: Account) -> Result<(), Refusal> {
    Err(Refusal::denied(format!("this system does not say which machine holds the port {port}")))
}

#[cfg(target_os = "linux")]
mod holds {
    use std::{
        fs,
        path::{Path, PathBuf},
    };

    /// Whether the process has the port's device open.
    pub(super) fn port(pid: u32, port: &str) -> bool {
        let Ok(entries) = fs::read_dir(format!("/proc/{pid}/fd")) else { return false };
        let open = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        open.filter(|fd| {
            let target = fs::read_link(format!("/proc/{pid}/fd/{fd}")).unwrap_or_default();
            target == Path::new("/dev/net/tun") || is_macvtap(&target)
        })
        .any(|fd| is_port(pid, &fd, port))
    }

    /// The device of a macvtap has its interface's number: `/dev/tap7`.
    fn is_macvtap(target: &Path) -> bool {
        target.to_str().is_some_and(|path| path.starts_with("/dev/tap"))
    }

    fn is_port(pid: u32, fd: &str, port: &str) -> bool {
        let target = fs::read_link(format!("/proc/{pid}/fd/{fd}")).unwrap_or_default();
        if is_macvtap(&target) {
            let index = fs::read_to_string(format!("/sys/class/net/{port}/ifindex"));
            let device = index.map(|index| PathBuf::from(format!("/dev/tap{}", index.trim())));
            return device.is_ok_and(|device| device == target);
        }
        let info = fs::read_to_string(format!("/proc/{pid}/fdinfo/{fd}")).unwrap_or_default();
        info.lines().any(|line| line.strip_prefix("iff:").is_some_and(|name| name.trim() == port))
    }
}
