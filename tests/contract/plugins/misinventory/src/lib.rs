//! An inventory that lists as configured, in every way in which one can mislead its host.

#![expect(unsafe_code, reason = "safe code cannot misbehave like this")]

use std::{io::Write as _, os::fd::FromRawFd as _};

use serde::Deserialize;
use vmkit_plugin::{
    Cx, Error, ErrorCode, Inventory, Kind, ListedMachine, MachineState, Observation, Plugin,
    Reading, Result,
};

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Config {
    how: String,
}

impl Default for Config {
    fn default() -> Self {
        Self { how: "well".to_owned() }
    }
}

struct Misinventory(Config);

impl Plugin for Misinventory {
    type Config = Config;

    fn new(config: Config) -> Result<Self> {
        Ok(Self(config))
    }
}

impl Inventory for Misinventory {
    fn list(&self, cx: &Cx<'_>) -> Result<Vec<ListedMachine>> {
        let two = || vec![ListedMachine::new("1", "web"), ListedMachine::new("2", "db")];
        match self.0.how.as_str() {
            "well" => Ok(two()),
            "many" => Ok(numbered(1000)),
            "too-many" => Ok(numbered(10_500)),
            "processes" => processes(cx),
            "host" => Ok(vec![running("1", "host", std::os::unix::process::parent_id())]),
            "no-process" => Ok(vec![running("1", "gone", 4_000_000)]),
            "hostile-names" => Ok(hostile_names()),
            "relative-paths" => Ok(relative_paths()),
            "panic" => panic!("panic on demand"),
            "abort" => std::process::abort(),
            "hang" => loop {
                std::thread::park();
            },
            "garbage" => write_frames(b"{]garbage", 1),
            "bomb" => {
                let items = vec!["{}"; 1 << 20].join(",");
                write_frames(format!(r#"{{"type":"machines","items":[{items}]}}"#).as_bytes(), 1)
            }
            "flood" => {
                let name = "x".repeat(1 << 20);
                let frame = format!(r#"{{"type":"machines","items":[{{"name":"{name}"}}]}}"#);
                write_frames(frame.as_bytes(), 64)
            }
            "observe" => {
                cx.emit(Observation::new(0, Kind::ConsoleAddress, "a fact"))?;
                Ok(two())
            }
            "ask-by-arp" => cx.who_has(&[[192, 168, 1, 9].into()]).map(|_| two()),
            "console" => cx.open_console(0).map(|_| two()),
            "undeclared" => cx.open_file("/etc/hosts").map(|_| two()),
            other => Err(Error::new(ErrorCode::Other, format!("behaviour {other}"))),
        }
    }
}

vmkit_plugin::export!(manifest = "../plugin.json", inventory = Misinventory);

fn numbered(count: u32) -> Vec<ListedMachine> {
    (0..count).map(|id| ListedMachine::new(id.to_string(), format!("vm{id}"))).collect()
}

fn running(id: &str, name: &str, pid: u32) -> ListedMachine {
    let mut machine = ListedMachine::new(id, name);
    machine.state = Reading::Known(MachineState::Running);
    machine.pid = Reading::Known(pid);
    machine
}

/// One machine for each process that the host shows.
fn processes(cx: &Cx<'_>) -> Result<Vec<ListedMachine>> {
    let named = |process: vmkit_plugin::ProcessAnswer| {
        let name = process.arguments.last().cloned().unwrap_or_default();
        running(&process.pid.to_string(), &name, process.pid)
    };
    Ok(cx.processes()?.into_iter().map(named).collect())
}

fn hostile_names() -> Vec<ListedMachine> {
    let mut machines = vec![
        ListedMachine::new("1", "\u{1b}[2Jred"),
        ListedMachine::new("2", ""),
        ListedMachine::new("", "no id"),
        ListedMachine::new("3", "web"),
        ListedMachine::new("3", "twin"),
    ];
    machines[3].username = Reading::Known("-oProxyCommand=x".to_owned());
    machines
}

fn relative_paths() -> Vec<ListedMachine> {
    let mut machine = ListedMachine::new("1", "web");
    machine.console = Reading::Known("console.log".to_owned());
    machine.monitor = Reading::Known("/vms/../web.qmp".to_owned());
    machine.disks = Reading::Known(vec!["disk.qcow2".to_owned()]);
    vec![machine]
}

/// Writes frames to every descriptor, including the host's socket.
fn write_frames(text: &[u8], count: usize) -> ! {
    let mut frame = u32::try_from(text.len()).unwrap_or(0).to_le_bytes().to_vec();
    frame.extend(text);
    for descriptor in (3..64).cycle().take(61 * count) {
        // SAFETY: writing to a descriptor that is not open fails; the file is never dropped, so
        // nothing is closed.
        let mut file =
            std::mem::ManuallyDrop::new(unsafe { std::fs::File::from_raw_fd(descriptor) });
        // Most of them are not writable; the host's socket is.
        file.write_all(&frame).ok();
    }
    loop {
        std::thread::park();
    }
}
