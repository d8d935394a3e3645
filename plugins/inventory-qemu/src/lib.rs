//! Machines of QEMU processes, whoever started them: by hand, by a script, or by a manager that keeps
//! nothing else.

#![deny(unsafe_code)]

mod machine;

use std::collections::HashSet;

use vmkit_plugin::{Cx, Inventory, ListedMachine, NoConfig, Plugin, Result};

/// The plugin.
pub struct Qemu;

impl Plugin for Qemu {
    type Config = NoConfig;

    fn new(_: NoConfig) -> Result<Self> {
        Ok(Self)
    }
}

impl Inventory for Qemu {
    fn list(&self, cx: &Cx<'_>) -> Result<Vec<ListedMachine>> {
        let mut processes = cx.processes()?;
        processes.sort_by_key(|process| process.pid);
        let mut ids = HashSet::new();
        let mut machines = Vec::new();
        for process in &processes {
            cx.check()?;
            let Some(mut machine) = machine::listed(process) else { continue };
            // Two processes may claim one UUID or disk. The later one has its number as well.
            if !ids.insert(machine.id.clone()) {
                machine.id = format!("{} pid-{}", machine.id, process.pid);
                ids.insert(machine.id.clone());
            }
            machines.push(machine);
        }
        Ok(machines)
    }
}

vmkit_plugin::export!(manifest = "../plugin.json", inventory = Qemu);
