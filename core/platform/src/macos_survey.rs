//! The survey on macOS: the application firewall's tool, `lsof` and `route`.

use std::net::IpAddr;

use vmkit_types::{Reading, Unread};

use crate::{command::Tool, macos_leases};

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

/// The packets by which these interfaces have their addresses. The tools run in parallel.
pub(crate) fn own_leases(interfaces: &[&str]) -> Reading<String> {
    let start = |name: &&str| Tool::start("/usr/sbin/ipconfig", &["getpacket", name]);
    let tools: Vec<_> = interfaces.iter().map(start).collect();
    let texts: Vec<_> = tools.into_iter().map(Tool::output).collect();
    macos_leases::joined(interfaces.iter().copied().zip(texts))
}

/// The programs that listen. Without root, `lsof` lists only the user's, and bootpd is not one.
pub(crate) fn listeners() -> Reading<String> {
    if !rustix::process::geteuid().is_root() {
        return Reading::Unknown(Unread::Denied("programs of other users (needs root)".to_owned()));
    }
    Tool::start("/usr/sbin/lsof", &["-nP", "-iUDP:67"]).output()
}

/// Most addresses that are asked for: each takes a process.
const MOST_ROUTES: usize = 64;

/// The routes to these addresses. The tools run in parallel.
pub(crate) fn routes_to(addresses: &[IpAddr]) -> Reading<String> {
    let tools: Vec<_> = addresses
        .iter()
        .take(MOST_ROUTES)
        .map(|address| {
            let family = if address.is_ipv4() { "-inet" } else { "-inet6" };
            (address, Tool::start("/sbin/route", &["-n", "get", family, &address.to_string()]))
        })
        .collect();
    let mut texts = String::new();
    let mut missing = None;
    for (address, tool) in tools {
        match tool.output() {
            // Without a route the tool complains on its standard error and prints nothing.
            Reading::Known(text) if text.trim().is_empty() => {
                texts.push_str(&format!("   route to: {address}\n"));
            }
            Reading::Known(text) => texts.push_str(&text),
            Reading::Absent => {}
            Reading::Unknown(why) => missing = Some(why),
        }
    }
    match missing {
        Some(why) if texts.is_empty() => Reading::Unknown(why),
        _ => Reading::Known(texts),
    }
}
