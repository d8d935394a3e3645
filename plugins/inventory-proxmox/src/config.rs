//! A machine's configuration: `key: value` lines. Sections behind them hold changes that are pending, and
//! snapshots.

use std::net::IpAddr;

use vmkit_formats::pairs::{self, Dialect, Section};
use vmkit_listing::{ManagerFile, plain_name};
use vmkit_plugin::{ListedMachine, Reading, Unread};

use crate::card;

/// A machine has at most this many cards.
const MOST_CARDS: usize = 32;

/// Where the sockets of running machines are.
const SOCKETS: &str = "/var/run/qemu-server";

/// The machine of this number, without its process.
pub(crate) fn machine(file: &ManagerFile, number: &str) -> Result<ListedMachine, Unread> {
    let sections =
        pairs::parse(&file.bytes, Dialect::Colon).map_err(|error| file.malformed(error))?;
    let Some(now) = sections.first().filter(|section| !section.pairs.is_empty()) else {
        return Err(file.malformed("it holds no settings"));
    };
    let name = plain_name(now.get("name").unwrap_or_default(), &format!("VM {number}"));
    let mut machine = ListedMachine::new(file.path.as_str(), name);
    machine.cards = cards(now, file, number);
    machine.username = text(now.get("ciuser"));
    // cloud-init sets the name as the host name.
    let has_cloud_init = now.pairs.iter().any(|(_, value)| value.contains("cloudinit"));
    machine.hostname = text(now.get("name").filter(|_| has_cloud_init));
    machine.monitor = Reading::Known(format!("{SOCKETS}/{number}.qmp"));
    machine.guest_agent = if now.get("agent").is_some_and(is_on) {
        Reading::Known(format!("{SOCKETS}/{number}.qga"))
    } else {
        Reading::Absent
    };
    // The first serial port, if there is one, is a socket.
    machine.console = Reading::Absent;
    machine.ssh = Reading::Absent;
    machine.forwards = Reading::Absent;
    machine.disks = Reading::Known(disks(now));
    machine.addresses = Reading::Known(addresses(now));
    Ok(machine)
}

fn text(value: Option<&str>) -> Reading<String> {
    let value = value.filter(|value| !value.is_empty());
    value.map_or(Reading::Absent, |value| Reading::Known(value.to_owned()))
}

/// Whether an option such as `1`, `enabled=1,fstrim_cloned_disks=1` is on.
fn is_on(value: &str) -> bool {
    value.split(',').any(|part| matches!(part.trim(), "1" | "enabled=1" | "on" | "yes"))
}

fn cards(
    now: &Section,
    file: &ManagerFile,
    number: &str,
) -> Reading<Vec<vmkit_plugin::SubjectCard>> {
    let cards: Result<Vec<_>, Unread> = (0..MOST_CARDS)
        .filter_map(|index| Some((index, now.get(&format!("net{index}"))?)))
        .map(|(index, value)| card::card(&file.path, number, index, value))
        .collect();
    cards.map_or_else(Reading::Unknown, Reading::Known)
}

/// Disks that are files or devices by path. Others are named by storage and volume, whose place the
/// storage's configuration knows.
fn disks(now: &Section) -> Vec<String> {
    let buses = ["scsi", "virtio", "sata", "ide"];
    let is_disk = |key: &str| {
        buses.iter().any(|bus| {
            let number = key.strip_prefix(bus);
            number.is_some_and(|it| !it.is_empty() && it.bytes().all(|byte| byte.is_ascii_digit()))
        })
    };
    let paths = now.pairs.iter().filter(|(key, _)| is_disk(key)).filter_map(|(_, value)| {
        let path = value.split(',').next()?.trim();
        let is_disk = path.starts_with('/') && !value.contains("media=cdrom");
        is_disk.then(|| path.to_owned())
    });
    paths.collect()
}

/// Addresses that cloud-init sets: `ipconfig0: ip=192.168.1.7/24,gw=192.168.1.1,ip6=auto`.
fn addresses(now: &Section) -> Vec<IpAddr> {
    let values = (0..MOST_CARDS).filter_map(|index| now.get(&format!("ipconfig{index}")));
    let parts = values.flat_map(|value| value.split(','));
    let address = |part: &str| {
        let part = part.trim();
        let value = part.strip_prefix("ip=").or_else(|| part.strip_prefix("ip6="))?;
        value.split('/').next()?.parse().ok()
    };
    parts.filter_map(address).collect()
}
