//! The machine of OrbStack.
//!
//! OrbStack has one virtual machine, and its Linux machines are containers in it. They are written down on
//! its disk alone; `~/OrbStack` shows them over NFS, which has blocked for tens of seconds
//! (<https://github.com/orbstack/orbstack/issues/2689>), so nothing is read there. What is listed is the
//! virtual machine, with the SSH server that leads to the default Linux machine, as `ssh orb` does.

#![deny(unsafe_code)]

use std::net::{IpAddr, SocketAddr};

use vmkit_formats::{
    MAX_BYTES,
    pairs::{self, Dialect, Section},
};
use vmkit_listing::{Machines, ManagerFile, Processes, belongs_to, run_by};
use vmkit_plugin::{Cx, Inventory, ListedMachine, MachineState, NoConfig, Plugin, Reading, Result};

/// What OrbStack writes for ssh.
const SSH: &str = "{home}/.orbstack/ssh/config";
/// Its host there, and the machine's name.
const HOST: &str = "orb";
/// A helper that carries one connection of ssh, and no machine.
const PROXY: &str = "ssh-proxy-fdpass";

/// The plugin.
pub struct OrbStack;

impl Plugin for OrbStack {
    type Config = NoConfig;

    fn new(_: NoConfig) -> Result<Self> {
        Ok(Self)
    }
}

impl Inventory for OrbStack {
    fn list(&self, cx: &Cx<'_>) -> Result<Vec<ListedMachine>> {
        let processes = Processes::of(cx);
        let mut machines = Machines::new();
        let paths = machines.files(cx, &[SSH]);
        machines.read_each(
            cx,
            &paths,
            MAX_BYTES as u64,
            |_| HOST,
            |file| {
                let sections = pairs::parse(&file.bytes, Dialect::Ssh);
                let sections = sections.map_err(|error| file.malformed(error))?;
                let host = sections.into_iter().find(|section| section.name == HOST);
                let host = host.ok_or_else(|| file.malformed(format!("has no host `{HOST}`")))?;
                Ok(Some(listed(file, &host, &processes)))
            },
        )?;
        machines.finish()
    }
}

/// The machine, by ssh's file and the host in it.
fn listed(file: &ManagerFile, host: &Section, processes: &Processes) -> ListedMachine {
    let mut machine = ListedMachine::new(&file.path, HOST);
    let helper = processes.find(|process| {
        belongs_to(process, file.owner) && !process.arguments.iter().any(|word| word == PROXY)
    });
    run_by(&mut machine, &helper);
    let known = |what: &str, value: Option<String>| match value {
        Some(value) => Reading::Known(value),
        None => Reading::Unknown(file.malformed(format!("no {what} of `{HOST}`"))),
    };
    machine.ssh = match (&machine.state, address(host)) {
        (Reading::Known(MachineState::Running), Some(address)) => Reading::Known(address),
        (Reading::Known(MachineState::Running), None) => Reading::Unknown(
            file.malformed(format!("no Hostname and Port of `{HOST}` on this computer")),
        ),
        (Reading::Unknown(why), _) => Reading::Unknown(why.clone()),
        (Reading::Known(_) | Reading::Absent, _) => Reading::Absent,
    };
    machine.username = known("User", host.get("user").map(str::to_owned));
    let key = host.get("identityfile").and_then(|key| absolute_key(&file.path, key));
    machine.identity_file = known("IdentityFile", key);
    machine.monitor = Reading::Absent;
    machine.guest_agent = Reading::Absent;
    machine.console = Reading::Absent;
    machine
}

/// The path of a key, which may begin in the home directory of ssh's file.
fn absolute_key(file: &str, key: &str) -> Option<String> {
    let home = file.strip_suffix("/.orbstack/ssh/config")?;
    let key = key.strip_prefix("~/").map_or(key.to_owned(), |rest| format!("{home}/{rest}"));
    key.starts_with('/').then_some(key)
}

fn address(host: &Section) -> Option<SocketAddr> {
    let address: IpAddr = host.get("hostname")?.parse().ok()?;
    // OrbStack's server is on this computer alone.
    address.is_loopback().then_some(())?;
    Some(SocketAddr::new(address, host.get("port")?.parse().ok()?))
}

vmkit_plugin::export!(manifest = "../plugin.json", inventory = OrbStack);
