//! Which machines a look is about.

use std::collections::BTreeSet;

use vmkit_model::{Machine, MachineId, Severity};

use crate::{Error, Scene};

/// How many existing names an error lists.
const MOST_NAMES: usize = 10;

/// The machines that are wanted, by name; none named: all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    names: Vec<String>,
}

impl Selection {
    /// All machines.
    pub fn all() -> Self {
        Self::default()
    }

    /// The machines of these names, in this order; all, where there are none.
    pub fn named(names: &[String]) -> Self {
        Self { names: names.to_vec() }
    }

    /// Whether no machine is named.
    pub fn is_all(&self) -> bool {
        self.names.is_empty()
    }

    /// The names that were given.
    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    /// The machines of the scene that are wanted, each once, in the order in which they are named.
    ///
    /// # Errors
    /// A name that no machine has; a data directory that cannot be read.
    pub fn of<'a>(&self, scene: &'a Scene) -> Result<Vec<&'a Machine>, Error> {
        refuse_without_directory(scene)?;
        if self.names.is_empty() {
            return Ok(scene.machines.iter().collect());
        }
        let mut selected: Vec<&Machine> = Vec::new();
        for name in &self.names {
            let machine = scene.machines.iter().find(|machine| machine.name == *name);
            let machine = machine.ok_or_else(|| unknown(name, scene))?;
            if !selected.iter().any(|other| other.name == machine.name) {
                selected.push(machine);
            }
        }
        Ok(selected)
    }

    /// The ids of the same machines.
    pub(crate) fn ids(&self, scene: &Scene) -> Result<BTreeSet<MachineId>, Error> {
        Ok(self.of(scene)?.into_iter().map(Machine::id).collect())
    }
}

/// A data directory that cannot be read is an error of its own, not an empty answer.
fn refuse_without_directory(scene: &Scene) -> Result<(), Error> {
    let Some(location) = &scene.location else { return Ok(()) };
    let of_directory = scene.problems.iter().find(|problem| {
        problem.path == location.data_directory && problem.severity == Severity::Error
    });
    match of_directory.filter(|_| scene.machines.is_empty()) {
        Some(problem) => Err(Error::NoDataDirectory {
            directory: location.data_directory.clone(),
            why: problem.message.clone(),
        }),
        None => Ok(()),
    }
}

fn unknown(name: &str, scene: &Scene) -> Error {
    let known = scene.machines.iter().take(MOST_NAMES).map(|machine| machine.name.clone());
    Error::UnknownMachine {
        name: name.to_owned(),
        known: known.collect(),
        place: scene.directory().to_owned(),
    }
}
