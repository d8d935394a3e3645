//! The survey on Linux: `ip`, `nft`, `iptables-legacy-save`, `ss`.

use rustix::thread::{CapabilitySet, capability_is_in_ambient_set};
use vmkit_types::{Reading, Unread};

use crate::{command::Tool, survey::installed};

const IP: &[&str] = &["/usr/sbin/ip", "/sbin/ip", "/usr/bin/ip", "/bin/ip"];
const NFT: &[&str] = &["/usr/sbin/nft", "/sbin/nft", "/usr/bin/nft"];
const SS: &[&str] = &["/usr/bin/ss", "/bin/ss", "/usr/sbin/ss"];
const LEGACY: &[&str] = &["/usr/sbin/iptables-legacy-save", "/sbin/iptables-legacy-save"];
/// The tables of the legacy packet filter. Without this file it is not loaded, and running its tool
/// would load it.
const LEGACY_TABLES: &str = "/proc/net/ip_tables_names";
const BRIDGED: &str = "/proc/sys/net/bridge/bridge-nf-call-iptables";

fn start(programs: &[&'static str], arguments: &[&str]) -> Reading<Tool> {
    installed(programs).map(|program| Tool::start(program, arguments))
}

pub(crate) fn bridges() -> Reading<String> {
    answer(start(IP, &["-details", "-json", "link", "show"]))
}

pub(crate) fn listeners() -> Reading<String> {
    answer(start(SS, &["-lunp"]))
}

fn answer(tool: Reading<Tool>) -> Reading<String> {
    match tool {
        Reading::Known(tool) => match tool.output() {
            // These tools always print something when they work.
            Reading::Known(text) if text.trim().is_empty() => {
                Reading::Unknown(Unread::Failed("the tool printed nothing".to_owned()))
            }
            reading => reading,
        },
        Reading::Absent => Reading::Absent,
        Reading::Unknown(why) => Reading::Unknown(why),
    }
}

/// Whether the tools that this process starts see the rules; without the right they print none.
fn may_list_rules() -> bool {
    rustix::process::geteuid().is_root()
        || capability_is_in_ambient_set(CapabilitySet::NET_ADMIN).unwrap_or_default()
}

/// The rules of both packet filters. The tools run in parallel.
pub(crate) fn firewall() -> Reading<String> {
    if !may_list_rules() {
        return Reading::Unknown(Unread::Denied(
            "the firewall's rules (needs root or CAP_NET_ADMIN)".to_owned(),
        ));
    }
    let legacy_in_use = std::fs::read_to_string(LEGACY_TABLES).is_ok_and(|names| !names.is_empty());
    let nft = start(NFT, &["list", "ruleset"]);
    let legacy = legacy_in_use.then(|| start(LEGACY, &["-c"]));
    let mut texts = Vec::new();
    let mut missing = None;
    for tool in [Some(nft), legacy].into_iter().flatten() {
        // Without rules the tool prints nothing, which is an answer.
        match tool {
            Reading::Known(tool) => match tool.output() {
                Reading::Known(text) => texts.push(text),
                Reading::Absent => {}
                Reading::Unknown(why) => missing = Some(why),
            },
            Reading::Absent => {}
            Reading::Unknown(why) => missing = Some(why),
        }
    }
    if let (true, Some(why)) = (texts.is_empty(), missing) {
        return Reading::Unknown(why);
    }
    // Without the file the kernel cannot filter bridged frames.
    let bridged = std::fs::read_to_string(BRIDGED).unwrap_or_else(|_| "0".to_owned());
    texts.push(format!("net.bridge.bridge-nf-call-iptables = {}\n", bridged.trim()));
    Reading::Known(texts.join("\n"))
}
