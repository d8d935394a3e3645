//! Where vmkit is installed, and for whom it runs.

use std::{io, path::PathBuf};

use vmkit_wire::Account;

/// `nobody`: whom a worker becomes when root runs vmkit without sudo, so that no plugin ever runs
/// as root. The number is the same on Linux distributions; macOS uses the same value as an
/// unsigned 16-bit -2.
const NOBODY: u32 = 65534;

/// The installed tree and the rights of this run.
#[derive(Clone, Debug)]
pub struct Installation {
    /// `lib/vmkit` beside the `bin` that holds the program.
    pub library: PathBuf,
    /// User id of the owner of files that may be loaded, besides root.
    pub user: u32,
    /// Whether this run has root's rights: then stricter rules hold for what may be loaded.
    pub privileged: bool,
    /// Whom workers become when this run has root's rights.
    pub account: Option<Account>,
}

impl Installation {
    /// The installation of the running program, run for `invoker` (user and group id).
    pub fn of_this_program(invoker: Account, privileged: bool) -> io::Result<Self> {
        let program = std::env::current_exe()?.canonicalize()?;
        let prefix = program.parent().and_then(|bin| bin.parent());
        let library = prefix
            .map(|prefix| prefix.join("lib/vmkit"))
            .ok_or_else(|| io::Error::other("the program lies in no directory"))?;
        let account = privileged.then_some(if invoker.uid == 0 {
            Account { uid: NOBODY, gid: NOBODY }
        } else {
            invoker
        });
        Ok(Self { library, user: invoker.uid, privileged, account })
    }

    /// The program that loads plugins.
    pub fn worker(&self) -> PathBuf {
        self.library.join("vm-worker")
    }

    /// The plugins that came with vmkit.
    pub fn plugins(&self) -> PathBuf {
        self.library.join("plugins")
    }
}
