//! Why a machine's process could not be started, stopped or talked to.

use std::{
    io,
    path::{Path, PathBuf},
};

use crate::{plan::Architecture, version::Version};

/// Why something was not done with a machine's process.
#[derive(Debug, thiserror::Error)]
pub enum PowerError {
    /// QEMU is not installed for this architecture.
    #[error("QEMU is not installed: no qemu-system-{} that only root or you can change", .0.word())]
    NoQemu(Architecture),
    /// The machines of this architecture need firmware, which is not installed.
    #[error("the firmware of {} machines (EDK2) is not installed", .0.word())]
    NoFirmware(Architecture),
    /// The machine has a process already.
    #[error("`{name}` already runs{}", process(*pid))]
    Runs {
        /// The machine.
        name: String,
        /// Its process, where it is known.
        pid: Option<u32>,
    },
    /// The machine has no process.
    #[error("`{0}` does not run")]
    DoesNotRun(String),
    /// QEMU ended before its machine ran.
    #[error("QEMU ended at its start ({how}){}", words(.said))]
    EndedAtStart {
        /// Its exit status or signal.
        how: String,
        /// The last lines of its log, escaped and bounded.
        said: Vec<String>,
    },
    /// QEMU did not answer before the deadline, and was ended.
    #[error("QEMU did not answer within {seconds} s of its start, and was ended{}", words(.said))]
    Silent {
        /// The deadline.
        seconds: u64,
        /// The last lines of its log, escaped and bounded.
        said: Vec<String>,
    },
    /// The path of a socket is too long for this system.
    #[error("the path {} has more than {} bytes, which a socket's address has no room for", path.display(), crate::files::LONGEST_SOCKET)]
    LongPath {
        /// The path.
        path: PathBuf,
    },
    /// The monitor of QEMU cannot be talked to.
    #[error("the QMP monitor {} {why}", socket.display())]
    Monitor {
        /// Its socket.
        socket: PathBuf,
        /// What happened.
        why: String,
    },
    /// The monitor of QEMU did not answer before the deadline.
    #[error("the QMP monitor {} did not answer in time: another program may be connected to it", .0.display())]
    NoAnswer(PathBuf),
    /// Another program is connected to the console.
    #[error(
        "the console of `{0}` is in use: QEMU serves one client at a time, and another one is attached"
    )]
    ConsoleInUse(String),
    /// The console is not a socket.
    #[error("`{name}` has no console to attach to, since it was not started by `vm start`")]
    NoConsole {
        /// The machine.
        name: String,
        /// The file that its console may be written to.
        log: PathBuf,
    },
    /// QEMU is too old for these arguments.
    #[error("QEMU {found} is too old: {needed} or later is needed{}", words(.said))]
    TooOld {
        /// Its version.
        found: Version,
        /// The oldest version that has all options.
        needed: Version,
        /// The last lines of its log, escaped and bounded.
        said: Vec<String>,
    },
    /// A process that is no longer proven to be the machine's is not killed.
    #[error("process {0} is no longer proven to be the machine's QEMU, so it was not killed")]
    NotProven(u32),
    /// The process is still there after it was killed.
    #[error(
        "process {0} was killed and has not ended: the kernel holds it, as with a disk that does not respond"
    )]
    StillThere(u32),
    /// The system refused.
    #[error("cannot {doing} {}", path.display())]
    System {
        /// What was to be done.
        doing: &'static str,
        /// With what.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
}

impl PowerError {
    /// What the user can do about it.
    pub fn hint(&self) -> Option<String> {
        let macos = cfg!(target_os = "macos");
        Some(match self {
            Self::NoQemu(_) if macos => "brew install qemu".to_owned(),
            Self::NoQemu(Architecture::X86_64) => {
                "sudo apt install qemu-system-x86 (Debian, Ubuntu), sudo dnf install qemu-kvm (Fedora)"
                    .to_owned()
            }
            Self::NoQemu(Architecture::Aarch64) => {
                "sudo apt install qemu-system-arm (Debian, Ubuntu), sudo dnf install qemu-system-aarch64 (Fedora)"
                    .to_owned()
            }
            Self::NoFirmware(_) if macos => "brew reinstall qemu".to_owned(),
            Self::NoFirmware(_) => {
                "sudo apt install qemu-efi-aarch64 (Debian, Ubuntu), sudo dnf install edk2-aarch64 (Fedora)"
                    .to_owned()
            }
            Self::NoConsole { log, .. } => format!("tail -F {}", quoted(log)?),
            Self::TooOld { .. } if macos => "brew upgrade qemu".to_owned(),
            Self::LongPath { .. } => "use a shorter name or data directory".to_owned(),
            _ => return None,
        })
    }

    pub(crate) fn system(
        doing: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::System { doing, path, source }
    }
}

/// The path as one word of a shell, if it is text.
fn quoted(path: &Path) -> Option<String> {
    Some(shlex::try_quote(path.to_str()?).ok()?.into_owned())
}

fn process(pid: Option<u32>) -> String {
    pid.map_or_else(String::new, |pid| format!(" (process {pid})"))
}

fn words(lines: &[String]) -> String {
    if lines.is_empty() {
        return ", and said nothing".to_owned();
    }
    format!(": {}", lines.join(" / "))
}
