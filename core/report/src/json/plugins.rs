//! The document `vmkit.plugins/1`.

use std::borrow::Cow;

use serde::Serialize;

use super::{
    UnknownFields,
    codes::{PluginOriginCode, PluginStatusCode},
};
use crate::{PluginEntry, clean::stored};

/// The plugins that were found. Fields may be added; `null` is unknown where `unknown` names the
/// field with a reason.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(title = "vmkit.plugins/1"))]
pub(crate) struct PluginsDocument<'a> {
    /// `vmkit.plugins/1`.
    schema: &'static str,
    plugins: Vec<EntryDocument<'a>>,
}

/// One plugin.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "PluginEntry"))]
struct EntryDocument<'a> {
    id: Cow<'a, str>,
    /// The file.
    path: Cow<'a, str>,
    /// Whether it would be run, and if not, why.
    status: PluginStatusCode,
    message: Option<Cow<'a, str>>,
    /// The command that repairs it, if there is one.
    hint: Option<Cow<'a, str>>,
    /// Who answers for it.
    origin: Option<PluginOriginCode>,
    /// The SHA-256 of its file.
    sha256: Option<&'a str>,
    version: Option<Cow<'a, str>>,
    /// Major version of the interface that it was built for.
    epoch: Option<u32>,
    summary: Option<Cow<'a, str>>,
    /// `signal`, `advice`, `inventory`.
    kinds: Option<Vec<Cow<'a, str>>>,
    /// `discover`, `confirm`.
    stages: Option<Vec<Cow<'a, str>>>,
    /// Modes of `vm status` that it belongs to.
    modes: Option<Vec<Cow<'a, str>>>,
    /// `instant`, `local` or `network`.
    cost: Option<Cow<'a, str>>,
    /// What it may use, in sentences.
    needs: Option<Vec<Cow<'a, str>>>,
    /// Its own kinds of evidence, in sentences.
    claims: Option<Vec<Cow<'a, str>>>,
    /// The factor that its own claims may add up to; `null`: nobody has set one, and all such plugins
    /// share the limit of e².
    weight: Option<u16>,
    /// Fields that are unknown, with the reason.
    unknown: UnknownFields,
}

/// Fields that come from the manifest.
const MANIFEST: [&str; 9] =
    ["version", "epoch", "summary", "kinds", "stages", "modes", "cost", "needs", "claims"];

impl<'a> PluginsDocument<'a> {
    pub(crate) fn new(entries: &'a [PluginEntry]) -> Self {
        Self {
            schema: "vmkit.plugins/1",
            plugins: entries.iter().map(EntryDocument::new).collect(),
        }
    }
}

impl<'a> EntryDocument<'a> {
    fn new(entry: &'a PluginEntry) -> Self {
        let details = entry.details.as_ref();
        let mut unknown = UnknownFields::new();
        if details.is_none() {
            unknown
                .extend(MANIFEST.map(|name| (name, "its manifest could not be read".to_owned())));
        }
        if entry.origin.is_none() {
            let why = "the file could not be read, or others could change it";
            unknown.extend(["origin", "sha256"].map(|name| (name, why.to_owned())));
        }
        let all = |list: &'a [String]| list.iter().map(|text| stored(text)).collect();
        Self {
            id: stored(&entry.id),
            path: stored(&entry.path),
            status: entry.status.into(),
            message: entry.message.as_deref().map(stored),
            hint: entry.hint.as_deref().map(stored),
            origin: entry.origin.map(Into::into),
            sha256: entry.sha256.as_deref(),
            version: details.map(|details| stored(&details.version)),
            epoch: details.map(|details| details.epoch),
            summary: details.map(|details| stored(&details.summary)),
            kinds: details.map(|details| all(&details.kinds)),
            stages: details.map(|details| all(&details.stages)),
            modes: details.map(|details| all(&details.modes)),
            cost: details.map(|details| stored(&details.cost)),
            needs: details.map(|details| all(&details.needs)),
            claims: details.map(|details| all(&details.claims)),
            weight: entry.weight,
            unknown,
        }
    }
}
