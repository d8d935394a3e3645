//! What to know before a bridged machine is started, with the ways out.

use vmkit_model::{NetworkChoice, Platform, StartMode};

use crate::{
    adapters::{Adapter, Bridging, adapters},
    situation::Situation,
    target::target,
};

/// A limit of what was chosen, and what can be done instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// Sentences.
    pub says: String,
    /// The best way out first.
    pub ways_out: Vec<WayOut>,
}

/// A way around a limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WayOut {
    /// What it means: a sentence.
    pub what: String,
    /// The command, word by word; empty if no command helps.
    pub command: Vec<String>,
}

/// The cause that explains the router's part, by system.
const WIFI_ON_LINUX: &str = "wifi-foreign-mac-dropped";
const WIFI_ON_MACOS: &str = "router-drops-foreign-chaddr";

/// What to know before a machine is started so. `None`: nothing, or it cannot be started so.
pub fn warning(choice: &NetworkChoice, situation: &Situation<'_>) -> Option<Warning> {
    if choice.mode == StartMode::Shared {
        return None;
    }
    let adapters = adapters(situation.network, situation.platform);
    let adapter = target(&adapters, choice.bridge.as_deref()).ok()?;
    if adapter.is_wifi() {
        Some(of_wifi(adapter, &adapters, situation))
    } else if adapter.bridging == Bridging::Macvtap {
        Some(of_macvtap(adapter, &adapters, situation))
    } else {
        None
    }
}

fn of_wifi(adapter: &Adapter<'_>, all: &[Adapter<'_>], situation: &Situation<'_>) -> Warning {
    let name = &adapter.interface.name;
    let what = match adapter.uplink {
        Some(uplink) => format!("leads to the Wi-Fi adapter {}", uplink.name),
        None => "is Wi-Fi".to_owned(),
    };
    let on_macos = situation.platform == Platform::MacOs;
    let mechanics = if on_macos {
        "macOS sends the VM's frames with the adapter's MAC, and many routers then give the VM no address."
    } else {
        "Access points drop frames of a MAC that has not joined them, unless they support 4-address mode."
    };
    let router = WayOut {
        what: match situation.router {
            Some(router) => {
                let report = router.report.as_ref().map(|report| format!(": {report}"));
                format!("Change the setting of the {}{}.", router.name, report.unwrap_or_default())
            }
            None => {
                "Change the router's setting that keeps bridged VMs from an address.".to_owned()
            }
        },
        command: ["vm", "explain", if on_macos { WIFI_ON_MACOS } else { WIFI_ON_LINUX }]
            .map(str::to_owned)
            .to_vec(),
    };
    Warning {
        says: format!("{name} {what}. {mechanics}"),
        ways_out: vec![shared(situation), wired(all, situation), router],
    }
}

fn of_macvtap(adapter: &Adapter<'_>, all: &[Adapter<'_>], situation: &Situation<'_>) -> Warning {
    let name = &adapter.interface.name;
    let bridge = all.iter().find(|other| {
        other.bridging == Bridging::Tap
            && other.has_carrier()
            && other.leads_out()
            && !other.is_wifi()
    });
    let bridge = match bridge {
        Some(bridge) => {
            let name = &bridge.interface.name;
            WayOut { what: format!("Use the bridge {name}."), command: to(name, situation) }
        }
        None => WayOut {
            what: format!("Put {name} into a bridge, and bridge the VM to that."),
            command: Vec::new(),
        },
    };
    Warning {
        says: format!(
            "{name} is in no bridge, so that the VM gets a macvtap on it: other machines reach the VM, and \
             this computer and the VM do not reach each other."
        ),
        ways_out: vec![shared(situation), bridge],
    }
}

fn shared(situation: &Situation<'_>) -> WayOut {
    WayOut {
        what: "Use shared mode: this computer gives the address, and other machines do not reach the VM."
            .to_owned(),
        command: situation.command(&NetworkChoice { mode: StartMode::Shared, bridge: None }),
    }
}

/// The wired adapter of this computer that a machine can be bridged to.
fn wired(all: &[Adapter<'_>], situation: &Situation<'_>) -> WayOut {
    let is_wired = |adapter: &&Adapter<'_>| {
        adapter.is_bridgeable() && !adapter.is_wifi() && adapter.leads_out()
    };
    let connected = all.iter().filter(is_wired).find(|adapter| adapter.has_carrier());
    let Some(adapter) = connected.or_else(|| all.iter().find(is_wired)) else {
        return WayOut {
            what: "Connect this computer by a cable; it has no wired adapter now.".to_owned(),
            command: Vec::new(),
        };
    };
    let name = &adapter.interface.name;
    let what = match (adapter.has_carrier(), adapter.uplink) {
        (true, None) => format!("Use the wired adapter {name}."),
        (true, Some(uplink)) => {
            format!("Use {name}, which leads to the wired adapter {}.", uplink.name)
        }
        (false, None) => format!("Plug a cable into {name}, and use it."),
        (false, Some(uplink)) => format!("Plug a cable into {}, and use {name}.", uplink.name),
    };
    WayOut { what, command: to(name, situation) }
}

/// The command that bridges the machine to this adapter or bridge.
fn to(name: &str, situation: &Situation<'_>) -> Vec<String> {
    let bridge = Some(name.to_owned());
    situation.command(&NetworkChoice { mode: StartMode::Bridged, bridge })
}

#[cfg(test)]
mod tests {
    use vmkit_model::Platform::{Linux, MacOs};

    use super::*;
    use crate::{
        situation::{KnownRouter, Reach},
        testing::network,
    };

    type Row<'a> = (Platform, &'a str, &'a str, Option<&'a KnownRouter>, &'a [&'a str]);

    #[test]
    fn warns_of_wifi_and_of_a_macvtap_with_commands_of_this_computer() {
        let hub = KnownRouter { name: "Hub".to_owned(), report: Some("Set Mode 2".to_owned()) };
        let on_macos = "en0 is Wi-Fi. macOS sends the VM's frames with the adapter's MAC, and many \
                        routers then give the VM no address.";
        let on_linux = "br1 leads to the Wi-Fi adapter wlan0. Access points drop frames of a MAC that has not joined them, \
                        unless they support 4-address mode.";
        let macvtap = "eth0 is in no bridge, so that the VM gets a macvtap on it: other machines reach \
                       the VM, and this computer and the VM do not reach each other.";
        let shared = "vm start web --net shared";
        let rows: [Row<'_>; 9] = [
            (Linux, "br0 bridge, eth0 br0", "br0", None, &[]),
            (MacOs, "en5", "en5", None, &[]),
            (MacOs, "en0 wifi", "gone", None, &[]),
            (
                MacOs,
                "en0 wifi, en5, en6 down",
                "en0",
                None,
                &[
                    on_macos,
                    shared,
                    "Use the wired adapter en5. vm start web --net bridged --bridge en5",
                    "Change the router's setting that keeps bridged VMs from an address. vm explain \
                     router-drops-foreign-chaddr",
                ],
            ),
            (
                MacOs,
                "en0 wifi, en6 down",
                "en0",
                Some(&hub),
                &[
                    on_macos,
                    shared,
                    "Plug a cable into en6, and use it. vm start web --net bridged --bridge en6",
                    "Change the setting of the Hub: Set Mode 2. vm explain router-drops-foreign-chaddr",
                ],
            ),
            (
                Linux,
                "wlan0 wifi br1, br1 bridge, br0 bridge, eth0 br0 down",
                "br1",
                None,
                &[
                    on_linux,
                    shared,
                    "Plug a cable into eth0, and use br0. vm start web --net bridged --bridge br0",
                    "Change the router's setting that keeps bridged VMs from an address. vm explain \
                     wifi-foreign-mac-dropped",
                ],
            ),
            (
                Linux,
                "wlan0 wifi br1, br1 bridge",
                "br1",
                None,
                &[
                    on_linux,
                    shared,
                    "Connect this computer by a cable; it has no wired adapter now. ",
                    "Change the router's setting that keeps bridged VMs from an address. vm explain \
                     wifi-foreign-mac-dropped",
                ],
            ),
            (
                Linux,
                "eth0, eth1 br0, br0 bridge",
                "eth0",
                None,
                &[macvtap, shared, "Use the bridge br0. vm start web --net bridged --bridge br0"],
            ),
            (
                Linux,
                "eth0",
                "eth0",
                None,
                &[macvtap, shared, "Put eth0 into a bridge, and bridge the VM to that. "],
            ),
        ];
        for (platform, interfaces, bridge, router, expected) in rows {
            let network = network(interfaces, "");
            let situation = Situation {
                machine: Some("web"),
                runs: false,
                network: &network,
                platform,
                router,
                reach: Reach::Unknown,
                remembered: None,
            };
            let choice =
                NetworkChoice { mode: StartMode::Bridged, bridge: Some(bridge.to_owned()) };
            let found: Vec<String> = warning(&choice, &situation).map_or_else(Vec::new, text);
            assert_eq!(found, expected, "{interfaces}");
            let choice = NetworkChoice { mode: StartMode::Shared, bridge: None };
            assert_eq!(warning(&choice, &situation), None);
            assert_eq!(
                Situation { runs: true, ..situation }.command(&choice).join(" "),
                "vm restart web --net shared",
            );
        }
    }

    fn text(Warning { says, ways_out }: Warning) -> Vec<String> {
        let way = |WayOut { what, command }| {
            let command: Vec<String> = command;
            let command = command.join(" ");
            if command.ends_with("shared") { command } else { format!("{what} {command}") }
        };
        std::iter::once(says).chain(ways_out.into_iter().map(way)).collect()
    }
}
