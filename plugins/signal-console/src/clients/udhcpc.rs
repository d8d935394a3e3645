//! busybox udhcpc. It never names its interface.

use std::net::IpAddr;

use crate::{
    boot::Boot,
    line::Line,
    phase::Phase,
    statement::{Client, Statement},
    words::{address_after, leading_address},
};

/// `udhcpc: broadcasting select for 10.0.2.15, server 10.0.2.2`
pub(crate) fn select(boot: &mut Boot<'_>, line: Line<'_>) {
    boot.reach(Phase::Dhcp);
    if let Some(server) = address_after(line.after, ", server ") {
        boot.note_infrastructure(server);
    }
}

/// `udhcpc: lease of 10.0.2.15 obtained from 10.0.2.2, lease time 86400`; before busybox 1.31
/// `Lease of 10.0.2.15 obtained, lease time 86400`.
pub(crate) fn lease(boot: &mut Boot<'_>, line: Line<'_>) {
    let Some((address @ IpAddr::V4(_), _, rest)) = leading_address(line.after) else { return };
    let Some(rest) = rest.strip_prefix(" obtained") else { return };
    boot.reach(Phase::Dhcp);
    let mut statement = Statement::new(Client::Udhcpc, address);
    statement.server = address_after(rest, " from ");
    boot.state(statement);
}

/// `udhcpc: lease lost, entering init state`, `udhcpc: unicasting a release of 10.0.2.15 to …`
pub(crate) fn lost(boot: &mut Boot<'_>, _: Line<'_>) {
    boot.lose(Client::Udhcpc, None);
}

/// `udhcpc: no lease, failing`, `udhcpc: no lease, forking to background`
pub(crate) fn no_lease(boot: &mut Boot<'_>, line: Line<'_>) {
    if ["ailing", "orking"].iter().any(|rest| line.after.starts_with(rest)) {
        boot.reach(Phase::Dhcp);
        boot.lose(Client::Udhcpc, None);
    }
}
