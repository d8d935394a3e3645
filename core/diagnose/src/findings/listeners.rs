//! Whether a DHCP server of this computer listens on the machine's network.

use vmkit_survey::{DhcpServer, Listener};
use vmkit_types::{Interface, Reading, escaped};

use super::{servers::serves, sheet::Sheet};
use crate::{Attachment, Facts, FindingCode};

pub(super) fn judge(facts: &Facts<'_>, attachment: &Attachment<'_>, sheet: &mut Sheet) {
    let code = FindingCode::DhcpServerNotListening;
    if !attachment.shared {
        return;
    }
    let listeners = match &facts.survey.listeners {
        Reading::Known(listeners) => listeners.as_slice(),
        Reading::Absent => &[],
        Reading::Unknown(why) => return sheet.unknown(code, why),
    };
    match listeners.iter().find(|listener| may_serve(listener, facts, attachment)) {
        Some(here) => sheet.absent(code, format!("{} listens on UDP port 67", program(here))),
        None => sheet.present(code, elsewhere(listeners, facts)),
    }
}

/// Whether requests of the machine reach this listener. One that is bound to an interface, or to the address
/// of one, serves only its network.
fn may_serve(listener: &Listener, facts: &Facts<'_>, attachment: &Attachment<'_>) -> bool {
    let Some(bridge) = attachment.bridge else { return true };
    let mut own = servers_of(listener, facts).peekable();
    if own.peek().is_some() && own.all(|server| serves(server, attachment) == Some(false)) {
        return false;
    }
    if let Some(interface) = &listener.interface {
        return attachment.passes(interface);
    }
    let interfaces = facts.network.as_ref().known().into_iter().flat_map(|it| &it.interfaces);
    let bound_to = |interface: &Interface| {
        interface.addresses.iter().any(|own| Some(own.address) == listener.address)
    };
    let mut others = interfaces.filter(|interface| interface.name != bridge.name);
    bound_to(bridge) || !others.any(bound_to)
}

/// The servers that a listener may be, by their program.
fn servers_of<'a>(
    listener: &'a Listener,
    facts: &'a Facts<'_>,
) -> impl Iterator<Item = &'a DhcpServer> {
    let servers = facts.survey.servers.as_ref().known().map_or(&[][..], Vec::as_slice);
    servers.iter().filter(|server| listener.program.as_ref() == Some(&server.program))
}

fn elsewhere(listeners: &[Listener], facts: &Facts<'_>) -> String {
    let Some(other) = listeners.first() else {
        return "no program listens on UDP port 67".to_owned();
    };
    if let Some(says) = servers_of(other, facts).find_map(serves_only) {
        return says;
    }
    let place = match (&other.interface, other.address) {
        (Some(interface), _) => escaped(interface),
        (None, Some(address)) => address.to_string(),
        (None, None) => "all interfaces".to_owned(),
    };
    format!("{} listens on UDP port 67, but only at {place}", program(other))
}

/// What a server serves instead of the machine's network.
fn serves_only(server: &DhcpServer) -> Option<String> {
    let name = escaped(&server.program);
    let interfaces: Vec<String> = server.interfaces.iter().map(|it| escaped(it)).collect();
    let pool = server.pools.as_ref().known().and_then(|pools| pools.first());
    let range = pool.map(|pool| format!("{}–{}", pool.first, pool.last));
    match (interfaces.as_slice(), range) {
        ([], None) => None,
        ([], Some(range)) => Some(format!("{name} listens, but has only addresses of {range}")),
        (_, range) => {
            let range = range.map_or_else(String::new, |range| format!(", with {range}"));
            Some(format!("{name} listens, but serves only {}{range}", interfaces.join(", ")))
        }
    }
}

fn program(listener: &Listener) -> String {
    escaped(listener.program.as_deref().unwrap_or("a program"))
}
