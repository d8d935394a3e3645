//! A machine's file. Since podman 5 settings of SSH are in `SSH`, and what belongs to QEMU is in
//! `QEMUHypervisor`; before, both were at the top.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use vmkit_listing::{
    Json, ManagerFile, Processes, belongs_to, plain_name, run_by, ssh_endpoint, stem,
};
use vmkit_plugin::{
    Forward, ListedMachine, NetworkMode, ProcessAnswer, Protocol, Reading, SubjectCard, Unread,
};

/// The machine's address in the network of gvproxy, which serves SSH at a port of loopback. The machines
/// of podman and of OpenShift Local all have this address and the same MAC, so neither identifies one.
const GUEST: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 168, 127, 2));

/// The machine of this file.
pub(crate) fn machine(file: &ManagerFile, processes: &Processes) -> Result<ListedMachine, Unread> {
    let value = Json::read(file)?;
    let json = Json::new(&file.path, &value);
    if !json.has("/Name") {
        return Err(file.malformed("it names no machine"));
    }
    let either = |new: &str, old: &str| if json.has(new) { json.text(new) } else { json.text(old) };
    let owned = |text: Reading<&str>| text.map(str::to_owned);
    let name = json.text("/Name").known().unwrap_or_default();
    let mut machine = ListedMachine::new(file.path.as_str(), plain_name(name, stem(&file.path)));
    let card = SubjectCard { mode: Some(NetworkMode::User), ..SubjectCard::default() };
    machine.cards = Reading::Known(vec![card]);
    machine.username = owned(either("/SSH/RemoteUsername", "/RemoteUsername"));
    machine.identity_file = owned(either("/SSH/IdentityPath", "/IdentityPath"));
    machine.monitor =
        owned(either("/QEMUHypervisor/QMPMonitor/Address/Path", "/QMPMonitor/Address/Path"));
    machine.disks = owned(json.text("/ImagePath/Path")).map(|image| vec![image]);
    let port = json.port(if json.has("/SSH/Port") { "/SSH/Port" } else { "/Port" });
    machine.forwards = port.map(|port| vec![ssh(port)]);
    machine.ssh = ssh_endpoint(&machine.forwards);
    let image = json.text("/ImagePath/Path").known();
    match image {
        Some(image) => {
            let process = processes
                .find(|process| belongs_to(process, file.owner) && has_disk(process, image));
            run_by(&mut machine, &process);
        }
        None => machine.state = Reading::Unknown(file.malformed("it names no disk")),
    }
    Ok(machine)
}

fn ssh(port: u16) -> Forward {
    let listens = SocketAddr::new(Ipv4Addr::LOCALHOST.into(), port);
    Forward { protocol: Protocol::Tcp, listens, guest_address: Some(GUEST), guest_port: 22 }
}

/// Whether an option of the process names this file and no longer path.
fn has_disk(process: &ProcessAnswer, image: &str) -> bool {
    let values = process.arguments.iter().flat_map(|word| word.split(','));
    values.into_iter().any(|value| value.split_once('=').map_or(value, |(_, path)| path) == image)
}
