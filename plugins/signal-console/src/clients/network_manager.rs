//! `NetworkManager`: `dhcp4 (eth0): …`.

use crate::{
    boot::Boot,
    device::Device,
    line::Line,
    phase::Phase,
    statement::{Client, Statement},
    words::{address_after, leading_address},
};

/// Texts that mean that there is no lease, or no longer one.
const NOTHING: &[&str] =
    &["request timed out", "state changed no lease", "-> expire", "-> timeout", "-> fail"];
/// The option that names the DHCP server.
const SERVER: &str = "option dhcp_server_identifier";

/// `dhcp4 (eth0): state changed new lease, address=192.168.1.64, acd pending`; before 1.32
/// `dhcp4 (eth0):   address 192.168.1.64`; with its options `dhcp4 (eth0): option ip_address =>
/// '192.168.1.64'`.
pub(crate) fn dhcp4(boot: &mut Boot<'_>, line: Line<'_>) {
    let Some((device, rest)) = device_and_rest(line) else { return };
    if NOTHING.iter().any(|text| rest.contains(text)) {
        boot.reach(Phase::Dhcp);
        boot.lose(Client::NetworkManager, Some(device));
    } else {
        lease(boot, device, rest);
    }
}

/// Like [`dhcp4`], but a missing lease says nothing: most networks give no IPv6 leases.
pub(crate) fn dhcp6(boot: &mut Boot<'_>, line: Line<'_>) {
    if let Some((device, rest)) = device_and_rest(line) {
        lease(boot, device, rest);
    }
}

fn device_and_rest(line: Line<'_>) -> Option<(Device, &str)> {
    let (name, rest) = line.after.split_once("):")?;
    Some((Device::parse(name)?, rest.trim_start()))
}

fn lease(boot: &mut Boot<'_>, device: Device, rest: &str) {
    boot.reach(Phase::Dhcp);
    let quoted = |option: &str| address_after(rest.strip_prefix(option)?, "=> '");
    if let Some(server) = quoted(SERVER) {
        boot.note_infrastructure(server);
        boot.memory.network_manager_server = Some((device, server));
        return;
    }
    let router = quoted("option routers").or_else(|| address_after(rest, "gateway "));
    if let Some(router) = router {
        boot.note_infrastructure(router);
        return;
    }
    let address = rest
        .starts_with("state changed ")
        .then(|| address_after(rest, "address="))
        .flatten()
        .or_else(|| leading_address(rest.strip_prefix("address ")?).map(|found| found.0))
        .or_else(|| quoted("option ip_address"));
    if let Some(address) = address {
        let mut statement = Statement::new(Client::NetworkManager, address);
        let named = boot.memory.network_manager_server.as_ref();
        // The server of the other address family has a line of its own.
        statement.server = named
            .filter(|(of, server)| *of == device && server.is_ipv4() == address.is_ipv4())
            .map(|(_, server)| *server);
        statement.device = Some(device);
        statement.pending = rest.ends_with("acd pending");
        boot.state(statement);
    }
}
