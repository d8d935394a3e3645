//! Removes a machine with its files.

use std::path::{Path, PathBuf};

use vmkit_files::{Directory, EntryKind};

use crate::{
    data_directory::{DataDirectory, check_own_directory},
    error::MachineError,
    hidden::Site,
    journal::{ENTRIES_LIMIT, Intent},
    lock::Held,
};

/// A machine that was removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destroyed {
    /// Its name.
    pub name: String,
    /// The directory that was removed; `None`: it was missing.
    pub directory: Option<PathBuf>,
    /// A disk elsewhere, which stays.
    pub kept_disk: Option<PathBuf>,
}

impl DataDirectory {
    /// Removes the machine that is held, with its directory. The caller has checked that it does not run.
    ///
    /// # Errors
    /// There is no such machine; its directory is another user's, holds something else, or has the base of
    /// another machine's disk. Then nothing was changed.
    pub fn destroy(&self, held: &Held) -> Result<Destroyed, MachineError> {
        let name = held.name();
        self.settle(held)?;
        let directory = self.directory_of(name)?;
        let kept_disk = self.disk_elsewhere(name)?.filter(|disk| !disk.starts_with(&directory));
        let missing = Destroyed { name: name.to_owned(), directory: None, kept_disk };
        // What the directory is in may be missing, too.
        let above = directory.parent().map_or(Ok(true), Path::try_exists);
        if !above.map_err(|error| MachineError::file("look at", &directory, error))? {
            self.unregister(name)?;
            return Ok(missing);
        }
        let site = Site::of(&directory)?;
        let failed = |error| MachineError::file("look at", &directory, error);
        match site.above.status(&site.name).map_err(failed)?.map(|status| status.kind) {
            None => {
                self.unregister(name)?;
                return Ok(missing);
            }
            Some(EntryKind::Directory) => {}
            Some(_) => {
                let why = "is not a directory, and is not removed".to_owned();
                return Err(MachineError::Unusable { path: directory, why });
            }
        }
        self.check_removable(name, &directory, &site)?;
        match self.intend(held, &Intent::Destroy { directory: directory.clone() }) {
            // The next command finds the hidden directory without a journal as well.
            Ok(()) | Err(MachineError::NoSpace { .. }) => {}
            Err(error) => return Err(error),
        }
        self.steps.step("give the directory a hidden name");
        if let Err(error) = site.rename(&site.name, &site.gone) {
            self.is_done(held)?;
            return Err(error);
        }
        if let Err(error) = self.unregister_or_make_room(name, &site) {
            // The registry cannot be written: the machine stays, if its files are still there.
            self.steps.step("give the directory its name back");
            site.rename(&site.gone, &site.name)?;
            self.is_done(held)?;
            return Err(error);
        }
        self.remove(&site, &site.gone)?;
        self.is_done(held)?;
        Ok(Destroyed { directory: Some(directory), ..missing })
    }

    /// Checks that the directory is the machine's, and that all of it can and may be removed.
    fn check_removable(
        &self,
        name: &str,
        directory: &Path,
        site: &Site,
    ) -> Result<(), MachineError> {
        let unusable = |why: &str| {
            let why = format!("is not removed: {why}");
            MachineError::Unusable { path: directory.to_owned(), why }
        };
        let own =
            [&self.location.data_directory, &self.location.base_directory, &self.location.registry];
        let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
        if own.iter().any(|path| real(path).starts_with(real(directory))) {
            return Err(unusable("the data directory is in it"));
        }
        let failed = |error| MachineError::file("open", directory, error);
        let opened = site.above.below(&site.name).map_err(failed)?;
        let opened = opened.ok_or_else(|| failed(std::io::ErrorKind::NotFound.into()))?;
        let is_usual = real(directory) == real(&self.new_directory(name));
        let has_disk = opened.status(&format!("{name}.qcow2")).map_err(failed)?.is_some();
        if !is_usual && !has_disk {
            return Err(unusable(&format!("nothing shows that it is the directory of `{name}`")));
        }
        check_all_own(&opened)?;
        self.check_no_base_of_others(name, directory)
    }
}

/// Checks that this user can remove what is in the directory: files of others in it can be removed, what is
/// in directories of others cannot.
fn check_all_own(directory: &Directory) -> Result<(), MachineError> {
    check_own_directory(directory)?;
    let failed = |error| MachineError::file("list", directory.path(), error);
    for name in directory.names(ENTRIES_LIMIT).map_err(failed)?.0 {
        let status = directory.status(&name).map_err(failed)?;
        let is_directory = status.is_some_and(|status| status.kind == EntryKind::Directory);
        if is_directory && directory.is_mount(&name).map_err(failed)? {
            let path = directory.path().join(&name);
            let why = "is not removed: a file system is mounted there".to_owned();
            return Err(MachineError::Unusable { path, why });
        }
        if is_directory && let Some(inner) = directory.below(&name).map_err(failed)? {
            check_all_own(&inner)?;
        }
    }
    Ok(())
}
