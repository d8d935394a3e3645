//! ISC dhclient, and the BSDs' clients that descend from it.

use crate::{
    boot::Boot,
    device::Device,
    line::Line,
    phase::Phase,
    statement::{Client, Statement},
    words::{address_after, first_word, last_word, leading_address},
};

/// `Listening on LPF/eth0/52:54:00:12:34:56`: the interface with its MAC.
pub(crate) fn socket(boot: &mut Boot<'_>, line: Line<'_>) {
    let Some((name, rest)) = line.after.split_once('/') else { return };
    let Some(device) = Device::parse(name) else { return };
    boot.reach(Phase::Dhcp);
    if let Ok(mac) = first_word(rest).parse() {
        boot.note_card(&device, mac);
    }
    boot.memory.dhclient_device = Some(device);
}

/// `DHCPDISCOVER on eth0 to 255.255.255.255 port 67`, `DHCPREQUEST for 10.0.2.15 on eth0 to …`. But a
/// server inside the guest prints `DHCPREQUEST for 10.0.2.15 from 52:54:… via eth1`.
pub(crate) fn asking(boot: &mut Boot<'_>, line: Line<'_>) {
    let after = line.after.split_once("on ").map_or(line.after, |(_, after)| after);
    let Some((name, _)) = after.split_once(" to ") else { return };
    if let Some(device) = Device::parse(name) {
        boot.reach(Phase::Dhcp);
        boot.memory.dhclient_device = Some(device);
    }
}

/// `DHCPOFFER of 10.0.2.15 from 10.0.2.2`, or `DHCPOFFER from 10.0.2.2`: a server.
pub(crate) fn offer(boot: &mut Boot<'_>, line: Line<'_>) {
    if let Some(server) = address_after(line.after, "from ") {
        boot.note_infrastructure(server);
    }
}

/// `DHCPACK of 10.0.2.15 from 10.0.2.2`: a lease. `DHCPACK from 10.0.2.2`: only its server. But a server
/// inside the guest prints `DHCPACK on 10.0.2.15 to 52:54:…`.
pub(crate) fn ack(boot: &mut Boot<'_>, line: Line<'_>) {
    let Some(server) = address_after(line.after, "from ") else { return };
    boot.reach(Phase::Dhcp);
    boot.note_infrastructure(server);
    boot.memory.dhclient_server = Some(server);
    if let Some(address) = line.after.strip_prefix("of ").and_then(leading_address) {
        let mut statement = Statement::new(Client::Dhclient, address.0);
        statement.device.clone_from(&boot.memory.dhclient_device);
        statement.server = Some(server);
        boot.state(statement);
    }
}

/// `bound to 10.0.2.15 -- renewal in 40000 seconds.`; OpenBSD: `vio0: bound to 10.0.2.15 from
/// 10.0.2.2`.
pub(crate) fn bound(boot: &mut Boot<'_>, line: Line<'_>) {
    let Some((address, _, rest)) = leading_address(line.after) else { return };
    let from = rest.strip_prefix(" from ").and_then(leading_address).map(|(server, ..)| server);
    if from.is_none() && !rest.starts_with(" -- renewal in ") {
        return;
    }
    boot.reach(Phase::Dhcp);
    let mut statement = Statement::new(Client::Dhclient, address);
    let named = line.before.trim_end().strip_suffix(':').map(last_word).and_then(Device::parse);
    statement.device = named
        .filter(|name| name.as_str() != "dhclient")
        .or_else(|| boot.memory.dhclient_device.clone());
    statement.server = from.or(boot.memory.dhclient_server);
    boot.state(statement);
}

/// `DHCPNAK from …`, `DHCPRELEASE of 10.0.2.15 on eth0 to …`, `DHCPDECLINE of … on eth0 to …`
pub(crate) fn lost(boot: &mut Boot<'_>, line: Line<'_>) {
    asking(boot, line);
    let device = boot.memory.dhclient_device.clone();
    boot.lose(Client::Dhclient, device);
}

/// `No DHCPOFFERS received.`
pub(crate) fn no_lease(boot: &mut Boot<'_>, _: Line<'_>) {
    boot.reach(Phase::Dhcp);
    let device = boot.memory.dhclient_device.clone();
    boot.lose(Client::Dhclient, device);
}
