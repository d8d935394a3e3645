//! Writes what a guest's cloud-init reads, and what the toolkit keeps beside it.

use std::{
    io,
    time::{SystemTime, UNIX_EPOCH},
};

use crate::{
    cloud_init::{Guest, SeedTexts},
    error::MachineError,
    making::Build,
    seed,
};

/// The id of a new instance: cloud-init configures a guest anew where it differs from the last one.
pub(crate) fn new_instance_id(machine: &str) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    format!("iid-{machine}-{}", now.as_secs())
}

/// Writes the seed, the texts in it, and the MAC.
pub(crate) fn write(build: &Build<'_>, guest: &Guest<'_>) -> Result<(), MachineError> {
    let texts = SeedTexts::new(guest);
    let failed = |name: &str, error: io::Error| {
        MachineError::file("write", build.directory.path().join(name), error)
    };
    let seed_name = format!("{}-seed.iso", build.name);
    let seed = seed::image(&texts).map_err(|error| failed(&seed_name, error))?;
    let (mac_name, mac) = (format!("{}.mac", build.name), format!("{}\n", guest.mac));
    let instance = format!("{}\n", guest.instance_id);
    let files: [(&str, &[u8]); 6] = [
        ("cloud-init/user-data", texts.user_data.as_bytes()),
        ("cloud-init/meta-data", texts.meta_data.as_bytes()),
        ("cloud-init/network-config", texts.network_config.as_bytes()),
        ("cloud-init/instance-id", instance.as_bytes()),
        (&mac_name, mac.as_bytes()),
        (&seed_name, &seed),
    ];
    for (name, bytes) in files {
        build.steps.step("write a file of the guest");
        build.directory.write_new(name, bytes).map_err(|error| failed(name, error))?;
    }
    Ok(())
}
