//! What `vm plugin trust` and `vm plugin list --lock` show.

use std::io::{self, Write};

use super::{
    Terminal, counted,
    plugins::{line, write_claims, write_identity, write_needs},
    style::Role,
    table::{Cell, Table},
};
use crate::{LockedPlugin, PluginRequest, clean::shown, time::rfc3339};

pub(crate) fn write_plugin_request(
    request: &PluginRequest,
    out: &mut impl Write,
    terminal: Terminal,
) -> io::Result<()> {
    let PluginRequest { entry, before, warnings } = request;
    let (version, summary, needs) = entry.details.as_ref().map_or_else(Default::default, |it| {
        (shown(&it.version), shown(&it.summary), it.needs.as_slice())
    });
    let id = terminal.style.paint(Role::Heading, &shown(&entry.id));
    writeln!(out, "{id} {version}: {summary}")?;
    // What matters for the decision comes first, and what it rests on after that.
    if warnings.is_empty() {
        line(out, "verdict", "it is confined to what it needs")?;
    }
    for (index, warning) in warnings.iter().enumerate() {
        let label = if index == 0 { "verdict" } else { "" };
        line(out, label, &terminal.style.paint(Role::Bad, warning))?;
    }
    write_needs(needs, out)?;
    write_claims(entry, out)?;
    line(out, "way out", "without your trust it does not run, and nothing else changes")?;
    line(out, "", &format!("to take trust back: vm plugin untrust {}", shown(&entry.id)))?;
    line(out, "file", &shown(&entry.path))?;
    write_identity(entry, out)?;
    line(out, "before", before)
}

pub(crate) fn write_plugin_lock(
    plugins: &[LockedPlugin],
    out: &mut impl Write,
    terminal: Terminal,
) -> io::Result<()> {
    if plugins.is_empty() {
        return writeln!(out, "No plugin of others is trusted.");
    }
    let table = Table {
        heading: ["ID", "VERSION", "SHA256", "CONFINED", "WEIGHT", "BY", "SINCE"],
        dispensable: &[6, 5],
        omitted: &[],
        rows: plugins.iter().map(row).collect(),
    };
    table.write(out, terminal)?;
    writeln!(out)?;
    writeln!(
        out,
        "{} of others trusted, each as the file with this SHA-256.",
        counted(plugins.len(), "plugin")
    )
}

fn row(plugin: &LockedPlugin) -> [Cell; 7] {
    let confined = if plugin.unconfined {
        Cell::new(Role::Bad, "need not be")
    } else {
        Cell::new(Role::Normal, "always")
    };
    [
        Cell::new(Role::Normal, shown(&plugin.id)),
        Cell::new(Role::Normal, shown(&plugin.version)),
        Cell::new(Role::Normal, plugin.sha256.chars().take(16).collect::<String>()),
        confined,
        match plugin.weight {
            Some(factor) => Cell::new(Role::Bad, format!("× {factor}")),
            None => Cell::new(Role::Normal, "bounded"),
        },
        Cell::new(Role::Normal, if plugin.by_root { "root" } else { "user" }),
        Cell::new(Role::Aside, rfc3339(plugin.trusted_at).unwrap_or_default()),
    ]
}
