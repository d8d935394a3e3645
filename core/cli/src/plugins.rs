//! `vm plugin list` and `vm plugin info`.

use vmkit_gateway::DeclaredPage;
use vmkit_host::{Found, Plugin, vet};
use vmkit_model::PluginStatus;
use vmkit_report::{PluginDetails, PluginEntry, Plugins};
use vmkit_wire::{Cost, GatewayPage, Manifest, ReadFile};

use crate::{
    arguments::PluginCommand,
    context::{Context, as_library},
    exit::{Exit, Failure},
    output,
};

/// Runs the command.
pub(crate) fn run(command: &PluginCommand, context: &Context) -> anyhow::Result<Exit> {
    let terminal = output::terminal(context);
    match command {
        PluginCommand::List { json } => {
            let plugins = Plugins(entries(context));
            output::answer(|out| {
                if *json { plugins.write_json(out) } else { plugins.write_list(out, terminal) }
            })?;
        }
        PluginCommand::Info { plugin, json } => {
            let plugins = Plugins(vec![one(plugin, context)?]);
            output::answer(|out| {
                if *json { plugins.write_json(out) } else { plugins.write_info(out, terminal) }
            })?;
        }
    }
    Ok(Exit::Healthy)
}

fn one(name: &str, context: &Context) -> anyhow::Result<PluginEntry> {
    if let Some(path) = as_library(name) {
        let plugin = vet(path, &context.settings.installation);
        return Ok(entry(&Found { path: path.to_owned(), plugin }, context));
    }
    let entries = entries(context);
    let known: Vec<&str> = entries.iter().map(|entry| entry.id.as_str()).collect();
    let hint = format!("the plugins here are: {}", known.join(", "));
    let unknown = || Failure::new(format!("there is no plugin `{name}`")).with_hint(hint);
    let found = entries.iter().find(|entry| entry.id == name).cloned();
    Ok(found.ok_or_else(unknown)?)
}

fn entries(context: &Context) -> Vec<PluginEntry> {
    context.settings.plugins().iter().map(|found| entry(found, context)).collect()
}

fn entry(found: &Found, context: &Context) -> PluginEntry {
    let path = found.path.display().to_string();
    match &found.plugin {
        Ok(plugin) => PluginEntry {
            id: plugin.manifest.id.clone(),
            path,
            status: PluginStatus::Ok,
            message: None,
            hint: None,
            details: Some(details(plugin, context)),
        },
        Err(refusal) => PluginEntry {
            id: found.path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            path,
            status: refusal.status(),
            message: Some(refusal.in_full()),
            hint: Some(refusal.mend(&found.path, &context.settings.installation).to_string()),
            details: None,
        },
    }
}

fn details(plugin: &Plugin, context: &Context) -> PluginDetails {
    let manifest = &plugin.manifest;
    PluginDetails {
        version: manifest.version.clone(),
        epoch: manifest.epoch,
        summary: manifest.summary.clone(),
        kinds: manifest.kinds.iter().map(ToString::to_string).collect(),
        stages: manifest.stages.iter().map(ToString::to_string).collect(),
        modes: manifest.modes.iter().map(|mode| mode.code().to_owned()).collect(),
        cost: match manifest.cost {
            Cost::Instant => "instant",
            Cost::Local => "local",
            Cost::Network => "network",
        }
        .to_owned(),
        needs: in_words(manifest, context),
    }
}

/// What a plugin is allowed to use, each a plain sentence.
fn in_words(manifest: &Manifest, context: &Context) -> Vec<String> {
    let needs = manifest.needs_here();
    let page = |GatewayPage { path, referer }: &GatewayPage| {
        let (plugin, path, referer) = (manifest.id.clone(), path.clone(), referer.clone());
        let allowed = context.settings.allows_page(&plugin, &path);
        DeclaredPage { plugin, path, referer }.in_words(allowed)
    };
    let mut words: Vec<String> = manifest.gateway.iter().map(page).collect();
    if needs.network {
        words.push("makes connections on the network".to_owned());
    }
    if needs.neighbour_table {
        words.push("reads the kernel's neighbour table".to_owned());
    }
    if needs.arp {
        words.push("learns who answers ARP for the VMs' addresses, asked by the host".to_owned());
    }
    if needs.guest_agent {
        let what = "learns interfaces, host name and system from the VMs' guest agents";
        words.push(format!("{what}, asked by the host"));
    }
    for file in &needs.read_files {
        words.push(match file {
            ReadFile::Console => {
                "reads the console logs of the VMs, opened for it by the host".to_owned()
            }
            ReadFile::Path(path) => format!("reads {path}"),
        });
    }
    words.extend(needs.exec.iter().map(|program| format!("runs {program}")));
    words
}
