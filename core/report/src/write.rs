//! Writes each view as text, JSON or HTML.

use std::io::{self, Write};

use vmkit_diagnose::Page;

use crate::{
    Doctor, HostsSync, PluginLock, PluginRequest, Plugins, Recorded, Resolution, SnapshotCheck,
    Status, Terminal, html, json, text,
};

impl Doctor<'_> {
    /// Writes the document `vmkit.doctor/1`.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_json(&self, out: &mut impl Write) -> io::Result<()> {
        json::write(out, &json::DoctorDocument::new(self))
    }

    /// Writes the verdict of each machine, its proof and what can be done.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_text(&self, out: &mut impl Write, terminal: Terminal) -> io::Result<()> {
        text::write_doctor(self, out, terminal)
    }

    /// Writes the same text as a page of HTML, with the DHCP of each machine drawn.
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

    /// Writes the document `vmkit.resolve/1`.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_json(&self, out: &mut impl Write) -> io::Result<()> {
        json::write(out, &json::ResolveDocument::new(self))
    }

    /// One line on why there is no address, or how sure it is, with the next command; `None`: the
    /// address is resolved. `snapshot` is the directory of the snapshot, if it is about one.
    pub fn remark(&self, snapshot: Option<&str>) -> Option<String> {
        text::remark(self, snapshot)
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

/// Writes the page of one cause, as `vm explain` shows it.
///
/// # Errors
/// Those of `out`.
pub fn write_page(page: &Page<'_>, out: &mut impl Write, terminal: Terminal) -> io::Result<()> {
    text::write_page(page, out, terminal)
}
