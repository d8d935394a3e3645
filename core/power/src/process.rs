//! A process that stays the same one, also after another one got its number.

use std::time::{Duration, Instant, SystemTime};

#[cfg(target_os = "linux")]
use std::os::fd::OwnedFd;

use rustix::{
    io::Errno,
    process::{Pid, Signal},
};
use vmkit_platform::Platform;
use vmkit_qemu::CommandLine;
use vmkit_types::Reading;

use crate::{error::PowerError, files::ProcessFiles};

/// Two readings of a start time differ by less than this: on macOS they are rounded to seconds.
const SLACK: Duration = Duration::from_secs(2);

/// A machine's proven process.
pub(crate) struct Process {
    pid: Pid,
    #[cfg(target_os = "linux")]
    handle: OwnedFd,
}

/// What is known of a machine's process.
#[derive(Clone, Debug)]
pub(crate) struct Identity {
    pub(crate) pid: u32,
    pub(crate) user: u32,
    pub(crate) started_at: Option<SystemTime>,
}

impl Process {
    /// The process, if it is still the machine's. `None`: it has ended.
    pub(crate) fn of(
        identity: &Identity,
        files: &ProcessFiles,
        platform: &impl Platform,
    ) -> Result<Option<Self>, PowerError> {
        let not_proven = || PowerError::NotProven(identity.pid);
        let number = i32::try_from(identity.pid).ok().and_then(Pid::from_raw);
        let Some(process) = Self::open(number.ok_or_else(not_proven)?)? else { return Ok(None) };
        // Looked at after it is held, so that it is the one that is held.
        match platform.process(identity.pid) {
            Reading::Known(found) if found.arguments.is_empty() => Ok(None),
            Reading::Known(found) => {
                let is_same = found.user == Reading::Known(identity.user)
                    && is_near(identity.started_at, found.started_at.known())
                    && names(&found.arguments, files);
                if is_same { Ok(Some(process)) } else { Err(not_proven()) }
            }
            Reading::Absent => Ok(None),
            Reading::Unknown(_) => Err(not_proven()),
        }
    }

    #[cfg(target_os = "linux")]
    fn open(pid: Pid) -> Result<Option<Self>, PowerError> {
        use rustix::process::{PidfdFlags, pidfd_open};

        match pidfd_open(pid, PidfdFlags::empty()) {
            Ok(handle) => Ok(Some(Self { pid, handle })),
            Err(Errno::SRCH) => Ok(None),
            Err(error) => Err(Self::failed("watch the process", pid, error)),
        }
    }

    #[cfg(not(target_os = "linux"))]
    #[expect(clippy::unnecessary_wraps, reason = "it can fail on Linux")]
    fn open(pid: Pid) -> Result<Option<Self>, PowerError> {
        Ok(Some(Self { pid }))
    }

    /// Waits for its end; whether it came in time.
    #[cfg(target_os = "linux")]
    pub(crate) fn wait(&self, patience: Duration) -> Result<bool, PowerError> {
        use rustix::event::{PollFd, PollFlags, Timespec, poll};

        let deadline = Instant::now() + patience;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let left = Timespec::try_from(left).unwrap_or_default();
            match poll(&mut [PollFd::new(&self.handle, PollFlags::IN)], Some(&left)) {
                Ok(ready) => return Ok(ready > 0),
                Err(Errno::INTR) => {}
                Err(error) => return Err(Self::failed("watch the process", self.pid, error)),
            }
        }
    }

    /// Waits for its end; whether it came in time.
    #[cfg(not(target_os = "linux"))]
    #[expect(clippy::disallowed_methods, reason = "other systems have no descriptor of a process")]
    pub(crate) fn wait(&self, patience: Duration) -> Result<bool, PowerError> {
        /// Nobody notices it.
        const TICK: Duration = Duration::from_millis(20);

        let deadline = Instant::now() + patience;
        loop {
            match rustix::process::test_kill_process(self.pid) {
                Err(Errno::SRCH) => return Ok(true),
                Ok(()) | Err(Errno::PERM) => {}
                Err(error) => return Err(Self::failed("watch the process", self.pid, error)),
            }
            if Instant::now() >= deadline {
                return Ok(false);
            }
            std::thread::sleep(TICK);
        }
    }

    /// Ends it: QEMU writes its disks back first.
    pub(crate) fn terminate(&self) -> Result<(), PowerError> {
        self.signal(Signal::TERM, "end the process")
    }

    /// Kills it.
    pub(crate) fn kill(&self) -> Result<(), PowerError> {
        self.signal(Signal::KILL, "kill the process")
    }

    fn signal(&self, signal: Signal, doing: &'static str) -> Result<(), PowerError> {
        #[cfg(target_os = "linux")]
        let sent = rustix::process::pidfd_send_signal(&self.handle, signal);
        #[cfg(not(target_os = "linux"))]
        let sent = rustix::process::kill_process(self.pid, signal);
        match sent {
            Ok(()) | Err(Errno::SRCH) => Ok(()),
            Err(error) => Err(Self::failed(doing, self.pid, error)),
        }
    }

    fn failed(doing: &'static str, pid: Pid, error: Errno) -> PowerError {
        PowerError::System {
            doing,
            path: pid.as_raw_pid().to_string().into(),
            source: error.into(),
        }
    }
}

/// Whether two readings of a start time may be of one process.
fn is_near(one: Option<SystemTime>, other: Option<SystemTime>) -> bool {
    let Some((one, other)) = one.zip(other) else { return true };
    let apart = one.duration_since(other).unwrap_or_else(|before| before.duration());
    apart <= SLACK
}

/// Whether a QEMU was started with the machine's own files.
fn names(arguments: &[String], files: &ProcessFiles) -> bool {
    let Some(program) = vmkit_qemu::program(arguments) else { return false };
    let line = CommandLine::parse(arguments, program);
    let real = files.directory().canonicalize().ok();
    let is_own = |path: &String| {
        let path = std::path::Path::new(path);
        let stem = path.file_stem().and_then(|stem| stem.to_str());
        let directory = path.parent();
        let here = |directory| Some(directory) == real.as_deref() || directory == files.directory();
        stem == Some(files.name()) && directory.is_some_and(here)
    };
    line.qmp.iter().chain(&line.pid_file).chain(&line.disks).any(is_own)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::{path::Path, process::Command};

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_process_is_only_ended_if_it_is_still_the_machines() {
        let platform = vmkit_platform::current();
        let user = rustix::process::geteuid().as_raw();
        let files = ProcessFiles::new(Path::new("/vms/web"), "web");
        // A shell with the command line of a QEMU.
        let qemu = |file: &str| {
            let mut command = Command::new("/bin/sh");
            std::os::unix::process::CommandExt::arg0(&mut command, "qemu-system-x86_64");
            command.args(["-c", "read line", "-", "-pidfile", file]);
            let child = command.stdin(std::process::Stdio::piped()).spawn().unwrap();
            // A program that has just begun has no arguments yet, as one that has ended.
            while platform.process(child.id()).known().unwrap().arguments.is_empty() {
                std::thread::yield_now();
            }
            child
        };
        let (mut own, mut others) = (qemu("/vms/web/web.pid"), qemu("/vms/web2/web.pid"));
        let started = platform.process(own.id()).known().unwrap().started_at.known().unwrap();
        let rows = [
            ("its own", own.id(), user, Some(started), true),
            ("one that started earlier", own.id(), user, started.checked_sub(10 * SECOND), false),
            ("one that started later", own.id(), user, Some(started + 10 * SECOND), false),
            ("another user's", own.id(), user + 1, Some(started), false),
            ("another machine's", others.id(), user, Some(started), false),
            ("another program", std::process::id(), user, None, false),
        ];
        for (case, pid, user, started_at, is_proven) in rows {
            let found = Process::of(&Identity { pid, user, started_at }, &files, &platform);
            assert_eq!(matches!(found, Ok(Some(_))), is_proven, "{case}");
            assert_eq!(matches!(found, Err(PowerError::NotProven(_))), !is_proven, "{case}");
        }
        let identity = Identity { pid: own.id(), user, started_at: Some(started) };
        let process = Process::of(&identity, &files, &platform).unwrap().unwrap();
        assert!(!process.wait(Duration::ZERO).unwrap());
        process.kill().unwrap();
        assert!(process.wait(60 * SECOND).unwrap());
        own.wait().unwrap();
        assert!(Process::of(&identity, &files, &platform).unwrap().is_none(), "it has ended");
        others.kill().and_then(|()| others.wait()).unwrap();
    }
}
