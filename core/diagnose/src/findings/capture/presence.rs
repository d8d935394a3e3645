//! Whether the machine sends anything, and whether it asks for an address.

use std::{
    net::{IpAddr, Ipv4Addr},
    time::Duration,
};

use vmkit_dhcp::{Message, Traffic};
use vmkit_scoring::{Pick, Verdict};
use vmkit_types::{Reading, Unread};

use super::{
    messages::{is_ask, times},
    sides::Sides,
};
use crate::{Attachment, Facts, FindingCode, findings::sheet::Sheet};

/// A guest without a lease asks again within this time: clients wait up to 10 s at first
/// (RFC 2131, 4.1), and udhcpc waits longer only after three tries.
const SILENCE: Duration = Duration::from_secs(12);

/// From this probability on an address counts as the machine's, even if only the guest vouches for it or
/// it is in no network of this computer.
const LIKELY: f64 = 0.9;

/// Whether the machine has its address, and need not ask for one.
fn has_address(pick: &Pick) -> bool {
    let likely = pick.picked().is_some_and(|it| it.probability >= LIKELY && !it.contested);
    pick.verdict == Verdict::Resolved || likely
}

/// Whether the machine sends anything, and whether it asks for an address.
pub(super) fn judge(facts: &Facts<'_>, guest: &[&Message], sides: &Sides<'_>, sheet: &mut Sheet) {
    let asks = guest.iter().filter(|message| is_ask(message)).count();
    if asks > 0 {
        let says = format!("it asked {}", times(asks));
        sheet.absent(FindingCode::GuestPortSilent, &says);
        return sheet.absent(FindingCode::GuestNeverAsks, says);
    }
    let Reading::Known(traffic) = facts.guest_traffic else { return };
    if has_address(facts.pick) {
        return;
    }
    let watched = traffic.span.map(|(from, to)| to.duration_since(from).unwrap_or_default());
    let frames: u64 =
        facts.machine.macs.iter().filter_map(|mac| traffic.frames_by_source.get(mac)).sum();
    let too_short = Unread::Failed(match watched {
        Some(watched) => format!("watched for only {} s", watched.as_secs()),
        None => "the capture does not say how long it took".to_owned(),
    });
    let long = watched.filter(|watched| *watched >= SILENCE);
    if let Some(own) = in_use(facts, traffic) {
        let says = format!("it already uses {own}");
        sheet.absent(FindingCode::GuestPortSilent, &says);
        return sheet.unknown(FindingCode::GuestNeverAsks, &Unread::Failed(says));
    }
    let uplink_asks = sides.uplink.iter().flatten().any(|message| is_ask(message));
    if frames > 0 {
        sheet.absent(FindingCode::GuestPortSilent, format!("it sent {frames} frames"));
        if long.is_some() {
            let says = format!("it sent {frames} frames and no DHCP request");
            sheet.present(FindingCode::GuestNeverAsks, says);
        } else {
            sheet.unknown(FindingCode::GuestNeverAsks, &too_short);
        }
    } else if uplink_asks {
        let why =
            Unread::Failed("its requests appear at the uplink but not at its port".to_owned());
        sheet.all_unknown(&[FindingCode::GuestPortSilent, FindingCode::GuestNeverAsks], &why);
    } else if let Some(watched) = long {
        sheet.present(FindingCode::GuestPortSilent, format!("no frame in {} s", watched.as_secs()));
    } else if watched.is_none() {
        // In the file of another program a silent guest has no frame, and so no times.
        sheet.present(FindingCode::GuestPortSilent, "its capture holds no frame");
    } else {
        sheet.all_unknown(&[FindingCode::GuestPortSilent, FindingCode::GuestNeverAsks], &too_short);
    }
}

/// The address in one of this computer's networks that the machine uses in ARP.
fn in_use(facts: &Facts<'_>, traffic: &Traffic) -> Option<Ipv4Addr> {
    let networks = Attachment::of(facts).networks();
    let own = traffic.arp.iter().filter(|arp| facts.machine.macs.contains(&arp.sender_mac));
    own.filter_map(|arp| arp.sender)
        .find(|address| networks.iter().any(|network| network.contains(IpAddr::from(*address))))
}
