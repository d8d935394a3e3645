//! Looks at everything that a build for Macs has to have made.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use serde_json::Value;
use vmkit_host::manifest_of;

use super::{
    artefact::Artefact,
    rules::{Rules, TARGETS, Target},
    sdk::Sdk,
};
use crate::workspace::{Plugin, Workspace};

/// The programs that are shipped.
const PROGRAMS: [&str; 3] = ["vm", "vm-worker", "vm-broker"];

/// Where to look.
pub(crate) struct Request {
    /// Cargo's target folder, with a folder for each kind of Mac.
    pub(crate) built: PathBuf,
    /// Cargo's folder of the profile.
    pub(crate) profile: String,
    /// The SDK that was linked against.
    pub(crate) sdk: PathBuf,
    /// Beginnings of paths of the computer that built it.
    pub(crate) builder: Vec<String>,
}

/// Checks every program and plugin for both kinds of Mac.
///
/// # Errors
/// All faults of all files.
pub(crate) fn check(workspace: &Workspace, request: &Request) -> anyhow::Result<()> {
    let sdk = Sdk::read(&request.sdk)?;
    let plugins = workspace.plugins();
    let mut faults = Vec::new();
    for target in &TARGETS {
        let folder = request.built.join(target.name).join(&request.profile);
        let rules = Rules { target, sdk: &sdk, builder: &request.builder };
        let mut seen = Seen::default();
        for program in PROGRAMS {
            faults.extend(seen.file(&rules, &folder.join(program), false)?);
        }
        for plugin in &plugins {
            let file = folder.join(plugin.file_name_on_macos());
            faults.extend(seen.file(&rules, &file, true)?);
            let fault = manifest_fault(workspace, plugin, &file)?;
            faults.extend(fault.map(|fault| format!("{}: {fault}", file.display())));
        }
        println!("{}", seen.summary(target));
    }
    if !faults.is_empty() {
        bail!("not fit for Macs:\n{}", faults.join("\n"));
    }
    println!("all symbols are among those of {} libraries of macOS", sdk.len());
    Ok(())
}

/// What was looked at.
#[derive(Default)]
struct Seen {
    files: usize,
    bytes: usize,
    pages: u32,
    symbols: BTreeSet<(String, String)>,
}

impl Seen {
    /// The faults of one file, with its name.
    fn file(
        &mut self,
        rules: &Rules<'_>,
        file: &Path,
        is_plugin: bool,
    ) -> anyhow::Result<Vec<String>> {
        let bytes = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
        let artefact = Artefact::read(&bytes)
            .map_err(anyhow::Error::msg)
            .with_context(|| format!("cannot read {}", file.display()))?;
        self.files += 1;
        self.bytes += bytes.len();
        self.pages += artefact.signature.as_ref().map_or(0, |signature| signature.pages);
        let faults = rules.faults(&artefact, &bytes, is_plugin).into_iter();
        let faults = faults.map(|fault| format!("{}: {fault}", file.display())).collect();
        let symbols = artefact.imports.into_iter();
        self.symbols.extend(symbols.map(|import| (import.library, import.symbol)));
        Ok(faults)
    }

    fn summary(&self, target: &Target) -> String {
        let Self { files, bytes, pages, symbols } = self;
        let (name, megabytes, symbols) = (target.name, bytes >> 20, symbols.len());
        format!("{name}: {files} files of {megabytes} MiB, {pages} pages, {symbols} symbols")
    }
}

/// Whether `vm` reads another manifest from the library than the plugin's own, or none.
fn manifest_fault(
    workspace: &Workspace,
    plugin: &Plugin,
    file: &Path,
) -> anyhow::Result<Option<String>> {
    let own = workspace.root().join("plugins").join(&plugin.package).join("plugin.json");
    let doing = || format!("cannot read {}", own.display());
    let own: Value = serde_json::from_slice(&fs::read(&own).with_context(doing)?)
        .with_context(|| format!("{} is no JSON", own.display()))?;
    Ok(match manifest_of(file) {
        Err(refusal) => Some(refusal.to_string()),
        Ok(read) if own["id"] == read.id.as_str() && own["version"] == read.version.as_str() => {
            None
        }
        Ok(read) => Some(format!("its manifest is that of {} {}", read.id, read.version)),
    })
}
