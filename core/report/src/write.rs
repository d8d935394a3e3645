//! Writes each view as text, JSON or HTML.

use std::io::{self, Write};

use vmkit_diagnose::{Catalogue, Page};
use vmkit_model::CommandPlace;

use crate::{
    Doctor, HostsSync, IndexSearch, MachineList, Networks, NewProject, PluginCheck, PluginLock,
    PluginRequest, PluginRun, Plugins, Recorded, Resolution, SnapshotCheck, StartReport, Status,
    Terminal, html, json, text,
};

impl Doctor<'_> {
    /// Writes the document `vmkit.doctor/1`.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_json(&self, out: &mut impl Write) -> io::Result<()> {
        json::write(out, &json::DoctorDocument::new(self))
    }

    /// Writes the verdict of each machine, the way out and why: one screen if one has a problem.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_text(&self, out: &mut impl Write, terminal: Terminal) -> io::Result<()> {
        text::write_doctor_screen(self, out, terminal)
    }

    /// Writes the whole account: all evidence with its weight, and all that was not checked.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_explanation(&self, out: &mut impl Write, terminal: Terminal) -> io::Result<()> {
        text::write_doctor(self, out, terminal)
    }

    /// Writes three lines to paste elsewhere: the verdict, what speaks for it, and versions.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_short(&self, out: &mut impl Write) -> io::Result<()> {
        text::write_doctor_short(self, out)
    }

    /// Writes the report as one page of HTML that needs no other file and no network: the path of each
    /// machine with the place where its frames stop, its causes and what can be done.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_html(&self, out: &mut impl Write) -> io::Result<()> {
        html::write_page(self, out)
    }
}

impl HostsSync {
    /// Writes the document `vmkit.hosts/1`.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_json(&self, out: &mut impl Write) -> io::Result<()> {
        json::write(out, &json::HostsDocument::new(self))
    }

    /// Writes the diff, a line for each machine, and a summary.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_text(&self, out: &mut impl Write, terminal: Terminal) -> io::Result<()> {
        text::write_hosts(self, out, terminal)
    }
}

impl MachineList {
    /// Writes the document `vmkit.list/1`.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_json(&self, out: &mut impl Write) -> io::Result<()> {
        json::write(out, &json::MachineListDocument::new(self))
    }

    /// Writes the machines as a table.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_text(&self, out: &mut impl Write, terminal: Terminal) -> io::Result<()> {
        text::write_machine_list(self, out, terminal)
    }
}

impl StartReport {
    /// Writes the document `vmkit.start/1`.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_json(&self, out: &mut impl Write) -> io::Result<()> {
        json::write(out, &json::StartDocument::new(self))
    }

    /// Writes a line for each machine that was started.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_text(&self, out: &mut impl Write, terminal: Terminal) -> io::Result<()> {
        text::write_start_report(self, out, terminal)
    }
}

impl Networks<'_> {
    /// Writes the document `vmkit.net/1`.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_json(&self, out: &mut impl Write) -> io::Result<()> {
        json::write(out, &json::NetworksDocument::new(self))
    }

    /// Writes the recommendation, what each mode would mean, and the adapters.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_text(&self, out: &mut impl Write, terminal: Terminal) -> io::Result<()> {
        text::write_networks(self, out, terminal)
    }
}

impl NewProject {
    /// Writes what was made, and the commands that come next.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_text(&self, out: &mut impl Write) -> io::Result<()> {
        text::write_new_project(self, out)
    }
}

impl PluginCheck {
    /// Writes the document `vmkit.plugin-check/1`.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_json(&self, out: &mut impl Write) -> io::Result<()> {
        json::write(out, &json::PluginCheckDocument::new(self))
    }

    /// Writes the verdict, what to change, and the rules that it keeps.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_text(&self, out: &mut impl Write, terminal: Terminal) -> io::Result<()> {
        text::write_plugin_check(self, out, terminal)
    }
}

impl PluginRun {
    /// Writes the document `vmkit.plugin-run/1`.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_json(&self, out: &mut impl Write) -> io::Result<()> {
        json::write(out, &json::PluginRunDocument::new(self))
    }

    /// Writes what it reported, one line each.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_text(&self, out: &mut impl Write, terminal: Terminal) -> io::Result<()> {
        text::write_plugin_run(self, out, terminal)
    }
}

impl IndexSearch {
    /// Writes the document `vmkit.plugin-search/1`.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_json(&self, out: &mut impl Write) -> io::Result<()> {
        json::write(out, &json::PluginSearchDocument::new(self))
    }

    /// Writes the plugins as a table.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_text(&self, out: &mut impl Write, terminal: Terminal) -> io::Result<()> {
        text::write_plugin_search(self, out, terminal)
    }
}

impl Plugins {
    /// Writes the document `vmkit.plugins/1`.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_json(&self, out: &mut impl Write) -> io::Result<()> {
        json::write(out, &json::PluginsDocument::new(&self.0))
    }

    /// Writes the table of `vm plugin list`.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_list(&self, out: &mut impl Write, terminal: Terminal) -> io::Result<()> {
        text::write_plugin_list(&self.0, out, terminal)
    }

    /// Writes the details of each, as `vm plugin info` shows them.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_info(&self, out: &mut impl Write, terminal: Terminal) -> io::Result<()> {
        text::write_plugin_info(&self.0, out, terminal)
    }
}

impl SnapshotCheck {
    /// Writes the document `vmkit.snapshot-check/1`.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_json(&self, out: &mut impl Write) -> io::Result<()> {
        json::write(out, &json::SnapshotCheckDocument::new(self))
    }

    /// Writes what was found, a line each, and the next command.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_text(&self, out: &mut impl Write) -> io::Result<()> {
        text::write_traces(self, out)
    }
}

impl PluginRequest {
    /// Writes what the plugin is, what it may do, and what to think about.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_text(&self, out: &mut impl Write, terminal: Terminal) -> io::Result<()> {
        text::write_plugin_request(self, out, terminal)
    }
}

impl PluginLock {
    /// Writes the document `vmkit.plugin-lock/1`.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_json(&self, out: &mut impl Write) -> io::Result<()> {
        json::write(out, &json::PluginLockDocument::new(self))
    }

    /// Writes a line for each.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_text(&self, out: &mut impl Write, terminal: Terminal) -> io::Result<()> {
        text::write_plugin_lock(&self.0, out, terminal)
    }
}

impl Recorded {
    /// Writes the contents and the next command.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_text(&self, out: &mut impl Write, terminal: Terminal) -> io::Result<()> {
        text::write_recorded(self, out, terminal)
    }
}

impl Resolution<'_> {
    /// Writes the address and a line break, or nothing, so that a script may use it unquoted.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_address(&self, out: &mut impl Write) -> io::Result<()> {
        match self.vm.pick.address {
            Some(address) => writeln!(out, "{address}"),
            None => Ok(()),
        }
    }

    /// Writes where its SSH server is reached, as `ADDRESS:PORT`, or nothing.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_endpoint(&self, out: &mut impl Write) -> io::Result<()> {
        match self.vm.ssh_at() {
            Some(address) => writeln!(out, "{address}"),
            None => Ok(()),
        }
    }

    /// Writes the document `vmkit.resolve/1`.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_json(&self, out: &mut impl Write) -> io::Result<()> {
        json::write(out, &json::ResolveDocument::new(self))
    }

    /// One line on why there is no address, or how sure it is, with the next command; `None`: the
    /// address is resolved. The command looks at `place`.
    pub fn remark(&self, place: &CommandPlace) -> Option<String> {
        text::remark(self, place)
    }
}

impl Status<'_> {
    /// Writes the document `vmkit.status/1`.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_json(&self, out: &mut impl Write) -> io::Result<()> {
        json::write(out, &json::StatusDocument::new(self))
    }

    /// Writes the table for people.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_text(&self, out: &mut impl Write, terminal: Terminal) -> io::Result<()> {
        text::write_status(self, out, terminal)
    }

    /// Writes the ledger behind each pick.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_explanation(&self, out: &mut impl Write, terminal: Terminal) -> io::Result<()> {
        text::write_explanation(self, out, terminal)
    }
}

/// Writes all codes of causes with their faults, as `vm explain` lists them.
///
/// # Errors
/// Those of `out`.
pub fn write_codes(
    catalogue: &Catalogue,
    out: &mut impl Write,
    terminal: Terminal,
) -> io::Result<()> {
    text::write_codes(catalogue, out, terminal)
}

/// Writes the page of one cause, as `vm explain` shows it.
///
/// # Errors
/// Those of `out`.
pub fn write_page(page: &Page<'_>, out: &mut impl Write, terminal: Terminal) -> io::Result<()> {
    text::write_page(page, out, terminal)
}
