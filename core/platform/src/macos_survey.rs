//! The survey on macOS: the application firewall's tool and `lsof`.

use vmkit_types::{Reading, Unread};

use crate::command::Tool;

const FIREWALL: &str = "/usr/libexec/ApplicationFirewall/socketfilterfw";
/// Since macOS 15 the settings are no longer in files.
const QUESTIONS: [&str; 4] =
    ["--getglobalstate", "--getblockall", "--getallowsigned", "--listapps"];

/// The application firewall's settings. The tools run in parallel.
pub(crate) fn firewall() -> Reading<String> {
    let tools = QUESTIONS.map(|question| Tool::start(FIREWALL, &[question]));
    let mut texts = Vec::new();
    let mut missing = None;
    for tool in tools {
        match tool.output() {
            Reading::Known(text) => texts.push(text),
            Reading::Absent => {}
            Reading::Unknown(why) => missing = Some(why),
        }
    }
    match missing {
        Some(why) if texts.is_empty() => Reading::Unknown(why),
        _ => Reading::Known(texts.join("\n")),
    }
}

/// The programs that listen. Without root, `lsof` lists only the user's, and bootpd is not one.
pub(crate) fn listeners() -> Reading<String> {
    if !rustix::process::geteuid().is_root() {
        return Reading::Unknown(Unread::Denied("programs of other users (needs root)".to_owned()));
    }
    Tool::start("/usr/sbin/lsof", &["-nP", "-iUDP:67"]).output()
}
