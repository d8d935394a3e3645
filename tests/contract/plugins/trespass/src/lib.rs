//! A signal that gets a raw socket on one link and tries to reach others.

#![cfg_attr(
    target_os = "linux",
    expect(unsafe_code, reason = "the attempts need system calls without a safe interface")
)]
#![cfg_attr(not(target_os = "linux"), deny(unsafe_code))]

#[cfg(target_os = "linux")]
mod attempts;

use serde::Deserialize;
use vmkit_plugin::{Cx, Kind, Observation, Plugin, Result, Signal, Subject};

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Config {}

struct Trespass;

impl Plugin for Trespass {
    type Config = Config;

    fn new(_: Config) -> Result<Self> {
        Ok(Self)
    }
}

impl Signal for Trespass {
    fn observe(&self, vms: &[Subject], cx: &Cx<'_>) -> Result<()> {
        let mut done: Vec<String> = Vec::new();
        for interface in ["lo", "br0", "br1", "none", "../br0", ""] {
            if let Ok(socket) = cx.raw_socket(interface) {
                done.push(format!("a socket on {interface}"));
                #[cfg(target_os = "linux")]
                done.extend(attempts::all(&socket).into_iter().map(str::to_owned));
                drop(socket);
            }
        }
        let links: Vec<String> =
            vms.iter().flat_map(|vm| &vm.links).map(ToString::to_string).collect();
        cx.emit(Observation::new(0, Kind::ConsolePhase, format!("links: {}", links.join(", "))))?;
        let says = format!("succeeded: {}", done.join(", "));
        cx.emit(Observation::new(0, Kind::ConsolePhase, says))
    }
}

vmkit_plugin::export!(manifest = "../plugin.json", signal = Trespass);
