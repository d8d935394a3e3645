//! Whether an argument is what it is said to be.

use std::path::Path;

use vmkit_rights::{Account, Refusal};
use vmkit_types::{Interface, InterfaceKind, Prefix};

use super::list::Meaning;
use crate::interface::{addresses, attachable};

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
        Meaning::Link => {
            let links = [InterfaceKind::Bridge, InterfaceKind::Ethernet, InterfaceKind::Wifi];
            of_kind(value, &links, "a bridge or an adapter of this computer").map(drop)
        }
        Meaning::Subnet => {
            let own = addresses()?;
            let is_own = prefix(value).is_some_and(|subnet| is_own(subnet, &own));
            is_own.then_some(()).ok_or_else(|| refused(value, "a network of this computer"))
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

/// A network as `ip` writes it: `192.168.1.0/24`.
fn prefix(text: &str) -> Option<Prefix> {
    let (address, length) = text.split_once('/')?;
    Some(Prefix { address: address.parse().ok()?, length: length.parse().ok()? })
}

/// Whether one of these addresses is in just this network.
fn is_own(subnet: Prefix, addresses: &[Prefix]) -> bool {
    let same = |own: &Prefix| own.length == subnet.length && own.contains(subnet.address);
    subnet.length > 0 && addresses.iter().any(same)
}

fn refused(value: &str, what: &str) -> Refusal {
    Refusal::denied(format!("{value:?} is not {what}"))
}

/// Whether a QEMU of the user's or of root's holds the port, by what the kernel says of its open files.
///
/// Its program must be root's: a user's own program can hold what it likes and have the name of a QEMU.
/// A true QEMU to which its user passes a tap from another namespace still passes, if the tap has the
/// name of the port: the kernel tells the namespace of an open tap only to `ioctl`.
#[cfg(target_os = "linux")]
fn held_by_a_machine(port: &str, user: Account) -> Result<(), Refusal> {
    use vmkit_platform::Platform as _;

    let platform = vmkit_platform::current();
    let entries = std::fs::read_dir("/proc")
        .map_err(|error| Refusal::failed(format!("list the processes: {error}")))?;
    let pids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok());
    let mut holders = pids.filter(|pid| {
        let held = platform.ports(*pid).known().unwrap_or_default();
        held.iter().any(|held| held.name == port)
    });
    let is_machine = |pid| {
        crate::process::Qemu::of(pid, user)
            .is_ok_and(|qemu| qemu.program.belongs_to(&[]) && is_in_own_user_namespace(pid))
    };
    if holders.any(is_machine) {
        Ok(())
    } else {
        Err(Refusal::denied(format!("no machine of user {} holds the port {port}", user.uid)))
    }
}

#[cfg(not(target_os = "linux"))]
fn held_by_a_machine(port: &str, _: Account) -> Result<(), Refusal> {
    Err(Refusal::denied(format!("this system does not say which machine holds the port {port}")))
}

/// Whether the process is in this one's user namespace: in another one a mount can give any program the
/// name of a QEMU.
#[cfg(target_os = "linux")]
fn is_in_own_user_namespace(pid: u32) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let of = |process: &str| {
        let status = std::fs::metadata(format!("/proc/{process}/ns/user")).ok()?;
        Some((status.dev(), status.ino()))
    };
    of("self").is_some_and(|own| of(&pid.to_string()) == Some(own))
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_network_of_a_remedy_is_one_that_this_computer_is_in() {
        let own = ["192.168.1.20/24", "10.0.0.1/8"].map(|text| prefix(text).unwrap());
        let rows = [
            ("192.168.1.0/24", true),
            ("10.0.0.0/8", true),
            ("192.168.0.0/16", false),
            ("192.168.1.0/25", false),
            ("172.16.0.0/12", false),
            ("0.0.0.0/0", false),
        ];
        for (subnet, expected) in rows {
            assert_eq!(is_own(prefix(subnet).unwrap(), &own), expected, "{subnet}");
        }
        for text in ["", "192.168.1.0", "192.168.1.0/24/1", "192.168.1.0/-1", "-x/24"] {
            assert_eq!(prefix(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_process_is_in_a_namespace_that_can_be_seen() {
        assert!(is_in_own_user_namespace(std::process::id()));
        assert!(!is_in_own_user_namespace(u32::MAX));
    }
}
