//! Plugs a machine's card in and starts its QEMU.

use std::{os::fd::OwnedFd, time::Duration};

use vmkit_inventory::derived_mac;
use vmkit_machines::StoredMachine;
use vmkit_plugin_commands::Failure;
use vmkit_power::{
    Acceleration, Architecture, Cable, DiskFile, Plan, Rights, acceleration, find_firmware,
    find_qemu,
};
use vmkit_report::Launch;
use vmkit_rights::{Refusal, SharedNetwork, Tap};
use vmkit_types::{Mac, escaped};

use super::{network::Attachment, prepare::Prepared};
use crate::{launched::Launched, work::Work};

/// The number of the card's descriptor in QEMU: the first after the standard ones.
const DESCRIPTOR: i32 = 3;

/// A cable that is plugged in on this computer's side.
struct Plugged {
    cable: Cable,
    descriptor: Option<OwnedFd>,
    port: Option<String>,
    interface: Option<String>,
}

/// Starts the machine, and remembers its network.
///
/// # Errors
/// It cannot be started; nothing of it is left.
pub(crate) fn launch(prepared: &Prepared, work: &Work<'_>) -> anyhow::Result<Launched> {
    let name = &prepared.name;
    let held = work.data.hold(name)?;
    // As it is now that nobody else changes it.
    let stored = work.data.read(name)?;
    let unknown = || Failure::new(format!("no QEMU here starts `{}`", stored.architecture));
    let architecture = Architecture::from_word(&stored.architecture).ok_or_else(unknown)?;
    let qemu = find_qemu(architecture)?;
    let firmware = find_firmware(architecture, &qemu)?;
    let (acceleration, why_slow) = acceleration(architecture);
    let plugged = plug(prepared, stored.mac, work)?;
    let Plugged { cable, descriptor, port, interface } = plugged;
    let plan = plan(&stored, architecture, acceleration, firmware, cable);
    let descriptors: Vec<_> = descriptor.into_iter().map(|it| (it, DESCRIPTOR)).collect();
    let started = vmkit_power::start(&qemu, &plan, &descriptors)?;
    drop(descriptors);
    let notes = why_slow.into_iter().chain(started.notes.iter().cloned()).collect();
    // It runs now: what cannot be written down does not change that.
    if let Err(error) = work.data.remember(name, &prepared.decision.choice) {
        let error = crate::hint::sentence(&error.into());
        work.say(&format!("warning: the network of {name} is not remembered: {error}"));
    }
    drop(held);
    let launch = Launch {
        mode: prepared.decision.choice.mode,
        interface,
        apart: matches!(prepared.decision.attachment, Attachment::Macvtap(_)),
        acceleration: started.acceleration.word(),
        pid: started.running.pid(),
    };
    Ok(Launched { name: name.clone(), mac: stored.mac, started, port, launch, notes })
}

fn plan(
    stored: &StoredMachine,
    architecture: Architecture,
    acceleration: Acceleration,
    firmware: Option<std::path::PathBuf>,
    cable: Cable,
) -> Plan {
    Plan {
        name: stored.name.clone(),
        directory: stored.directory.clone(),
        architecture,
        acceleration,
        firmware,
        memory_mb: stored.memory_mb,
        vcpus: stored.vcpus,
        disk: DiskFile { path: stored.disk.clone(), format: stored.disk_format.code() },
        seed: stored.seed.clone(),
        mac: stored.mac,
        rights: Rights::for_cable(&cable),
        cable,
        // Builds for other systems have none.
        sandbox: cfg!(target_os = "linux"),
    }
}

/// Makes a port as the machine's, so that one that cannot be attached again is not stopped. The caller keeps
/// it until the machine has its own, so that the shared network stays.
///
/// # Errors
/// The broker makes none.
pub(crate) fn rehearse(prepared: &Prepared, work: &Work<'_>) -> Result<Option<Tap>, Failure> {
    // The kernel lets no two macvtaps of an adapter have one MAC, and the machine still has its own.
    let spare = derived_mac(&format!("{} starts anew", prepared.name));
    Ok(port(prepared, spare, work)?.map(|(tap, _)| tap))
}

/// A port of the broker's; `None`: QEMU makes its own.
fn port(
    prepared: &Prepared,
    mac: Mac,
    work: &Work<'_>,
) -> Result<Option<(Tap, Option<SharedNetwork>)>, Failure> {
    let broker = &work.front.settings.broker;
    let made = match &prepared.decision.attachment {
        Attachment::Bridge(bridge) => broker.tap(bridge).map(|tap| (tap, None)),
        Attachment::Macvtap(uplink) => broker.macvtap(uplink, mac).map(|tap| (tap, None)),
        Attachment::Shared => broker.shared_tap().map(|(tap, network)| (tap, Some(network))),
        Attachment::VmnetBridged(_) | Attachment::VmnetShared => return Ok(None),
    };
    made.map(Some).map_err(|refusal| refused(prepared, &refusal, work))
}

/// Plugs the card in.
fn plug(prepared: &Prepared, mac: Mac, work: &Work<'_>) -> Result<Plugged, Failure> {
    let interface = prepared.decision.attachment.interface().map(str::to_owned);
    let Some((tap, network)) = port(prepared, mac, work)? else {
        let cable = match &interface {
            Some(name) => Cable::VmnetBridged { interface: name.clone() },
            None => Cable::VmnetShared,
        };
        return Ok(Plugged { cable, descriptor: None, port: None, interface });
    };
    let Some(network) = network else { return Ok(of_tap(tap, interface, work)) };
    say_shared(&network, work);
    Ok(of_tap(tap, Some(network.bridge), work))
}

fn of_tap(tap: Tap, interface: Option<String>, work: &Work<'_>) -> Plugged {
    if tap.forwards_after > Duration::ZERO {
        let on = interface.as_deref().unwrap_or_default();
        let seconds = tap.forwards_after.as_secs();
        work.say(&format!("{on} passes frames of a new port after {seconds} s (STP)."));
    }
    let cable = Cable::Tap { descriptor: DESCRIPTOR };
    Plugged { cable, descriptor: Some(tap.descriptor), port: Some(tap.port), interface }
}

fn say_shared(network: &SharedNetwork, work: &Work<'_>) {
    let SharedNetwork { gateway, prefix, moved_because, overlaps, warnings, .. } = network;
    if let Some(why) = moved_because {
        work.say(&format!("The shared network is at {gateway}/{prefix}: {}.", escaped(why)));
    }
    if let Some(what) = overlaps {
        let what = escaped(what);
        work.say(&format!(
            "warning: the shared network {gateway}/{prefix} overlaps {what} since it began; it moves once no VM is on it."
        ));
    }
    for warning in warnings {
        work.say(&format!("warning: {}", escaped(warning)));
    }
}

/// Why the broker made no port, with the command that may.
fn refused(prepared: &Prepared, refusal: &Refusal, work: &Work<'_>) -> Failure {
    let Prepared { name, decision, .. } = prepared;
    let on = match decision.attachment.interface() {
        Some(interface) => format!("to {interface}"),
        None => "to the shared network".to_owned(),
    };
    let failure = Failure::new(format!("cannot attach `{name}` {on}: {}", refusal.message));
    if !refusal.denied || work.front.settings.invoker.privileged {
        return failure;
    }
    let verb = if prepared.running.is_some() { "restart" } else { "start" };
    let mut words = vec!["sudo", "vm", verb, name, "--net", decision.choice.mode.code()];
    words.extend(decision.choice.bridge.iter().flat_map(|bridge| ["--bridge", bridge]));
    failure.with_hint(format!("attaching a VM needs root: {}", work.command(&words)))
}
