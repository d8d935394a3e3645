//! The manifest of a plugin: what it says of itself before any of its code runs.

use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize};
use vmkit_model::Mode;
use vmkit_types::Stage;

use crate::{
    code::{self, Declared, PluginKind},
    needs::{GatewayPage, Needs},
    needs_grammar::{NeedsError, fits},
};

/// The epoch of the plugin interface that this host speaks. A test of the worker checks that the ABI
/// crate has the same number.
pub const EPOCH: u32 = 1;

/// Most pages of the gateway that one plugin may ask for.
const MOST_PAGES: usize = 16;

/// A plugin's manifest: a JSON object in a section of its library.
///
/// Later versions may add fields, kinds and stages; an unknown one has no effect. An unknown need is
/// refused, because a worker cannot be confined to it.
#[derive(Clone, Debug, Deserialize, PartialEq)]
pub struct Manifest {
    /// Short and unique: lower-case letters, digits and hyphens.
    pub id: String,
    /// Version of the plugin.
    pub version: String,
    /// Major version of the plugin interface that it was built for.
    pub epoch: u32,
    /// What it offers.
    #[serde(deserialize_with = "code::kinds")]
    pub kinds: Vec<Declared<PluginKind>>,
    /// What it does, in one line.
    #[serde(default)]
    pub summary: String,
    /// The stages that a signal takes part in.
    #[serde(default = "discover_only", deserialize_with = "code::stages")]
    pub stages: Vec<Declared<Stage>>,
    /// The cost of a call.
    #[serde(default)]
    pub cost: Cost,
    /// The modes that run it.
    #[serde(default = "full_only", deserialize_with = "modes")]
    pub modes: Vec<Mode>,
    /// Whether it runs only where the other signals are inconclusive. Its worker starts only then.
    #[serde(default)]
    pub only_in_doubt: bool,
    /// Whether it confirms after the other signals have probed the addresses, because their packets
    /// change what it looks at.
    #[serde(default)]
    pub after_probes: bool,
    /// What it needs from the system.
    #[serde(default)]
    pub needs: Needs,
    /// What it needs on macOS, where that differs.
    #[serde(default)]
    pub needs_macos: Option<Needs>,
    /// Whether it works on snapshots only. A live run does not start it.
    #[serde(default)]
    pub snapshot_only: bool,
    /// The raw artefacts of a snapshot that it reads in place of the live source.
    #[serde(default)]
    pub artefacts: Vec<String>,
    /// Pages of the gateway that an advice plugin needs. The host requests those that were reviewed or
    /// that the user allows; the plugin itself cannot.
    #[serde(default)]
    pub gateway: Vec<GatewayPage>,
    /// JSON Schema of its configuration.
    #[serde(default)]
    pub config_schema: serde_json::Value,
}

fn discover_only() -> Vec<Declared<Stage>> {
    vec![Declared::Known(Stage::Discover)]
}

fn full_only() -> Vec<Mode> {
    vec![Mode::Full]
}

/// The cost of a call: that of the slowest thing it does.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum Cost {
    /// It uses memory and the kernel only.
    Instant,
    /// It reads files of this computer.
    Local,
    /// It waits for others on the network.
    #[default]
    Network,
}

impl Cost {
    /// The word for it in JSON and text.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Instant => "instant",
            Self::Local => "local",
            Self::Network => "network",
        }
    }
}

/// A mode, as manifests write it. `basic` runs no plugin, so no manifest can name it.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum ManifestMode {
    Fast,
    Full,
}

fn modes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Mode>, D::Error> {
    let modes = Vec::<ManifestMode>::deserialize(deserializer)?.into_iter();
    Ok(modes
        .map(|mode| match mode {
            ManifestMode::Fast => Mode::Fast,
            ManifestMode::Full => Mode::Full,
        })
        .collect())
}

/// Why a manifest is refused.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// It is not a manifest, or it declares a need that this host does not know.
    #[error("manifest: {0}")]
    Malformed(serde_json::Error),
    /// It was built for another epoch.
    #[error("built for plugin interface epoch {found}, this vm speaks epoch {EPOCH}")]
    Epoch {
        /// The epoch in the manifest.
        found: u32,
    },
    /// It declares too many pages of the gateway, or pages that cannot be requested.
    #[error(
        "manifest: `gateway` holds at most {MOST_PAGES} paths, each plain, from `/` on and without a \
         query"
    )]
    Gateway,
    /// It names files or programs that no manifest may name.
    #[error(transparent)]
    Needs(#[from] NeedsError),
    /// Its id is not a valid name.
    #[error("manifest: the id may hold lower-case letters, digits and hyphens, 1 to 40 of them")]
    Id,
}

/// The part that every epoch has. It is read first so that a manifest of another epoch is reported as
/// such, whatever else it contains.
#[derive(Deserialize)]
struct EpochOnly {
    epoch: u32,
}

impl FromStr for Manifest {
    type Err = ManifestError;

    fn from_str(text: &str) -> Result<Self, ManifestError> {
        let EpochOnly { epoch } = serde_json::from_str(text).map_err(ManifestError::Malformed)?;
        if epoch != EPOCH {
            return Err(ManifestError::Epoch { found: epoch });
        }
        let manifest: Self = serde_json::from_str(text).map_err(ManifestError::Malformed)?;
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if !(1..=40).contains(&manifest.id.len()) || !manifest.id.bytes().all(plain) {
            return Err(ManifestError::Id);
        }
        // Both, so that a plugin is refused on every platform or on none.
        for needs in [Some(&manifest.needs), manifest.needs_macos.as_ref()].into_iter().flatten() {
            needs.check()?;
        }
        manifest.needs.check_linux()?;
        let pages = &manifest.gateway;
        if pages.len() > MOST_PAGES || !pages.iter().all(GatewayPage::is_plain) {
            return Err(ManifestError::Gateway);
        }
        Ok(manifest)
    }
}

impl Manifest {
    /// What it needs on this platform.
    pub fn needs_here(&self) -> &Needs {
        let on_macos = cfg!(target_os = "macos");
        self.needs_macos.as_ref().filter(|_| on_macos).unwrap_or(&self.needs)
    }

    /// Whether it declares this artefact of a snapshot. `*` in a pattern stands for any characters
    /// within one file name.
    pub fn declares_artefact(&self, name: &str) -> bool {
        let plain = |part: &str| !part.is_empty() && part != "." && part != "..";
        name.split('/').all(plain) && self.artefacts.iter().any(|pattern| stands_for(pattern, name))
    }

    /// Whether it offers this kind.
    pub fn is(&self, kind: PluginKind) -> bool {
        self.kinds.contains(&Declared::Known(kind))
    }

    /// Whether it is a signal that takes part in this stage.
    pub fn takes_part_in(&self, stage: Stage) -> bool {
        self.is(PluginKind::Signal) && self.stages.contains(&Declared::Known(stage))
    }
}

/// Whether `name` is `pattern` with its `*`, if any, replaced by something within a path component.
fn stands_for(pattern: &str, name: &str) -> bool {
    fits(pattern, name) && name.len() >= pattern.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_kinds_and_stages_have_no_effect_and_are_shown() {
        // Kinds and stages of the manifest, what is shown of them, whether it is a signal that
        // discovers and one that confirms.
        let rows = [
            (r#"["signal"]"#, None, "signal; discover", (true, false)),
            (r#"["signal"]"#, Some(r#"["confirm"]"#), "signal; confirm", (false, true)),
            (
                r#"["signal", "oracle"]"#,
                Some(r#"["discover", "confirm", "mourn"]"#),
                "signal, oracle; discover, confirm, mourn",
                (true, true),
            ),
            (r#"["signal"]"#, Some(r#"["Discover"]"#), "signal; Discover", (false, false)),
            (r#"["advice", "inventory"]"#, None, "advice, inventory; discover", (false, false)),
            (r#"["oracle"]"#, Some("[]"), "oracle; ", (false, false)),
        ];
        for (kinds, stages, shown, (discovers, confirms)) in rows {
            let stages = stages.map_or_else(String::new, |list| format!(r#","stages":{list}"#));
            let text = format!(r#"{{"id":"a","version":"1","epoch":1,"kinds":{kinds}{stages}}}"#);
            let manifest: Manifest = text.parse().unwrap();
            let kinds: Vec<_> = manifest.kinds.iter().map(ToString::to_string).collect();
            let stages: Vec<_> = manifest.stages.iter().map(ToString::to_string).collect();
            assert_eq!(format!("{}; {}", kinds.join(", "), stages.join(", ")), shown);
            assert_eq!(manifest.takes_part_in(Stage::Discover), discovers, "{text}");
            assert_eq!(manifest.takes_part_in(Stage::Confirm), confirms, "{text}");
            assert_eq!(manifest.is(PluginKind::Signal), shown.starts_with("signal"), "{text}");
        }
    }

    #[test]
    fn declares_artefacts_by_name_or_pattern() {
        let manifest: Manifest = r#"{"id":"a","version":"1","epoch":1,"kinds":[],
            "artefacts":["neigh/arp-an.txt","console/*.log"]}"#
            .parse()
            .unwrap();
        let rows = [
            ("neigh/arp-an.txt", true),
            ("console/web.log", true),
            ("console/.log", false),
            ("console/../host/x.log", false),
            ("/console/web.log", false),
            ("host/hosts", false),
        ];
        for (name, expected) in rows {
            assert_eq!(manifest.declares_artefact(name), expected, "{name}");
        }
    }

    #[test]
    fn reads_a_manifest_or_refuses_it_with_a_reason() {
        let rows = [
            (r#"{"id":"arp","version":"1","epoch":1,"kinds":["signal"],"colour":"red"}"#, "ok"),
            (
                r#"{"id":"arp","epoch":2}"#,
                "built for plugin interface epoch 2, this vm speaks epoch 1",
            ),
            (r#"{"id":"../x","version":"1","epoch":1,"kinds":[]}"#, "manifest: the id may hold"),
            (
                r#"{"id":"a","version":"1","epoch":1,"kinds":[],"needs":{"kernel":true}}"#,
                "manifest: unknown field `kernel`",
            ),
            ("\u{1b}[2J", "manifest: expected value"),
            (
                r#"{"id":"a","version":"1","epoch":1,"kinds":[],"needs":{"read_files":["/"]}}"#,
                "manifest: `read_files` may not name \"/\"",
            ),
            (
                r#"{"id":"a","version":"1","epoch":1,"kinds":[],"needs_macos":{"exec":["sh"]}}"#,
                "manifest: `exec` may not name \"sh\"",
            ),
            (
                r#"{"id":"a","version":"1","epoch":1,"kinds":[],"needs":{"exec":["/bin/true"]}}"#,
                "manifest: `exec` may not name \"/bin/true\": on Linux a plugin runs no program",
            ),
            (
                r#"{"id":"a","version":"1","epoch":1,"kinds":[],"needs_macos":{"exec":["/bin/ls"]}}"#,
                "ok",
            ),
            (
                r#"{"id":"a","version":"1","epoch":1,"kinds":[],"gateway":[{"path":"/a b"}]}"#,
                "manifest: `gateway` holds",
            ),
            (
                r#"{"id":"a","version":"1","epoch":1,"kinds":[],"gateway":[{"path":"/a?reboot"}]}"#,
                "manifest: `gateway` holds",
            ),
            (
                r#"{"id":"a","version":"1","epoch":1,"kinds":[],"gateway":[{"path":"//evil.test/"}]}"#,
                "manifest: `gateway` holds",
            ),
        ];
        for (text, expected) in rows {
            let outcome = match text.parse::<Manifest>() {
                Ok(_) => "ok".to_owned(),
                Err(error) => error.to_string(),
            };
            assert!(outcome.starts_with(expected), "{text}: {outcome}");
        }
    }
}
