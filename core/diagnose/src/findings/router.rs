//! What the router reports about the machine, and what is known about its kind.

use vmkit_types::{InterfaceKind, MacStatus, Reading, escaped};

use super::sheet::Sheet;
use crate::{Attachment, Facts, FindingCode, Router};

const ALL: [FindingCode; 4] = [
    FindingCode::RouterDoesNotListMachine,
    FindingCode::RouterBlocksMachine,
    FindingCode::RouterKnownToDropBridged,
    FindingCode::WebHijacked,
];

pub(super) fn judge(facts: &Facts<'_>, attachment: &Attachment<'_>, sheet: &mut Sheet) {
    let router = match &facts.router {
        Reading::Known(router) => *router,
        Reading::Absent => return,
        Reading::Unknown(why) => return sheet.all_unknown(&ALL, why),
    };
    witnesses(facts, router, sheet);
    let Some(known) = router.known() else { return };
    let wifi = attachment.uplink.is_some_and(|uplink| uplink.kind == InterfaceKind::Wifi);
    let code = FindingCode::RouterKnownToDropBridged;
    let name = escaped(&known.name);
    match known.report {
        Some(report) if wifi => sheet.present(code, format!("{name}: {}", escaped(&report))),
        _ => sheet.absent(code, format!("no such report is known for {name}")),
    }
}

/// What the router reports about the machine's MACs. Silence is no report.
fn witnesses(facts: &Facts<'_>, router: &Router, sheet: &mut Sheet) {
    let of_machine = router.witnesses.iter().filter(|each| facts.machine.macs.contains(&each.mac));
    let reports: Vec<MacStatus> = of_machine.map(|witness| witness.seen).collect();
    let reports = |status: MacStatus| reports.contains(&status);
    if reports(MacStatus::Listed) || reports(MacStatus::Blocked) {
        sheet.absent(FindingCode::RouterDoesNotListMachine, "its device list has it");
    } else if reports(MacStatus::NotListed) {
        let says = "its device list lacks the VM's MAC";
        sheet.present(FindingCode::RouterDoesNotListMachine, says);
    }
    // A machine that is listed without a mark may still be blocked.
    if reports(MacStatus::Blocked) {
        sheet.present(FindingCode::RouterBlocksMachine, "its device list has it as blocked");
    }
    if reports(MacStatus::WebHijacked) {
        sheet.present(FindingCode::WebHijacked, "the router answers with a page of its own");
    }
}
