//! Which of the machine's requests were answered, and whether it accepts the answers.

use vmkit_dhcp::{Checksum, Message, MessageKind};

use super::{
    asks::Asks,
    messages::{acknowledged, offered, times},
};
use crate::{FindingCode, findings::sheet::Sheet};

pub(super) fn judge(asks: &Asks<'_>, sheet: &mut Sheet) {
    discovers(asks, sheet);
    losses(asks, sheet);
    requests(asks, sheet);
    if asks.renewals > 0 {
        sheet.judged(
            FindingCode::RenewalUnanswered,
            !asks.renewed && asks.renewals > 1,
            format!("it asked {} to renew its lease and got no answer", times(asks.renewals)),
            "its renewal was answered",
        );
    }
}

/// Whether an OFFER came.
fn discovers(asks: &Asks<'_>, sheet: &mut Sheet) {
    if asks.discovers == 0 {
        return;
    }
    match asks.first_offer {
        Some(offer) => sheet.absent(FindingCode::DiscoverUnanswered, offered(offer)),
        // The answer to a single, late request may still be on its way.
        None if asks.discovers > 1 || asks.waited_for_offer => sheet.present(
            FindingCode::DiscoverUnanswered,
            format!("it sent DISCOVER {} and got no OFFER", times(asks.discovers)),
        ),
        None => {}
    }
}

/// Whether some requests were answered and others were not.
fn losses(asks: &Asks<'_>, sheet: &mut Sheet) {
    let (total, answered) = (asks.answered.len(), asks.answered.iter().filter(|a| a.1).count());
    if answered == 0 {
        return;
    }
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
    let later_lost =
        lost(&mut of(MessageKind::Discover).skip(leading)) + lost(&mut of(MessageKind::Request));
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

/// Whether an ACK came.
fn requests(asks: &Asks<'_>, sheet: &mut Sheet) {
    if asks.requests == 0 {
        return;
    }
    let code = FindingCode::AcknowledgementMissing;
    match (asks.acknowledged, asks.refused) {
        (Some(ack), _) => sheet.absent(code, acknowledged(ack)),
        (None, Some(_)) => sheet.absent(code, "it got a NAK instead"),
        (None, None)
            if asks.first_offer.is_some()
                && (asks.requests > 1 || asks.waited_for_acknowledgement) =>
        {
            let times = times(asks.requests);
            sheet.present(code, format!("it sent REQUEST {times} and got neither ACK nor NAK"));
        }
        (None, None) => {}
    }
}

/// Whether the machine accepts the OFFER.
pub(super) fn ignored(messages: &[&Message], at_guest: bool, sheet: &mut Sheet) {
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
