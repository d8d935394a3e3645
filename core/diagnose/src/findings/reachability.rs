//! Whether the machine answers at its address.

use vmkit_model::{Evidence, Platform};
use vmkit_scoring::Candidate;
use vmkit_types::{InterfaceKind, Kind, Mac, Unread, attribute, escaped};

use super::sheet::Sheet;
use crate::{
    Attachment, Facts, FindingCode,
    ledger::{evidence_of, has_now},
};

pub(super) fn judge(
    facts: &Facts<'_>,
    attachment: &Attachment<'_>,
    best: &Candidate,
    sheet: &mut Sheet,
) {
    let at = |seen: &Evidence| format!("{}: {}", best.address, escaped(&seen.observation.says));
    let found = |kinds: &[Kind]| evidence_of(best, kinds);
    let ssh = found(&[Kind::SshReady, Kind::SshHostKey, Kind::SshNoBanner]);
    let refused = found(&[Kind::SshRefused]);
    let filtered = found(&[Kind::SshTimeout]);
    let unreachable = found(&[Kind::SshUnreachable]);
    let pinged = found(&[Kind::IcmpReply]);
    let answers_arp = found(&[Kind::NeighbourReachable, Kind::ArpReply]);
    // An entry of the ARP table is seconds old; a machine that does not answer now may be gone.
    let now = found(&[Kind::ArpReply]);
    let silent_now = found(&[Kind::ArpSilent, Kind::IcmpSilent]).is_some();
    let answers_arp = now.or(answers_arp.filter(|_| !silent_now));
    let there = pinged.or(answers_arp);
    let contested = found(&[Kind::ArpDuplicate, Kind::NeighbourOtherMac])
        .filter(|seen| !is_translated(facts, attachment, seen.observation.mac));
    if let (Some(_), Some(other)) = (refused.or(filtered), contested) {
        // It is not known which of the two refuses.
        sheet.all_unknown(
            &[FindingCode::SshRefused, FindingCode::SshFiltered],
            &Unread::Failed(at(other)),
        );
    }
    if let Some(seen) = refused {
        sheet.present(FindingCode::SshRefused, at(seen));
        sheet.absent(FindingCode::SshFiltered, at(seen));
    }
    if let Some(seen) = ssh {
        for code in
            [FindingCode::SshRefused, FindingCode::SshFiltered, FindingCode::OnlyThisProgramBlocked]
        {
            sheet.absent(code, at(seen));
        }
        sheet.absent(FindingCode::PingUnanswered, at(seen));
    }
    if let (Some(seen), Some(there)) = (filtered, there) {
        sheet.present(FindingCode::SshFiltered, format!("{}; {}", at(seen), at(there)));
    }
    if let (Some(seen), Some(there)) = (unreachable, there) {
        sheet.present(FindingCode::OnlyThisProgramBlocked, format!("{}; {}", at(seen), at(there)));
    }
    if let Some(seen) = denied(facts, best) {
        let says = format!("{}: {}", best.address, escaped(&seen.observation.says));
        sheet.present(FindingCode::OnlyThisProgramBlocked, says);
    }
    large_packets(best, sheet);
    silence(facts, best, answers_arp.or(ssh).or(refused).or(pinged), sheet);
}

/// The failure of a probe that the system did not let out to the address.
fn denied<'f>(facts: &Facts<'f>, best: &Candidate) -> Option<&'f Evidence> {
    facts.pick.unread.iter().find(|item| {
        item.observation.address == Some(best.address)
            && item.observation.attribute(attribute::SOURCE) == Some(attribute::LOCAL_NETWORK)
    })
}

/// Whether the address is silent. `answers`: something that it answered.
fn silence(facts: &Facts<'_>, best: &Candidate, answers: Option<&Evidence>, sheet: &mut Sheet) {
    let at = |seen: &Evidence| format!("{}: {}", best.address, escaped(&seen.observation.says));
    let found = |kinds: &[Kind]| evidence_of(best, kinds);
    if let (None, Some(seen)) = (answers, denied(facts, best)) {
        let why = Unread::Denied(seen.observation.says.clone());
        sheet.all_unknown(&[FindingCode::PingUnanswered, FindingCode::AddressNotReached], &why);
    }
    if answers.is_none() && !has_now(facts, best) {
        let old = "it may have had the address in an earlier boot".to_owned();
        sheet.all_unknown(
            &[
                FindingCode::PingUnanswered,
                FindingCode::AddressArpSilent,
                FindingCode::AddressNotReached,
            ],
            &Unread::Failed(old),
        );
    }
    if let Some(seen) = found(&[Kind::IcmpReply]) {
        sheet.absent(FindingCode::PingUnanswered, at(seen));
    } else if let Some(seen) = found(&[Kind::IcmpSilent]) {
        sheet.present(FindingCode::PingUnanswered, at(seen));
    }
    match (answers, found(&[Kind::NeighbourFailed, Kind::ArpSilent])) {
        (Some(seen), _) => {
            sheet.absent(FindingCode::AddressArpSilent, at(seen));
            sheet.absent(FindingCode::AddressNotReached, at(seen));
        }
        (None, Some(seen)) => sheet.present(FindingCode::AddressArpSilent, at(seen)),
        // Without ARP, as to a machine behind a router, only silence to everything counts.
        (None, None) => {
            let tcp = found(&[Kind::SshTimeout, Kind::SshUnreachable]);
            let asked = [tcp, found(&[Kind::IcmpSilent])].into_iter().flatten();
            if tcp.is_some() {
                let says: Vec<String> = asked.map(at).collect();
                sheet.present(FindingCode::AddressNotReached, says.join("; "));
            }
        }
    }
}

/// Whether large packets pass to a machine that answers small ones.
fn large_packets(best: &Candidate, sheet: &mut Sheet) {
    let code = FindingCode::PathCarriesSmallPacketsOnly;
    let Some(seen) = evidence_of(best, &[Kind::IcmpReply]) else { return };
    let says = format!("{}: {}", best.address, escaped(&seen.observation.says));
    match seen.observation.attribute(attribute::LARGE) {
        Some("lost") => sheet.present(code, says),
        Some("passed") => sheet.absent(code, says),
        _ => {}
    }
}

/// Over Wi-Fi macOS replaces the machine's MAC by its own, so machines appear under the host's MAC.
pub(super) fn is_translated(
    facts: &Facts<'_>,
    attachment: &Attachment<'_>,
    mac: Option<Mac>,
) -> bool {
    let wifi = attachment.uplink.is_some_and(|uplink| uplink.kind == InterfaceKind::Wifi);
    let of_host = facts.network.as_ref().known().is_some_and(|network| {
        mac.is_some() && network.interfaces.iter().any(|interface| interface.mac == mac)
    });
    facts.platform == Platform::MacOs && wifi && of_host
}
