//! `vm ssh-config`: entries by which plain `ssh NAME` finds each machine wherever it is.
//!
//! No address stands in them: each entry has ssh ask `vm ssh-connect` for a connection, so that they
//! stay right when addresses change. They change only when machines are made or destroyed.

mod entries;
mod file;
mod include;

use std::{
    io::Write as _,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use vmkit_inventory::Source as Named;
use vmkit_model::Power;
use vmkit_session::{Scene, Selection, Source, host_key_alias};
use vmkit_types::{Reading, escaped};

use self::entries::{Entry, Invocation, Skipped};
use crate::{
    arguments,
    context::Context,
    exit::{Exit, Failure},
    output,
};

/// The file of the entries, beside the user's own configuration.
const ENTRIES: &str = "vmkit_config";

/// Runs the command.
pub(crate) fn run(wanted: &arguments::SshConfig, context: &Context) -> anyhow::Result<Exit> {
    let changes = wanted.install || wanted.uninstall;
    if changes && context.settings.invoker.via_sudo {
        let failure =
            Failure::new("the configuration of ssh is your own, and sudo makes it root's");
        return Err(failure.with_hint("run it without sudo").into());
    }
    let directory = ssh_directory(context)?;
    let config = directory.join("config");
    if wanted.uninstall {
        return uninstall(&directory, &config);
    }
    let before = file::read(&config)?.unwrap_or_default();
    let (text, skipped) = text(&before, context)?;
    if wanted.install {
        install(&directory, &config, &before, &text)?;
    } else {
        output::answer(|out| out.write_all(text.as_bytes()))?;
    }
    for Skipped { name, why } in skipped {
        output::note(&format!("{name} has no entry: {why}\n"));
    }
    Ok(Exit::Healthy)
}

/// The entries of all machines, and which of them have none.
fn text(own: &[u8], context: &Context) -> anyhow::Result<(String, Vec<Skipped>)> {
    let scene = Scene::machines_only(&Source::Computer, &context.settings)?;
    let machines = Selection::all().of(&scene)?;
    output::problems(&scene.problems, context);
    let present = machines.into_iter().filter(|machine| machine.power != Power::Missing);
    let entries = present.map(|machine| Entry {
        name: machine.name.clone(),
        user: machine.username.as_ref().known().cloned(),
        host_key_alias: host_key_alias(machine),
    });
    let Some(location) = &scene.location else {
        return Err(Failure::new("machines of a snapshot cannot be logged in to").into());
    };
    // Named by this run, it has to be named by those too that ssh starts.
    let data_directory = match location.source {
        Named::Flag | Named::Environment => Some(location.data_directory.clone()),
        Named::Configuration | Named::ToolkitConfiguration | Named::Default => None,
    };
    let invocation = Invocation { program: program()?, data_directory };
    let text = entries::render(entries.collect(), &include::hosts(own), &invocation)?;
    Ok(text)
}

fn install(directory: &Path, config: &Path, before: &[u8], text: &str) -> anyhow::Result<()> {
    // Before anything is written: a file with half of a block is refused.
    let after = include::added(before, ENTRIES)
        .with_context(|| format!("cannot change {}", escaped(&config.display().to_string())))?;
    file::make_private_directory(directory)?;
    let entries = directory.join(ENTRIES);
    file::replace(&entries, text.as_bytes())?;
    let is_new = after.is_some();
    if let Some(after) = after {
        file::replace(config, &after)?;
    }
    output::answer(|out| {
        writeln!(out, "Wrote {}.", escaped(&entries.display().to_string()))?;
        let config = config.display().to_string();
        let done = if is_new { "Included it in" } else { "It is already included in" };
        writeln!(out, "{done} {}.", escaped(&config))
    })
}

fn uninstall(directory: &Path, config: &Path) -> anyhow::Result<Exit> {
    let shown = escaped(&config.display().to_string());
    let before = file::read(config)?.unwrap_or_default();
    let after = include::removed(&before).with_context(|| format!("cannot change {shown}"))?;
    let was_included = after.is_some();
    if let Some(after) = after {
        file::replace(config, &after)?;
    }
    let entries = directory.join(ENTRIES);
    let was_there = file::remove(&entries)?;
    output::answer(|out| {
        if was_included {
            writeln!(out, "Took the inclusion out of {shown}.")?;
        }
        if was_there {
            writeln!(out, "Removed {}.", escaped(&entries.display().to_string()))?;
        }
        if was_included || was_there { Ok(()) } else { writeln!(out, "Nothing was installed.") }
    })?;
    Ok(Exit::Healthy)
}

fn ssh_directory(context: &Context) -> anyhow::Result<PathBuf> {
    match &context.settings.invoker.home {
        Reading::Known(home) => Ok(home.join(".ssh")),
        _ => Err(Failure::new("your home directory is unknown").into()),
    }
}

/// This program, where PATH leads to it: an upgrade may move the file that stands behind.
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
