//! The tables of routers and makers in `data/`.

use serde::Deserialize;
use vmkit_plugin::{Error, ErrorCode, Result};

/// How well a fact is known.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Confidence {
    /// An inference, or general knowledge.
    Uncertain,
    /// One second-hand report.
    Medium,
    /// A primary artefact.
    Confirmed,
}

/// Where a clue is looked for.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum On {
    /// The title of the gateway's pages.
    Title,
    /// A server header, of HTTP or UPnP.
    Server,
    /// The friendly name of the UPnP description.
    FriendlyName,
    /// Its manufacturer.
    Manufacturer,
    /// Its model.
    ModelName,
    /// A name of the gateway.
    Name,
    /// The domain that DHCP gives.
    Domain,
    /// The body of a page.
    Page,
}

/// How much a clue counts.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Weight {
    /// No other router has it.
    Decisive,
    /// Few others have it.
    Strong,
    /// Many others have it.
    Weak,
}

/// A text that identifies a router.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Clue {
    pub(crate) on: On,
    /// The page's path, for a page alone.
    pub(crate) path: Option<String>,
    /// Alternative texts.
    pub(crate) any: Vec<String>,
    pub(crate) weight: Weight,
    pub(crate) confidence: Option<Confidence>,
    pub(crate) source: Option<String>,
}

/// How a setting concerns a bridged machine.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Relevance {
    /// It keeps machines from a lease.
    BlocksVmDhcp,
    /// It may.
    Unknown,
    /// It concerns machines with a lease.
    BlocksVmAfterLease,
    /// It isolates stations from each other; DHCP to the router passes.
    IsolationOnly,
    /// It is blamed without reason.
    UnrelatedButBlamed,
}

/// A setting of a router.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Setting {
    pub(crate) name: String,
    /// Its path through the menus.
    pub(crate) path: String,
    /// What it does: follows "it may".
    pub(crate) effect: String,
    /// What to do, in whole sentences.
    pub(crate) advice: String,
    pub(crate) relevance: Relevance,
    pub(crate) confidence: Confidence,
    pub(crate) source: String,
}

/// A kind of router.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Router {
    pub(crate) id: String,
    pub(crate) name: String,
    #[expect(dead_code, reason = "for those who read the table")]
    vendor: String,
    #[expect(dead_code, reason = "for those who read the table")]
    board_by: Option<String>,
    /// Its default addresses.
    pub(crate) addresses: Vec<String>,
    /// Makers of its board, as the table of makers names them.
    #[serde(default)]
    pub(crate) makers: Vec<String>,
    #[expect(dead_code, reason = "for those who read the table")]
    notes: Option<String>,
    pub(crate) confidence: Confidence,
    pub(crate) source: String,
    /// Texts in any page that prove another router.
    #[serde(default)]
    pub(crate) rules_out: Vec<String>,
    #[serde(default)]
    pub(crate) clues: Vec<Clue>,
    #[serde(default, rename = "setting")]
    pub(crate) settings: Vec<Setting>,
}

/// A maker of boards.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Maker {
    pub(crate) name: String,
    /// First three bytes of its MACs, `aa:bb:cc`.
    pub(crate) prefixes: Vec<String>,
}

/// Both tables.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) routers: Vec<Router>,
    pub(crate) makers: std::collections::BTreeMap<String, Maker>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Routers {
    #[expect(dead_code, reason = "read to be there")]
    schema: u32,
    router: Vec<Router>,
}

impl Table {
    /// The built-in tables.
    pub(crate) fn builtin() -> Result<Self> {
        let broken = |file: &str, error: toml::de::Error| {
            Error::new(ErrorCode::Other, format!("{file}: {}", error.message()))
        };
        let routers: Routers = toml::from_str(include_str!("../data/routers.toml"))
            .map_err(|error| broken("routers.toml", error))?;
        let makers = toml::from_str(include_str!("../data/makers.toml"))
            .map_err(|error| broken("makers.toml", error))?;
        Ok(Self { routers: routers.router, makers })
    }

    /// The maker of this MAC, by its name in the table.
    pub(crate) fn maker_of(&self, mac: &str) -> Option<(&str, &Maker)> {
        let prefix = mac.get(..8)?.to_ascii_lowercase();
        let found = self.makers.iter().find(|(_, maker)| maker.prefixes.contains(&prefix));
        found.map(|(id, maker)| (id.as_str(), maker))
    }
}
