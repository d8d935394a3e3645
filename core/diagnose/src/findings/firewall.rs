//! What this computer's firewall does to the machine's frames.

use vmkit_survey::{DropRule, Drops};
use vmkit_types::{Reading, escaped};

use super::sheet::Sheet;
use crate::{Attachment, Facts, FindingCode};

const SERVER: FindingCode = FindingCode::FirewallBlocksDhcpServer;
const ALL: [FindingCode; 9] = [
    FindingCode::FirewallDropsBridged,
    FindingCode::FirewallDropsDhcpRequests,
    FindingCode::FirewallDropsDhcpReplies,
    FindingCode::FirewallDropsArp,
    FindingCode::FirewallDropsAtRandom,
    FindingCode::FirewallDropsForeignMac,
    FindingCode::FirewallDropsBroadcast,
    FindingCode::FirewallDropsSsh,
    SERVER,
];

pub(super) fn judge(facts: &Facts<'_>, attachment: &Attachment<'_>, sheet: &mut Sheet) {
    let firewall = match &facts.survey.firewall {
        Reading::Known(firewall) => firewall,
        Reading::Absent => return,
        Reading::Unknown(why) => return sheet.all_unknown(&ALL, why),
    };
    for rule in &firewall.drops {
        let about = rule.interface.as_deref().is_none_or(|name| attachment.passes(name))
            && !rule.except.iter().any(|name| attachment.passes(name));
        let Some(code) = finding(facts, attachment, rule).filter(|_| about) else { continue };
        match rule.frames {
            // A rule that has dropped no frame has dropped none of the machine's.
            Some(0) => {}
            Some(frames) => {
                let says = format!("{} ({frames} frames so far)", escaped(&rule.text));
                sheet.present(code, says);
            }
            None => sheet.present(code, escaped(&rule.text)),
        }
    }
    if attachment.shared {
        if firewall.blocks_bootpd == Some(true) {
            sheet.present(SERVER, "the application firewall blocks bootpd");
        } else if firewall.blocks_all_incoming == Some(true) {
            sheet.present(SERVER, "the application firewall blocks all incoming connections");
        }
    }
    for code in ALL.into_iter().filter(|code| *code != SERVER || attachment.shared) {
        sheet.absent(code, "no such rule has dropped a frame");
    }
}

fn finding(facts: &Facts<'_>, attachment: &Attachment<'_>, rule: &DropRule) -> Option<FindingCode> {
    let own = |mac| facts.machine.macs.contains(&mac);
    Some(match rule.drops {
        Drops::Bridged => FindingCode::FirewallDropsBridged,
        Drops::DhcpRequests | Drops::DhcpToThisHost if attachment.shared => SERVER,
        Drops::DhcpRequests => FindingCode::FirewallDropsDhcpRequests,
        Drops::DhcpReplies | Drops::DhcpAcknowledgements => FindingCode::FirewallDropsDhcpReplies,
        Drops::Arp => FindingCode::FirewallDropsArp,
        Drops::ForeignMac(only) | Drops::ForeignChaddr(only) if !own(only) => {
            FindingCode::FirewallDropsForeignMac
        }
        Drops::Mac(mac) if own(mac) => FindingCode::FirewallDropsForeignMac,
        Drops::Broadcast => FindingCode::FirewallDropsBroadcast,
        Drops::AtRandom => FindingCode::FirewallDropsAtRandom,
        Drops::Ssh => FindingCode::FirewallDropsSsh,
        Drops::DhcpToThisHost | Drops::ForeignMac(_) | Drops::ForeignChaddr(_) | Drops::Mac(_) => {
            return None;
        }
    })
}
