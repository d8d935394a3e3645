//! `vm net`.

use std::time::{Instant, SystemTime};

use vmkit_attach::Reach;
use vmkit_doctor::known_router;
use vmkit_model::{Machine, NetworkChoice, Platform, Power};
use vmkit_platform::Platform as _;
use vmkit_plugin_commands::{Ended, Failure, Front, answer};
use vmkit_report::Networks;
use vmkit_types::{HostNetwork, Reading};

use crate::{arguments::Net, work::Work};

/// Shows the adapters and what each mode would mean.
pub(crate) fn net(wanted: &Net, front: Front<'_>, quiet: bool) -> anyhow::Result<Ended> {
    let began = Instant::now();
    let (remembered, runs) = match &wanted.name {
        Some(name) => state(name, front, quiet)?,
        None => (None, false),
    };
    let network = host_network(front)?;
    let router = known_router(&network, front.settings);
    let networks = Networks {
        machine: wanted.name.as_deref(),
        runs,
        network: &network,
        platform: platform(),
        router,
        reach: wanted.reach.map_or(Reach::Unknown, Into::into),
        remembered,
        generated_at: SystemTime::now(),
        elapsed: began.elapsed(),
        place: front.settings.command_place(None),
    };
    answer(|out| {
        if wanted.json {
            networks.write_json(out)
        } else {
            networks.write_text(out, front.terminal)
        }
    })?;
    Ok(Ended::Well)
}

/// The network of the machine's last start, and whether it runs.
fn state(
    name: &str,
    front: Front<'_>,
    quiet: bool,
) -> anyhow::Result<(Option<NetworkChoice>, bool)> {
    let work = Work::open_existing(front, quiet)?;
    let remembered = work.data.read(name)?.network;
    let alive = |machine: &Machine| matches!(machine.power, Power::Running | Power::Paused);
    let runs =
        work.inventory().machines.iter().any(|machine| machine.own_name == name && alive(machine));
    Ok((remembered, runs))
}

/// The network of this computer.
///
/// # Errors
/// It cannot be read.
pub(crate) fn host_network(front: Front<'_>) -> anyhow::Result<HostNetwork> {
    match front.settings.network() {
        Reading::Known(network) => Ok(network),
        Reading::Absent => Ok(HostNetwork::default()),
        Reading::Unknown(why) => {
            Err(Failure::new(format!("the network of this computer is unknown: {why}")).into())
        }
    }
}

/// The system of this computer.
pub(crate) fn platform() -> Platform {
    Platform::named(Some(vmkit_platform::current().name()))
}
