//! The view model of `vm status --watch`: the current picture and its changes.

use std::{
    collections::BTreeMap,
    io::{self, Write},
};

use crate::{Status, Terminal, text};

/// The last picture.
#[derive(Clone, Debug, Default)]
pub struct Watch {
    /// State, address and SSH of each machine, as shown.
    shown: Option<BTreeMap<String, [String; 3]>>,
}

impl Watch {
    /// Draws over the last picture of a terminal: the table with every changed machine marked, and
    /// the verdict.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn draw(
        &mut self,
        status: &Status<'_>,
        out: &mut impl Write,
        terminal: Terminal,
    ) -> io::Result<()> {
        let changed = self.take_changes(status);
        text::draw_watch(status, &changed, out, terminal)
    }

    /// Writes a line for each machine that has changed since the last picture, for a reader that
    /// is no terminal. The first time all are written.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_changes(&mut self, status: &Status<'_>, out: &mut impl Write) -> io::Result<()> {
        let first = self.shown.is_none();
        let changed = self.take_changes(status);
        let wanted = |name: &str| first || changed.iter().any(|other| other == name);
        text::write_changes(status, wanted, out)
    }

    /// Names of the machines that look different from the last picture, gone ones included.
    fn take_changes(&mut self, status: &Status<'_>) -> Vec<String> {
        let now: BTreeMap<String, [String; 3]> =
            status.vms.iter().map(|vm| (vm.machine.name.clone(), text::watched(vm))).collect();
        let before = self.shown.replace(now);
        let (Some(before), Some(now)) = (before, &self.shown) else { return Vec::new() };
        let names = before.keys().chain(now.keys().filter(|name| !before.contains_key(*name)));
        names.filter(|name| before.get(*name) != now.get(*name)).cloned().collect()
    }
}
