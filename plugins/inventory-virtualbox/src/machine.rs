//! A `.vbox` file.

use vmkit_formats::xml::{self, Element};
use vmkit_listing::{ManagerFile, absolute, folder, plain_name, ssh_endpoint, stem};
use vmkit_plugin::{ListedMachine, Reading, Unread};

use crate::{disks, network};

/// The machine of this file and UUID, without its process. Only what holds now is read: the machine's
/// snapshots hold older states of its hardware.
pub(crate) fn machine(file: &ManagerFile, uuid: &str) -> Result<ListedMachine, Unread> {
    let root = xml::parse(&file.bytes).map_err(|error| file.malformed(error))?;
    let machine = root
        .child("Machine")
        .ok_or_else(|| file.malformed("it holds no machine, or an encrypted one"))?;
    let name = plain_name(machine.attribute("name").unwrap_or_default(), stem(&file.path));
    let mut listed = ListedMachine::new(uuid, name);
    let folder = folder(&file.path);
    let adapters = machine.all("Hardware/Network/Adapter");
    listed.cards = known(network::cards(&adapters, &file.path));
    listed.forwards = known(network::forwards(&adapters, &file.path));
    listed.ssh = ssh_endpoint(&listed.forwards);
    listed.disks = Reading::Known(disks::disks(machine, folder));
    listed.console = console(machine, folder).map_or(Reading::Absent, Reading::Known);
    Ok(listed)
}

fn known<T>(read: Result<T, Unread>) -> Reading<T> {
    read.map_or_else(Reading::Unknown, Reading::Known)
}

/// The file that the first serial port is written to.
fn console(machine: &Element, folder: &str) -> Option<String> {
    let ports = machine.all("Hardware/UART/Port").into_iter();
    let mut logs = ports.filter(|port| {
        port.attribute("enabled") == Some("true") && port.attribute("hostMode") == Some("RawFile")
    });
    Some(absolute(folder, logs.next()?.attribute("path")?))
}
