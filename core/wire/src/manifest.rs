//! The manifest of a plugin: what it says of itself before any of its code runs.

use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize};
use vmkit_model::{ClaimFault, MANAGER, Mode, PluginClaims};
use vmkit_types::Stage;

use crate::{
    claims::{self, DeclaredKind},
    code::{self, Declared, PluginKind},
    fit::fits,
    manifest_error::{EPOCH, MOST_PAGES, ManifestError},
    needs::{GatewayPage, Needs},
    needs_grammar::NeedsError,
    program::Program,
};

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
    /// Patterns of `read_files`, or narrower ones. An inventory needs one of them to match: otherwise its
    /// manager is not on this computer, and its worker is not started. Empty: all of `read_files`.
    #[serde(default)]
    pub present: Vec<String>,
    /// The raw artefacts of a snapshot that it reads in place of the live source.
    #[serde(default)]
    pub artefacts: Vec<String>,
    /// Pages of the gateway that an advice plugin needs. The host requests those that were reviewed or
    /// that the user allows; the plugin itself cannot.
    #[serde(default)]
    pub gateway: Vec<GatewayPage>,
    /// The program that speaks for the plugin, in a manifest that lies beside it. A library has none.
    #[serde(default)]
    pub program: Option<Program>,
    /// Kinds of evidence of its own.
    #[serde(default)]
    pub evidence: Vec<DeclaredKind>,
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
        if manifest.id == MANAGER {
            return Err(ManifestError::OwnManager);
        }
        // Both, so that a plugin is refused on every platform or on none.
        for needs in [Some(&manifest.needs), manifest.needs_macos.as_ref()].into_iter().flatten() {
            needs.check()?;
        }
        manifest.needs.check_linux()?;
        manifest.check_inventory()?;
        let pages = &manifest.gateway;
        if pages.len() > MOST_PAGES || !pages.iter().all(GatewayPage::is_plain) {
            return Err(ManifestError::Gateway);
        }
        if let Some(fault) = manifest.program.as_ref().and_then(Program::fault) {
            return Err(ManifestError::Program(fault));
        }
        manifest.claims()?;
        Ok(manifest)
    }
}

impl Manifest {
    /// What it needs on this platform.
    pub fn needs_here(&self) -> &Needs {
        let on_macos = cfg!(target_os = "macos");
        self.needs_macos.as_ref().filter(|_| on_macos).unwrap_or(&self.needs)
    }

    fn check_inventory(&self) -> Result<(), NeedsError> {
        let both = || [Some(&self.needs), self.needs_macos.as_ref()].into_iter().flatten();
        let process = both().find_map(|needs| needs.processes.first());
        if let Some(name) = process.filter(|_| !self.is(PluginKind::Inventory)) {
            let why = "only an inventory sees processes";
            return Err(NeedsError::new("processes", name, why));
        }
        let api = both().find_map(|needs| needs.local_api.first());
        if let Some(api) = api.filter(|_| !self.is(PluginKind::Inventory)) {
            return Err(NeedsError::new(
                "local_api",
                &api.socket,
                "only an inventory asks managers",
            ));
        }
        for pattern in &self.present {
            if !both().any(|needs| needs.declares_file(pattern)) {
                let why = "it holds entries of `read_files`, or narrower ones";
                return Err(NeedsError::new("present", pattern, why));
            }
        }
        Ok(())
    }

    /// Its own kinds of evidence, for which nobody has set a limit.
    ///
    /// # Errors
    /// What no plugin may declare, which a manifest that was parsed has nothing of.
    pub fn claims(&self) -> Result<PluginClaims, ClaimFault> {
        claims::claims(&self.id, &self.evidence)
    }

    /// Whether it declares this kind of evidence.
    pub fn declares_kind(&self, code: &str) -> bool {
        self.evidence.iter().any(|declared| declared.kind == code)
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
                r#"{"id":"vm-toolkit","version":"1","epoch":1,"kinds":["inventory"]}"#,
                "manifest: the id vm-toolkit is of the machines that vm itself reads",
            ),
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
                r#"{"id":"a","version":"1","epoch":1,"kinds":["signal"],"needs":{"processes":["qemu-kvm"]}}"#,
                "manifest: `processes` may not name \"qemu-kvm\": only an inventory",
            ),
            (
                r#"{"id":"a","version":"1","epoch":1,"kinds":["inventory"],"needs":{"processes":["qemu-kvm"],
                "read_files":["{home}/.lima/*/lima.yaml"]},"present":["{home}/.lima/*/lima.yaml"]}"#,
                "ok",
            ),
            (
                r#"{"id":"a","version":"1","epoch":1,"kinds":["inventory"],
                "needs":{"read_files":["{home}/.lima/*/lima.yaml"]},"present":["{home}/.lima/*.yaml"]}"#,
                "manifest: `present` may not name",
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
            (
                r#"{"id":"a","version":"1","epoch":1,"kinds":[],"program":{"file":"../x"}}"#,
                "manifest: `file` is a name in the manifest's directory",
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
