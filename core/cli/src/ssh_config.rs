//! `vm ssh-config`: entries with which plain `ssh NAME` finds each machine at its current address.
//!
//! An entry has no address. It has ssh ask `vm ssh-connect` for a connection, so it stays correct
//! when the address changes. Entries change only when machines are made or destroyed.

use std::{io::Write as _, path::PathBuf};

use anyhow::Context as _;
use vmkit_inventory::Source as Named;
use vmkit_model::{Machine, Power};
use vmkit_session::{Scene, Selection, Source, host_key_alias};
use vmkit_ssh_config::{Configuration, Entry, Invocation, Skipped};
use vmkit_types::{Reading, escaped};

use crate::{
    arguments,
    context::Context,
    exit::{Exit, Failure},
    output,
};

/// Runs the command.
pub(crate) fn run(wanted: &arguments::SshConfig, context: &Context) -> anyhow::Result<Exit> {
    let configuration = Configuration::read(&ssh_directory(context)?)?;
    if wanted.uninstall {
        return uninstall(&configuration);
    }
    let (entries, invocation) = entries(context)?;
    let rendered = configuration.render(entries, &invocation)?;
    if wanted.install {
        install(&configuration, &rendered.text)?;
    } else {
        output::answer(|out| out.write_all(rendered.text.as_bytes()))?;
    }
    for Skipped { name, why } in rendered.skipped {
        output::note(&format!("{name} has no entry: {why}\n"));
    }
    Ok(Exit::Healthy)
}

/// The entries of all machines, and how ssh starts this program.
fn entries(context: &Context) -> anyhow::Result<(Vec<Entry>, Invocation)> {
    let scene = Scene::machines_only(&Source::Computer, &context.settings)?;
    let machines = Selection::all().of(&scene)?;
    output::problems(&scene.problems, context);
    let own = |machine: &&Machine| machine.power != Power::Missing && !machine.foreign;
    let present = machines.into_iter().filter(own);
    let entries = present.map(|machine| Entry {
        name: machine.name.clone(),
        user: machine.username.as_ref().known().cloned(),
        host_key_alias: host_key_alias(machine),
        identity_file: machine.identity_file.as_ref().known().cloned(),
    });
    // ssh passes neither this run's flags nor, always, its environment.
    let data_directory = scene.location.as_ref().and_then(|location| match location.source {
        Named::Flag | Named::Environment => Some(location.data_directory.clone()),
        Named::Configuration | Named::ToolkitConfiguration | Named::Default => None,
    });
    let managers = context.settings.managers.clone();
    Ok((entries.collect(), Invocation { program: program()?, data_directory, managers }))
}

fn install(configuration: &Configuration, text: &str) -> anyhow::Result<()> {
    let installed = configuration.install(text)?;
    output::answer(|out| {
        writeln!(out, "Wrote {}.", escaped(&installed.entries.display().to_string()))?;
        let done = if installed.is_new { "Included it in" } else { "It is already included in" };
        writeln!(out, "{done} {}.", escaped(&configuration.path().display().to_string()))
    })
}

fn uninstall(configuration: &Configuration) -> anyhow::Result<Exit> {
    let removed = configuration.uninstall()?;
    output::answer(|out| {
        if removed.inclusion {
            let path = configuration.path().display().to_string();
            writeln!(out, "Took the inclusion out of {}.", escaped(&path))?;
        }
        if let Some(entries) = &removed.entries {
            writeln!(out, "Removed {}.", escaped(&entries.display().to_string()))?;
        }
        let anything = removed.inclusion || removed.entries.is_some();
        if anything { Ok(()) } else { writeln!(out, "Nothing was installed.") }
    })?;
    Ok(Exit::Healthy)
}

fn ssh_directory(context: &Context) -> anyhow::Result<PathBuf> {
    match &context.settings.invoker.home {
        Reading::Known(home) => Ok(home.join(".ssh")),
        _ => Err(Failure::new("your home directory is unknown").into()),
    }
}

/// This program, by its path in PATH if possible: an upgrade may move the file behind a link there.
fn program() -> anyhow::Result<PathBuf> {
    let own = std::env::current_exe().context("cannot find the path of this program")?;
    let own = own.canonicalize().unwrap_or(own);
    let directories = std::env::var_os("PATH").unwrap_or_default();
    let mut named = std::env::split_paths(&directories).filter_map(|directory| {
        let path = directory.join("vm");
        (path.is_absolute() && path.canonicalize().ok()? == own).then_some(path)
    });
    Ok(named.next().unwrap_or(own))
}
