//! The document `vmkit.net/1`.

use std::borrow::Cow;

use serde::Serialize;
use vmkit_attach::{
    Adapter, Bridging, KnownRouter, ModeHere, Obstacle, Recommendation, Warning, adapters, modes,
    recommendation,
};
use vmkit_model::Platform;
use vmkit_types::InterfaceKind;

use super::{UnknownFields, codes::kind, field};
use crate::{
    Networks,
    clean::stored,
    time::{milliseconds, rfc3339},
};

/// Which networks of this computer a VM can be started on. Fields may be added; `null` is "unknown"
/// where `unknown` names the field with a reason, and "there is none" otherwise.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(title = "vmkit.net/1"))]
pub(crate) struct NetworksDocument<'a> {
    /// `vmkit.net/1`.
    schema: &'static str,
    /// When the answer was ready, RFC 3339.
    generated_at: Option<String>,
    /// How long it took.
    elapsed_ms: u64,
    /// `linux` or `macos`.
    platform: Option<&'static str>,
    /// The VM that was asked about.
    vm: Option<Cow<'a, str>>,
    recommendation: RecommendationDocument,
    /// What each mode would mean here.
    modes: Vec<ModeDocument>,
    /// Adapters and bridges: first those of the default route, then those that a VM can be bridged to.
    adapters: Vec<AdapterDocument>,
    /// The router, where it was recognised.
    router: Option<RouterDocument<'a>>,
    /// Fields that are unknown, with the reason.
    unknown: UnknownFields,
}

/// The recommended network.
#[derive(Serialize)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "NetRecommendation")
)]
struct RecommendationDocument {
    /// `bridged` or `shared`.
    mode: &'static str,
    /// The adapter or bridge of a bridged VM.
    bridge: Option<String>,
    /// The command that starts a VM so, word by word.
    command: Vec<String>,
    /// Why, in sentences.
    because: Vec<String>,
    /// What the facts leave open.
    doubt: Option<String>,
    /// What to know before a VM is started so.
    warning: Option<WarningDocument>,
}

/// A limit of the recommended network.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "NetWarning"))]
struct WarningDocument {
    says: String,
    /// The best way out first.
    ways_out: Vec<WayOutDocument>,
}

/// A way around a limit.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "NetWayOut"))]
struct WayOutDocument {
    what: String,
    /// The command, word by word; empty: there is none.
    command: Vec<String>,
}

/// What a mode would mean.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "NetMode"))]
struct ModeDocument {
    /// `bridged` or `shared`.
    mode: &'static str,
    /// Whether a VM can be started in it.
    possible: bool,
    /// What it means, or why it is not possible, in sentences.
    says: Vec<String>,
}

/// An adapter or a bridge.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "NetAdapter"))]
struct AdapterDocument {
    name: String,
    /// `wifi`, `ethernet`, `bridge` or `unknown`.
    kind: &'static str,
    /// Whether it has a link: for a bridge, whether its uplink has one.
    carrier: bool,
    /// Addresses with the length of the prefix.
    addresses: Vec<String>,
    /// Whether the default route leads through it.
    default_route: bool,
    /// The bridge that it is in.
    bridge: Option<String>,
    /// The adapter that a bridge leads to.
    uplink: Option<String>,
    /// What frames of a VM would pass: `wifi` or `ethernet`; `null`: neither is known.
    medium: Option<&'static str>,
    /// Whether it leads out of this computer.
    leads_out: bool,
    /// Whether a VM can be bridged to it; `null`: unknown, and `why_not` has the reason.
    bridgeable: Option<bool>,
    /// `tap`, `macvtap` or `vmnet`.
    how: Option<&'static str>,
    /// Why no VM can be bridged to it.
    why_not: Option<String>,
}

/// The router.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "NetRouter"))]
struct RouterDocument<'a> {
    name: Cow<'a, str>,
    /// What is reported of it and bridged VMs.
    report: Option<Cow<'a, str>>,
}

impl<'a> NetworksDocument<'a> {
    pub(crate) fn new(networks: &'a Networks<'a>) -> Self {
        let mut unknown = UnknownFields::new();
        let generated_at = rfc3339(networks.generated_at);
        if generated_at.is_none() {
            unknown.insert("generated_at", "the clock is out of range".to_owned());
        }
        let platform = match networks.platform {
            Platform::Linux => Some("linux"),
            Platform::MacOs => Some("macos"),
            Platform::Unknown => {
                unknown.insert("platform", "it is neither Linux nor macOS".to_owned());
                None
            }
        };
        let situation = networks.situation();
        let recommended = recommendation(&situation);
        let command = situation.command(&recommended.choice);
        let adapters = adapters(networks.network, networks.platform);
        Self {
            schema: "vmkit.net/1",
            generated_at,
            elapsed_ms: milliseconds(networks.elapsed),
            platform,
            vm: networks.machine.map(stored),
            recommendation: RecommendationDocument::new(recommended, &command),
            modes: modes(&situation).into_iter().map(ModeDocument::new).collect(),
            adapters: adapters.iter().map(AdapterDocument::new).collect(),
            router: field("router", &networks.router, &mut unknown).map(RouterDocument::new),
            unknown,
        }
    }
}

impl RecommendationDocument {
    fn new(recommendation: Recommendation, command: &[String]) -> Self {
        let Recommendation { choice, because, doubt, warning } = recommendation;
        Self {
            mode: choice.mode.code(),
            bridge: choice.bridge.as_deref().map(text),
            command: texts(command),
            because: texts(&because),
            doubt: doubt.as_deref().map(text),
            warning: warning.map(|Warning { says, ways_out }| WarningDocument {
                says: text(&says),
                ways_out: ways_out
                    .iter()
                    .map(|way| WayOutDocument {
                        what: text(&way.what),
                        command: texts(&way.command),
                    })
                    .collect(),
            }),
        }
    }
}

impl ModeDocument {
    fn new(ModeHere { mode, possible, says }: ModeHere) -> Self {
        Self { mode: mode.code(), possible, says: texts(&says) }
    }
}

impl AdapterDocument {
    fn new(adapter: &Adapter<'_>) -> Self {
        let interface = adapter.interface;
        let (bridgeable, how) = match &adapter.bridging {
            Bridging::Tap => (Some(true), Some("tap")),
            Bridging::Macvtap => (Some(true), Some("macvtap")),
            Bridging::Vmnet | Bridging::VmnetWifi => (Some(true), Some("vmnet")),
            Bridging::Impossible(Obstacle::UnknownKind | Obstacle::UnknownSystem) => (None, None),
            Bridging::Impossible(_) => (Some(false), None),
        };
        let why_not = match &adapter.bridging {
            Bridging::Impossible(obstacle) => Some(text(&obstacle.to_string())),
            _ => None,
        };
        let medium = adapter.uplink.unwrap_or(interface).kind;
        let medium =
            matches!(medium, InterfaceKind::Wifi | InterfaceKind::Ethernet).then(|| kind(medium));
        Self {
            name: text(&interface.name),
            kind: kind(interface.kind),
            carrier: adapter.has_carrier(),
            addresses: interface.addresses.iter().map(ToString::to_string).collect(),
            default_route: adapter.default_route,
            bridge: interface.bridge.as_deref().map(text),
            uplink: adapter.uplink.map(|uplink| text(&uplink.name)),
            medium,
            leads_out: adapter.leads_out(),
            bridgeable,
            how,
            why_not,
        }
    }
}

impl<'a> RouterDocument<'a> {
    fn new(router: &'a KnownRouter) -> Self {
        Self { name: stored(&router.name), report: router.report.as_deref().map(stored) }
    }
}

fn text(text: &str) -> String {
    stored(text).into_owned()
}

fn texts(texts: &[String]) -> Vec<String> {
    texts.iter().map(|each| text(each)).collect()
}
