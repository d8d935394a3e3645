//! What the guest itself says about its network, where it was asked from inside.

mod card;
mod own;
mod services;
mod way_out;

use vmkit_inside::{GuestCard, Inside};
use vmkit_types::{Reading, Unread};

use super::sheet::Sheet;
use crate::{Attachment, Facts, FindingCode};
use own::OwnCard;

/// The findings that nothing else shows.
pub(super) const ALL: [FindingCode; 5] = [
    FindingCode::GuestHasNoDefaultRoute,
    FindingCode::GuestResolverSilent,
    FindingCode::GuestFirewallDropsSsh,
    FindingCode::GuestHasNoSshListener,
    FindingCode::GuestSetupFailed,
];

pub(super) fn judge(facts: &Facts<'_>, attachment: &Attachment<'_>, sheet: &mut Sheet) {
    let inside = match facts.inside {
        Reading::Known(inside) => inside,
        Reading::Absent => return,
        Reading::Unknown(ref why) => return sheet.all_unknown(&ALL, why),
    };
    let own = OwnCard::of(facts, &inside.cards);
    card::judge(inside, own.as_ref(), attachment, sheet);
    if is_another(facts, inside) {
        let why = "the answers are of a guest without the VM's MAC".to_owned();
        return sheet.all_unknown(&ALL, &Unread::Failed(why));
    }
    way_out::judge(facts, inside, own.as_ref(), sheet);
    services::judge(facts, inside, own.as_ref(), sheet);
}

/// Whether the guest shows its cards, and none of them is the VM's.
fn is_another(facts: &Facts<'_>, inside: &Inside) -> bool {
    let macs = &facts.machine.macs;
    let Reading::Known(cards) = &inside.cards else { return false };
    let is_own = |card: &GuestCard| card.mac.is_some_and(|mac| macs.contains(&mac));
    !macs.is_empty() && !cards.is_empty() && !cards.iter().any(is_own)
}
