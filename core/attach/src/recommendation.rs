//! Which network a machine should be started on.

use vmkit_model::{NetworkChoice, StartMode};
use vmkit_types::InterfaceKind;

use crate::{
    adapters::{Adapter, Bridging, adapters},
    situation::{Reach, Situation},
    target::{NoTarget, target},
    warning::{Warning, warning},
};

/// What is recommended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recommendation {
    /// The network. A bridged one names its adapter or bridge.
    pub choice: NetworkChoice,
    /// Why: sentences.
    pub because: Vec<String>,
    /// What the facts leave open, such as `whether other machines have to reach the VM`; `None`: nothing.
    pub doubt: Option<String>,
    /// What to know before a machine is started so.
    pub warning: Option<Warning>,
}

/// Which network a machine should be started on, in this situation. What was chosen before stays,
/// if it is still possible.
pub fn recommendation(situation: &Situation<'_>) -> Recommendation {
    let adapters = adapters(situation.network, situation.platform);
    let (gone, chosen) = match remembered(&adapters, situation) {
        Some(Ok(chosen)) => (None, Some(chosen)),
        Some(Err(gone)) => (Some(gone), None),
        None => (None, None),
    };
    let Advised { choice, because, doubt } =
        chosen.unwrap_or_else(|| advised(&adapters, situation));
    let because = gone.into_iter().chain(because).collect();
    let warning = warning(&choice, situation);
    Recommendation { choice, because, doubt, warning }
}

struct Advised {
    choice: NetworkChoice,
    because: Vec<String>,
    doubt: Option<String>,
}

/// What was chosen before, or a sentence why that is not possible any more.
fn remembered(
    adapters: &[Adapter<'_>],
    situation: &Situation<'_>,
) -> Option<Result<Advised, String>> {
    let choice = situation.remembered?;
    let on = match choice.mode {
        StartMode::Shared => String::new(),
        StartMode::Bridged => match target(adapters, choice.bridge.as_deref()) {
            Ok(adapter) => format!(" on {}", adapter.interface.name),
            Err(why) => {
                return Some(Err(format!(
                    "The bridged mode of the last start is not possible: {why}."
                )));
            }
        },
    };
    let because = vec![format!("It was last started in {} mode{on}.", choice.mode.code())];
    Some(Ok(Advised { choice: choice.clone(), because, doubt: None }))
}

fn advised(adapters: &[Adapter<'_>], situation: &Situation<'_>) -> Advised {
    match (situation.reach, target(adapters, None)) {
        (Reach::Host, _) => Advised {
            choice: shared(),
            because: vec![
                "Only this computer has to reach it, which shared mode does on every network."
                    .to_owned(),
            ],
            doubt: None,
        },
        (reach, Err(none)) => without_target(&none, reach),
        (Reach::OtherMachines, Ok(adapter)) => for_others(adapter),
        (Reach::Unknown, Ok(adapter)) => by_adapter(adapter, situation),
    }
}

fn without_target(none: &NoTarget, reach: Reach) -> Advised {
    let why = none.to_string();
    let mut because = vec![format!("Bridged mode is not possible: {why}.")];
    let doubt = (reach == Reach::OtherMachines).then(|| {
        because.push("Other machines do not reach a VM in shared mode.".to_owned());
        "how other machines can reach the VM".to_owned()
    });
    Advised { choice: shared(), because, doubt }
}

fn for_others(adapter: &Adapter<'_>) -> Advised {
    let because = vec![
        "Other machines have to reach it, and only bridged mode gives it an address of their network."
            .to_owned(),
        leads(adapter),
    ];
    let doubt = adapter.is_wifi().then(|| "whether the router serves bridged VMs".to_owned());
    Advised { choice: bridged(adapter), because, doubt }
}

/// Nobody said who has to reach the machine. Where bridged mode is likely to fail, or to hide the machine
/// from this computer, shared mode is recommended.
fn by_adapter(adapter: &Adapter<'_>, situation: &Situation<'_>) -> Advised {
    let name = &adapter.interface.name;
    let others = || Some("whether other machines have to reach the VM".to_owned());
    if adapter.is_wifi() {
        let wifi = format!("{name} is Wi-Fi, over which a bridged VM often gets no address.");
        let because = std::iter::once(wifi).chain(of_router(situation)).collect();
        return Advised { choice: shared(), because, doubt: others() };
    }
    if adapter.bridging == Bridging::Macvtap {
        let because = vec![format!(
            "{name} is in no bridge: this computer would not reach a VM that is bridged to it."
        )];
        return Advised { choice: shared(), because, doubt: others() };
    }
    let unproven = !adapter.default_route && adapter.interface.addresses.is_empty();
    let doubt = unproven.then(|| format!("whether a router gives out addresses on {name}"));
    Advised { choice: bridged(adapter), because: vec![leads(adapter)], doubt }
}

fn of_router(situation: &Situation<'_>) -> Option<String> {
    let router = situation.router?;
    Some(match &router.report {
        Some(report) => format!(
            "The router, a {}, is reported to keep bridged VMs from an address ({report}).",
            router.name
        ),
        None => format!("No trouble with bridged VMs is known of the router, a {}.", router.name),
    })
}

/// Where the adapter leads: a sentence.
fn leads(adapter: &Adapter<'_>) -> String {
    let name = &adapter.interface.name;
    let medium = if adapter.is_wifi() { "Wi-Fi" } else { "wired" };
    let what = match adapter.uplink {
        Some(uplink) => format!("The bridge {name} leads to the {medium} adapter {}", uplink.name),
        None if adapter.interface.kind == InterfaceKind::Bridge => format!("{name} is a bridge"),
        None => format!("{name} is a {medium} adapter"),
    };
    let route = if adapter.default_route { "the" } else { "no" };
    format!("{what}, and {route} default route passes it.")
}

fn shared() -> NetworkChoice {
    NetworkChoice { mode: StartMode::Shared, bridge: None }
}

fn bridged(adapter: &Adapter<'_>) -> NetworkChoice {
    NetworkChoice { mode: StartMode::Bridged, bridge: Some(adapter.interface.name.clone()) }
}

#[cfg(test)]
mod tests {
    use vmkit_model::Platform::{self, Linux, MacOs};

    use super::*;
    use crate::{situation::KnownRouter, testing::network};

    const WIRED: &str = "br0 bridge 192.168.1.20/24, eth0 br0";
    const ROUTE: &str =
        "The bridge br0 leads to the wired adapter eth0, and the default route passes it.";
    const OTHERS: &str = "Other machines have to reach it, and only bridged mode gives it an address of their network.";
    const WIFI: &str = "en0 is Wi-Fi, over which a bridged VM often gets no address.";
    const OPEN: &str = "? whether other machines have to reach the VM";

    #[test]
    fn keeps_what_was_chosen_before_if_it_is_possible() {
        let rows = [
            (
                Reach::Unknown,
                StartMode::Shared,
                None,
                "shared | It was last started in shared mode.".to_owned(),
            ),
            (
                Reach::Host,
                StartMode::Bridged,
                None,
                "bridged | It was last started in bridged mode on br0.".to_owned(),
            ),
            (
                Reach::Unknown,
                StartMode::Bridged,
                Some("br7"),
                format!(
                    "bridged br0 | The bridged mode of the last start is not possible: this computer has \
                     no adapter or bridge \"br7\"; it has br0. | {ROUTE}"
                ),
            ),
        ];
        for (reach, mode, bridge, expected) in rows {
            let remembered = NetworkChoice { mode, bridge: bridge.map(str::to_owned) };
            assert_eq!(recommended(Linux, WIRED, reach, Some(&remembered), None), expected);
        }
    }

    #[test]
    fn recommends_a_network_by_adapter_and_reach() {
        let rows = [
            (Linux, WIRED, Reach::Unknown, format!("bridged br0 | {ROUTE}")),
            (Linux, WIRED, Reach::OtherMachines, format!("bridged br0 | {OTHERS} | {ROUTE}")),
            (
                Linux,
                WIRED,
                Reach::Host,
                "shared | Only this computer has to reach it, which shared mode does on every network."
                    .to_owned(),
            ),
            (
                Linux,
                "eth0 192.168.1.20/24",
                Reach::Unknown,
                format!(
                    "shared | eth0 is in no bridge: this computer would not reach a VM that is bridged \
                     to it. | {OPEN}"
                ),
            ),
            (
                Linux,
                "eth0 192.168.1.20/24",
                Reach::OtherMachines,
                format!(
                    "bridged eth0 | {OTHERS} | eth0 is a wired adapter, and no default route passes it. \
                     | ! vm start web --net shared"
                ),
            ),
            (
                Linux,
                "wlan0 wifi, eth0 down",
                Reach::Unknown,
                "shared | Bridged mode is not possible: no adapter can be bridged to at present: eth0 (no \
                 carrier); wlan0 (Linux bridges no Wi-Fi station)."
                    .to_owned(),
            ),
            (
                Linux,
                "",
                Reach::OtherMachines,
                "shared | Bridged mode is not possible: this computer has no adapter that a VM can \
                 be bridged to. | Other machines do not reach a VM in shared mode. | ? how other machines \
                 can reach the VM"
                    .to_owned(),
            ),
            (
                Linux,
                "eth1 br1, br1 bridge",
                Reach::Unknown,
                "bridged br1 | The bridge br1 leads to the wired adapter eth1, and no default route passes \
                 it. | ? whether a router gives out addresses on br1"
                    .to_owned(),
            ),
            (
                MacOs,
                "en0 wifi, en5 192.168.1.20/24",
                Reach::Unknown,
                "bridged en5 | en5 is a wired adapter, and no default route passes it.".to_owned(),
            ),
        ];
        for (platform, interfaces, reach, expected) in rows {
            assert_eq!(
                recommended(platform, interfaces, reach, None, None),
                expected,
                "{interfaces} {reach:?}"
            );
        }
    }

    #[test]
    fn recommends_bridged_mode_over_wifi_only_if_others_have_to_reach_the_machine() {
        let reported = KnownRouter { name: "Hub".to_owned(), report: Some("Mode 1".to_owned()) };
        let harmless = KnownRouter { report: None, ..reported.clone() };
        let rows = [
            (Reach::Unknown, None, format!("shared | {WIFI} | {OPEN}")),
            (
                Reach::Unknown,
                Some(&reported),
                format!(
                    "shared | {WIFI} | The router, a Hub, is reported to keep bridged VMs from an address \
                     (Mode 1). | {OPEN}"
                ),
            ),
            (
                Reach::Unknown,
                Some(&harmless),
                format!(
                    "shared | {WIFI} | No trouble with bridged VMs is known of the router, a Hub. | {OPEN}"
                ),
            ),
            (
                Reach::OtherMachines,
                None,
                format!(
                    "bridged en0 | {OTHERS} | en0 is a Wi-Fi adapter, and no default route passes it. | ? \
                     whether the router serves bridged VMs | ! vm start web --net shared"
                ),
            ),
        ];
        for (reach, router, expected) in rows {
            assert_eq!(recommended(MacOs, "en0 wifi", reach, None, router), expected, "{reach:?}");
        }
    }

    /// The choice, the reasons, the doubt and the first way out.
    fn recommended(
        platform: Platform,
        interfaces: &str,
        reach: Reach,
        remembered: Option<&NetworkChoice>,
        router: Option<&KnownRouter>,
    ) -> String {
        let route = if interfaces.starts_with("br0") { "0.0.0.0/0 br0" } else { "" };
        let network = network(interfaces, route);
        let machine = Some("web");
        let (network, runs) = (&network, false);
        let situation = Situation { machine, runs, network, platform, router, reach, remembered };
        let Recommendation { choice, because, doubt, warning } = recommendation(&situation);
        let bridge = choice.bridge.map(|bridge| format!(" {bridge}")).unwrap_or_default();
        let choice = format!("{}{bridge}", choice.mode.code());
        let doubt = doubt.map(|doubt| format!("? {doubt}"));
        let way = warning.map(|warning| format!("! {}", warning.ways_out[0].command.join(" ")));
        let parts = std::iter::once(choice).chain(because).chain(doubt).chain(way);
        parts.collect::<Vec<_>>().join(" | ")
    }
}
