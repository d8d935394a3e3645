//! The kernel's own configuration (`ip=dhcp`), and klibc's `ipconfig` in an initramfs.

use std::net::IpAddr;

use vmkit_plugin::Mac;

use crate::{
    boot::Boot,
    device::Device,
    line::Line,
    phase::Phase,
    statement::{Client, Statement},
    words::{address_after, first_word, leading_address, prefix_of_mask},
};

/// `IP-Config: Got DHCP answer from 10.0.2.2, my address is 10.0.2.15`
pub(crate) fn answer(boot: &mut Boot<'_>, line: Line<'_>) {
    let Some(address) = address_after(line.after, "my address is ") else { return };
    boot.reach(Phase::Dhcp);
    let mut statement = Statement::new(Client::IpConfig, address);
    statement.server = leading_address(line.after).map(|(server, ..)| server);
    boot.state(statement);
}

/// After `IP-Config: Complete:`, `     device=eth0, hwaddr=52:54:00:12:34:56, ipaddr=10.0.2.15,
/// mask=255.255.255.0, gw=10.0.2.2`
pub(crate) fn summary(boot: &mut Boot<'_>, line: Line<'_>) {
    let value = |key: &str| {
        let (_, after) = line.after.split_once(key)?;
        after.split(',').next().map(str::trim)
    };
    let address = value(" ipaddr=").and_then(|text| text.parse().ok());
    let device = line.after.split(',').next().and_then(Device::parse);
    let (Some(address), Some(device)) = (address, device) else { return };
    if let Some(mac) = value(" hwaddr=").and_then(|text| text.parse::<Mac>().ok()) {
        boot.note_card(&device, mac);
    }
    if let Some(gateway) = value(" gw=").and_then(|text| text.parse().ok()) {
        boot.note_infrastructure(gateway);
    }
    boot.reach(Phase::Network);
    let mut statement = Statement::new(Client::IpConfig, address);
    statement.device = Some(device);
    statement.prefix = value(" mask=").and_then(prefix_of_mask);
    boot.state(statement);
}

/// klibc: `IP-Config: eth0 hardware address 52:54:00:12:34:56 mtu 1500 DHCP`, and
/// `IP-Config: eth0 complete (dhcp from 10.0.2.2):` before its details.
pub(crate) fn klibc(boot: &mut Boot<'_>, line: Line<'_>) {
    let Some(device) = Device::parse(first_word(line.after)) else { return };
    let rest = line.after.trim_start().strip_prefix(device.as_str()).unwrap_or_default();
    if let Some(mac) = rest.strip_prefix(" hardware address ") {
        if let Ok(mac) = first_word(mac).parse() {
            boot.note_card(&device, mac);
        }
        boot.reach(Phase::Network);
    } else if rest.starts_with(" complete") {
        boot.memory.klibc = Some((device, address_after(rest, " from ")));
    }
}

/// klibc: ` address: 10.0.2.15        broadcast: 10.0.2.255       netmask: 255.255.255.0`
pub(crate) fn klibc_address(boot: &mut Boot<'_>, line: Line<'_>) {
    if !line.before.is_empty() {
        return;
    }
    let Some((device, server)) = boot.memory.klibc.clone() else { return };
    let Some((address @ IpAddr::V4(_), ..)) = leading_address(line.after) else { return };
    boot.reach(if server.is_some() { Phase::Dhcp } else { Phase::Network });
    let mut statement = Statement::new(Client::IpConfig, address);
    let mask = line.after.split_once("netmask:").map(|(_, mask)| first_word(mask));
    statement.prefix = mask.and_then(prefix_of_mask);
    statement.device = Some(device);
    statement.server = server;
    boot.state(statement);
}

/// klibc: ` gateway: 10.0.2.2         dns0     : 10.0.2.3`
pub(crate) fn klibc_gateway(boot: &mut Boot<'_>, line: Line<'_>) {
    if boot.memory.klibc.take().is_some()
        && let Some((gateway, ..)) = leading_address(line.after)
    {
        boot.note_infrastructure(gateway);
    }
}

/// `IP-Config: Auto-configuration of network failed`, klibc's `IP-Config: no response after 2 secs`
pub(crate) fn no_lease(boot: &mut Boot<'_>, _: Line<'_>) {
    boot.reach(Phase::Dhcp);
    boot.lose(Client::IpConfig, None);
}
