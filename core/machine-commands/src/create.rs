//! `vm create`.

use std::path::PathBuf;

use vmkit_machines::{DiskTools, NewMachine, PublicKey};
use vmkit_plugin_commands::{Ended, Failure, Front};
use vmkit_types::{Reading, escaped};

use crate::{arguments::Create, work::Work};

/// Makes a machine.
pub(crate) fn create(wanted: &Create, front: Front<'_>, quiet: bool) -> anyhow::Result<Ended> {
    // What is missing is said before a directory is made.
    let tools = DiskTools::find()?;
    let ssh_keys = ssh_keys(wanted, front)?;
    let network = wanted.network.choice()?;
    let work = Work::open(front, quiet)?;
    let wanted = NewMachine {
        name: wanted.new_name.clone(),
        image: wanted.image.clone(),
        disk_size: wanted.disk,
        memory_mb: wanted.memory,
        vcpus: wanted.cpus,
        username: wanted.user.clone(),
        ssh_keys,
        mac: wanted.mac,
        network,
    };
    let made = work.data.create(&wanted, &tools)?;
    let (name, mac) = (&made.name, made.mac);
    let directory = escaped(&made.directory.display().to_string());
    let next = work.start_command(name);
    work.say(&format!("{name} is made, with the MAC {mac}, in {directory}. Next: {next}"));
    Ok(Ended::Well)
}

fn ssh_keys(wanted: &Create, front: Front<'_>) -> anyhow::Result<Vec<PublicKey>> {
    let mut keys = Vec::new();
    for named in &wanted.ssh_keys {
        keys.extend(PublicKey::named(named)?);
    }
    if !wanted.ssh_keys.is_empty() {
        return Ok(keys);
    }
    let home: Option<&PathBuf> = match &front.settings.invoker.home {
        Reading::Known(home) => Some(home),
        _ => None,
    };
    let unknown = || {
        Failure::new("your home directory is unknown, and with it your SSH keys")
            .with_hint("name a public key with --ssh-key")
    };
    Ok(PublicKey::usual(home.ok_or_else(unknown)?)?)
}
