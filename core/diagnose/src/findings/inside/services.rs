//! Whether SSH is served in the guest and let through, and how its first boot ended.

use std::net::{IpAddr, Ipv4Addr};

use vmkit_inside::{Inside, Setup, TcpListener};
use vmkit_survey::{Ends, Packet, Passage, RuleSet, Way};
use vmkit_types::{Reading, Unread, escaped};

use super::{super::sheet::Sheet, OwnCard};
use crate::{Facts, FindingCode};

const SSH: u16 = 22;

pub(super) fn judge(
    facts: &Facts<'_>,
    inside: &Inside,
    own: Option<&OwnCard<'_>>,
    sheet: &mut Sheet,
) {
    match &inside.listeners {
        Reading::Known(listeners) => listener(listeners, sheet),
        Reading::Absent => {}
        Reading::Unknown(why) => sheet.unknown(FindingCode::GuestHasNoSshListener, why),
    }
    match &inside.firewall {
        Reading::Known(rules) => firewall(facts, rules, own, sheet),
        Reading::Absent => {}
        Reading::Unknown(why) => sheet.unknown(FindingCode::GuestFirewallDropsSsh, why),
    }
    let code = FindingCode::GuestSetupFailed;
    match &inside.setup {
        Reading::Known(Setup::Failed(why)) => {
            sheet.present(code, format!("cloud-init: {}", escaped(why)));
        }
        Reading::Known(Setup::Done) => sheet.absent(code, "cloud-init has ended well"),
        Reading::Known(Setup::Running) => {
            sheet.unknown(code, &Unread::Failed("cloud-init is still running".to_owned()));
        }
        Reading::Absent => {}
        Reading::Unknown(why) => sheet.unknown(code, why),
    }
}

fn listener(listeners: &[TcpListener], sheet: &mut Sheet) {
    let code = FindingCode::GuestHasNoSshListener;
    let is_inner = |address: Option<IpAddr>| address.is_some_and(|address| address.is_loopback());
    let mut of_ssh = listeners.iter().filter(|listener| listener.port == SSH).peekable();
    if of_ssh.peek().is_none() {
        return sheet.present(code, "nothing in the guest listens on TCP port 22");
    }
    if of_ssh.all(|listener| is_inner(listener.address)) {
        return sheet.present(code, "in the guest, port 22 is open at its loopback alone");
    }
    sheet.absent(code, "a program in the guest listens on TCP port 22");
}

/// What becomes of a connection of this computer, on its way from the guest's card to the server.
fn firewall(facts: &Facts<'_>, rules: &RuleSet, own: Option<&OwnCard<'_>>, sheet: &mut Sheet) {
    let code = FindingCode::GuestFirewallDropsSsh;
    if rules.drops_nothing() {
        return sheet.absent(code, "no rule in the guest drops anything");
    }
    let named = own.and_then(|own| Some((own, own.interfaces.first()?, own.of_v4().next()?.1)));
    let Some((own, card, address)) = named else {
        let why = "the guest's card or address is not known".to_owned();
        return sheet.unknown(code, &Unread::Failed(why));
    };
    let way = Way::arriving(&card.name);
    let ask = |source: Option<Ipv4Addr>| {
        let ends =
            Ends { to: Some(own.mac), source, destination: Some(address), ..Ends::default() };
        rules.passage(&Packet::connection(ends, SSH), &way)
    };
    match ask(host_address(facts, own)) {
        Passage::Drops { rule } if rule.frames == Some(0) => {
            sheet.absent(code, format!("{} has dropped no packet", escaped(&rule.text)));
        }
        Passage::Drops { rule } => {
            sheet.present(code, format!("in the guest: {}", escaped(&rule.text)));
        }
        Passage::Unknown { rule } | Passage::DropsSome { rule, .. } => {
            let why = format!("it depends on this rule of the guest: {}", escaped(&rule.text));
            sheet.unknown(code, &Unread::Malformed(why));
        }
        Passage::Passes { .. } => match ask(None) {
            Passage::Passes { .. } => sheet.absent(code, "the guest's rules let SSH pass"),
            Passage::Drops { rule }
            | Passage::Unknown { rule }
            | Passage::DropsSome { rule, .. } => {
                let rule = escaped(&rule.text);
                sheet.absent(code, format!("the guest lets this computer in, by the rule {rule}"));
            }
        },
    }
}

/// This computer's address in the guest's network.
fn host_address(facts: &Facts<'_>, own: &OwnCard<'_>) -> Option<Ipv4Addr> {
    let network = facts.network.as_ref().known()?;
    let of_host = network.interfaces.iter().flat_map(|interface| &interface.addresses);
    let mut v4 = of_host.filter_map(|prefix| match prefix.address {
        IpAddr::V4(address) => Some(address),
        IpAddr::V6(_) => None,
    });
    v4.find(|address| own.of_v4().any(|(each, _)| each.prefix.contains((*address).into())))
}
