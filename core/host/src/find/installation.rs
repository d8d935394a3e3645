//! Where vmkit is installed, and which user runs it.

use std::{
    io,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

use nix::unistd::{Uid, User};
use vmkit_wire::Account;

use super::Pins;

/// `nobody`: a worker becomes this user when root runs root's vmkit without sudo, so that no plugin
/// ever runs as root. Linux distributions give it -2 as a number of 16 bits, macOS as one of 32.
const NOBODY: u32 = if cfg!(target_os = "macos") { u32::MAX - 1 } else { 65534 };

/// The installed tree and the rights of this run.
#[derive(Clone, Debug)]
pub struct Installation {
    /// The program itself, all links resolved.
    pub program: PathBuf,
    /// `lib/vmkit` beside the `bin` that holds the program.
    pub library: PathBuf,
    /// Who runs vmkit, under sudo who called it: may own what is loaded in an unprivileged run.
    pub user: u32,
    /// Whether this run has root's rights: then stricter rules hold for what may be loaded.
    pub privileged: bool,
    /// The user that workers become when this run has root's rights.
    pub account: Option<Account>,
}

impl Installation {
    /// The installation that this program belongs to, run for `invoker` (user and group id).
    ///
    /// # Errors
    /// The program cannot be found, or lies in no directory.
    pub fn of(program: &Path, invoker: Account, privileged: bool) -> io::Result<Self> {
        let program = program.canonicalize()?;
        let library = prefix_of(&program)
            .map(|prefix| prefix.join("lib/vmkit"))
            .ok_or_else(|| io::Error::other("the program lies in no directory"))?;
        let owner = program.symlink_metadata()?.uid();
        let account = privileged.then(|| account(invoker, owner, group_of));
        Ok(Self { program, library, user: invoker.uid, privileged, account })
    }

    /// The program that loads plugins.
    pub fn worker(&self) -> PathBuf {
        self.library.join("vm-worker")
    }

    /// The program that does for `vm` what needs root's rights.
    pub fn broker(&self) -> PathBuf {
        self.library.join("vm-broker")
    }

    /// What the worker and the plugins held when they were installed.
    pub(crate) fn pins(&self) -> PathBuf {
        self.library.join(Pins::FILE)
    }

    /// The plugins that came with vmkit.
    pub fn plugins(&self) -> PathBuf {
        self.library.join("plugins")
    }

    /// Where vmkit is installed, such as `/usr/local`.
    pub(crate) fn prefix(&self) -> &Path {
        prefix_of(&self.program).unwrap_or(Path::new("/"))
    }
}

fn prefix_of(program: &Path) -> Option<&Path> {
    program.parent().and_then(Path::parent)
}

/// The user that workers become in a run with root's rights: the caller of sudo, else the owner of
/// the program, and `nobody` where both are root.
fn account(invoker: Account, owner: u32, group_of: impl Fn(u32) -> Option<u32>) -> Account {
    match (invoker.uid, owner) {
        (0, 0) => Account { uid: NOBODY, gid: NOBODY },
        // The file's own group may be one of administrators.
        (0, owner) => {
            let gid = group_of(owner).filter(|group| *group != 0);
            Account { uid: owner, gid: gid.unwrap_or(NOBODY) }
        }
        _ => invoker,
    }
}

fn group_of(user: u32) -> Option<u32> {
    User::from_uid(Uid::from_raw(user)).ok().flatten().map(|user| user.gid.as_raw())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn workers_become_the_caller_or_the_programs_owner_and_never_root() {
        let group_of = |user| match user {
            1000 => Some(100),
            1001 => Some(0),
            _ => None,
        };
        let rows = [
            // Who called, the program's owner, whom workers become.
            ((1000, 1000), 0, (1000, 1000)),
            ((1000, 1000), 1001, (1000, 1000)),
            ((0, 0), 0, (NOBODY, NOBODY)),
            ((0, 0), 1000, (1000, 100)),
            ((0, 0), 1001, (1001, NOBODY)),
            ((0, 0), 4242, (4242, NOBODY)),
        ];
        for (invoker, owner, expected) in rows {
            let invoker = Account { uid: invoker.0, gid: invoker.1 };
            let got = account(invoker, owner, group_of);
            assert_eq!((got.uid, got.gid), expected, "{invoker:?}, program of {owner}");
        }
    }
}
