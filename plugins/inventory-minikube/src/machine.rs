//! A machine's file.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use vmkit_listing::{
    Json, ManagerFile, Processes, belongs_to, card_mac, folder, mentions, plain_name, run_by,
    ssh_endpoint, stem,
};
use vmkit_plugin::{
    Forward, ListedMachine, NetworkMode, ProcessAnswer, Protocol, Reading, SubjectCard, Unread,
};

use crate::drivers::{DRIVERS, Driver};

/// The port of SSH in a guest, and that of Docker's daemon.
const GUEST_PORTS: [(&str, u16); 2] = [("/Driver/SSHPort", 22), ("/Driver/EnginePort", 2376)];

/// The machine of this file; `None`: it is no VM.
pub(crate) fn machine(
    file: &ManagerFile,
    processes: &Processes,
) -> Result<Option<ListedMachine>, Unread> {
    let value = Json::read(file)?;
    let json = Json::new(&file.path, &value);
    let driver = match json.text("/DriverName") {
        Reading::Known(name) => name,
        Reading::Absent => return Err(file.malformed("it names no driver")),
        Reading::Unknown(why) => return Err(why),
    };
    let Some(driver) = DRIVERS.iter().find(|known| known.name == driver) else { return Ok(None) };
    let folder = folder(&file.path);
    let named = json.text("/Driver/MachineName").known().unwrap_or_default();
    let mut machine = ListedMachine::new(file.path.as_str(), plain_name(named, stem(folder)));
    let inside = |name: &str| format!("{folder}/{}", name.replace("NAME", named));
    let place =
        |name: Option<&str>| name.map_or(Reading::Absent, |name| Reading::Known(inside(name)));
    machine.disks = place(driver.disk).map(|disk| vec![disk]);
    machine.console = place(driver.console);
    machine.monitor = place(driver.monitor);
    machine.username = json.text("/Driver/SSHUser").map(str::to_owned);
    machine.identity_file = match json.text("/Driver/SSHKeyPath").map(str::to_owned) {
        Reading::Absent => Reading::Known(inside("id_rsa")),
        path => path,
    };
    let is_user = is_user_network(driver, json);
    machine.cards = cards(driver, json, is_user, file);
    machine.forwards = if is_user { Reading::Known(forwards(json)) } else { Reading::Absent };
    machine.ssh = ssh_endpoint(&machine.forwards);
    machine.addresses = match json.parsed::<IpAddr>("/Driver/IPAddress") {
        // What is forwarded at loopback is no address of the machine.
        Reading::Known(address) if address.is_loopback() => Reading::Absent,
        address => address.map(|address| vec![address]),
    };
    let process = processes.find(|process| {
        belongs_to(process, file.owner) && runs(process, &format!("{folder}/"), named)
    });
    run_by(&mut machine, &process);
    Ok(Some(machine))
}

/// Whether the process runs the machine of this folder. QEMU, vfkit and hyperkit are given files of the
/// folder, VirtualBox the name.
fn runs(process: &ProcessAnswer, folder: &str, name: &str) -> bool {
    let is_named = || process.arguments.windows(2).any(|pair| pair == ["--comment", name]);
    mentions(process, folder) || is_named()
}

fn is_user_network(driver: &Driver, json: Json<'_>) -> bool {
    let network = json.text("/Driver/Network").known();
    driver.name == "qemu2" && matches!(network, Some("user" | "builtin"))
}

/// The cards. QEMU's user network needs no MAC, so the driver gives none.
fn cards(
    driver: &Driver,
    json: Json<'_>,
    is_user: bool,
    file: &ManagerFile,
) -> Reading<Vec<SubjectCard>> {
    if driver.macs.is_empty() {
        return Reading::Unknown(Unread::NotTried);
    }
    let mode = Some(if is_user { NetworkMode::User } else { NetworkMode::Shared });
    let card = |pointer: &&str| {
        let mac = if pointer.is_empty() || is_user {
            Reading::Absent
        } else {
            json.text(&format!("/Driver{pointer}"))
        };
        match mac {
            Reading::Known(mac) => card_mac(&file.path, pointer, mac).map(Some),
            Reading::Absent => Ok(None),
            Reading::Unknown(why) => Err(why),
        }
        .map(|mac| SubjectCard { mac, mode, ..SubjectCard::default() })
    };
    let cards: Result<Vec<_>, Unread> = driver.macs.iter().map(card).collect();
    cards.map_or_else(Reading::Unknown, Reading::Known)
}

/// The ports that QEMU's user network forwards.
fn forwards(json: Json<'_>) -> Vec<Forward> {
    let forward = |(pointer, guest_port): (&str, u16)| {
        let port = json.port(pointer).known()?;
        let listens = SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), port);
        Some(Forward { protocol: Protocol::Tcp, listens, guest_address: None, guest_port })
    };
    GUEST_PORTS.into_iter().filter_map(forward).collect()
}
