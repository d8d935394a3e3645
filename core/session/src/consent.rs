//! The plugins that the user has agreed to run, and those that fail again and again.

use std::{path::Path, time::SystemTime};

use vmkit_host::{Consent, Found, Incident, Plugin, Refusal, examine, find, look_at};
use vmkit_state::{
    Folder, InvalidState, PLUGIN_LOCK, PluginLock, QUARANTINE, Quarantine, Standing, TrustedPlugin,
    roots_folder,
};

use vmkit_gateway::DeclaredPage;
use vmkit_model::{ClaimLimit, PluginClaims};
use vmkit_rights::PluginLockChange;
use vmkit_wire::GatewayPage;

use crate::{Error, Settings, host_keys::state_folder};

/// A plugin that somebody may agree to.
#[derive(Debug)]
pub struct Request {
    /// The plugin.
    pub plugin: Plugin,
    /// What was agreed to before.
    pub before: Before,
}

/// What was agreed to before a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Before {
    /// It came with vmkit: nobody has to agree.
    Bundled,
    /// The same plugin with the same needs.
    Same,
    /// Another file of this plugin, which needed the same.
    OtherFile,
    /// Another file of this plugin, which needed something else.
    OtherNeeds,
    /// Nothing.
    Nothing,
}

impl Before {
    /// The same as a sentence.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Bundled => "nothing: it came with vmkit and needs no trust",
            Self::Same => "this file is trusted already",
            Self::OtherFile => "another file of this plugin is trusted, with the same needs",
            Self::OtherNeeds => "another file of this plugin is trusted, with other needs",
            Self::Nothing => "it was never trusted",
        }
    }
}

impl Settings {
    /// Whether the host asks the gateway for this page of a plugin, as a sentence.
    pub fn page_in_words(&self, plugin: &str, page: &GatewayPage) -> String {
        let GatewayPage { path, referer } = page.clone();
        let allowed = self.allows_page(plugin, &path);
        DeclaredPage { plugin: plugin.to_owned(), path, referer }.in_words(allowed)
    }

    /// All plugins in the directories of this run.
    pub fn plugins(&self) -> Vec<Found> {
        find(&self.plugin_directories(), &self.installation, &self.consent())
    }

    /// The plugin whose library is this file, wherever it lies.
    pub fn plugin_at(&self, path: &Path) -> Found {
        look_at(path, &self.installation, &self.consent())
    }

    /// Reads the plugin at this path for somebody who may agree to it. Nothing of it is loaded.
    ///
    /// # Errors
    /// No one may run it, or the lock cannot be read.
    pub fn request(&self, path: &Path) -> Result<Request, Error> {
        let plugin =
            examine(path, &self.installation).map_err(|refusal| self.refused(path, &refusal))?;
        let needs = plugin.manifest.agreed_needs();
        let lock = self.own_lock()?;
        let before = match lock.standing(&plugin.manifest.id, plugin.sha256, &needs) {
            _ if plugin.is_bundled() => Before::Bundled,
            Standing::Trusted(_) => Before::Same,
            Standing::OtherFile(entry) if entry.needs == needs => Before::OtherFile,
            Standing::OtherFile(_) | Standing::OtherNeeds(_) => Before::OtherNeeds,
            Standing::Unknown => Before::Nothing,
        };
        Ok(Request { plugin, before })
    }

    /// The own kinds of evidence of all plugins that may run.
    pub fn claims(&self) -> Vec<PluginClaims> {
        claims(&self.plugins())
    }

    /// The error of a plugin at this path that nobody may run.
    pub fn refused(&self, path: &Path, refusal: &Refusal) -> Error {
        let hint = refusal.mend(path, &self.installation).to_string();
        Error::Plugin { why: refusal.in_full(), hint }
    }

    /// Agrees to exactly this plugin, and ends its quarantine. `unconfined`: also where its files cannot
    /// be confined; `limit`: what its own claims may add up to.
    ///
    /// # Errors
    /// The lock cannot be written.
    pub fn trust(
        &self,
        plugin: &Plugin,
        unconfined: bool,
        limit: Option<ClaimLimit>,
    ) -> Result<(), Error> {
        if !plugin.is_bundled() {
            self.remember(TrustedPlugin {
                id: plugin.manifest.id.clone(),
                version: plugin.manifest.version.clone(),
                sha256: plugin.sha256,
                needs: plugin.manifest.agreed_needs(),
                unconfined,
                limit,
                path: plugin.path.clone(),
                trusted_at: SystemTime::now(),
            })?;
        }
        let Some(folder) = state_folder(self) else { return Ok(()) };
        let _others_wait = folder.lock(QUARANTINE)?;
        let mut quarantine = quarantine(&folder)?;
        if quarantine.lift(plugin.sha256) {
            folder.replace(QUARANTINE, &quarantine.to_text())?;
        }
        Ok(())
    }

    /// Takes back what was agreed to about the plugin of this id or file. Returns what that was.
    ///
    /// # Errors
    /// Nothing was, or the lock cannot be read or written.
    pub fn untrust(&self, name: &str) -> Result<Vec<TrustedPlugin>, Error> {
        let by_broker = self.has_roots_lock_written();
        let _others_wait =
            if by_broker { None } else { Some(self.lock_folder()?.lock(PLUGIN_LOCK)?) };
        let mut lock = self.own_lock()?;
        let path = Path::new(name);
        let real = path.canonicalize();
        let sha256 = examine(path, &self.installation).ok().map(|plugin| plugin.sha256);
        let mut removed = lock.untrust(name, sha256);
        // A file that has changed or is gone is known by its place.
        let place = real.unwrap_or_else(|_| path.to_owned());
        let of_place: Vec<String> = lock
            .entries()
            .iter()
            .filter(|entry| entry.path == place)
            .map(|entry| entry.id.clone())
            .collect();
        removed.extend(of_place.iter().flat_map(|id| lock.untrust(id, None)));
        if removed.is_empty() {
            return Err(Error::NotTrusted(name.to_owned()));
        }
        if by_broker {
            for entry in &removed {
                self.broker.change_plugin_lock(PluginLockChange::Untrust(entry.sha256))?;
            }
        } else {
            self.write_lock(&lock)?;
        }
        Ok(removed)
    }

    /// The plugins that this user, and root for everybody, have agreed to; each with whether root did.
    ///
    /// # Errors
    /// A lock cannot be read.
    pub fn trusted_plugins(&self) -> Result<Vec<(TrustedPlugin, bool)>, Error> {
        let mut all = Vec::new();
        for (lock, is_roots) in self.locks()? {
            all.extend(lock.entries().iter().cloned().map(|entry| (entry, is_roots)));
        }
        Ok(all)
    }

    /// Counts crashes and floods. Without a place to remember them, or if that fails, nothing is
    /// counted.
    pub fn count_incidents(&self, incidents: &[Incident]) {
        let Some(folder) = state_folder(self).filter(|_| !incidents.is_empty()) else { return };
        let count = || -> Result<(), Error> {
            let _others_wait = folder.lock(QUARANTINE)?;
            let mut quarantine = quarantine(&folder)?;
            for Incident { id, sha256, what } in incidents {
                quarantine.record(id, *sha256, what, SystemTime::now());
            }
            Ok(folder.replace(QUARANTINE, &quarantine.to_text())?)
        };
        if let Err(error) = count() {
            tracing::warn!("crashes of plugins are not counted: {}", error.in_one_line());
        }
    }

    /// What decides which plugins run. A lock that cannot be read agrees to nothing.
    fn consent(&self) -> Consent {
        let locks = self.locks().unwrap_or_else(|error| {
            tracing::warn!("no plugin of others is trusted: {}", error.in_one_line());
            Vec::new()
        });
        let failed = state_folder(self).map(|folder| quarantine(&folder));
        let quarantine = failed.unwrap_or_else(|| Ok(Quarantine::default()));
        let quarantine = quarantine.unwrap_or_else(|error| {
            tracing::warn!("no plugin is in quarantine: {}", error.in_one_line());
            Quarantine::default()
        });
        Consent { locks: locks.into_iter().map(|(lock, _)| lock).collect(), quarantine }
    }

    /// The locks that count in this run, each with whether it is root's. With root's rights only
    /// root's counts: a user's own could name anything.
    fn locks(&self) -> Result<Vec<(PluginLock, bool)>, Error> {
        let roots = (read(&roots_folder())?, true);
        let own = state_folder(self).filter(|_| !self.invoker.privileged);
        let own = own.map(|folder| Ok::<_, Error>((read(&folder)?, false))).transpose()?;
        Ok(own.into_iter().chain([roots]).collect())
    }

    /// Writes an entry into the lock of this run.
    fn remember(&self, entry: TrustedPlugin) -> Result<(), Error> {
        if self.has_roots_lock_written() {
            let change = PluginLockChange::Trust(Box::new(entry));
            return Ok(self.broker.change_plugin_lock(change)?);
        }
        let _others_wait = self.lock_folder()?.lock(PLUGIN_LOCK)?;
        let mut lock = self.own_lock()?;
        lock.trust(entry);
        self.write_lock(&lock)
    }

    /// Whether the broker writes the lock of this run: it is root's, and this process is the user.
    fn has_roots_lock_written(&self) -> bool {
        self.invoker.privileged && self.invoker.via_sudo
    }

    fn own_lock(&self) -> Result<PluginLock, Error> {
        read(&self.lock_folder()?)
    }

    fn write_lock(&self, lock: &PluginLock) -> Result<(), Error> {
        Ok(self.lock_folder()?.replace(PLUGIN_LOCK, &lock.to_text())?)
    }

    fn lock_folder(&self) -> Result<Folder, Error> {
        if self.invoker.privileged {
            return Ok(roots_folder());
        }
        state_folder(self).ok_or(Error::NoHome)
    }
}

/// The own kinds of evidence of those that may run.
pub(crate) fn claims(found: &[Found]) -> Vec<PluginClaims> {
    found.iter().filter_map(|found| found.plugin.as_ref().ok()?.claims()).collect()
}

fn read(folder: &Folder) -> Result<PluginLock, Error> {
    let bytes = folder.read(PLUGIN_LOCK)?;
    let lock = bytes.map(|bytes| PluginLock::parse(&bytes)).transpose();
    Ok(lock.map_err(|error| invalid(folder, PLUGIN_LOCK, error))?.unwrap_or_default())
}

fn quarantine(folder: &Folder) -> Result<Quarantine, Error> {
    let bytes = folder.read(QUARANTINE)?;
    let quarantine = bytes.map(|bytes| Quarantine::parse(&bytes)).transpose();
    Ok(quarantine.map_err(|error| invalid(folder, QUARANTINE, error))?.unwrap_or_default())
}

fn invalid(folder: &Folder, name: &str, source: InvalidState) -> Error {
    Error::State { path: folder.path().join(name), source }
}
