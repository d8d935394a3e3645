//! From a boot to observations.

use vmkit_plugin::{Kind, Observation, attribute};

use crate::{
    boot::{Boot, Logins, NoLease},
    phase::Phase,
    statement::Statement,
};

/// Name of the attribute that holds the guest's own name of its interface. The attribute
/// `interface` is the host's.
const GUEST_INTERFACE: &str = "guest-interface";

/// The observations about machine `vm` from its last boot.
#[expect(clippy::needless_pass_by_value, reason = "a boot is reported once")]
pub(crate) fn observations(vm: usize, boot: Boot<'_>) -> Vec<Observation> {
    let mut phase = Observation::new(vm, Kind::ConsolePhase, words(&boot))
        .with(attribute::PHASE, boot.phase.code())
        .with(attribute::BOOTS, boot.boots.to_string());
    if let Some(seconds) = boot.kernel_seconds {
        phase = phase.with(attribute::KERNEL_S, seconds.to_string());
    }
    phase = match boot.logins {
        Logins::Finished => phase.with(attribute::LOGINS, "finished"),
        Logins::Refused => phase.with(attribute::LOGINS, "refused"),
        Logins::Unsaid => phase,
    };
    if let Some(card) = &boot.card {
        phase = phase.with(attribute::GUEST_CARD, card.to_string());
    }
    let addresses = boot.statements().into_iter().map(|statement| address(vm, &statement));
    let no_lease = boot.no_lease().map(|nothing| no_lease(vm, nothing));
    let complaints = boot.complaints().iter().map(|complaint| {
        Observation::new(vm, Kind::ConsoleFault, complaint.line.clone())
            .with(attribute::FAULT, complaint.fault.code())
    });
    std::iter::once(phase).chain(addresses).chain(no_lease).chain(complaints).collect()
}

fn words(boot: &Boot<'_>) -> String {
    let phase = boot.phase;
    match boot.logins {
        Logins::Finished if phase < Phase::Login => "the last boot has finished".to_owned(),
        Logins::Refused if phase != Phase::Panic => {
            format!("{phase}, and users cannot log in yet")
        }
        _ => phase.to_string(),
    }
}

fn address(vm: usize, statement: &Statement) -> Observation {
    let mut seen =
        Observation::new(vm, Kind::ConsoleAddress, statement.says()).at(statement.address);
    seen.mac = statement.mac;
    let details = [
        (GUEST_INTERFACE, statement.device.as_ref().map(ToString::to_string)),
        (attribute::PREFIX, statement.prefix.map(|prefix| prefix.to_string())),
        (attribute::SERVER, statement.server.map(|server| server.to_string())),
    ];
    details
        .into_iter()
        .filter_map(|(name, value)| value.map(|value| (name, value)))
        .fold(seen, |seen, (name, value)| seen.with(name, value))
}

fn no_lease(vm: usize, nothing: &NoLease) -> Observation {
    let device = nothing.device.as_ref().map_or_else(String::new, |name| format!(" on {name}"));
    Observation::new(vm, Kind::ConsoleNoLease, format!("{}: no lease{device}", nothing.client))
}
