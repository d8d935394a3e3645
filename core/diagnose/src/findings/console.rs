//! What the guest's console shows.

use std::net::IpAddr;

use vmkit_model::Evidence;
use vmkit_types::{Kind, Reading, Unread, attribute, escaped};

use super::sheet::Sheet;
use crate::{Attachment, Facts, FindingCode};

const ALL: [FindingCode; 10] = [
    FindingCode::BootStoppedEarly,
    FindingCode::KernelPanic,
    FindingCode::GuestSeesNoNetworkCard,
    FindingCode::GuestHasNoDhcpClient,
    FindingCode::GuestConfiguresAnotherCard,
    FindingCode::GuestReportsBadChecksums,
    FindingCode::GuestReportsLinkDown,
    FindingCode::GuestDhcpFailed,
    FindingCode::GuestAddressStaticElsewhere,
    FindingCode::GuestSshServerFailed,
];

/// Codes of faults that a console reports, and their findings.
const FAULTS: [(&str, FindingCode); 6] = [
    ("no-network-card", FindingCode::GuestSeesNoNetworkCard),
    ("no-dhcp-client", FindingCode::GuestHasNoDhcpClient),
    ("other-card", FindingCode::GuestConfiguresAnotherCard),
    ("bad-checksums", FindingCode::GuestReportsBadChecksums),
    ("link-down", FindingCode::GuestReportsLinkDown),
    ("ssh-server-failed", FindingCode::GuestSshServerFailed),
];

pub(super) fn judge(facts: &Facts<'_>, attachment: &Attachment<'_>, sheet: &mut Sheet) {
    static_address(facts, attachment, sheet);
    let of = |kind: Kind| facts.evidence.iter().filter(move |item| item.observation.kind == kind);
    let Some(phase) = of(Kind::ConsolePhase).next_back() else {
        let unread = facts
            .evidence
            .iter()
            .map(|item| &item.observation)
            .find(|seen| seen.attribute(attribute::SOURCE) == Some(attribute::CONSOLE));
        let why = unread.map_or(Unread::NotTried, |seen| Unread::Failed(seen.says.clone()));
        return sheet.all_unknown(&ALL, &why);
    };
    let code = phase.observation.attribute(attribute::PHASE).unwrap_or_default();
    let says = phase.observation.says.clone();
    sheet.judged(FindingCode::KernelPanic, code == "panic", &says, &says);
    let finished = phase.observation.attribute(attribute::LOGINS) == Some("finished");
    let early = matches!(code, "none" | "firmware" | "kernel" | "initramfs") && !finished;
    match code {
        // A quiet kernel shows nothing although nothing is wrong.
        "none" if !finished => sheet.unknown(FindingCode::BootStoppedEarly, &Unread::NotTried),
        "panic" => {}
        _ => sheet.judged(FindingCode::BootStoppedEarly, early, &says, &says),
    }
    own_card(facts, phase, sheet);
    for (fault, finding) in FAULTS {
        let item = of(Kind::ConsoleFault)
            .find(|item| item.observation.attribute(attribute::FAULT) == Some(fault));
        if let Some(item) = item {
            sheet.present(finding, item.observation.says.clone());
        }
    }
    let network_up = matches!(code, "dhcp" | "link-local" | "login" | "ssh");
    let address = of(Kind::ConsoleAddress).next_back();
    let leased =
        address.is_some_and(|item| item.observation.attribute(attribute::SERVER).is_some());
    let gave_itself = address.filter(|item| is_link_local(item));
    if matches!(code, "dhcp" | "link-local") || address.is_some() {
        sheet.absent(FindingCode::GuestSeesNoNetworkCard, &says);
    }
    if matches!(code, "dhcp" | "link-local") || leased {
        sheet.absent(FindingCode::GuestHasNoDhcpClient, &says);
    }
    if let Some(local) = gave_itself {
        sheet.present(FindingCode::GuestDhcpFailed, local.observation.says.clone());
    } else if let Some(nothing) = of(Kind::ConsoleNoLease).next_back() {
        sheet.present(FindingCode::GuestDhcpFailed, nothing.observation.says.clone());
    } else if code == "link-local" {
        sheet.present(FindingCode::GuestDhcpFailed, &says);
    } else if let Some(address) = address {
        sheet.absent(FindingCode::GuestDhcpFailed, address.observation.says.clone());
    }
    if code == "ssh" {
        sheet.absent(FindingCode::GuestSshServerFailed, &says);
    }
    if network_up && address.is_some() {
        sheet.absent(FindingCode::GuestReportsLinkDown, &says);
    }
}

/// What follows from the card that the console names: the guest has one, and what it does not find is a card
/// of another name.
fn own_card(facts: &Facts<'_>, phase: &Evidence, sheet: &mut Sheet) {
    let Some(card) = phase.observation.attribute(attribute::GUEST_CARD) else { return };
    let says = format!("its console names its card {}", escaped(card));
    sheet.absent(FindingCode::GuestSeesNoNetworkCard, says);
    let missing = facts.evidence.iter().map(|item| &item.observation).find(|seen| {
        seen.kind == Kind::ConsoleFault
            && seen.attribute(attribute::FAULT) == Some("no-network-card")
    });
    if let Some(missing) = missing {
        let says = format!("{}; its card is {}", missing.says, escaped(card));
        sheet.present(FindingCode::GuestConfiguresAnotherCard, says);
    }
}

/// A guest gives itself an address of 169.254.0.0/16 when it got none.
fn is_link_local(item: &Evidence) -> bool {
    matches!(item.observation.address, Some(IpAddr::V4(address)) if address.is_link_local())
}

/// Whether the machine has a static address outside the networks here. Its ARP frames are the best
/// evidence; an address on its console without a DHCP server is evidence too.
fn static_address(facts: &Facts<'_>, attachment: &Attachment<'_>, sheet: &mut Sheet) {
    let code = FindingCode::GuestAddressStaticElsewhere;
    let networks = attachment.own_networks();
    if networks.is_empty() {
        return;
    }
    let captured = match &facts.guest_traffic {
        Reading::Known(traffic) => Some(*traffic),
        Reading::Absent | Reading::Unknown(_) => None,
    };
    let given = |address: IpAddr| {
        let mut messages = captured.iter().flat_map(|traffic| traffic.messages());
        messages.any(|message| message.yiaddr.is_some_and(|given| IpAddr::from(given) == address))
            || facts.evidence.iter().any(|item| {
                item.observation.address == Some(address)
                    && item.observation.attribute(attribute::SERVER).is_some()
            })
    };
    let elsewhere = |address: IpAddr| {
        let local = matches!(address, IpAddr::V4(v4) if v4.is_link_local() || v4.is_loopback());
        address.is_ipv4() && !local && !networks.iter().any(|own| own.contains(address))
    };
    let used = captured.iter().flat_map(|traffic| &traffic.arp).find_map(|arp| {
        let address =
            IpAddr::from(arp.sender.filter(|_| facts.machine.macs.contains(&arp.sender_mac))?);
        (elsewhere(address) && !given(address)).then_some(address)
    });
    let named = facts.evidence.iter().find_map(|item| {
        let seen = &item.observation;
        let is_static =
            seen.kind == Kind::ConsoleAddress && seen.attribute(attribute::SERVER).is_none();
        let address = seen.address.filter(|address| is_static && elsewhere(*address))?;
        (!given(address)).then_some(address)
    });
    match (used, named) {
        (Some(address), _) => sheet.present(code, format!("it sends ARP as {address}")),
        (None, Some(address)) => {
            let says = format!("its console names {address} and no DHCP server");
            sheet.present(code, says);
        }
        (None, None) => {}
    }
}
