//! Whether a file may be loaded: who could have written it, and what it says it needs.

use std::{
    fs::File,
    io,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    sync::Arc,
};

use nix::unistd::{Gid, Group, Uid, User};
use rustix::fs::{Access, OFlags, access};
use vmkit_wire::Manifest;

use super::{
    Installation,
    owners::{Component, Replacers, Rule},
    program::WorkerProgram,
    refusal::Refusal,
    section,
};

/// A library that may be loaded.
#[derive(Debug)]
pub struct Plugin {
    /// Where it lies, all links resolved.
    pub path: PathBuf,
    /// The open file: what was vetted is what gets mapped.
    pub file: File,
    /// What it says of itself.
    pub manifest: Manifest,
    /// Whether it lies in the program's own tree.
    pub(crate) is_own: bool,
    /// The program that loads it.
    pub(crate) worker: Arc<WorkerProgram>,
}

/// Opens the library at `path` if it may be loaded; see [`Gate::vet`].
///
/// # Errors
/// Why it may not.
pub fn vet(path: &Path, installation: &Installation) -> Result<Plugin, Refusal> {
    Gate::of(installation).vet(path)
}

/// The command that starts `vm-broker`, if nobody can change it who could not replace `vm` as well.
///
/// # Errors
/// Why it may not be started.
pub fn broker_command(installation: &Installation) -> Result<BrokerCommand, Refusal> {
    Gate::of(installation).vet_program(&installation.broker()).map(BrokerCommand)
}

/// Starts the vetted `vm-broker`.
#[derive(Debug)]
pub struct BrokerCommand(WorkerProgram);

impl BrokerCommand {
    /// What starts it. The value has to live until then.
    pub fn command(&self) -> std::process::Command {
        self.0.command()
    }
}

/// Decides for one installation what may be loaded.
pub(super) struct Gate<'a> {
    installation: &'a Installation,
    /// `lib/vmkit`, all links resolved.
    tree: Option<PathBuf>,
    replacers: Replacers,
    worker: Result<Arc<WorkerProgram>, Arc<Refusal>>,
}

impl<'a> Gate<'a> {
    pub(super) fn of(installation: &'a Installation) -> Self {
        let program: Result<Vec<_>, _> =
            installation.program.ancestors().map(Component::look).collect();
        let mut gate = Self {
            installation,
            tree: installation.library.canonicalize().ok(),
            // A program that cannot be looked at makes nobody trusted.
            replacers: program.map_or_else(|_| Replacers::default(), |all| Replacers::of(&all)),
            worker: Err(Arc::new(Refusal::NotAFile(installation.worker()))),
        };
        gate.worker = gate.vet_program(&installation.worker()).map(Arc::new).map_err(Arc::new);
        gate
    }

    /// Opens the library at `path` if it may be loaded.
    ///
    /// In the program's own tree, nobody may be able to change it who could not as well replace
    /// the program. Elsewhere every component of its real path has to belong to root, or to the
    /// user where root's rights are not in play, and only its owner may write to it. A sticky
    /// directory such as `/tmp` passes for an unprivileged run: others cannot replace a file of
    /// the user's there.
    pub(super) fn vet(&self, path: &Path) -> Result<Plugin, Refusal> {
        let real = path.canonicalize().map_err(|source| unreadable(path, source))?;
        let library = self.judge(&real)?;
        // After the library: what exposes both is mended with all that exposes the library.
        let worker = self.worker.clone().map_err(Refusal::Worker)?;
        // Not blocking, so that a pipe in place of the file cannot hold up the program.
        let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC).bits();
        let file = File::options()
            .read(true)
            .custom_flags(flags.cast_signed())
            .open(&real)
            .map_err(|source| unreadable(&real, source))?;
        if !file.metadata().map_err(|source| unreadable(&real, source))?.is_file() {
            return Err(Refusal::NotAFile(real));
        }
        self.check_worker_can_read(&library)?;
        let text = section::manifest(&file)
            .map_err(|reason| Refusal::NoManifest { path: real.clone(), reason })?;
        let is_own = self.is_own(&real);
        Ok(Plugin { manifest: text.parse()?, path: real, file, is_own, worker })
    }

    fn vet_program(&self, path: &Path) -> Result<WorkerProgram, Refusal> {
        let real = path.canonicalize().map_err(|source| unreadable(path, source))?;
        self.judge(&real)?;
        let program = WorkerProgram::open(&real).map_err(|source| unreadable(&real, source))?;
        if program.is_file().map_err(|source| unreadable(&real, source))? {
            return Ok(program);
        }
        Err(Refusal::NotAFile(real))
    }

    fn is_own(&self, real: &Path) -> bool {
        self.tree.as_ref().is_some_and(|tree| real.starts_with(tree))
    }

    /// Refuses what others could change; the file itself as it was looked at.
    fn judge(&self, real: &Path) -> Result<Component, Refusal> {
        let own = self.is_own(real);
        let nobody = Replacers::default();
        let rule = Rule {
            user: (!self.installation.privileged).then_some(self.installation.user),
            replacers: if own { &self.replacers } else { &nobody },
        };
        let mut faults = Vec::new();
        let look = |path: &Path| Component::look(path).map_err(|source| unreadable(path, source));
        for path in real.ancestors() {
            // What leads to the program as well has been trusted by running it.
            if !(own && self.installation.program.starts_with(path)) {
                faults.extend(rule.fault(&look(path)?, is_member));
            }
        }
        let mut faults = faults.into_iter();
        match faults.next() {
            None => look(real),
            Some(first) => {
                Err(Refusal::Exposed { real: real.to_owned(), first, more: faults.collect(), own })
            }
        }
    }

    /// The worker opens the library's descriptor by name, as the user that it has become.
    fn check_worker_can_read(&self, library: &Component) -> Result<(), Refusal> {
        let Some(account) = self.installation.account else { return Ok(()) };
        let bits = match library {
            Component { owner, .. } if *owner == account.uid => library.mode >> 6,
            Component { group, .. } if *group == account.gid => library.mode >> 3,
            _ => library.mode,
        };
        // An access list may say more than the mode does.
        if bits & 0o4 != 0 || library.listed {
            return Ok(());
        }
        Err(Refusal::Hidden {
            path: library.path.clone(),
            mode: library.mode,
            owner: library.owner,
            user: account.uid,
        })
    }
}

/// The refusal of what cannot be opened, with the directory that keeps it from being reached.
pub(super) fn unreadable(path: &Path, source: io::Error) -> Refusal {
    let denied = source.kind() == io::ErrorKind::PermissionDenied;
    let mut above: Vec<&Path> = path.ancestors().skip(1).filter(|_| denied).collect();
    above.reverse();
    let closed = above.into_iter().find(|directory| access(*directory, Access::EXEC_OK).is_err());
    Refusal::Unreadable { path: closed.unwrap_or(path).to_owned(), source }
}

/// Whether the user is of the group, as the user database tells.
fn is_member(user: u32, group: u32) -> bool {
    let Ok(Some(user)) = User::from_uid(Uid::from_raw(user)) else { return false };
    let listed = |group: Group| group.mem.contains(&user.name);
    user.gid.as_raw() == group
        || Group::from_gid(Gid::from_raw(group)).ok().flatten().is_some_and(listed)
}
