//! DHCP at the machine's port and at the uplink: where an exchange breaks off.

mod asks;
mod sides;

use std::{
    net::{IpAddr, Ipv4Addr},
    time::Duration,
};

use vmkit_dhcp::{Checksum, Message, MessageKind, Traffic};
use vmkit_scoring::Verdict;
use vmkit_types::{InterfaceKind, Mac, Reading, Unread, escaped};

use super::sheet::Sheet;
use crate::{Attachment, Facts, FindingCode};
use asks::Asks;
use sides::Sides;

/// A guest without a lease asks again within this time: clients wait up to 10 s at first
/// (RFC 2131, 4.1), and udhcpc waits longer only after three tries.
const SILENCE: Duration = Duration::from_secs(12);

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
        presence(facts, guest, &sides, sheet);
    }
    if let Some(near) = sides.near() {
        answers(&Asks::of(near), sheet);
        ignored(near, sides.guest.is_some(), sheet);
    }
    if let Some(uplink) = sides.uplink.as_ref().filter(|_| attachment.bridged) {
        leaving(facts, attachment, uplink, sheet);
        if let Some(guest) = &sides.guest {
            lost(guest, uplink, sheet);
        }
    }
    broadcast(&sides, sheet);
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

/// Whether the machine sends anything, and whether it asks for an address.
fn presence(facts: &Facts<'_>, guest: &[&Message], sides: &Sides<'_>, sheet: &mut Sheet) {
    let asks = guest.iter().filter(|message| is_ask(message)).count();
    if asks > 0 {
        let says = format!("it asked {}", times(asks));
        sheet.absent(FindingCode::GuestPortSilent, &says);
        return sheet.absent(FindingCode::GuestNeverAsks, says);
    }
    let Reading::Known(traffic) = facts.guest_traffic else { return };
    // A machine that has its address need not ask.
    if facts.pick.verdict == Verdict::Resolved {
        return;
    }
    // An empty capture without timestamps asserts no traffic.
    let watched =
        traffic.span.map_or(SILENCE, |(from, to)| to.duration_since(from).unwrap_or_default());
    let frames: u64 =
        facts.machine.macs.iter().filter_map(|mac| traffic.frames_by_source.get(mac)).sum();
    let too_short = Unread::Failed(format!("watched for only {} s", watched.as_secs()));
    if let Some(own) = in_use(facts, traffic) {
        let says = format!("it already uses {own}");
        sheet.absent(FindingCode::GuestPortSilent, &says);
        return sheet.unknown(FindingCode::GuestNeverAsks, &Unread::Failed(says));
    }
    let uplink_asks = sides.uplink.iter().flatten().any(|message| is_ask(message));
    if frames > 0 {
        sheet.absent(FindingCode::GuestPortSilent, format!("it sent {frames} frames"));
        if watched >= SILENCE {
            let says = format!("it sent {frames} frames and no DHCP request");
            sheet.present(FindingCode::GuestNeverAsks, says);
        } else {
            sheet.unknown(FindingCode::GuestNeverAsks, &too_short);
        }
    } else if uplink_asks {
        let why =
            Unread::Failed("its requests appear at the uplink but not at its port".to_owned());
        sheet.all_unknown(&[FindingCode::GuestPortSilent, FindingCode::GuestNeverAsks], &why);
    } else if watched >= SILENCE {
        sheet.present(FindingCode::GuestPortSilent, format!("no frame in {} s", watched.as_secs()));
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

/// Which of the machine's requests were answered.
fn answers(asks: &Asks<'_>, sheet: &mut Sheet) {
    let discovers = asks.discovers;
    if discovers > 0 {
        match asks.first_offer {
            Some(offer) => sheet.absent(FindingCode::DiscoverUnanswered, offered(offer)),
            // The answer to a single, late request may still be on its way.
            None if discovers > 1 || asks.waited_for_last => sheet.present(
                FindingCode::DiscoverUnanswered,
                format!("it sent DISCOVER {} and got no OFFER", times(discovers)),
            ),
            None => {}
        }
    }
    let (total, answered) = (asks.answered.len(), asks.answered.iter().filter(|a| a.1).count());
    if answered > 0 {
        let of = |kind: MessageKind| {
            let asked = asks.answered.iter().filter(move |asked| asked.0 == kind);
            asked.map(|asked| asked.1)
        };
        // A capture that starts within an exchange starts with a REQUEST, which does not count.
        let leading = of(MessageKind::Discover).take_while(|answered| !*answered).count();
        let lost = |answers: &mut dyn Iterator<Item = bool>| {
            let answers: Vec<bool> = answers.collect();
            let lost = answers.iter().filter(|answered| !**answered).count();
            // If all of one kind are lost, that is a pattern and not random loss.
            if lost == answers.len() { 0 } else { lost }
        };
        let later_lost = lost(&mut of(MessageKind::Discover).skip(leading))
            + lost(&mut of(MessageKind::Request));
        let leading = if of(MessageKind::Discover).any(|answered| answered) { leading } else { 0 };
        sheet.judged(
            FindingCode::SomeRequestsUnanswered,
            later_lost > 0,
            format!("{} of {total} requests got no answer", total - answered),
            format!("{answered} of {total} requests were answered"),
        );
        sheet.judged(
            FindingCode::FirstRequestsUnanswered,
            leading > 0 && later_lost == 0,
            format!("the first {leading} requests got no answer, the next did"),
            format!("{answered} of {total} requests were answered"),
        );
    }
    if asks.requests > 0 {
        match (asks.acknowledged, asks.refused) {
            (Some(ack), _) => sheet.absent(FindingCode::AcknowledgementMissing, acknowledged(ack)),
            (None, Some(_)) => {
                sheet.absent(FindingCode::AcknowledgementMissing, "it got a NAK instead");
            }
            (None, None)
                if asks.first_offer.is_some() && (asks.requests > 1 || asks.waited_for_last) =>
            {
                sheet.present(
                    FindingCode::AcknowledgementMissing,
                    format!("it sent REQUEST {} and got neither ACK nor NAK", times(asks.requests)),
                );
            }
            (None, None) => {}
        }
    }
    if asks.renewals > 0 {
        sheet.judged(
            FindingCode::RenewalUnanswered,
            !asks.renewed && asks.renewals > 1,
            format!("it asked {} to renew its lease and got no answer", times(asks.renewals)),
            "its renewal was answered",
        );
    }
}

/// Whether the machine accepts the OFFER.
fn ignored(messages: &[&Message], at_guest: bool, sheet: &mut Sheet) {
    let offers: Vec<_> = messages.iter().filter(|m| m.kind == MessageKind::Offer).collect();
    let Some(first) = offers.first().filter(|_| at_guest) else { return };
    if let Some(request) =
        messages.iter().find(|m| m.kind == MessageKind::Request && m.at >= first.at)
    {
        let wanted =
            request.requested.map_or_else(String::new, |address| format!(" for {address}"));
        sheet.absent(
            FindingCode::OfferIgnored,
            format!("it answers the OFFER with a REQUEST{wanted}"),
        );
        // Frames that this computer itself sends have no checksum until they leave it.
        return sheet.absent(FindingCode::OfferChecksumWrong, "it accepts the OFFER");
    }
    let asked_on = messages.iter().any(|m| m.kind == MessageKind::Discover && m.at > first.at);
    if !asked_on && offers.len() < 2 {
        return;
    }
    sheet.present(FindingCode::OfferIgnored, format!("{}; no REQUEST follows", offered(first)));
    let wrong = offers.iter().filter(|offer| offer.checksum == Checksum::Wrong).count();
    let checked = offers.iter().any(|offer| offer.checksum != Checksum::Unchecked);
    if checked {
        sheet.judged(
            FindingCode::OfferChecksumWrong,
            wrong > 0,
            format!("the checksum of {wrong} of {} OFFERs is wrong", offers.len()),
            "the checksum of the OFFER is right",
        );
    }
}

/// What leaves by the uplink, and whether replies come back.
fn leaving(facts: &Facts<'_>, attachment: &Attachment<'_>, uplink: &[&Message], sheet: &mut Sheet) {
    let asks = Asks::of(uplink);
    if asks.discovers > 0 {
        match asks.first_offer {
            Some(offer) => sheet.absent(FindingCode::OfferNeverArrives, offered(offer)),
            None if asks.discovers > 1 || asks.waited_for_last => sheet.present(
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
fn lost(guest: &[&Message], uplink: &[&Message], sheet: &mut Sheet) {
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
        if total > 0 {
            let says = format!("{arrived} of {total}: {what}");
            sheet.judged(code, arrived == 0, &says, &says);
        }
    }
}

/// Whether replies arrive that the machine asked to get by broadcast.
fn broadcast(sides: &Sides<'_>, sheet: &mut Sheet) {
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

fn is_ask(message: &Message) -> bool {
    matches!(message.kind, MessageKind::Discover | MessageKind::Request)
}

fn is_reply(message: &Message) -> bool {
    matches!(message.kind, MessageKind::Offer | MessageKind::Ack | MessageKind::Nak)
}

fn times(count: usize) -> String {
    match count {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        more => format!("{more} times"),
    }
}

fn offered(offer: &Message) -> String {
    let server = offer.server.map_or_else(String::new, |server| format!(" by {server}"));
    let address = offer.yiaddr.map_or_else(|| "an address".to_owned(), |a| a.to_string());
    format!("{address} was offered{server}")
}

fn acknowledged(ack: &Message) -> String {
    let server = ack.server.map_or_else(String::new, |server| format!(" by {server}"));
    let address = ack.yiaddr.map_or_else(|| "its address".to_owned(), |a| a.to_string());
    format!("{address} was acknowledged{server}")
}
