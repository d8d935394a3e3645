//! What to set at the hub.

use std::net::IpAddr;

use vmkit_plugin::{Advice, AdviceKind, Step, Word};

use crate::{identity::Identity, known::Known};

/// From this confidence on settings of the hub are proposed.
const SURE_ENOUGH: f64 = 0.5;
/// How likely the setting helps at this hub: users report it; nobody has measured it.
const HELPS: f64 = 0.55;
/// The same for a wired uplink: the reports are about Wi-Fi.
const HELPS_BY_CABLE: f64 = 0.2;

/// The setting, for both menus that it may be in. `None`: it is too unsure that this is the hub.
pub(crate) fn remedy(identity: &Identity, known: Known<'_>) -> Option<Advice> {
    if identity.confidence < SURE_ENOUGH {
        return None;
    }
    let mut uplinks = known.all("uplink.kind").peekable();
    let by_cable = uplinks.peek().is_some() && uplinks.all(|kind| kind != "wifi");
    let pages = match known.gateway() {
        Some(IpAddr::V6(address)) => format!("http://[{address}]"),
        Some(IpAddr::V4(address)) => format!("http://{address}"),
        None => "the hub's pages".to_owned(),
    };
    let mut because = vec![
        "reported by users: VMs bridged over Wi-Fi get an address in Mode 2".to_owned(),
        "BT documents neither the setting's effect on virtual machines nor, for this hub, a Mode 1 and 2 of Smart Setup".to_owned(),
    ];
    if by_cable {
        because.push("the reports are about Wi-Fi, and this VM has a wired uplink".to_owned());
    }
    let steps = [
        Step::new("Before the change, note what the DHCP test says").with_command(dhcp_test()),
        Step::new(format!("Open {pages} and log in with the admin password on the hub's card.")),
        Step::new("Advanced Settings → Firewall (or similar) → Smart Setup: change Mode 1 to Mode 2, and save."),
        Step::new("If Smart Setup is an On/Off switch there instead: turn it off and save, and change nothing else before the test."),
        Step::new("If there is no such setting: sibling hubs have Mode 1 under Advanced Settings → Wireless → Wireless mode; try Mode 2 there, for the band that this computer uses."),
        Step::new("Reconnect this computer's Wi-Fi and restart the VM."),
        Step::new("An OFFER for the VM's own MAC, where there was none before, confirms the change; without one set it back. After the change, test again").with_command(dhcp_test()),
    ];
    Some(Advice {
        kind: AdviceKind::Remedy,
        id: "bt-smart-setup-mode-2".to_owned(),
        title: "Set Smart Setup of the BT Smart Hub 2 from Mode 1 to Mode 2 (reported by users)"
            .to_owned(),
        confidence: identity.confidence * if by_cable { HELPS_BY_CABLE } else { HELPS },
        because,
        steps: steps.to_vec(),
    })
}

/// The command that asks the DHCP server for an offer for the machine's MAC.
fn dhcp_test() -> [Word; 4] {
    ["vm".into(), "doctor".into(), Word::MachineName, "--yes".into()]
}
