//! `vm plugin list` and `vm plugin info` as text.

use std::io::{self, Write};

use vmkit_model::PluginStatus;

use super::{
    Terminal, counted, distinct,
    style::Role,
    table::{Cell, Table},
    wrap::wrapped,
};
use crate::{PluginEntry, PluginOrigin, clean::shown};

pub(crate) fn write_plugin_list(
    entries: &[PluginEntry],
    out: &mut impl Write,
    terminal: Terminal,
) -> io::Result<()> {
    if !entries.is_empty() {
        let table = Table {
            heading: ["ID", "VERSION", "KIND", "STATUS", "SUMMARY"],
            dispensable: &[4, 2],
            omitted: &[],
            rows: entries.iter().map(row).collect(),
        };
        table.write(out, terminal)?;
        writeln!(out)?;
    }
    let unusable = entries.iter().filter(|entry| entry.status != PluginStatus::Ok);
    for entry in unusable.clone() {
        if let Some(message) = &entry.message {
            let text = format!("{}: {}", shown(&entry.path), shown(message));
            wrapped(out, terminal, "", "  ", &text)?;
        }
    }
    for hint in distinct(entries.iter().filter_map(|entry| entry.hint.as_deref())) {
        writeln!(out, "hint: {}", shown(hint))?;
    }
    match (entries.len(), unusable.count()) {
        (0, _) => writeln!(out, "No plugins were found."),
        (all, 0) => writeln!(out, "{}, all usable.", counted(all, "plugin")),
        (all, some) => writeln!(out, "{}, {some} not usable.", counted(all, "plugin")),
    }
}

fn row(entry: &PluginEntry) -> [Cell; 5] {
    let of_manifest = |text: Option<String>| match text {
        Some(text) => Cell::new(Role::Normal, text),
        None => Cell::new(Role::Aside, "unknown"),
    };
    let details = entry.details.as_ref();
    [
        Cell::new(Role::Normal, shown(&entry.id)),
        of_manifest(details.map(|details| shown(&details.version))),
        of_manifest(details.map(|details| listed(&details.kinds))),
        Cell::new(role(entry.status), entry.status.code()),
        of_manifest(details.map(|details| shown(&details.summary))),
    ]
}

pub(crate) fn write_plugin_info(
    entries: &[PluginEntry],
    out: &mut impl Write,
    terminal: Terminal,
) -> io::Result<()> {
    for (index, entry) in entries.iter().enumerate() {
        if index > 0 {
            writeln!(out)?;
        }
        write_info(entry, out, terminal)?;
    }
    Ok(())
}

fn write_info(entry: &PluginEntry, out: &mut impl Write, terminal: Terminal) -> io::Result<()> {
    write_manifest(entry, out, terminal)?;
    write_status(entry, out, terminal)
}

/// What the plugin says of itself, and which file it is.
fn write_manifest(entry: &PluginEntry, out: &mut impl Write, terminal: Terminal) -> io::Result<()> {
    let id = terminal.style.paint(Role::Heading, &shown(&entry.id));
    let Some(details) = &entry.details else {
        writeln!(out, "{id}")?;
        line(out, "file", &shown(&entry.path))?;
        return line(out, "manifest", "could not be read");
    };
    writeln!(out, "{id} {}: {}", shown(&details.version), shown(&details.summary))?;
    line(out, "file", &shown(&entry.path))?;
    line(out, "kinds", &listed(&details.kinds))?;
    line(out, "stages", &listed(&details.stages))?;
    line(out, "modes", &listed(&details.modes))?;
    line(out, "cost", &shown(&details.cost))?;
    line(out, "epoch", &details.epoch.to_string())?;
    write_needs(&details.needs, out)?;
    write_claims(entry, out)?;
    write_identity(entry, out)
}

/// Its own kinds of evidence, and how much they count.
pub(super) fn write_claims(entry: &PluginEntry, out: &mut impl Write) -> io::Result<()> {
    let claims = entry.details.as_ref().map_or(&[][..], |details| &details.claims);
    for (index, claim) in claims.iter().enumerate() {
        line(out, if index == 0 { "claims" } else { "" }, &shown(claim))?;
    }
    match entry.weight {
        _ if claims.is_empty() => Ok(()),
        None => line(
            out,
            "weight",
            "with those of other plugins, its claims change the odds of an address at most 7.4 times",
        ),
        Some(factor) => line(
            out,
            "weight",
            &format!("its claims change the odds of an address at most {factor} times"),
        ),
    }
}

pub(super) fn write_needs(needs: &[String], out: &mut impl Write) -> io::Result<()> {
    if needs.is_empty() {
        return line(out, "needs", "nothing beyond what every plugin has");
    }
    let labels = std::iter::once("needs").chain(std::iter::repeat(""));
    needs.iter().zip(labels).try_for_each(|(need, label)| line(out, label, &shown(need)))
}

/// Which file it is, and who answers for it.
pub(super) fn write_identity(entry: &PluginEntry, out: &mut impl Write) -> io::Result<()> {
    if let Some(sha256) = &entry.sha256 {
        line(out, "sha256", sha256)?;
    }
    let origin = match entry.origin {
        Some(PluginOrigin::Bundled) => "it came with vmkit",
        Some(PluginOrigin::Trusted) => "this file is trusted",
        Some(PluginOrigin::TrustedUnconfined) => {
            "this file is trusted, even where its files cannot be confined"
        }
        Some(PluginOrigin::Stranger) => "somebody else made it",
        None => return Ok(()),
    };
    line(out, "origin", origin)
}

fn write_status(entry: &PluginEntry, out: &mut impl Write, terminal: Terminal) -> io::Result<()> {
    let status = terminal.style.paint(role(entry.status), entry.status.code());
    match &entry.message {
        Some(message) => line(out, "status", &format!("{status}: {}", shown(message)))?,
        None => line(out, "status", &status)?,
    }
    entry.hint.as_deref().map_or(Ok(()), |hint| line(out, "hint", &shown(hint)))
}

pub(super) fn line(out: &mut impl Write, name: &str, value: &str) -> io::Result<()> {
    writeln!(out, "  {name:<8} {value}")
}

fn listed(list: &[String]) -> String {
    if list.is_empty() {
        return "none".to_owned();
    }
    list.iter().map(|text| shown(text)).collect::<Vec<_>>().join(", ")
}

fn role(status: PluginStatus) -> Role {
    match status {
        PluginStatus::Ok => Role::Good,
        PluginStatus::Skipped => Role::Aside,
        _ => Role::Bad,
    }
}
