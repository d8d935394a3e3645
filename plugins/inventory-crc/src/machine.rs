//! The machine's file.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use vmkit_listing::{
    Json, ManagerFile, Processes, belongs_to, card_mac, folder, mentions, run_by, ssh_endpoint,
};
use vmkit_plugin::{Forward, ListedMachine, NetworkMode, Protocol, Reading, SubjectCard, Unread};

/// Names of the machine's private keys, those of later versions first.
pub(crate) const KEYS: [&str; 3] = ["id_ed25519", "id_ecdsa", "id_rsa"];

/// The machine's user.
const USER: &str = "core";

/// The machine's address in the network of crc's daemon.
const GUEST: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 168, 127, 2));

/// Ports of loopback that crc's daemon forwards: SSH, and the cluster's API and routes.
const FORWARDS: [(u16, u16); 4] = [(2222, 22), (6443, 6443), (443, 443), (80, 80)];

/// The card's MAC and the machine's address in the networks of `system` mode: of libvirt, and of macOS,
/// whose server chooses the address.
const LIBVIRT: (&str, Option<IpAddr>) =
    ("52:fd:fc:07:21:82", Some(IpAddr::V4(Ipv4Addr::new(192, 168, 130, 11))));
const VFKIT: (&str, Option<IpAddr>) = ("52:54:00:70:2b:79", None);

/// What is known of the machine beside its file.
pub(crate) struct Around {
    /// `user` or `system`, if the user has set one.
    pub(crate) network: Reading<String>,
    /// The machine's private key.
    pub(crate) key: Reading<String>,
    pub(crate) processes: Processes,
}

/// The machine of this file.
pub(crate) fn machine(file: &ManagerFile, around: &Around) -> Result<ListedMachine, Unread> {
    let value = Json::read(file)?;
    let json = Json::new(&file.path, &value);
    let driver = match json.text("/DriverName") {
        Reading::Known(driver) => driver,
        Reading::Absent => return Err(file.malformed("it names no driver")),
        Reading::Unknown(why) => return Err(why),
    };
    let folder = folder(&file.path);
    let mut machine = ListedMachine::new(file.path.as_str(), "crc");
    machine.username = Reading::Known(USER.to_owned());
    machine.identity_file = around.key.clone();
    let disk = if driver == "vfkit" { "crc.img" } else { "crc.qcow2" };
    machine.disks = Reading::Known(vec![format!("{folder}/{disk}")]);
    machine.console = match driver {
        "vfkit" => Reading::Known(format!("{folder}/vfkit.log")),
        _ => Reading::Absent,
    };
    if is_system_mode(driver, json, &around.network) {
        let (mac, address) = if driver == "vfkit" { VFKIT } else { LIBVIRT };
        let mac = card_mac(&file.path, "its card", mac)?;
        machine.cards = Reading::Known(vec![card(NetworkMode::Shared, Some(mac))]);
        machine.forwards = Reading::Absent;
        machine.addresses = match json.parsed("/Driver/IPAddress") {
            Reading::Absent => address.map_or(Reading::Absent, Reading::Known),
            address => address,
        }
        .map(|address| vec![address]);
    } else {
        // All machines of gvproxy have the same MAC and address, so neither identifies this one.
        machine.cards = Reading::Known(vec![card(NetworkMode::User, None)]);
        machine.forwards = Reading::Known(FORWARDS.map(forward).to_vec());
        machine.addresses = Reading::Absent;
    }
    machine.ssh = ssh_endpoint(&machine.forwards);
    let own = format!("{folder}/");
    let process =
        around.processes.find(|process| belongs_to(process, file.owner) && mentions(process, &own));
    run_by(&mut machine, &process);
    Ok(machine)
}

/// Whether the machine is in a network of this computer, not in that of crc's daemon. Where the user has
/// set nothing, the driver's settings say it.
fn is_system_mode(driver: &str, json: Json<'_>, network: &Reading<String>) -> bool {
    match network.as_ref().known().map(String::as_str) {
        Some("user" | "vsock") => false,
        Some("system" | "default") => true,
        _ => match driver {
            "vfkit" | "hyperkit" => json.is_true("/Driver/VirtioNet"),
            _ => json.text("/Driver/Network").known().is_some(),
        },
    }
}

fn card(mode: NetworkMode, mac: Option<vmkit_plugin::Mac>) -> SubjectCard {
    SubjectCard { mac, mode: Some(mode), ..SubjectCard::default() }
}

fn forward((host, guest_port): (u16, u16)) -> Forward {
    let listens = SocketAddr::new(Ipv4Addr::LOCALHOST.into(), host);
    Forward { protocol: Protocol::Tcp, listens, guest_address: Some(GUEST), guest_port }
}
