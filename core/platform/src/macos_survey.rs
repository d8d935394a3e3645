//! The survey on macOS: the application firewall's tool and `lsof`.

use vmkit_types::{Reading, Unread};

use crate::{
    command::Tool,
    survey::{SurveyTexts, hosts},
};

const FIREWALL: &str = "/usr/libexec/ApplicationFirewall/socketfilterfw";
/// Since macOS 15 the settings are no longer in files.
const QUESTIONS: [&str; 4] =
    ["--getglobalstate", "--getblockall", "--getallowsigned", "--listapps"];

/// Reads all texts. The tools run in parallel.
pub(crate) fn survey() -> SurveyTexts {
    let firewall = QUESTIONS.map(|question| Tool::start(FIREWALL, &[question]));
    // Without root, lsof lists only the user's programs, and bootpd is not one.
    let listeners = rustix::process::geteuid()
        .is_root()
        .then(|| Tool::start("/usr/sbin/lsof", &["-nP", "-iUDP:67"]));
    let denied = || Unread::Denied("programs of other users (needs root)".to_owned());
    let mut texts = Vec::new();
    let mut missing = None;
    for tool in firewall {
        match tool.output() {
            Reading::Known(text) => texts.push(text),
            Reading::Absent => {}
            Reading::Unknown(why) => missing = Some(why),
        }
    }
    SurveyTexts {
        // The interfaces contain the bridges' members.
        bridges: Reading::Unknown(Unread::Unsupported),
        firewall: match missing {
            Some(why) if texts.is_empty() => Reading::Unknown(why),
            _ => Reading::Known(texts.join("\n")),
        },
        listeners: listeners.map_or_else(|| Reading::Unknown(denied()), Tool::output),
        hosts: hosts(),
    }
}
