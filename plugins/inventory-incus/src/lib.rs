//! VMs of Incus and of LXD, whose daemons the host asks. Their containers are no machines here.

#![deny(unsafe_code)]

mod devices;
mod instance;
mod network;

use vmkit_listing::{Machines, ManagerFile, Processes};
use vmkit_plugin::{
    Cx, Inventory, ListedMachine, NoConfig, Plugin, Reading, Result, Unread, read_at_most,
};

/// Longest answer that is read, in bytes: an instance with its devices and state has some ten kilobytes.
const ANSWER_LIMIT: u64 = 4 << 20;

/// Sockets of the daemons: Incus of later and of earlier versions, LXD as a snap and as a package.
pub const SOCKETS: [&str; 4] = [
    "/run/incus/unix.socket",
    "/var/lib/incus/unix.socket",
    "/var/snap/lxd/common/lxd/unix.socket",
    "/var/lib/lxd/unix.socket",
];

/// All instances of all projects, with what each is doing.
pub const INSTANCES: &str = "/1.0/instances?recursion=2&all-projects=true";

/// The plugin.
pub struct Incus;

impl Plugin for Incus {
    type Config = NoConfig;

    fn new(_: NoConfig) -> Result<Self> {
        Ok(Self)
    }
}

impl Inventory for Incus {
    fn list(&self, cx: &Cx<'_>) -> Result<Vec<ListedMachine>> {
        let mut machines = Machines::new();
        let processes = Processes::of(cx);
        for socket in SOCKETS {
            cx.check()?;
            match answer(cx, socket) {
                Reading::Known(answer) => match instance::instances(&answer, &processes) {
                    Ok(instances) => instances.into_iter().for_each(|one| machines.add(one)),
                    Err(why) => machines.miss(why),
                },
                Reading::Absent => {}
                Reading::Unknown(why) => machines.miss(why),
            }
        }
        machines.finish()
    }
}

/// What the daemon at this socket answers.
fn answer(cx: &Cx<'_>, socket: &str) -> Reading<ManagerFile> {
    let body = match cx.local_api(socket, INSTANCES) {
        Ok(Some(body)) => body,
        Ok(None) => return Reading::Absent,
        Err(error) => return Reading::Unknown(error.into()),
    };
    let path = socket.to_owned();
    read_at_most(body, socket, ANSWER_LIMIT).map(|bytes| ManagerFile { path, owner: 0, bytes })
}

/// Reads an answer of a daemon with these bytes, for tests.
#[doc(hidden)]
pub fn parse(bytes: &[u8]) -> Result<Vec<ListedMachine>, Unread> {
    let path = SOCKETS[0].to_owned();
    let answer = ManagerFile { path, owner: 0, bytes: bytes.to_vec() };
    instance::instances(&answer, &Processes::unseen())
}

vmkit_plugin::export!(manifest = "../plugin.json", inventory = Incus);
