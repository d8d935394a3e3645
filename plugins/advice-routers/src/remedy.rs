//! Settings of a router that may keep a machine from a lease.

use vmkit_plugin::{Advice, AdviceKind, Step, Word};

use crate::{
    ranking::Answer,
    table::{Confidence, Relevance, Setting},
};

/// From this confidence on settings of a router are proposed.
const SURE_ENOUGH: f64 = 0.5;
/// Most settings that are proposed.
const MOST: usize = 4;

/// The settings that may explain a missing lease, the likeliest first. Isolation and settings that
/// concern machines with a lease are not among them.
pub(crate) fn remedies(answer: &Answer<'_>, gateway: Option<&str>) -> Vec<Advice> {
    if answer.confidence < SURE_ENOUGH {
        return Vec::new();
    }
    let blocks = |setting: &&Setting| {
        matches!(setting.relevance, Relevance::BlocksVmDhcp | Relevance::Unknown)
    };
    let mut settings: Vec<&Setting> = answer.router.settings.iter().filter(blocks).collect();
    settings.sort_by_key(|setting| (setting.relevance, std::cmp::Reverse(setting.confidence)));
    settings.into_iter().take(MOST).map(|setting| remedy(setting, answer, gateway)).collect()
}

/// How likely the setting keeps the machine from a lease, given that users may have changed it. All are
/// below one half: nobody has measured any of them with virtual machines.
fn helps(setting: &Setting) -> f64 {
    let known = match setting.confidence {
        Confidence::Confirmed => 0.45,
        Confidence::Medium => 0.35,
        Confidence::Uncertain => 0.2,
    };
    if setting.relevance == Relevance::BlocksVmDhcp { known } else { known / 2.0 }
}

fn remedy(setting: &Setting, answer: &Answer<'_>, gateway: Option<&str>) -> Advice {
    let Setting { name, path, effect, advice, source, .. } = setting;
    let router = &answer.router.name;
    let (hedge, known) = match setting.confidence {
        Confidence::Confirmed => ("is known to", "seen"),
        Confidence::Medium => ("is reported to", "reported"),
        Confidence::Uncertain => ("may", "unconfirmed"),
    };
    let at = gateway.map(|gateway| format!(" (http://{gateway})")).unwrap_or_default();
    let steps = [
        Step::new("Before the change, note what the DHCP test says").with_command(dhcp_test()),
        Step::new(format!("Go to {path} of the {router}{at}.")),
        Step::new(advice.clone()),
        Step::new("An OFFER for the VM's own MAC, where there was none before, confirms the change; without one set it back. After the change, test again").with_command(dhcp_test()),
    ];
    Advice {
        kind: AdviceKind::Remedy,
        id: format!("{}-{}", answer.router.id, slug(name)),
        title: format!("{router}: “{name}” {hedge} {effect}"),
        confidence: answer.confidence * helps(setting),
        because: vec![format!("{known}: {source}")],
        steps: steps.to_vec(),
    }
}

/// The command that asks the DHCP server for an offer for the machine's MAC.
fn dhcp_test() -> [Word; 4] {
    ["vm".into(), "doctor".into(), Word::MachineName, "--yes".into()]
}

/// The name as a part of an id: `MAC filtering / Access control` is `mac-filtering-access-control`.
fn slug(name: &str) -> String {
    let words = name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_ascii_lowercase).collect::<Vec<_>>().join("-")
}
