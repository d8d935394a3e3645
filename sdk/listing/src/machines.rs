//! The list of a manager's machines.

use vmkit_plugin::{Cx, Error, ListedMachine, Reading, Result, Unread};

use crate::{
    file::{ManagerFile, read},
    text::plain_name,
};

/// The machines of a manager, and why others may be missing.
#[derive(Debug, Default)]
pub struct Machines {
    listed: Vec<ListedMachine>,
    missed: Vec<Error>,
}

impl Machines {
    /// No machines yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a machine, unless one of this id is there.
    pub fn add(&mut self, machine: ListedMachine) {
        if !self.has(&machine.id) {
            self.listed.push(machine);
        }
    }

    /// Notes why machines may be missing.
    pub fn miss(&mut self, why: impl Into<Error>) {
        self.missed.push(why.into());
    }

    /// The paths of the files that match one of these patterns of the manifest, each once. Notes
    /// directories that cannot be listed.
    pub fn files(&mut self, cx: &Cx<'_>, patterns: &[&str]) -> Vec<String> {
        let mut paths = Vec::new();
        for pattern in patterns {
            match cx.files(pattern) {
                Ok(found) => paths.extend(found),
                Err(error) => self.miss(error),
            }
        }
        paths.sort();
        paths.dedup();
        paths
    }

    /// Adds the machine in each of these files, as `machine` reads it; `None` is no machine. A file that
    /// cannot be read becomes a machine with that reason, whose name `name_of` takes from the path. Files
    /// hold at most `limit` bytes.
    ///
    /// # Errors
    /// The call was cancelled, or is out of time.
    pub fn read_each(
        &mut self,
        cx: &Cx<'_>,
        paths: &[String],
        limit: u64,
        name_of: impl Fn(&str) -> &str,
        machine: impl Fn(&ManagerFile) -> Result<Option<ListedMachine>, Unread>,
    ) -> Result<()> {
        for path in paths {
            cx.check()?;
            let machine = match read(cx, path, limit) {
                Reading::Known(file) => machine(&file),
                // It is gone since the list was made.
                Reading::Absent => Ok(None),
                Reading::Unknown(why) => Err(why),
            };
            if let Some(machine) = machine.transpose() {
                self.add_or_why(path, name_of(path), machine);
            }
        }
        Ok(())
    }

    /// Adds the machine, or one of this id and name with the reason why its file could not be read.
    pub fn add_or_why(&mut self, id: &str, name: &str, machine: Result<ListedMachine, Unread>) {
        self.add(machine.unwrap_or_else(|why| {
            tracing::debug!("{why}");
            unread_machine(id, plain_name(name, id), &why)
        }));
    }

    /// Whether there is a machine of this id.
    pub fn has(&self, id: &str) -> bool {
        self.listed.iter().any(|machine| machine.id == id)
    }

    /// Whether one of the machines has this process.
    pub fn has_process(&self, pid: u32) -> bool {
        self.listed.iter().any(|machine| machine.pid == Reading::Known(pid))
    }

    /// The list. It is an error if it is empty and machines may be missing.
    pub fn finish(self) -> Result<Vec<ListedMachine>> {
        let mut missed = self.missed.into_iter();
        if self.listed.is_empty()
            && let Some(error) = missed.next()
        {
            return Err(error);
        }
        for error in missed {
            tracing::warn!("machines may be missing: {error}");
        }
        Ok(self.listed)
    }
}

/// A machine whose file could not be read: what the file would say is unknown for this reason.
pub fn unread_machine(
    id: impl Into<String>,
    name: impl Into<String>,
    why: &Unread,
) -> ListedMachine {
    fn unknown<T>(why: &Unread) -> Reading<T> {
        Reading::Unknown(why.clone())
    }
    ListedMachine {
        state: unknown(why),
        pid: unknown(why),
        cards: unknown(why),
        console: unknown(why),
        ssh: unknown(why),
        forwards: unknown(why),
        disks: unknown(why),
        ..ListedMachine::new(id, name)
    }
}
