//! Messages on their way through this computer and back.

use std::time::SystemTime;

use vmkit_dhcp::{Message, MessageKind};
use vmkit_model::Platform;
use vmkit_types::{InterfaceKind, Mac, Reading, Unread, escaped};

use super::{
    asks::Asks,
    messages::{is_ask, is_reply, offered, times},
    sides::Sides,
};
use crate::{Attachment, Facts, FindingCode, findings::sheet::Sheet};

/// What leaves by the uplink, and whether replies come back until the capture ends.
pub(super) fn leaving(
    facts: &Facts<'_>,
    attachment: &Attachment<'_>,
    uplink: &[&Message],
    end: Option<SystemTime>,
    sheet: &mut Sheet,
) {
    let asks = Asks::of(uplink, end);
    if asks.discovers > 0 {
        match asks.first_offer {
            Some(offer) => sheet.absent(FindingCode::OfferNeverArrives, offered(offer)),
            None if asks.discovers > 1 || asks.waited_for_offer => sheet.present(
                FindingCode::OfferNeverArrives,
                format!("DISCOVER left {} and nothing came back", times(asks.discovers)),
            ),
            None => {}
        }
    }
    let Some(up) = attachment.uplink.filter(|uplink| uplink.kind == InterfaceKind::Wifi) else {
        return;
    };
    let own = |mac: &Mac| facts.machine.macs.contains(mac);
    let sent = uplink.iter().find(|message| is_ask(message));
    if let Some(message) = sent {
        let says = format!("{} sends it as {}", escaped(&up.name), message.source_mac);
        sheet.judged(FindingCode::ForeignMacOnAir, own(&message.source_mac), &says, &says);
    }
}

/// Messages that were seen on one side of this computer and not on the other.
pub(super) fn lost(
    facts: &Facts<'_>,
    attachment: &Attachment<'_>,
    guest: &[&Message],
    uplink: &[&Message],
    sheet: &mut Sheet,
) {
    let passed = |from: &[&Message], to: &[&Message], kind: MessageKind| {
        let of_kind = from.iter().filter(|message| message.kind == kind);
        let total = of_kind.clone().count();
        let arrived = of_kind
            .filter(|message| to.iter().any(|m| m.kind == kind && m.xid == message.xid))
            .count();
        (total, arrived)
    };
    let rows = [
        (FindingCode::RequestLostInHost, guest, uplink, MessageKind::Discover, "DISCOVER leaves"),
        (FindingCode::OfferLostInHost, uplink, guest, MessageKind::Offer, "OFFER reaches the VM"),
        (
            FindingCode::AcknowledgementLostInHost,
            uplink,
            guest,
            MessageKind::Ack,
            "ACK reaches the VM",
        ),
    ];
    for (code, from, to, kind, what) in rows {
        let (total, arrived) = passed(from, to, kind);
        let doubted = code == FindingCode::RequestLostInHost && arrived == 0;
        if let (true, Some(why)) = (doubted && total > 0, doubt_of_uplink(facts, attachment)) {
            sheet.unknown(code, &why);
        } else if total > 0 {
            let says = format!("{arrived} of {total}: {what}");
            sheet.judged(code, arrived == 0, &says, &says);
        }
    }
}

/// Why a frame that is missing at the uplink may have left all the same. macOS's captures are reported to
/// show a card's own frames and not those that a bridge forwards to it, so one of these must have been seen.
fn doubt_of_uplink(facts: &Facts<'_>, attachment: &Attachment<'_>) -> Option<Unread> {
    let Reading::Known(traffic) = &facts.uplink_traffic else { return None };
    if facts.platform != Platform::MacOs {
        return None;
    }
    let uplink = attachment.uplink?;
    // Over Wi-Fi every frame of a machine has the MAC of this computer.
    let translated = uplink.mac.filter(|_| uplink.kind == InterfaceKind::Wifi);
    let mut sources = traffic.frames_by_source.keys();
    let believed = sources.any(|source| {
        translated == Some(*source) || facts.machines.with_mac(*source).next().is_some()
    });
    let name = escaped(&uplink.name);
    let why = format!(
        "{name} showed no frame of any VM: macOS may not show there what a bridge forwards"
    );
    (!believed).then_some(Unread::Failed(why))
}

/// Whether replies arrive that the machine asked to get by broadcast.
pub(super) fn broadcast(sides: &Sides<'_>, sheet: &mut Sheet) {
    let code = FindingCode::BroadcastReplyMissing;
    let Some(near) = sides.near() else { return };
    let wants = near.iter().any(|message| is_ask(message) && message.broadcast_flag);
    if !wants {
        let asks = near.iter().any(|message| is_ask(message));
        if asks {
            sheet.absent(code, "it does not ask for broadcast replies");
        }
        return;
    }
    let by_broadcast =
        |message: &&&Message| is_reply(message) && message.destination_mac.is_broadcast();
    if let Some(reply) = near.iter().find(by_broadcast) {
        sheet.absent(code, format!("{:?} came by broadcast", reply.kind));
    } else if near.iter().any(|message| is_reply(message)) {
        sheet.absent(code, "it gets replies");
    } else if let Some(reply) = sides.uplink.iter().flatten().find(by_broadcast) {
        sheet.present(code, format!("{:?} reached the uplink by broadcast", reply.kind));
    } else {
        // Without any reply, the broadcast flag makes no difference.
        sheet.unknown(code, &Unread::Failed("no reply of any kind was seen".to_owned()));
    }
}
