//! What `vm plugin trust` and `vm plugin list --lock` show.

use std::io::{self, Write};

use super::{
    Terminal, counted,
    plugins::{line, write_manifest},
    style::Role,
    table::{Cell, Table},
};
use crate::{LockedPlugin, PluginRequest, clean::shown, time::rfc3339};

pub(crate) fn write_plugin_request(
    request: &PluginRequest,
    out: &mut impl Write,
    terminal: Terminal,
) -> io::Result<()> {
    write_manifest(&request.entry, out, terminal)?;
    line(out, "before", &request.before)?;
    for (index, warning) in request.warnings.iter().enumerate() {
        let label = if index == 0 { "warning" } else { "" };
        line(out, label, &terminal.style.paint(Role::Bad, warning))?;
    }
    Ok(())
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
        heading: ["ID", "VERSION", "SHA256", "CONFINED", "BY", "SINCE"],
        dispensable: &[5, 4],
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

fn row(plugin: &LockedPlugin) -> [Cell; 6] {
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
        Cell::new(Role::Normal, if plugin.by_root { "root" } else { "user" }),
        Cell::new(Role::Aside, rfc3339(plugin.trusted_at).unwrap_or_default()),
    ]
}
