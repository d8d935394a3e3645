//! The program that loads plugins, kept as it was vetted.

use std::{
    fs::{File, Metadata},
    io,
    os::{fd::AsRawFd as _, unix::fs::OpenOptionsExt as _, unix::process::CommandExt as _},
    path::{Path, PathBuf},
    process::Command,
};

use rustix::fs::{Access, OFlags, access};

/// The worker program. Links that led to it when it was vetted may lead elsewhere by the time that a
/// worker starts, so the vetted file itself is started.
#[derive(Debug)]
pub(crate) struct WorkerProgram {
    /// Where it lies, all links resolved.
    path: PathBuf,
    /// Found by its real path and opened without following a link.
    file: File,
}

impl WorkerProgram {
    /// Opens the program at this path, which holds no links.
    ///
    /// # Errors
    /// It is not there, or this user may not run it.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        access(path, Access::EXEC_OK)?;
        // A program that may be run and not read can be opened as a place alone.
        #[cfg(target_os = "linux")]
        let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        // Not blocking, so that a pipe in place of the file cannot hold up the program.
        #[cfg(not(target_os = "linux"))]
        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let mut options = File::options();
        let file = options.read(true).custom_flags(flags.bits().cast_signed()).open(path)?;
        Ok(Self { path: path.to_owned(), file })
    }

    /// What the file system says of it.
    pub(super) fn metadata(&self) -> io::Result<Metadata> {
        self.file.metadata()
    }

    /// Where it lies, all links resolved.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// What starts it. Elsewhere than on Linux no open file can be started: there it is the real
    /// path. Only those who could replace `vm` may change a component of it.
    pub(crate) fn command(&self) -> Command {
        if cfg!(target_os = "linux") {
            // The child has the same descriptors until the kernel has opened the program.
            let mut command = Command::new(format!("/proc/self/fd/{}", self.file.as_raw_fd()));
            command.arg0(&self.path);
            command
        } else {
            Command::new(&self.path)
        }
    }
}
