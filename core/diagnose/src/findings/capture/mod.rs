//! DHCP at the machine's port and at the uplink: where an exchange breaks off.

mod answers;
mod asks;
mod messages;
mod passage;
mod presence;
mod sides;

use vmkit_dhcp::Traffic;
use vmkit_types::{Reading, Unread};

use super::sheet::Sheet;
use crate::{Attachment, Facts, FindingCode};
use asks::Asks;
use sides::Sides;

/// Findings that need a capture at the machine's port.
const OF_GUEST_SIDE: [FindingCode; 10] = [
    FindingCode::GuestPortSilent,
    FindingCode::GuestNeverAsks,
    FindingCode::DiscoverUnanswered,
    FindingCode::SomeRequestsUnanswered,
    FindingCode::FirstRequestsUnanswered,
    FindingCode::OfferIgnored,
    FindingCode::OfferChecksumWrong,
    FindingCode::AcknowledgementMissing,
    FindingCode::RenewalUnanswered,
    FindingCode::BroadcastReplyMissing,
];
const OF_UPLINK: [FindingCode; 2] = [FindingCode::OfferNeverArrives, FindingCode::ForeignMacOnAir];
const OF_BOTH: [FindingCode; 3] = [
    FindingCode::RequestLostInHost,
    FindingCode::OfferLostInHost,
    FindingCode::AcknowledgementLostInHost,
];

pub(super) fn judge(facts: &Facts<'_>, attachment: &Attachment<'_>, sheet: &mut Sheet) {
    let sides = Sides::of(facts);
    if let Some(guest) = &sides.guest {
        presence::judge(facts, guest, &sides, sheet);
    }
    if let Some(near) = sides.near() {
        answers::judge(&Asks::of(near, sides.near_end()), sheet);
        answers::ignored(near, sides.guest.is_some(), sheet);
    }
    if let Some(uplink) = sides.uplink.as_ref().filter(|_| attachment.bridged) {
        passage::leaving(facts, attachment, uplink, sides.uplink_end, sheet);
        if let Some(guest) = &sides.guest {
            passage::lost(facts, attachment, guest, uplink, sheet);
        }
    }
    passage::broadcast(&sides, sheet);
    let unread = |side: &Reading<&Traffic>| match side {
        Reading::Unknown(why) => why.clone(),
        Reading::Absent | Reading::Known(_) => Unread::NotTried,
    };
    sheet.all_unknown(&OF_GUEST_SIDE, &unread(&facts.guest_traffic));
    sheet.all_unknown(&OF_UPLINK, &unread(&facts.uplink_traffic));
    let either = match &facts.guest_traffic {
        Reading::Unknown(why) => why.clone(),
        _ => unread(&facts.uplink_traffic),
    };
    sheet.all_unknown(&OF_BOTH, &either);
}
