//! `vm plugin run` and `vm plugin search` as text.

use std::io::{self, Write};

use vmkit_model::PluginStatus;
use vmkit_types::Reading;

use super::{
    Terminal, counted,
    style::Role,
    table::{Cell, Table},
};
use crate::{IndexSearch, PluginRun, RunMachine, clean::shown};

pub(crate) fn write_plugin_run(
    run: &PluginRun,
    out: &mut impl Write,
    terminal: Terminal,
) -> io::Result<()> {
    let name = format!("{} {}", shown(&run.id), shown(&run.version));
    let name = terminal.style.paint(Role::Heading, &name);
    if run.status == PluginStatus::Ok {
        let seen = counted(run.observations.len(), "observation");
        let asked = counted(run.asked_about, "VM");
        let listed = counted(run.machines.len(), "VM");
        match (run.machines.is_empty(), run.observations.is_empty(), run.asked_about) {
            (false, ..) => writeln!(out, "{name}: {listed} listed.")?,
            (true, true, 0) => writeln!(out, "{name}: it lists no VM.")?,
            (true, true, _) => writeln!(out, "{name}: it reports nothing about {asked}.")?,
            (true, false, _) => writeln!(out, "{name}: {seen} about {asked}.")?,
        }
    } else {
        let status = terminal.style.paint(Role::Bad, run.status.code());
        let message = run.message.as_deref().map(|message| format!(": {}", shown(message)));
        writeln!(out, "{name}: {status}{}", message.unwrap_or_default())?;
    }
    for seen in &run.observations {
        let it = &seen.observation;
        let address = it.address.map_or_else(|| "-".to_owned(), |address| address.to_string());
        writeln!(
            out,
            "  {}  {}  {address}  {}",
            shown(&seen.vm),
            shown(it.kind.code()),
            shown(&it.says)
        )?;
    }
    run.machines.iter().try_for_each(|machine| write_machine(machine, out))
}

fn write_machine(machine: &RunMachine, out: &mut impl Write) -> io::Result<()> {
    let state = match &machine.state {
        Reading::Known(state) => state.code().to_owned(),
        Reading::Absent => "without a state".to_owned(),
        Reading::Unknown(why) => format!("state unknown ({})", shown(&why.to_string())),
    };
    let macs: Vec<String> = machine.macs.iter().map(ToString::to_string).collect();
    let macs = if macs.is_empty() { "-".to_owned() } else { macs.join(",") };
    writeln!(out, "  {}  {state}  {macs}", shown(&machine.name))
}

pub(crate) fn write_plugin_search(
    search: &IndexSearch,
    out: &mut impl Write,
    terminal: Terminal,
) -> io::Result<()> {
    if search.plugins.is_empty() {
        writeln!(out, "The index lists no such plugin.")?;
    } else {
        let row = |plugin: &crate::IndexedPlugin| {
            let version = match &plugin.version {
                Ok(version) => Cell::new(Role::Normal, shown(version)),
                Err(_) => Cell::new(Role::Aside, "not for here"),
            };
            let summary = Cell::new(Role::Normal, shown(&plugin.summary));
            [Cell::new(Role::Normal, shown(&plugin.name)), version, summary]
        };
        let rows = search.plugins.iter().map(row).collect();
        Table { heading: ["NAME", "VERSION", "SUMMARY"], dispensable: &[], omitted: &[], rows }
            .write(out, terminal)?;
        writeln!(out)?;
        let all = counted(search.plugins.len(), "plugin");
        writeln!(
            out,
            "{all}. Listed is not trusted: `vm plugin install NAME` shows what one needs, and asks."
        )?;
    }
    search.wrong.iter().try_for_each(|why| writeln!(out, "warning: {}", shown(why)))
}
