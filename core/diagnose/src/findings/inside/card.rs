//! Whether the guest has its card, a link and somebody who gives it an address.

use vmkit_inside::{Inside, Lease};
use vmkit_types::{Reading, Unread, escaped};

use super::{super::sheet::Sheet, OwnCard};
use crate::{Attachment, FindingCode};

/// Programs that ask for an address wherever they run.
const CLIENTS: [&str; 5] = ["dhclient", "dhcpcd", "udhcpc", "connmand", "wickedd-dhcp4"];
/// Programs that ask only on the cards that they manage.
const MANAGERS: [(&str, &str); 3] = [
    ("systemd-network", "systemd-networkd"),
    ("systemd-networkd", "systemd-networkd"),
    ("NetworkManager", "NetworkManager"),
];

pub(super) fn judge(
    inside: &Inside,
    own: Option<&OwnCard<'_>>,
    attachment: &Attachment<'_>,
    sheet: &mut Sheet,
) {
    if let Reading::Known(cards) = &inside.cards {
        let code = FindingCode::GuestSeesNoNetworkCard;
        match own {
            Some(own) => sheet.absent(code, format!("the guest has it as {}", own.named())),
            None if cards.is_empty() => sheet.present(code, "the guest lists no network card"),
            None => {
                let why = "no card of the guest has the MAC that the VM was given".to_owned();
                sheet.unknown(code, &Unread::Failed(why));
            }
        }
    }
    let Some(own) = own else { return };
    link(own, sheet);
    addresses(own, attachment, sheet);
    lease(inside, own, sheet);
    client(inside, own, sheet);
}

fn link(own: &OwnCard<'_>, sheet: &mut Sheet) {
    let code = FindingCode::GuestReportsLinkDown;
    let is_up = own.interfaces.iter().any(|card| card.up && card.carrier);
    let why = match own.interfaces.first() {
        Some(card) if !card.up => "is not set up",
        _ => "has no link",
    };
    let (yes, no) = (format!("{} {why}", own.named()), format!("{} is up", own.named()));
    sheet.judged(code, !is_up, yes, no);
}

/// Whether its addresses are of a network here.
fn addresses(own: &OwnCard<'_>, attachment: &Attachment<'_>, sheet: &mut Sheet) {
    let code = FindingCode::GuestAddressStaticElsewhere;
    let networks = attachment.own_networks();
    if networks.is_empty() {
        return;
    }
    let is_here = |address| networks.iter().any(|network| network.contains(address));
    let mut all = own.of_v4();
    if let Some((here, _)) = own.of_v4().find(|(each, _)| is_here(each.prefix.address)) {
        sheet.absent(code, format!("{} has {}", own.named(), here.prefix));
    } else if let Some((other, _)) = all.find(|(each, _)| !each.dynamic) {
        sheet.present(code, format!("{} has the fixed address {}", own.named(), other.prefix));
    }
}

/// What DHCP came to: the address that is there now says more than a line of the journal.
fn lease(inside: &Inside, own: &OwnCard<'_>, sheet: &mut Sheet) {
    let code = FindingCode::GuestDhcpFailed;
    if let Some((given, _)) = own.of_v4().find(|(each, _)| each.dynamic) {
        let says = format!("{} has {} by DHCP", own.named(), given.prefix);
        sheet.absent(code, says.clone());
        return sheet.absent(FindingCode::GuestHasNoDhcpClient, says);
    }
    let lacks = own.of_v4().next().is_none();
    if let (true, Reading::Known(Lease::Missing(line))) = (lacks, &inside.lease) {
        sheet.present(code, format!("its journal says: {}", escaped(line)));
    }
}

/// Whether anything in the guest asks for an address, where its card has none.
fn client(inside: &Inside, own: &OwnCard<'_>, sheet: &mut Sheet) {
    let code = FindingCode::GuestHasNoDhcpClient;
    let Reading::Known(programs) = &inside.programs else { return };
    if let Some(client) = programs.iter().find(|program| CLIENTS.contains(program)) {
        return sheet.absent(code, format!("{client} runs in the guest"));
    }
    if own.of_v4().next().is_some() {
        return;
    }
    let mut left: Vec<String> = Vec::new();
    for (_, manager) in MANAGERS.iter().filter(|(process, _)| programs.contains(process)) {
        let rows = inside.managed.as_ref().known().into_iter().flatten();
        let of_card = rows.filter(|row| {
            row.manager == *manager && own.interfaces.iter().any(|card| card.name == row.card)
        });
        let states: Vec<_> = of_card.collect();
        match states.as_slice() {
            [] => {
                let why = format!("{manager} runs in the guest, and its state is not known");
                return sheet.unknown(code, &Unread::Failed(why));
            }
            states if states.iter().all(|state| state.is_left_alone()) => {
                left.extend(states.iter().map(|it| format!("{manager}: {}", escaped(&it.state))));
            }
            [first, ..] => {
                let state = escaped(&first.state);
                let says = format!("{manager} manages {}: {state}", own.named());
                return sheet.absent(code, says);
            }
        }
    }
    let others = if left.is_empty() { String::new() } else { format!(" ({})", left.join(", ")) };
    sheet.present(code, format!("nothing in the guest asks for {}{others}", own.named()));
}
