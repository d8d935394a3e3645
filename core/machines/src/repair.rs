//! Ends what interrupted commands left.

use std::{collections::BTreeSet, fmt, time::Duration};

use vmkit_inventory::valid_name;

use crate::{
    data_directory::DataDirectory, error::MachineError, hidden::machine_of, journal::ENTRIES_LIMIT,
    lock::Held, settle::RepairOutcome,
};

/// How long a killed command's lock is waited for. A program that it was starting has the lock until it
/// runs, which takes milliseconds, and longer on a busy computer.
const START_OF_A_PROGRAM: Duration = Duration::from_secs(2);

/// What was done about an interrupted command. It reads as a sentence.
#[derive(Debug)]
pub struct Repair {
    /// The machine.
    pub name: String,
    /// What became of it.
    pub outcome: RepairOutcome,
}

impl fmt::Display for Repair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.outcome)
    }
}

impl DataDirectory {
    /// Finishes or undoes what earlier commands left when they were killed. Machines that a command works
    /// on at this moment are skipped.
    ///
    /// # Errors
    /// The data directory cannot be read. What cannot be repaired is one of the results.
    pub fn repair(&self) -> Result<Vec<Repair>, MachineError> {
        let mut repairs = Vec::new();
        let mut names: BTreeSet<String> = self.intended()?.into_iter().collect();
        names.extend(self.hidden()?);
        names.extend(self.locked()?);
        for name in names.into_iter().filter(|name| valid_name(name)) {
            let held = match self.hold_if_interrupted(&name) {
                Ok(held) => held,
                Err(MachineError::Busy { .. }) => continue,
                Err(error) => {
                    repairs.push(Repair { name, outcome: RepairOutcome::Failed(error) });
                    continue;
                }
            };
            match self.settle(&held) {
                Ok(None | Some(RepairOutcome::NothingToDo)) => {}
                Ok(Some(outcome)) => repairs.push(Repair { name, outcome }),
                Err(error) => repairs.push(Repair { name, outcome: RepairOutcome::Failed(error) }),
            }
        }
        self.remove_unfinished_registry()?;
        self.remove_left_locks()?;
        Ok(repairs)
    }

    /// Holds a machine that no living command works on.
    fn hold_if_interrupted(&self, name: &str) -> Result<Held, MachineError> {
        match self.try_hold(name, Duration::ZERO) {
            Err(MachineError::Busy { holder, .. }) if holder.is_gone() => {
                self.try_hold(name, START_OF_A_PROGRAM)
            }
            held => held,
        }
    }

    /// The machines with a hidden directory.
    fn hidden(&self) -> Result<Vec<String>, MachineError> {
        let names = self.base.names(ENTRIES_LIMIT);
        let names = names.map_err(|error| MachineError::file("list", self.base.path(), error))?.0;
        Ok(names.iter().filter_map(|name| machine_of(name)).map(str::to_owned).collect())
    }

    /// The machines with a lock, which a killed command leaves.
    fn locked(&self) -> Result<Vec<String>, MachineError> {
        let names = self.locks.names(ENTRIES_LIMIT);
        Ok(names.map_err(|error| MachineError::file("list", self.locks.path(), error))?.0)
    }
}
