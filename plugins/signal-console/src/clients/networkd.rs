//! systemd-networkd.

use crate::{
    boot::Boot,
    device::Device,
    line::Line,
    phase::Phase,
    statement::{Client, Statement},
    words::{address_after, last_word, leading_address},
};

/// `eth0: DHCPv4 address 192.168.1.64/24 via 192.168.1.1`, or since version 250
/// `…/24, gateway 192.168.1.1 acquired from 192.168.1.2`.
pub(crate) fn address(boot: &mut Boot<'_>, line: Line<'_>) {
    let (Some(device), Some((address, prefix, rest))) =
        (Device::parse(last_word(line.before)), leading_address(line.after))
    else {
        return;
    };
    boot.reach(Phase::Dhcp);
    let router = address_after(rest, " via ").or_else(|| address_after(rest, " gateway "));
    if let Some(router) = router {
        boot.note_infrastructure(router);
    }
    let mut statement = Statement::new(Client::Networkd, address);
    statement.device = Some(device);
    statement.prefix = prefix;
    statement.server = address_after(rest, " from ").or(router);
    boot.state(statement);
}

/// `eth0: DHCP lease lost`
pub(crate) fn lost(boot: &mut Boot<'_>, line: Line<'_>) {
    if let Some(device) = Device::parse(last_word(line.before)) {
        boot.reach(Phase::Dhcp);
        boot.lose(Client::Networkd, Some(device));
    }
}
