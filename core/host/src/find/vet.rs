//! Whether a file may be loaded: who could have written it, and what it says it needs.

use std::{
    fs::File,
    io,
    os::{
        fd::{AsFd, BorrowedFd},
        unix::fs::OpenOptionsExt as _,
    },
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
};

use nix::unistd::{Gid, Group, Uid, User};
use rustix::fs::{Access, OFlags, access};
use vmkit_model::PluginClaims;
use vmkit_state::FileHash;
use vmkit_wire::Manifest;

use super::{
    Installation, Origin,
    content::{self, Kept},
    owners::{Component, Replacers, Rule},
    pins::{PinMatch, Pins},
    program::WorkerProgram,
    refusal::Refusal,
    section,
};

/// A plugin that nobody untrusted could have changed.
#[derive(Debug)]
pub struct Plugin {
    /// Where its library or its manifest lies, all links resolved.
    pub path: PathBuf,
    /// What gets mapped, or run: a library that came with vmkit as it lies there, and of any other and of a
    /// program a copy that nobody can change.
    pub file: File,
    /// The hash of what gets mapped, or of manifest and program together.
    pub sha256: FileHash,
    /// Why it may run.
    pub origin: Origin,
    /// What it says of itself.
    pub manifest: Manifest,
    /// The file of that which lies beside a program.
    pub manifest_file: Option<Vec<u8>>,
    /// What runs the program that it is, if that is no machine code.
    pub(crate) interpreter: Option<File>,
    /// The program that loads it.
    pub(crate) worker: Arc<WorkerProgram>,
    /// Keeps the copy.
    #[cfg_attr(target_os = "linux", expect(dead_code, reason = "memory needs no keeper"))]
    pub(super) kept: Option<Kept>,
}

impl Plugin {
    /// Whether it came with vmkit.
    pub fn is_bundled(&self) -> bool {
        self.origin == Origin::Bundled
    }

    /// Its own kinds of evidence with the limit that its user has set; `None`: it declares none.
    pub fn claims(&self) -> Option<PluginClaims> {
        let claims = self.manifest.claims().ok().filter(|claims| !claims.kinds.is_empty())?;
        let limit = match self.origin {
            Origin::Trusted { limit, .. } => limit,
            Origin::Bundled | Origin::Stranger => None,
        };
        Some(PluginClaims { limit, ..claims })
    }

    /// What its worker gets beside the first message.
    pub(crate) fn files(&self) -> Vec<BorrowedFd<'_>> {
        let interpreter = self.interpreter.as_ref().map(AsFd::as_fd);
        [self.file.as_fd()].into_iter().chain(interpreter).collect()
    }

    /// The path of what gets mapped, where a descriptor cannot be.
    pub(crate) fn mapped_path(&self) -> &Path {
        #[cfg(not(target_os = "linux"))]
        if let Some(kept) = &self.kept {
            return kept.path();
        }
        &self.path
    }
}

/// The command that starts `vm-broker`, if nobody can change it who could not replace `vm` as well.
///
/// # Errors
/// Why it may not be started.
pub fn broker_command(installation: &Installation) -> Result<BrokerCommand, Refusal> {
    let gate = Gate::of(installation);
    match &gate.pins {
        Ok(pins) => gate.vet_program(&installation.broker(), pins).map(BrokerCommand),
        Err(why) => Err(Refusal::Worker(Arc::clone(why))),
    }
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
    pins: Result<Pins, Arc<Refusal>>,
    /// Vetted once a plugin needs it: starting the broker does not.
    worker: OnceLock<Result<Arc<WorkerProgram>, Arc<Refusal>>>,
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
            pins: Err(Arc::new(Refusal::NotAFile(installation.pins()))),
            worker: OnceLock::new(),
        };
        gate.pins = gate.read_pins().map_err(Arc::new);
        gate
    }

    pub(super) fn worker(&self) -> Result<Arc<WorkerProgram>, Arc<Refusal>> {
        let vetted = self.worker.get_or_init(|| {
            let pins = self.pins.as_ref().map_err(Arc::clone)?;
            self.vet_program(&self.installation.worker(), pins).map(Arc::new).map_err(Arc::new)
        });
        vetted.clone()
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
        let worker = self.worker().map_err(Refusal::Worker)?;
        let file = open(&real).map_err(|source| unreadable(&real, source))?;
        if !file.metadata().map_err(|source| unreadable(&real, source))?.is_file() {
            return Err(Refusal::NotAFile(real));
        }
        let Some(sha256) = self.pinned(path, &real, &file)? else {
            return stranger(real, &file, worker);
        };
        self.check_worker_can_read(&library)?;
        let manifest = manifest(&real, &file)?;
        let origin = Origin::Bundled;
        let (interpreter, kept) = (None, None);
        Ok(Plugin {
            path: real,
            file,
            sha256,
            origin,
            manifest,
            manifest_file: None,
            interpreter,
            worker,
            kept,
        })
    }

    /// The hash of a file that came with vmkit; `None`: it did not.
    pub(super) fn pinned(
        &self,
        path: &Path,
        real: &Path,
        file: &File,
    ) -> Result<Option<FileHash>, Refusal> {
        let folder = path.parent().and_then(|folder| folder.canonicalize().ok());
        let own = self.installation.plugins().canonicalize().ok();
        let name = path.file_name().and_then(|name| name.to_str());
        let Some(name) = name.filter(|_| folder.is_some() && folder == own) else {
            return Ok(None);
        };
        let pins = self.pins.as_ref().map_err(|why| Refusal::Worker(Arc::clone(why)))?;
        let failed = |source| unreadable(real, source);
        let status = file.metadata().map_err(failed)?;
        match pins.compare(&format!("plugins/{name}"), &status, || file.try_clone()) {
            Ok(PinMatch::Same(sha256)) => Ok(Some(sha256)),
            Ok(PinMatch::Unknown) => Ok(None),
            Ok(PinMatch::Altered) => Err(Refusal::Altered { path: real.to_owned() }),
            Err(error) => Err(failed(error)),
        }
    }

    fn read_pins(&self) -> Result<Pins, Refusal> {
        let path = self.installation.pins();
        let unpinned = |source| Refusal::Unpinned { path: path.clone(), source };
        let real = path.canonicalize().map_err(unpinned)?;
        self.judge(&real)?;
        Pins::read(&open(&real).map_err(unpinned)?).map_err(unpinned)
    }

    /// Opens a program of the tree that nobody could have changed who could not replace `vm`, and that
    /// holds what was installed.
    fn vet_program(&self, path: &Path, pins: &Pins) -> Result<WorkerProgram, Refusal> {
        let real = path.canonicalize().map_err(|source| unreadable(path, source))?;
        self.judge(&real)?;
        let program = WorkerProgram::open(&real).map_err(|source| unreadable(&real, source))?;
        let status = program.metadata().map_err(|source| unreadable(&real, source))?;
        if !status.is_file() {
            return Err(Refusal::NotAFile(real));
        }
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        match pins.compare(name, &status, || open(&real)) {
            Ok(PinMatch::Same(_)) => Ok(program),
            Ok(PinMatch::Altered | PinMatch::Unknown) => Err(Refusal::Altered { path: real }),
            Err(source) => Err(unreadable(&real, source)),
        }
    }

    /// Refuses what others could change; the file itself as it was looked at.
    pub(super) fn judge(&self, real: &Path) -> Result<Component, Refusal> {
        let own = self.tree.as_ref().is_some_and(|tree| real.starts_with(tree));
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

/// A library of somebody else, as a copy: it may change at any time after it was hashed.
fn stranger(path: PathBuf, file: &File, worker: Arc<WorkerProgram>) -> Result<Plugin, Refusal> {
    let failed = |source| unreadable(&path, source);
    let (file, sha256, kept) = content::private_copy(file).map_err(failed)?;
    let manifest = manifest(&path, &file)?;
    let origin = Origin::Stranger;
    let (interpreter, kept) = (None, Some(kept));
    Ok(Plugin {
        path,
        file,
        sha256,
        origin,
        manifest,
        manifest_file: None,
        interpreter,
        worker,
        kept,
    })
}

/// Opens a path without links. Not blocking, so that a pipe in place of the file cannot hold up the
/// program.
pub(super) fn open(real: &Path) -> io::Result<File> {
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC).bits();
    File::options().read(true).custom_flags(flags.cast_signed()).open(real)
}

/// The manifest in the library at `path`, whoever wrote it and whatever system it is for. Nothing of the library
/// runs.
///
/// # Errors
/// It cannot be read, or holds no manifest.
pub fn manifest_of(path: &Path) -> Result<Manifest, Refusal> {
    let file = open(path).map_err(|source| unreadable(path, source))?;
    manifest(path, &file)
}

fn manifest(path: &Path, file: &File) -> Result<Manifest, Refusal> {
    let text = section::manifest(file)
        .map_err(|reason| Refusal::NoManifest { path: path.to_owned(), reason })?;
    let manifest: Manifest = text.parse()?;
    if manifest.program.is_some() {
        let reason = "a library names no `program`".to_owned();
        return Err(Refusal::NoManifest { path: path.to_owned(), reason });
    }
    Ok(manifest)
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
