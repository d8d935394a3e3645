//! What this computer's firewall does to the machine's packets.

mod forwarded;
mod local;
mod outcome;
mod server;

use vmkit_model::Platform;
use vmkit_types::{Reading, Unread};

use super::sheet::Sheet;
use crate::{Attachment, Facts, FindingCode, packets::Asked};
use outcome::Outcome;

/// The findings of packets within the machine's network.
const LOCAL: [FindingCode; 8] = [
    FindingCode::FirewallDropsBridged,
    FindingCode::FirewallDropsDhcpRequests,
    FindingCode::FirewallDropsDhcpReplies,
    FindingCode::FirewallDropsArp,
    FindingCode::FirewallDropsAtRandom,
    FindingCode::FirewallDropsForeignMac,
    FindingCode::FirewallDropsBroadcast,
    FindingCode::FirewallDropsSsh,
];

pub(super) fn judge(facts: &Facts<'_>, attachment: &Attachment<'_>, sheet: &mut Sheet) {
    let server = FindingCode::FirewallBlocksDhcpServer;
    let firewall = match &facts.survey.firewall {
        Reading::Known(firewall) => firewall,
        Reading::Absent => return,
        Reading::Unknown(why) => {
            sheet.all_unknown(&LOCAL, why);
            sheet.unknown(server, why);
            return forwarded::without_rules(facts, attachment, why, sheet);
        }
    };
    if facts.platform == Platform::MacOs {
        if attachment.shared {
            server::application(firewall, sheet);
        }
        // Its packet filter is not read.
        return;
    }
    let mut outcome = Outcome::default();
    if firewall.rules.drops_nothing() {
        outcome.settles(&LOCAL);
        if attachment.shared {
            outcome.settles(&[server]);
        }
    } else if let Some(asked) = Asked::of(facts, attachment, &firewall.rules) {
        if attachment.shared {
            server::requests(&asked, &mut outcome);
        } else {
            local::requests(&asked, &mut outcome);
        }
        local::replies(&asked, attachment.shared, &mut outcome);
        local::arp(&asked, attachment.shared, &mut outcome);
        local::ssh(&asked, &mut outcome);
        outcome.settles(&LOCAL);
        if attachment.shared {
            outcome.settles(&[server]);
        }
    } else {
        let why = Unread::Failed(
            "the way of the VM's frames through this computer is not known".to_owned(),
        );
        sheet.all_unknown(&LOCAL, &why);
    }
    outcome.write(sheet);
    forwarded::judge(facts, attachment, &firewall.rules, sheet);
}
