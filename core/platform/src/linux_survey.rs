//! The survey on Linux: `ip`, `nft`, `iptables-legacy-save`, `ss`.

use std::path::Path;

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

const JOURNAL: &[&str] = &["/usr/bin/journalctl", "/bin/journalctl"];
/// Most lines of one process, and how far they go back: what a server answered a day ago says nothing of now.
const MOST_LINES: &str = "500";
const SINCE: &str = "-1hour";

/// What a process wrote to the journal. It shows an unprivileged user only their own processes' lines.
pub(crate) fn messages(pid: u32) -> Reading<String> {
    let process = format!("_PID={pid}");
    let limits = ["-n", MOST_LINES, "--since", SINCE, &process];
    let arguments = [&["--quiet", "--no-pager", "-o", "short-unix"][..], &limits].concat();
    let tool = match start(JOURNAL, &arguments) {
        Reading::Known(tool) => tool,
        Reading::Absent => return Reading::Absent,
        Reading::Unknown(why) => return Reading::Unknown(why),
    };
    match tool.output() {
        Reading::Known(text) if text.is_empty() && !rustix::process::geteuid().is_root() => {
            Reading::Unknown(Unread::Denied("the journal of other users (needs root)".to_owned()))
        }
        reading => reading,
    }
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

/// Tools that list the rules that iptables and its relatives made through nftables, which lists them with
/// fewer conditions.
const THROUGH_NFTABLES: &[&[&str]] = &[
    &["/usr/sbin/iptables-nft-save", "/sbin/iptables-nft-save"],
    &["/usr/sbin/ip6tables-nft-save", "/sbin/ip6tables-nft-save"],
    &["/usr/sbin/ebtables-nft-save", "/sbin/ebtables-nft-save"],
];
const LEGACY_BRIDGE: &[&str] = &["/usr/sbin/ebtables-legacy-save", "/sbin/ebtables-legacy-save"];
/// Without these modules the tool above would load them.
const LEGACY_BRIDGE_TABLES: [&str; 2] = ["/sys/module/ebtable_filter", "/sys/module/ebtable_nat"];

fn denied() -> Reading<String> {
    Reading::Unknown(Unread::Denied(
        "the firewall's rules (needs root or CAP_NET_ADMIN)".to_owned(),
    ))
}

/// The rules of all packet filters. The tools run in parallel.
pub(crate) fn firewall() -> Reading<String> {
    if !may_list_rules() {
        return denied();
    }
    let legacy_in_use = std::fs::read_to_string(LEGACY_TABLES).is_ok_and(|names| !names.is_empty());
    let bridge_in_use = LEGACY_BRIDGE_TABLES.iter().any(|path| Path::new(path).exists());
    let mut tools = vec![(NFT, start(NFT, &["list", "ruleset"]))];
    // A computer without them has no such rules.
    let others = THROUGH_NFTABLES.iter().map(|programs| (*programs, start(programs, &["-c"])));
    tools.extend(others.filter(|(_, tool)| matches!(tool, Reading::Known(_))));
    tools.extend(legacy_in_use.then(|| (LEGACY, start(LEGACY, &["-c"]))));
    tools.extend(bridge_in_use.then(|| (LEGACY_BRIDGE, start(LEGACY_BRIDGE, &[]))));
    let mut texts = Vec::new();
    let mut missing = None;
    for (programs, tool) in tools {
        // Without rules the tool prints nothing, which is an answer.
        match tool {
            Reading::Known(tool) => match tool.output() {
                Reading::Known(text) => {
                    let name = programs.first().and_then(|path| path.rsplit('/').next());
                    texts.push(format!("# Output of {}\n{text}", name.unwrap_or_default()));
                }
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

/// The rules of nftables as a document.
pub(crate) fn firewall_document() -> Reading<String> {
    if !may_list_rules() {
        return denied();
    }
    answer(start(NFT, &["-j", "list", "ruleset"]))
}

const IPV4: &str = "/proc/sys/net/ipv4";
/// Most interfaces that differ from the others.
const MOST_INTERFACES: usize = 200;

/// Whether packets are forwarded, by all interfaces and by those that differ, as `sysctl` prints it.
pub(crate) fn forwarding() -> Reading<String> {
    let read = |path: &Path| std::fs::read_to_string(path).map(|text| text.trim().to_owned());
    let path = Path::new(IPV4).join("ip_forward");
    let all = match read(&path) {
        Ok(all) => all,
        Err(error) => {
            return Reading::Unknown(Unread::Failed(format!("read {}: {error}", path.display())));
        }
    };
    let mut lines = vec![format!("net.ipv4.ip_forward = {all}")];
    let interfaces = std::fs::read_dir(Path::new(IPV4).join("conf")).into_iter().flatten();
    let own = interfaces.filter_map(|entry| {
        let entry = entry.ok()?;
        let name = entry.file_name().into_string().ok()?;
        let value = read(&entry.path().join("forwarding")).ok()?;
        (!["all", "default"].contains(&name.as_str()) && value != all)
            .then(|| format!("net.ipv4.conf.{name}.forwarding = {value}"))
    });
    lines.extend(own.take(MOST_INTERFACES));
    Reading::Known(lines.join("\n") + "\n")
}
