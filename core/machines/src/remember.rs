//! Remembers the networks that machines were started on.

use std::collections::BTreeMap;

use vmkit_model::{NetworkChoice, StartMode};

use crate::{
    data_directory::{DataDirectory, check_name},
    entry::{NET_BRIDGE, NET_MODE, OwnKeys},
    error::MachineError,
    registry_file::Changed,
};

impl DataDirectory {
    /// The networks that machines were last started on, or created for, by the machines' names.
    ///
    /// # Errors
    /// The registry cannot be read.
    pub fn networks(&self) -> Result<BTreeMap<String, NetworkChoice>, MachineError> {
        let registry = self.registry()?;
        let network = |(name, text): (String, &str)| {
            let keys = OwnKeys::of(text);
            let mode = StartMode::from_code(&keys.net_mode?)?;
            Some((name, NetworkChoice { mode, bridge: keys.net_bridge }))
        };
        Ok(registry.entry_texts().filter_map(network).collect())
    }

    /// Remembers the network of a machine in the registry. One that was not registered is now.
    ///
    /// # Errors
    /// There is no such machine, or the registry cannot be written.
    pub fn remember(&self, name: &str, choice: &NetworkChoice) -> Result<(), MachineError> {
        check_name(name)?;
        let directory = self.directory_of(name)?;
        let changes =
            [(NET_MODE, Some(choice.mode.code().to_owned())), (NET_BRIDGE, choice.bridge.clone())];
        let wanted = (changes[0].1.as_deref(), changes[1].1.as_deref());
        self.change_registry(|registry, now| {
            let invalid = |why| self.invalid(why);
            let keys = registry.entry_text(name).map(OwnKeys::of).unwrap_or_default();
            if (keys.net_mode.as_deref(), keys.net_bridge.as_deref()) == wanted {
                return Ok(Changed::No);
            }
            if !registry.contains(name) {
                let text = |text: &str| serde_json::Value::from(text).to_string();
                let (name_text, directory) = (text(name), text(&directory.to_string_lossy()));
                let entry = format!(
                    "{{\n      \"name\": {name_text},\n      \"directory\": {directory},\n      \
                     \"created\": {}\n    }}",
                    text(now)
                );
                registry.put(name, &entry, now).map_err(invalid)?;
            }
            registry.set(name, &changes, now).map_err(invalid)?;
            Ok(Changed::Yes)
        })
    }
}
