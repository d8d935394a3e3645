//! The files of a machine's process.

use std::{
    os::unix::ffi::OsStrExt as _,
    path::{Path, PathBuf},
};

/// Longest path of a socket, in bytes: macOS has room for 104 with the zero byte at the end, Linux for 108.
pub(crate) const LONGEST_SOCKET: usize = 103;

/// The console's log in a machine's directory.
const CONSOLE_LOG: &str = "console.log";

/// QEMU's own log in a machine's directory.
const QEMU_LOG: &str = "qemu.log";

/// The files that a machine's process makes in the machine's directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcessFiles {
    directory: PathBuf,
    name: String,
}

impl ProcessFiles {
    /// The files of the machine of this name.
    pub fn new(directory: &Path, name: &str) -> Self {
        Self { directory: directory.to_owned(), name: name.to_owned() }
    }

    /// The directory of all of them.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// The machine's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The socket of QEMU's monitor.
    pub fn monitor(&self) -> PathBuf {
        self.named("qmp")
    }

    /// The socket of the guest's serial port.
    pub fn console(&self) -> PathBuf {
        self.named("console")
    }

    /// The socket of the guest agent's channel.
    pub fn guest_agent(&self) -> PathBuf {
        self.named("agent")
    }

    /// Holds QEMU's process number, and is locked by it.
    pub fn pid(&self) -> PathBuf {
        self.named("pid")
    }

    /// What the guest wrote to its serial port since its start.
    pub fn console_log(&self) -> PathBuf {
        self.directory.join(CONSOLE_LOG)
    }

    /// What QEMU itself said since its start.
    pub fn qemu_log(&self) -> PathBuf {
        self.directory.join(QEMU_LOG)
    }

    fn named(&self, extension: &str) -> PathBuf {
        self.directory.join(format!("{}.{extension}", self.name))
    }
}

/// The path by which a process in the socket's directory may name the socket: the whole one if it has room in
/// a socket's address, or else its last part.
pub(crate) fn in_directory(socket: &Path) -> &Path {
    let is_long = socket.as_os_str().as_bytes().len() > LONGEST_SOCKET;
    socket.file_name().filter(|_| is_long).map_or(socket, Path::new)
}
