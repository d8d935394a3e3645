//! What `vm plugin` asks of the broker.

use std::time::Duration;

use crate::{Broker, PluginLockChange, Refusal, Reply, Request, broker::unexpected};

/// How long a change may take: the broker reads the whole library and waits for other changes.
const PATIENCE: Duration = Duration::from_secs(20);

impl Broker {
    /// Changes root's lock of plugins.
    ///
    /// # Errors
    /// The entry is not one that root can agree to, or the lock cannot be written.
    pub fn change_plugin_lock(&self, change: PluginLockChange) -> Result<(), Refusal> {
        match self.ask(&Request::PluginLock(change), &[], PATIENCE)? {
            Reply::Done => Ok(()),
            reply => Err(unexpected(&reply)),
        }
    }
}
