//! Whose files are read.

use std::{
    io,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

use nix::unistd::{Uid, User};
use rustix::process::geteuid;
use vmkit_rights::Broker;
use vmkit_wire::{Account, HOME, Refusal};

/// With whose rights files are read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'a> {
    /// The user whom plugins run as, if that is not this process's.
    pub(crate) account: Option<Account>,
    /// The home directory of that user.
    pub(crate) home: Option<&'a Path>,
    /// Opens files of managers that only root can read; `None`: this run lacks root's rights.
    pub(crate) broker: Option<&'a Broker>,
}

impl Reader<'_> {
    /// The path as a manifest writes it: below `{home}/` where it lies in the home directory.
    pub(super) fn declared(&self, path: &str) -> String {
        let home = self.home.and_then(Path::to_str).and_then(|home| path.strip_prefix(home));
        match home.and_then(|rest| rest.strip_prefix('/')) {
            Some(below) => format!("{HOME}{below}"),
            None => path.to_owned(),
        }
    }

    /// The path or pattern with the home directory in place of `{home}`.
    ///
    /// # Errors
    /// The user has no home directory.
    pub(super) fn absolute(&self, declared: &str) -> Result<String, Refusal> {
        let Some(below) = declared.strip_prefix(HOME) else { return Ok(declared.to_owned()) };
        let home = self.home.and_then(Path::to_str);
        let home = home.ok_or_else(|| Refusal::not_found("plugins' user has no home directory"))?;
        Ok(format!("{home}/{below}"))
    }

    /// Does this with the rights of the user, which a process of root's would exceed.
    pub(crate) fn with_rights<T: Send>(
        self,
        work: impl FnOnce() -> Result<T, Refusal> + Send,
    ) -> Result<T, Refusal> {
        let Some(account) = self.account else { return work() };
        std::thread::scope(|scope| {
            let thread = scope.spawn(move || {
                become_thread_of(account).map_err(|error| {
                    Refusal::denied(format!("cannot look as user {}: {error}", account.uid))
                })?;
                work()
            });
            thread.join().unwrap_or_else(|_| Err(Refusal::not_found("looking for the file failed")))
        })
    }
}

/// The home directory of the user whom plugins run as: this one where it is the user's own, and that of the
/// database for another user than this process's.
pub(crate) fn home_of(account: Option<Account>, own: Option<&Path>) -> Option<PathBuf> {
    let uid = account.map_or(geteuid().as_raw(), |account| account.uid);
    let named = match account {
        None => own.map(Path::to_owned),
        Some(_) => User::from_uid(Uid::from_raw(uid)).ok().flatten().map(|user| user.dir),
    };
    // Users of services have `/` or a directory of the system.
    named.filter(|home| home.is_absolute() && home.metadata().is_ok_and(|it| it.uid() == uid))
}

/// Makes this thread, and no other, one of this user. It cannot go back.
#[cfg(target_os = "linux")]
fn become_thread_of(account: Account) -> io::Result<()> {
    use rustix::{
        process::{Gid, Uid},
        thread::{set_thread_gid, set_thread_groups, set_thread_res_uid},
    };

    let (uid, gid) = (Uid::from_raw(account.uid), Gid::from_raw(account.gid));
    set_thread_groups(&[])?;
    set_thread_gid(gid)?;
    Ok(set_thread_res_uid(uid, uid, uid)?)
}

/// No thread has a user of its own here.
#[cfg(not(target_os = "linux"))]
fn become_thread_of(_: Account) -> io::Result<()> {
    Err(io::Error::from(io::ErrorKind::Unsupported))
}
