//! What is being done to a machine, written down before it begins, so that the next command can end what a
//! kill interrupts.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::{
    data_directory::DataDirectory,
    error::MachineError,
    lock::Held,
    replace::{UNFINISHED, remove_if_there, replace},
};

/// Largest file of the journal, in bytes: two paths and an entry of the registry.
const LIMIT: u64 = 64 * 1024;

/// The end of the name of a journal file, which begins with the machine's name.
const JSON: &str = ".json";

/// Most entries of a directory that are looked at: ten times the machines that are listed.
pub(crate) const ENTRIES_LIMIT: usize = 100_000;

/// What is being done to a machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "operation", rename_all = "kebab-case")]
pub(crate) enum Intent {
    /// It is built in a hidden directory beside its later one, renamed, and registered.
    Make {
        /// Its later directory.
        directory: PathBuf,
        /// The name of the hidden one.
        hidden: String,
        /// Its entry in the registry, once it is built.
        entry: Option<String>,
    },
    /// Its directory is renamed to a hidden one, which decides it, and removed; it is taken out of the
    /// registry.
    Destroy {
        /// Its directory.
        directory: PathBuf,
    },
}

impl DataDirectory {
    /// Writes down what is being done to the machine.
    pub(crate) fn intend(&self, held: &Held, intent: &Intent) -> Result<(), MachineError> {
        let name = file_name(held.name());
        let path = self.journal.path().join(&name);
        let bytes = serde_json::to_vec(intent)
            .map_err(|error| MachineError::file("write", &path, error.into()))?;
        replace(&self.journal, &name, &bytes, &self.steps, || Ok(true)).map(|_| ())
    }

    /// What was being done to the machine when its last command ended.
    pub(crate) fn intent(&self, held: &Held) -> Result<Option<Intent>, MachineError> {
        let name = file_name(held.name());
        let path = self.journal.path().join(&name);
        let bytes = self.journal.read(&name, LIMIT);
        let bytes = bytes.map_err(|error| MachineError::file("read", &path, error))?;
        let parsed = bytes.map(|bytes| serde_json::from_slice(&bytes)).transpose();
        let why = "is not as vm writes it; remove it after looking at the VM's files".to_owned();
        parsed.map_err(|_| MachineError::Unusable { path, why })
    }

    /// Writes down that it is done.
    pub(crate) fn is_done(&self, held: &Held) -> Result<(), MachineError> {
        let name = file_name(held.name());
        for name in [format!("{name}{UNFINISHED}"), name] {
            let removed = remove_if_there(&self.journal, &name, &self.steps);
            let path = self.journal.path().join(&name);
            removed.map_err(|error| MachineError::file("remove", path, error))?;
        }
        Ok(())
    }

    /// The machines that the journal has a file of.
    pub(crate) fn intended(&self) -> Result<Vec<String>, MachineError> {
        let names = self.journal.names(ENTRIES_LIMIT);
        let failed = |error| MachineError::file("list", self.journal.path(), error);
        let names = names.map_err(failed)?.0.into_iter();
        let machine = |name: String| {
            let name = name.strip_suffix(UNFINISHED).unwrap_or(&name);
            name.strip_suffix(JSON).map(str::to_owned)
        };
        Ok(names.filter_map(machine).collect())
    }
}

fn file_name(machine: &str) -> String {
    format!("{machine}{JSON}")
}
