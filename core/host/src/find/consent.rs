//! What the user has agreed to, and what has failed too often.

use vmkit_state::{PluginLock, Quarantine, Standing};

use super::{origin::Origin, refusal::Refusal, vet::Plugin};

/// What decides whether a vetted plugin may run.
#[derive(Clone, Debug, Default)]
pub struct Consent {
    /// The locks that count, the most important first.
    pub locks: Vec<PluginLock>,
    /// The plugins that failed.
    pub quarantine: Quarantine,
}

impl Consent {
    /// The plugin, if it may run.
    pub(super) fn admit(&self, plugin: Plugin) -> Result<Plugin, Refusal> {
        if let Some(failed) = self.quarantine.holds(plugin.sha256) {
            let last = failed.failures.last().map(|failure| failure.what.clone());
            return Err(Refusal::Quarantined {
                path: plugin.path,
                failures: failed.failures.len(),
                last: last.unwrap_or_default(),
            });
        }
        if plugin.origin == Origin::Bundled {
            return Ok(plugin);
        }
        let needs = plugin.manifest.agreed_needs();
        let id = &plugin.manifest.id;
        let mut standings = self.locks.iter().map(|lock| lock.standing(id, plugin.sha256, &needs));
        let path = plugin.path.clone();
        let mut refusal = Refusal::Untrusted { path: path.clone() };
        for standing in standings.by_ref() {
            match standing {
                Standing::Trusted(entry) => {
                    let (unconfined, limit) = (entry.unconfined, entry.limit);
                    let origin = Origin::Trusted { unconfined, limit };
                    return Ok(Plugin { origin, ..plugin });
                }
                Standing::OtherNeeds(_) => refusal = Refusal::OtherNeeds { path: path.clone() },
                Standing::OtherFile(entry) => {
                    let version = entry.version.clone();
                    refusal = Refusal::Changed { path: path.clone(), id: id.clone(), version };
                }
                Standing::Unknown => {}
            }
        }
        Err(refusal)
    }
}
