//! What the error of a probe says of the address, where macOS may keep the program off the local network.

use std::{sync::Arc, time::Duration};

use vmkit_model::{Evidence, Platform};
use vmkit_types::{HostNetwork, Kind, Observation, Unread, attribute};

use crate::Scene;

/// What macOS does to programs without the user's permission, and the way out. Root is exempt, but the
/// workers that probe run as the calling user below `sudo` as well.
const DENIED: &str = "macOS keeps this program off the local network: turn on the terminal program in \
    System Settings > Privacy & Security > Local Network, or use Terminal, which is exempt; `sudo vm` may \
    not help, since its probes run as the calling user";

/// The first release that asks for permission.
const FIRST_RELEASE: u32 = 15;
/// An error within this time is the system's own. ARP asks for a second at least before it gives up, and
/// a loaded computer is late by tens of milliseconds.
const AT_ONCE: Duration = Duration::from_millis(200);

/// Errors by their numbers, which differ between the systems.
mod macos {
    pub(super) const ENETDOWN: i32 = 50;
    pub(super) const ENETUNREACH: i32 = 51;
    pub(super) const EHOSTDOWN: i32 = 64;
    pub(super) const EHOSTUNREACH: i32 = 65;
}
mod linux {
    pub(super) const ENETDOWN: i32 = 100;
    pub(super) const ENETUNREACH: i32 = 101;
    pub(super) const EHOSTDOWN: i32 = 112;
    pub(super) const EHOSTUNREACH: i32 = 113;
}

/// A probe that failed, and where it was sent. What is not known of it is `None`.
#[derive(Clone, Copy, Debug)]
struct Failed {
    platform: Platform,
    /// The major release of macOS.
    release: Option<u32>,
    on_link: Option<bool>,
    as_root: Option<bool>,
    errno: i32,
    after: Option<Duration>,
}

/// What the error says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meaning {
    /// The system keeps the program from the address. It says nothing of the machine.
    Denied,
    /// Nobody answers for the address.
    NobodyAnswers,
    /// No route leads there.
    NoRoute,
    /// Nothing that is known.
    Unclear,
}

/// What the error of a probe says. Where it may be a denial, it is no word against the machine.
fn meaning(failed: Failed) -> Meaning {
    let Failed { platform, release, on_link, as_root, errno, after } = failed;
    let away = on_link == Some(false);
    match (platform, errno) {
        (Platform::MacOs, macos::EHOSTUNREACH) => {
            let asks = release.is_none_or(|release| release >= FIRST_RELEASE);
            let at_once = after.is_none_or(|after| after < AT_ONCE);
            match (asks && at_once && as_root != Some(true), away) {
                (_, true) => Meaning::NoRoute,
                (true, false) => Meaning::Denied,
                (false, false) => Meaning::NobodyAnswers,
            }
        }
        (Platform::MacOs, macos::EHOSTDOWN)
        | (Platform::Linux, linux::EHOSTUNREACH | linux::EHOSTDOWN) => Meaning::NobodyAnswers,
        (Platform::MacOs, macos::ENETUNREACH | macos::ENETDOWN)
        | (Platform::Linux, linux::ENETUNREACH | linux::ENETDOWN) => Meaning::NoRoute,
        _ => Meaning::Unclear,
    }
}

/// Replaces failures of probes that the system denied by what they are: not seen, and why.
pub(super) fn mark_denied(evidence: &mut [Evidence], scene: &Scene) {
    let platform = Platform::named(scene.platform.as_deref());
    if platform != Platform::MacOs {
        return;
    }
    for item in evidence {
        let failed = failed(&item.observation, platform, scene);
        if failed.is_some_and(|failed| meaning(failed) == Meaning::Denied) {
            item.observation = Arc::new(denied(&item.observation));
        }
    }
}

/// Drops the doubts of an empty neighbour table on a computer without a default route, which may know
/// nobody.
pub(super) fn forget_plausible_emptiness(evidence: &mut Vec<Evidence>, scene: &Scene) {
    let connected = |network: &HostNetwork| network.gateways().next().is_some();
    if !scene.network.as_ref().is_none_or(connected) {
        evidence.retain(|item| {
            item.observation.attribute(attribute::SOURCE) != Some(attribute::EMPTY_TABLE)
        });
    }
}

/// The failed probe that this observation tells of.
fn failed(seen: &Observation, platform: Platform, scene: &Scene) -> Option<Failed> {
    if !matches!(seen.kind, Kind::SshUnreachable | Kind::ArpSilent | Kind::Unread) {
        return None;
    }
    let address = seen.address?;
    let after = seen.attribute(attribute::AFTER_US).and_then(|text| text.parse().ok());
    let as_root = seen.attribute(attribute::AS_ROOT).map(|text| text == "true");
    Some(Failed {
        platform,
        release: scene.system.as_ref().known().and_then(|system| release(system)),
        on_link: scene.network.as_ref().map(|network| network.on_link(address).is_some()),
        // Not whether `vm` is root: below `sudo` the workers are the calling user's.
        as_root,
        errno: seen.attribute(attribute::ERRNO)?.parse().ok()?,
        after: after.map(Duration::from_micros),
    })
}

/// The major release in a system's name, such as `macOS 15.1 (Darwin 24.1.0, arm64)`.
fn release(system: &str) -> Option<u32> {
    let version = system.strip_prefix("macOS ")?;
    version.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

fn denied(seen: &Observation) -> Observation {
    let mut denied = Observation::unread(seen.vm, &Unread::Denied(String::new()))
        .with(attribute::SOURCE, attribute::LOCAL_NETWORK);
    denied.attributes.extend(
        seen.attributes
            .iter()
            .filter(|(name, _)| name == attribute::ERRNO || name == attribute::AFTER_US)
            .cloned(),
    );
    Observation { says: DENIED.to_owned(), address: seen.address, age: seen.age, ..denied }
}

#[cfg(test)]
mod tests {
    use vmkit_types::{Interface, InterfaceKind, Prefix, Reading, Route};

    use super::*;

    const MAC: Failed = Failed {
        platform: Platform::MacOs,
        release: Some(15),
        on_link: Some(true),
        as_root: Some(false),
        errno: 65,
        after: Some(Duration::from_micros(300)),
    };

    #[test]
    fn an_error_with_its_time_says_whether_the_system_denied_the_address() {
        let late = Some(Duration::from_millis(1100));
        let linux = Failed { platform: Platform::Linux, release: None, ..MAC };
        let rows = [
            (MAC, Meaning::Denied),
            (Failed { release: Some(26), ..MAC }, Meaning::Denied),
            (Failed { release: Some(14), ..MAC }, Meaning::NobodyAnswers),
            (Failed { release: None, ..MAC }, Meaning::Denied),
            (Failed { after: late, ..MAC }, Meaning::NobodyAnswers),
            (Failed { after: Some(AT_ONCE), ..MAC }, Meaning::NobodyAnswers),
            (Failed { after: None, ..MAC }, Meaning::Denied),
            (Failed { as_root: Some(true), ..MAC }, Meaning::NobodyAnswers),
            (Failed { as_root: None, ..MAC }, Meaning::Denied),
            (Failed { on_link: Some(false), ..MAC }, Meaning::NoRoute),
            (Failed { on_link: None, ..MAC }, Meaning::Denied),
            (Failed { errno: 64, ..MAC }, Meaning::NobodyAnswers),
            (Failed { errno: 64, after: late, ..MAC }, Meaning::NobodyAnswers),
            (Failed { errno: 51, ..MAC }, Meaning::NoRoute),
            (Failed { errno: 50, ..MAC }, Meaning::NoRoute),
            (Failed { errno: 61, ..MAC }, Meaning::Unclear),
            (Failed { errno: 113, ..linux }, Meaning::NobodyAnswers),
            (Failed { errno: 112, ..linux }, Meaning::NobodyAnswers),
            (Failed { errno: 101, ..linux }, Meaning::NoRoute),
            (Failed { errno: 100, ..linux }, Meaning::NoRoute),
            // The numbers of the other system.
            (Failed { errno: 65, ..linux }, Meaning::Unclear),
            (Failed { errno: 113, ..MAC }, Meaning::Unclear),
            (Failed { platform: Platform::Unknown, ..MAC }, Meaning::Unclear),
        ];
        for (failed, expected) in rows {
            assert_eq!(meaning(failed), expected, "{failed:?}");
        }
    }

    #[test]
    fn reads_the_release_in_a_systems_name() {
        let rows = [
            ("macOS 15.1 (Darwin 24.1.0, arm64)", Some(15)),
            ("macOS 26 (Darwin 25.0.0, arm64)", Some(26)),
            ("Darwin 24.1.0, arm64", None),
            ("macOS x", None),
        ];
        for (system, expected) in rows {
            assert_eq!(release(system), expected, "{system}");
        }
    }

    #[test]
    fn an_empty_table_is_plausible_without_a_default_route() {
        let empty = || {
            let unread = Observation::unread(0, &Unread::Denied("empty".to_owned()));
            let observation = unread.with(attribute::SOURCE, attribute::EMPTY_TABLE).into();
            let received_at = std::time::SystemTime::UNIX_EPOCH;
            vec![Evidence { id: 0, plugin: "arp".into(), received_at, observation }]
        };
        let destination = Prefix { address: [0, 0, 0, 0].into(), length: 0 };
        let gateway = Some([192, 168, 1, 1].into());
        let route = Route { destination, gateway, interface: "en0".to_owned() };
        let connected = HostNetwork { routes: vec![route], interfaces: Vec::new() };
        let rows = [(None, 1), (Some(HostNetwork::default()), 0), (Some(connected), 1)];
        for (network, left) in rows {
            let mut scene = Scene::of_machines(Vec::new());
            scene.network = network;
            let mut evidence = empty();
            forget_plausible_emptiness(&mut evidence, &scene);
            assert_eq!(evidence.len(), left);
        }
    }

    #[test]
    fn a_denied_probe_counts_as_not_seen() {
        let mut scene = Scene::of_machines(Vec::new());
        scene.platform = Some("macos".to_owned());
        let addresses = vec![Prefix { address: [192, 168, 64, 1].into(), length: 24 }];
        let (mac, bridge) = (None, None);
        let bridge100 = Interface {
            name: "bridge100".to_owned(),
            mac,
            addresses,
            kind: InterfaceKind::Bridge,
            up: true,
            bridge,
        };
        scene.network = Some(HostNetwork { interfaces: vec![bridge100], routes: Vec::new() });
        scene.system = Reading::Known("macOS 15.1 (Darwin 24.1.0, arm64)".to_owned());
        let at = |address: [u8; 4], errno: &str| {
            let seen = Observation::new(0, Kind::SshUnreachable, "as it says").at(address);
            let seen = seen.with(attribute::ERRNO, errno).with(attribute::AFTER_US, "300");
            let received_at = std::time::SystemTime::UNIX_EPOCH;
            Evidence { id: 0, plugin: "ssh".into(), received_at, observation: seen.into() }
        };
        let by_arp = |errno: &str| {
            let item = at([192, 168, 64, 6], errno);
            let seen = Observation { kind: Kind::ArpSilent, ..(*item.observation).clone() };
            Evidence { observation: seen.into(), ..item }
        };
        let mut evidence = [
            at([192, 168, 64, 6], "65"),
            at([192, 168, 64, 6], "64"),
            at([10, 1, 2, 3], "65"),
            by_arp("65"),
            by_arp("64"),
        ];
        mark_denied(&mut evidence, &scene);
        let kinds = evidence.each_ref().map(|item| item.observation.kind.clone());
        let gone = Kind::SshUnreachable;
        assert_eq!(kinds, [Kind::Unread, gone.clone(), gone, Kind::Unread, Kind::ArpSilent]);
        let seen = &evidence[0].observation;
        assert_eq!(seen.attribute(attribute::SOURCE), Some(attribute::LOCAL_NETWORK));
        assert_eq!(seen.attribute(attribute::REASON), Some("denied"));
        assert_eq!(seen.attribute(attribute::ERRNO), Some("65"));
        assert_eq!(seen.says, DENIED);
    }
}
