//! An instance as a machine.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use serde_json::Value;
use vmkit_plugin::{
    Forward, ListedMachine, MachineState, ProcessAnswer, Protocol, Reading, Remark, Result, Unread,
};

use crate::{
    files::{CONSOLES, DISK, MONITOR, QEMU_CONSOLES},
    instance::Instance,
    network::{Networks, cards},
    process::{Running, running},
    ssh,
};

/// Its driver runs and its host agent does not.
const NOT_FORWARDED: (&str, &str) =
    ("no-host-agent", "its host agent does not run, so its ports are not forwarded");
/// Its host agent runs and its driver does not.
const NO_DRIVER: (&str, &str) = ("no-driver", "its host agent runs, and the machine does not");

/// The machine of an instance. `lima_names_guests`: its guest has the host name that Lima gives it.
pub(crate) fn listed(
    instance: &Instance,
    networks: &Networks,
    processes: &Result<Vec<ProcessAnswer>>,
    lima_names_guests: bool,
) -> ListedMachine {
    let running = running(instance, processes);
    let process = match &running {
        Running::Driver { process, .. } => Some(process),
        Running::Nothing { .. } | Running::Unknown(_) => None,
    };
    let directory = instance.directory.trim_end_matches('/');
    let mut machine = ListedMachine::new(directory, &instance.name);
    machine.pid = reading(&running, process.map(|process| process.pid));
    machine.state = match &running {
        Running::Driver { .. } => Reading::Known(MachineState::Running),
        Running::Nothing { .. } => Reading::Known(MachineState::Stopped),
        Running::Unknown(why) => Reading::Unknown(why.clone()),
    };
    machine.cards = configured(instance, |value| Some(cards(value, networks, process)));
    if lima_names_guests {
        machine.hostname = Reading::Known(guest_name(&instance.name));
    }
    machine.username = ssh::user(instance);
    machine.identity_file = ssh::identity_file(instance);
    machine.ssh = match (&running, ssh::address(instance)) {
        (Running::Driver { .. }, address) => address,
        (_, _) => reading(&running, None),
    };
    machine.console = console(instance, &running);
    let is_qemu = matches!(&running, Running::Driver { driver: "qemu", .. });
    machine.monitor = reading(&running, is_qemu.then(|| format!("{directory}/{MONITOR}")));
    machine.guest_agent = Reading::Absent;
    machine.disks = Reading::Known(vec![format!("{directory}/{DISK}")]);
    machine.forwards = configured(instance, |value| Some(forwards(value)));
    machine.remarks = remark(&running);
    machine
}

/// What a running machine has; nothing of a stopped one.
fn reading<T>(running: &Running, value: Option<T>) -> Reading<T> {
    match (running, value) {
        (Running::Unknown(why), _) => Reading::Unknown(why.clone()),
        (_, Some(value)) => Reading::Known(value),
        (_, None) => Reading::Absent,
    }
}

/// What the configuration says.
fn configured<T>(instance: &Instance, read: impl FnOnce(&Value) -> Option<T>) -> Reading<T> {
    match &instance.configuration {
        Reading::Known(value) => read(value).map_or(Reading::Absent, Reading::Known),
        // It was listed, and is gone since.
        Reading::Absent => {
            Reading::Unknown(Unread::Failed(format!("{}lima.yaml is missing", instance.directory)))
        }
        Reading::Unknown(why) => Reading::Unknown(why.clone()),
    }
}

/// The host name that Lima gives a guest.
fn guest_name(instance: &str) -> String {
    format!("lima-{}", instance.replace(['.', '_'], "-"))
}

fn console(instance: &Instance, running: &Running) -> Reading<String> {
    let is_qemu = matches!(running, Running::Driver { driver: "qemu", .. });
    let order = if is_qemu { QEMU_CONSOLES } else { CONSOLES };
    let logs = match &instance.consoles {
        Ok(logs) => logs,
        Err(why) => return Reading::Unknown(why.clone()),
    };
    let found = order.iter().find(|name| logs.iter().any(|log| log == *name));
    let path = found.map(|name| format!("{}{name}", instance.directory));
    path.map_or(Reading::Absent, Reading::Known)
}

/// Rules for single ports. Rules for ranges follow what the guest listens on, which no file says.
fn forwards(configuration: &Value) -> Vec<Forward> {
    let rules = configuration.get("portForwards").and_then(Value::as_array);
    rules.into_iter().flatten().filter_map(forward).collect()
}

fn forward(rule: &Value) -> Option<Forward> {
    let is_set = |key: &str| rule.get(key).and_then(Value::as_bool) == Some(true);
    if is_set("ignore") || is_set("reverse") {
        return None;
    }
    let number = |value: &Value| u16::try_from(value.as_u64()?).ok().filter(|port| *port != 0);
    let port = |single: &str, range: &str| {
        if let Some(port) = rule.get(single).and_then(number) {
            return Some(port);
        }
        let ends: Vec<_> = rule.get(range)?.as_array()?.iter().filter_map(number).collect();
        ends.first().copied().filter(|first| ends == [*first, *first])
    };
    let address = |key: &str| rule.get(key)?.as_str()?.parse::<IpAddr>().ok();
    let guest_port = port("guestPort", "guestPortRange")?;
    let host_port = port("hostPort", "hostPortRange").unwrap_or(guest_port);
    Some(Forward {
        protocol: match rule.get("proto").and_then(Value::as_str) {
            Some("udp") => Protocol::Udp,
            _ => Protocol::Tcp,
        },
        listens: SocketAddr::new(
            address("hostIP").unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST)),
            host_port,
        ),
        guest_address: address("guestIP").filter(|address| !address.is_unspecified()),
        guest_port,
    })
}

fn remark(running: &Running) -> Reading<Vec<Remark>> {
    let (code, says) = match running {
        Running::Driver { host_agent: false, .. } => NOT_FORWARDED,
        Running::Nothing { host_agent: true } => NO_DRIVER,
        Running::Driver { .. } | Running::Nothing { .. } => return Reading::Absent,
        Running::Unknown(why) => return Reading::Unknown(why.clone()),
    };
    Reading::Known(vec![Remark { code: code.to_owned(), about: None, says: says.to_owned() }])
}
