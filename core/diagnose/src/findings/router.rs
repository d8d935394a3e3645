//! What the router tells, and what is known of its kind.

use vmkit_types::{InterfaceKind, Reading, Unread, escaped};

use super::sheet::Sheet;
use crate::{Attachment, Facts, FindingCode};

/// Below this, which router it is stays open.
const SURE_ENOUGH: f64 = 0.5;
/// Below this, a remedy is a setting to look at and no report of trouble with bridged machines.
const REPORTED: f64 = 0.5;

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
    let reading =
        |answer: Option<bool>| answer.map_or(Reading::Unknown(Unread::NotTried), Reading::Known);
    let lacks = reading(router.lists_machine.map(|lists| !lists));
    sheet.read(ALL[0], &lacks, "its device list lacks the machine's MAC", "its device list has it");
    let blocks = reading(router.blocks_machine);
    sheet.read(ALL[1], &blocks, "its device list has it as blocked", "it is not listed as blocked");
    let hijacked = reading(router.web_hijacked);
    sheet.read(ALL[3], &hijacked, "a page of somebody else came back", "the right page came back");
    let Some(identity) = router.identities.first().filter(|i| i.confidence >= SURE_ENOUGH) else {
        return;
    };
    let wifi = attachment.uplink.is_some_and(|uplink| uplink.kind == InterfaceKind::Wifi);
    let name = escaped(&identity.name);
    match router.remedies.first() {
        Some(remedy) if wifi && remedy.confidence >= REPORTED => {
            sheet.present(ALL[2], format!("{name}: {}", escaped(&remedy.title)));
        }
        _ => sheet.absent(ALL[2], format!("nothing of the kind is known of {name}")),
    }
}
