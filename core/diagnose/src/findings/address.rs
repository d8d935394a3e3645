//! What the signals together say about the machine's address.

use std::net::IpAddr;

use vmkit_model::Evidence;
use vmkit_scoring::{Candidate, Flag, Verdict, WhyNot};
use vmkit_types::{Kind, Mac, Unread, attribute, escaped};

use super::{
    proxy_arp,
    reachability::{self, is_translated},
    sheet::Sheet,
};
use crate::{
    Attachment, Facts, FindingCode,
    ledger::{asks_in_vain, best, evidence_of, is_outdated},
};

pub(super) fn judge(facts: &Facts<'_>, attachment: &Attachment<'_>, sheet: &mut Sheet) {
    missing(facts, sheet);
    let pick = facts.pick;
    if matches!(pick.verdict, Verdict::NotRunning | Verdict::NotChecked) {
        return;
    }
    let is_local = |c: &&Candidate| c.flags.contains(&Flag::LinkLocal) && c.address.is_ipv4();
    let local = pick.candidates.iter().find(is_local);
    match local {
        Some(local) if pick.address.is_none_or(|address| address.is_ipv6()) => {
            sheet.present(FindingCode::AddressLinkLocal, format!("it has {}", local.address));
        }
        Some(_) | None => {
            sheet.absent(FindingCode::AddressLinkLocal, "");
        }
    }
    only_ipv6(facts, sheet);
    let Some(best) = best(facts) else { return };
    two_owners(facts, best, sheet);
    answers_as_another(facts, attachment, best, sheet);
    host_key(best, sheet);
    off_subnet(facts, attachment, best, sheet);
    reachability::judge(facts, attachment, best, sheet);
    proxy_arp::judge(facts, best, sheet);
}

fn missing(facts: &Facts<'_>, sheet: &mut Sheet) {
    let (code, pick) = (FindingCode::AddressMissing, facts.pick);
    match (pick.verdict, pick.address) {
        (Verdict::Probable, Some(address)) if is_outdated(facts, address) => {
            sheet.present(
                code,
                format!("{address} may be from an earlier boot, and nobody answers there"),
            );
        }
        (Verdict::Resolved | Verdict::Probable, Some(IpAddr::V6(address)))
            if asks_in_vain(facts) =>
        {
            sheet.present(code, format!("it has {address}, and asks for an IPv4 address in vain"));
        }
        (Verdict::Resolved | Verdict::Probable, Some(address)) => {
            sheet.absent(code, format!("it has {address}"));
        }
        (Verdict::NoAddress, _) => sheet.present(code, "no signal reports one"),
        (Verdict::Ambiguous, _) => sheet.present(code, "no reported address is likely"),
        _ => sheet.unknown(code, &Unread::NotTried),
    }
}

fn only_ipv6(facts: &Facts<'_>, sheet: &mut Sheet) {
    let code = FindingCode::AddressOnlyIpv6;
    match facts.pick.address {
        // Then IPv6 is what is left to it, and not what it is limited to.
        Some(IpAddr::V6(address)) if asks_in_vain(facts) => {
            let why = format!("it has {address}, and asks for an IPv4 address as well");
            sheet.unknown(code, &Unread::Failed(why));
        }
        Some(IpAddr::V6(address)) => {
            sheet.present(code, format!("it has {address} and no IPv4 address"));
        }
        Some(IpAddr::V4(address)) => sheet.absent(code, format!("it has {address}")),
        None => {}
    }
}

fn two_owners(facts: &Facts<'_>, best: &Candidate, sheet: &mut Sheet) {
    let code = FindingCode::AddressHasTwoOwners;
    let duplicate = best.ledger.iter().find(|entry| {
        let seen = &entry.evidence.observation;
        let repliers = seen.attribute(attribute::MACS).unwrap_or_default();
        let of_other = |mac: &Mac| {
            let mut holders = facts.machines.with_mac(*mac);
            !facts.machine.macs.contains(mac) && holders.any(|it| it.name != facts.machine.name)
        };
        let macs = repliers.split(|c: char| !c.is_ascii_hexdigit() && c != ':');
        seen.kind == Kind::ArpDuplicate
            && macs.filter_map(|mac| mac.parse().ok()).chain(seen.mac).any(|mac| of_other(&mac))
    });
    if let Some(entry) = duplicate {
        let says = entry.evidence.observation.says.clone();
        sheet.present(FindingCode::AddressSharedWithMachine, format!("{}: {says}", best.address));
    } else if let Some(seen) = evidence_of(best, &[Kind::ArpDuplicate, Kind::ArpReply]) {
        sheet.absent(FindingCode::AddressSharedWithMachine, seen.observation.says.clone());
    }
    if let Some(seen) = evidence_of(best, &[Kind::ArpDuplicate]) {
        sheet.present(code, format!("{}: {}", best.address, seen.observation.says));
    } else if best.flags.contains(&Flag::DuplicateIp) {
        sheet.present(code, format!("{} is held by the MACs of two machines", best.address));
    } else if let Some(seen) =
        evidence_of(best, &[Kind::ArpReply]).or_else(|| answered_by_others_only(best))
    {
        // If only another machine answers, this one may have given the address up.
        if seen.observation.mac.is_none_or(|mac| facts.machine.macs.contains(&mac)) {
            sheet.absent(code, seen.observation.says.clone());
        }
    }
}

/// A probe that counted the answers and got none from the machine: it does not hold the address too.
fn answered_by_others_only(best: &Candidate) -> Option<&Evidence> {
    let mut seen = best.ledger.iter().map(|entry| &entry.evidence);
    seen.find(|item| {
        item.observation.kind == Kind::NeighbourOtherMac
            && item.observation.attribute(attribute::MACS).is_some()
    })
}

fn answers_as_another(
    facts: &Facts<'_>,
    attachment: &Attachment<'_>,
    best: &Candidate,
    sheet: &mut Sheet,
) {
    let code = FindingCode::AddressAnswersAsAnother;
    let other = best.ledger.iter().find_map(|entry| {
        let kind = &entry.evidence.observation.kind;
        (*kind == Kind::NeighbourOtherMac
            && !matches!(entry.why_not, Some(WhyNot::AnswersForMany(_))))
        .then_some(&entry.evidence)
    });
    match other {
        Some(seen) if is_translated(facts, attachment, seen.observation.mac) => {}
        Some(seen) => {
            sheet.present(code, format!("{}: {}", best.address, seen.observation.says));
        }
        None => {
            let own = [Kind::NeighbourReachable, Kind::NeighbourStale, Kind::ArpReply];
            if let Some(seen) = evidence_of(best, &own) {
                sheet.absent(code, format!("{}: {}", best.address, seen.observation.says));
            }
        }
    }
}

fn host_key(best: &Candidate, sheet: &mut Sheet) {
    let code = FindingCode::AddressHostKeyDiffers;
    if let Some(seen) = evidence_of(best, &[Kind::SshOtherHostKey]) {
        sheet.present(code, format!("{}: {}", best.address, seen.observation.says));
    } else if let Some(seen) = evidence_of(best, &[Kind::SshHostKey]) {
        sheet.absent(code, format!("{}: {}", best.address, seen.observation.says));
    }
}

fn off_subnet(facts: &Facts<'_>, attachment: &Attachment<'_>, best: &Candidate, sheet: &mut Sheet) {
    if !matches!(facts.network, vmkit_types::Reading::Known(_)) {
        return;
    }
    let off = best.flags.contains(&Flag::OffSubnet);
    if let Some(vlan) = attachment.foreign_vlan().filter(|_| off) {
        let says =
            format!("it may be in a VLAN of {} where this computer has no address", escaped(vlan));
        return sheet.unknown(FindingCode::AddressOffSubnet, &Unread::Failed(says));
    }
    sheet.judged(
        FindingCode::AddressOffSubnet,
        off,
        format!("{} is in no network of this computer", best.address),
        format!("{} is in a network of this computer", best.address),
    );
}
