//! Sources with an old address of the machine.

use std::net::IpAddr;

use vmkit_scoring::{Candidate, Entry, WhyNot};
use vmkit_types::{Kind, Reading, escaped};

use super::sheet::Sheet;
use crate::{Facts, FindingCode, ledger::held_address};

/// Sources that can be outdated, with their kinds of evidence.
fn sources() -> [(FindingCode, Vec<Kind>); 3] {
    [
        (
            FindingCode::ArpCacheOutdated,
            vec![Kind::NeighbourReachable, Kind::NeighbourStale, Kind::NeighbourCached],
        ),
        (FindingCode::LeaseRecordOutdated, vec![Kind::LeaseCurrent, Kind::DhcpAck]),
        (FindingCode::DnsOutdated, vec![Kind::DnsAddress]),
    ]
}

pub(super) fn judge(facts: &Facts<'_>, sheet: &mut Sheet) {
    let held = held_address(facts);
    for (code, kinds) in sources() {
        let mut agrees = None;
        for candidate in &facts.pick.candidates {
            let entry = candidate.ledger.iter().find(|entry| {
                kinds.contains(&entry.evidence.observation.kind)
                    && !matches!(entry.why_not, Some(WhyNot::ForeignMac(_)))
            });
            let Some(entry) = entry else { continue };
            let says = escaped(&entry.evidence.observation.says);
            if held == Some(candidate.address) {
                agrees = Some(format!("{}: {says}", candidate.address));
            } else if let Some(why) = left(facts, candidate) {
                sheet.present(code, format!("{}: {says}; {why}", candidate.address));
            }
        }
        if let Some(says) = agrees {
            sheet.absent(code, says);
        }
    }
    console(facts, sheet);
    hosts_file(facts, sheet);
}

/// The evidence that the machine is no longer at this address. A machine may have two addresses, so
/// being sure of another one is not enough.
fn left(facts: &Facts<'_>, candidate: &Candidate) -> Option<String> {
    // A MAC that answers for many addresses, as with proxy ARP, shows nothing about this one.
    let is_proxy = |entry: &&Entry| matches!(entry.why_not, Some(WhyNot::AnswersForMany(_)));
    let seen = |kinds: &[Kind]| {
        let mut found = candidate.ledger.iter().filter(|entry| !is_proxy(entry));
        let found = found.find(|entry| kinds.contains(&entry.evidence.observation.kind));
        found.map(|entry| escaped(&entry.evidence.observation.says))
    };
    let elsewhere = held_address(facts).filter(IpAddr::is_ipv4);
    let same_family = candidate.address.is_ipv4();
    let silent = [
        Kind::NeighbourFailed,
        Kind::ArpSilent,
        Kind::SshUnreachable,
        Kind::SshTimeout,
        Kind::IcmpSilent,
    ];
    let answers = [Kind::SshReady, Kind::SshRefused, Kind::IcmpReply, Kind::ArpReply];
    seen(&[Kind::NeighbourOtherMac, Kind::SshOtherHostKey]).or_else(|| {
        let elsewhere = elsewhere.filter(|_| same_family)?;
        if seen(&answers).is_some() {
            return None;
        }
        Some(format!("{}, and the VM is at {elsewhere}", seen(&silent)?))
    })
}

fn console(facts: &Facts<'_>, sheet: &mut Sheet) {
    let code = FindingCode::ConsoleOutdated;
    let of_console = |candidate: &Candidate| {
        let mut entries = candidate.ledger.iter();
        entries.any(|entry| {
            entry.evidence.observation.kind == Kind::ConsoleAddress
                && matches!(entry.why_not, Some(WhyNot::BeforeBoot(_)))
        })
    };
    let named = facts.evidence.iter().filter(|e| e.observation.kind == Kind::ConsoleAddress);
    let at: Vec<IpAddr> = named.filter_map(|item| item.observation.address).collect();
    match facts.pick.candidates.iter().find(|candidate| of_console(candidate)) {
        Some(old) => {
            sheet.present(code, format!("it names {} from before the present boot", old.address));
        }
        None if at.is_empty() => {}
        None => match held_address(facts) {
            Some(address) if at.contains(&address) => {
                sheet.absent(code, format!("it names {address}"));
            }
            _ => {
                let outdated = facts.pick.candidates.iter().find_map(|candidate| {
                    let why = left(facts, candidate)?;
                    at.contains(&candidate.address)
                        .then(|| format!("it names {}: {why}", candidate.address))
                });
                if let Some(says) = outdated {
                    sheet.present(code, says);
                }
            }
        },
    }
}

fn hosts_file(facts: &Facts<'_>, sheet: &mut Sheet) {
    let code = FindingCode::HostsFileOutdated;
    match &facts.survey.hosts {
        Reading::Known(entries) => {
            let name = &facts.machine.name;
            let mut own = entries
                .iter()
                .filter(|(address, host)| address.is_ipv4() && host.eq_ignore_ascii_case(name));
            let Some((first, _)) = own.next() else { return };
            match held_address(facts) {
                Some(address) if address == *first => {
                    sheet.absent(code, format!("it has {first} for {}", escaped(name)));
                }
                Some(address) if address.is_ipv4() => sheet.present(
                    code,
                    format!("it has {first} for {}, which is at {address}", escaped(name)),
                ),
                _ => {}
            }
        }
        Reading::Unknown(why) => sheet.unknown(code, why),
        Reading::Absent => {}
    }
}
