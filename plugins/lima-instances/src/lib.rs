//! Instances of Lima, for the plugins of the managers that keep them: Lima itself and Colima.
//!
//! An instance is a directory below Lima's home, with `lima.yaml`, the pid files of its host agent and of
//! its driver, and the `ssh.config` that the host agent writes at each start
//! (<https://lima-vm.io/docs/dev/internals/>). Lima's own names for all of them are in [`files`].

#![deny(unsafe_code)]

mod files;
mod instance;
mod machine;
mod network;
mod process;
mod ssh;

use vmkit_plugin::{Cx, ListedMachine, Result};

use crate::instance::Home;

/// What differs between managers that keep instances of Lima.
#[derive(Clone, Copy, Debug)]
pub struct Manager {
    /// Lima's homes of this manager, below `{home}`.
    pub homes: &'static [&'static str],
    /// Whether a guest's host name is the one that Lima gives it, `lima-NAME`.
    pub lima_names_guests: bool,
}

/// All instances of a manager.
///
/// # Errors
/// The instances cannot be listed.
pub fn list(manager: Manager, cx: &Cx<'_>) -> Result<Vec<ListedMachine>> {
    let processes = cx.processes();
    let mut machines = Vec::new();
    for home in manager.homes {
        let home = Home::read(home, cx);
        for instance in home.instances(cx)? {
            cx.check()?;
            machines.push(machine::listed(
                &instance,
                &home.networks,
                &processes,
                manager.lima_names_guests,
            ));
        }
    }
    Ok(machines)
}
