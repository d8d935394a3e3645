//! cloud-init's tables: `Net device info` and `Route IPv4 info`.

use std::net::IpAddr;

use vmkit_plugin::Mac;

use crate::{
    boot::Boot,
    device::Device,
    fault::Fault,
    line::Line,
    memory::{Listed, Table},
    phase::Phase,
    statement::{Client, Statement},
    words::{leading_address, prefix_of_mask},
};

/// Most columns of a table that are read; the widest known table has seven.
const COLUMNS: usize = 12;

/// The table that has this heading; `None`: it is no heading.
fn table_of_heading(cells: &[&str]) -> Option<Table> {
    let column = |name: &str| cells.iter().position(|cell| *cell == name);
    if let (Some(device), Some(up), Some(address)) =
        (column("Device"), column("Up"), column("Address"))
    {
        let (mask, mac) = (column("Mask"), column("Hw-Address"));
        return Some(Table::Devices { device, up, address, mask, mac });
    }
    match column("Gateway") {
        Some(gateway) => Some(Table::Routes { gateway }),
        None => column("Route").map(|_| Table::Other),
    }
}

/// One line after `ci-info: `. What precedes it has many forms and no meaning.
pub(crate) fn table(boot: &mut Boot<'_>, line: Line<'_>) {
    boot.reach(Phase::Network);
    let line = line.after.trim();
    if line.contains("+Net device info+") {
        boot.forget_table();
        boot.memory.table = None;
    }
    let Some(row) = line.strip_prefix('|') else { return end_of_rows(boot) };
    let cells: Vec<&str> = row.split('|').map(str::trim).take(COLUMNS).collect();
    if let Some(table) = table_of_heading(&cells) {
        boot.memory.table = Some(table);
        boot.memory.listed = Listed::Nothing;
        return;
    }
    // `.` marks an empty cell.
    let cell = |at: usize| cells.get(at).copied().filter(|cell| !cell.is_empty() && *cell != ".");
    match boot.memory.table {
        Some(Table::Devices { device, up, address, mask, mac }) => {
            let Some(name) = cell(device) else { return };
            list(boot, name, row);
            let Some(device) = Device::parse(name) else { return };
            let mac = mac.and_then(cell).and_then(|mac| mac.parse::<Mac>().ok());
            if let Some(mac) = mac {
                boot.note_card(&device, mac);
            }
            // The network manager may bring up later what the table calls down, so this says
            // nothing.
            if cell(up) != Some("True") {
                return;
            }
            let Some((address, prefix, _)) = cell(address).and_then(leading_address) else {
                return;
            };
            let mut statement = Statement::new(Client::CloudInit, address);
            statement.device = Some(device);
            statement.prefix = prefix.or_else(|| mask.and_then(cell).and_then(prefix_of_mask));
            statement.mac = mac;
            boot.state(statement);
        }
        Some(Table::Routes { gateway }) => {
            let gateway = cell(gateway).and_then(|gateway| gateway.parse::<IpAddr>().ok());
            if let Some(gateway) = gateway.filter(|gateway| !gateway.is_unspecified()) {
                boot.note_infrastructure(gateway);
            }
        }
        Some(Table::Other) | None => {}
    }
}

/// Notes the device of a row.
fn list(boot: &mut Boot<'_>, name: &str, row: &str) {
    boot.memory.listed = match boot.memory.listed {
        // As Linux and the BSDs name it.
        Listed::Nothing if matches!(name, "lo" | "lo0") => Listed::Loopback(row.to_owned()),
        Listed::Loopback(_) if matches!(name, "lo" | "lo0") => return,
        _ => Listed::Another,
    };
}

/// What follows at the border below the rows: a guest without a network card lists the loopback device alone.
fn end_of_rows(boot: &mut Boot<'_>) {
    if let Listed::Loopback(row) = std::mem::take(&mut boot.memory.listed) {
        boot.complain(Fault::NoNetworkCard, &row);
    }
}
