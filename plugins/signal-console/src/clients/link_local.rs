//! avahi-autoipd.

use crate::{
    boot::Boot,
    device::Device,
    line::Line,
    phase::Phase,
    statement::{Client, Statement},
    words::leading_address,
};

/// `avahi-autoipd(eth0)[123]: Successfully claimed IP address 169.254.7.33`
pub(crate) fn claimed(boot: &mut Boot<'_>, line: Line<'_>) {
    let Some((address, ..)) = leading_address(line.after) else { return };
    boot.reach(Phase::LinkLocal);
    let mut statement = Statement::new(Client::Autoipd, address);
    statement.device = line
        .before
        .rsplit_once("avahi-autoipd(")
        .and_then(|(_, after)| after.split_once(')'))
        .and_then(|(name, _)| Device::parse(name));
    boot.state(statement);
}
