//! Requests to this computer's own DHCP server.

use vmkit_survey::{Firewall, Passage};
use vmkit_types::Unread;

use super::outcome::Outcome;
use crate::{FindingCode, findings::sheet::Sheet, packets::Asked};

const SERVER: FindingCode = FindingCode::FirewallBlocksDhcpServer;

/// DISCOVERs to the server.
pub(super) fn requests(asked: &Asked<'_>, outcome: &mut Outcome) {
    let passage = asked.discover(Some(asked.own()), true);
    let by_mac = !matches!(asked.discover(None, true), Passage::Drops { .. });
    let code = if by_mac { FindingCode::FirewallDropsForeignMac } else { SERVER };
    outcome.add(&passage, code, &[SERVER, FindingCode::FirewallDropsForeignMac]);
}

/// macOS's application firewall.
pub(super) fn application(firewall: &Firewall, sheet: &mut Sheet) {
    if firewall.blocks_bootpd == Some(true) {
        sheet.present(SERVER, "the application firewall blocks bootpd");
    } else if firewall.blocks_all_incoming == Some(true) {
        sheet.present(SERVER, "the application firewall blocks all incoming connections");
    } else if firewall.blocks_bootpd == Some(false) {
        sheet.absent(SERVER, "the application firewall is off");
    } else {
        let why = match firewall.application_enabled {
            Some(_) => {
                "the application firewall is on, and it can block a bootpd that it does not list as blocked"
            }
            None => "whether the application firewall is on could not be read",
        };
        sheet.unknown(SERVER, &Unread::Failed(why.to_owned()));
    }
}
