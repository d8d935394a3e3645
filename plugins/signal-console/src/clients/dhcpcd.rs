//! dhcpcd. Every line names its interface first: `dhcpcd[312]: eth0: leased …`.

use crate::{
    boot::Boot,
    device::Device,
    line::Line,
    phase::Phase,
    statement::{Client, Statement},
    words::{address_after, last_word, leading_address},
};

fn device(line: Line<'_>) -> Option<Device> {
    Device::parse(last_word(line.before))
}

/// `eth0: offered 192.168.1.64 from 192.168.1.1`
pub(crate) fn offered(boot: &mut Boot<'_>, line: Line<'_>) {
    let (Some(device), Some(server)) = (device(line), address_after(line.after, " from ")) else {
        return;
    };
    boot.reach(Phase::Dhcp);
    boot.note_infrastructure(server);
    boot.memory.dhcpcd_offer = Some((device, server));
}

/// `eth0: leased 192.168.1.64 for 86400 seconds`, or `for infinity`; `eth0: using static address
/// 192.168.1.64/24`
pub(crate) fn leased(boot: &mut Boot<'_>, line: Line<'_>) {
    let (Some(device), Some((address, prefix, rest))) = (device(line), leading_address(line.after))
    else {
        return;
    };
    if prefix.is_none() && !rest.starts_with(" for ") {
        return;
    }
    boot.reach(Phase::Dhcp);
    let mut statement = Statement::new(Client::Dhcpcd, address);
    let offer = boot.memory.dhcpcd_offer.as_ref().filter(|(of, _)| *of == device);
    statement.server = offer.map(|(_, server)| *server);
    statement.prefix = prefix;
    statement.device = Some(device);
    boot.state(statement);
}

/// `eth0: using IPv4LL address 169.254.12.34`
pub(crate) fn link_local(boot: &mut Boot<'_>, line: Line<'_>) {
    let Some((address, ..)) = leading_address(line.after) else { return };
    boot.reach(Phase::LinkLocal);
    let mut statement = Statement::new(Client::Dhcpcd, address);
    statement.device = device(line);
    boot.state(statement);
}

/// `eth0: adding default route via 192.168.1.1`
pub(crate) fn router(boot: &mut Boot<'_>, line: Line<'_>) {
    if let Some((router, ..)) = leading_address(line.after) {
        boot.note_infrastructure(router);
    }
}

/// `eth0: no IPv4 leases`
pub(crate) fn no_lease(boot: &mut Boot<'_>, line: Line<'_>) {
    boot.reach(Phase::Dhcp);
    lost(boot, line);
}

/// `eth0: carrier lost`, `eth0: DHCP lease expired`: dhcpcd drops the address with it.
pub(crate) fn lost(boot: &mut Boot<'_>, line: Line<'_>) {
    if let Some(device) = device(line) {
        boot.lose(Client::Dhcpcd, Some(device));
    }
}
