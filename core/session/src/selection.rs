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
    /// A name that no machine has, or that several have; a data directory that cannot be read.
    pub fn of<'a>(&self, scene: &'a Scene) -> Result<Vec<&'a Machine>, Error> {
        refuse_without_directory(scene)?;
        if self.names.is_empty() {
            return Ok(scene.machines.iter().collect());
        }
        let mut selected: Vec<&Machine> = Vec::new();
        for name in &self.names {
            let machine = find(name, scene)?;
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

/// The machine of this name, or of this `manager/name`. A foreign one has the name that the look gave
/// it, and no other.
fn find<'a>(name: &str, scene: &'a Scene) -> Result<&'a Machine, Error> {
    if let Some(machine) = scene.machines.iter().find(|machine| machine.name == name) {
        return Ok(machine);
    }
    let own = || scene.machines.iter().filter(|machine| !machine.foreign);
    let mut qualified = own().filter(|machine| machine.qualified_name() == name);
    if let (Some(machine), None) = (qualified.next(), qualified.next()) {
        return Ok(machine);
    }
    let namesakes = own().filter(|machine| machine.own_name == name);
    let namesakes: Vec<String> = namesakes.map(|machine| machine.name.clone()).collect();
    if !namesakes.is_empty() {
        return Err(Error::AmbiguousName { name: name.to_owned(), namesakes });
    }
    match scene.what_may_be_missing() {
        Some(why) => Err(Error::NotChecked { name: name.to_owned(), why }),
        None => Err(unknown(name, scene)),
    }
}

fn unknown(name: &str, scene: &Scene) -> Error {
    let known = scene.machines.iter().take(MOST_NAMES).map(|machine| machine.name.clone());
    Error::UnknownMachine { name: name.to_owned(), known: known.collect(), place: scene.places() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine(manager: &str, own_name: &str, name: &str, foreign: bool) -> Machine {
        let machine = Machine::new(manager.into(), own_name);
        Machine { name: name.to_owned(), foreign, ..machine }
    }

    #[test]
    fn a_name_finds_one_machine_and_never_a_strangers() {
        let scene = Scene::of_machines(vec![
            machine("vm-toolkit", "web", "vm-toolkit/web", false),
            machine("lima", "web", "lima/web", false),
            machine("lima", "db", "db", false),
            machine("qemu", "mail", "qemu/mail", true),
        ]);
        let rows = [
            ("db", Some("db")),
            ("lima/db", Some("db")),
            ("lima/web", Some("lima/web")),
            ("qemu/mail", Some("qemu/mail")),
            ("web", None),
            ("mail", None),
            ("qemu/db", None),
        ];
        for (name, expected) in rows {
            let found = find(name, &scene).ok().map(|machine| machine.name.as_str());
            assert_eq!(found, expected, "{name}");
        }
        assert!(matches!(find("web", &scene), Err(Error::AmbiguousName { .. })));
        assert!(matches!(find("mail", &scene), Err(Error::UnknownMachine { .. })));
    }
}
