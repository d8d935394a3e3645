//! Starts the process of a QEMU.

use std::{
    ffi::OsString,
    fs::File,
    io,
    os::{fd::OwnedFd, unix::process::ExitStatusExt as _},
    path::Path,
    process::{Command, ExitStatus, Stdio},
    sync::mpsc::{self, Receiver, Sender},
    thread,
    time::Duration,
};

use command_fds::{CommandFdExt as _, FdMapping};
use process_wrap::std::{CommandWrap, ProcessSession};
use vmkit_rights::nothing_inherited;

use crate::{
    arguments::arguments,
    error::PowerError,
    files::ProcessFiles,
    leftovers, log,
    plan::{Plan, Root},
};

/// The search path of QEMU.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// How long sudo may take: it gives a person five minutes for a password.
const PASSWORD: Duration = Duration::from_mins(6);

/// Gives a file to a user.
const CHOWN: &str = if cfg!(target_os = "macos") { "/usr/sbin/chown" } else { "/usr/bin/chown" };

/// A QEMU that may not answer yet.
pub(super) struct Child {
    pub(super) pid: u32,
    /// Receives how it ends, if it is this process's child.
    pub(super) end: Receiver<ExitStatus>,
    /// Keeps the channel of a process that is another one's child open.
    _open: Option<Sender<ExitStatus>>,
}

pub(super) fn spawn(
    qemu: &Path,
    plan: &Plan,
    files: &ProcessFiles,
    descriptors: &[(OwnedFd, i32)],
) -> Result<Child, PowerError> {
    let failed = || PowerError::system("start", qemu);
    let mut command = command(qemu, log::create(files)?).map_err(failed())?;
    command.args(arguments(plan)).current_dir(&plan.directory);
    let copy = |(parent, child): &(OwnedFd, i32)| {
        Ok(FdMapping { parent_fd: parent.try_clone()?, child_fd: *child })
    };
    let copies: std::io::Result<Vec<_>> = descriptors.iter().map(copy).collect();
    let mut copies = copies.map_err(failed())?;
    let is_free = |number| descriptors.iter().all(|(_, child)| *child != number);
    let nothing = nothing_inherited().map_err(failed())?.into_iter();
    let nothing = nothing.map(|(parent_fd, child_fd)| FdMapping { parent_fd, child_fd });
    copies.extend(nothing.filter(|nothing| is_free(nothing.child_fd)));
    command.fd_mappings(copies).map_err(|error| failed()(std::io::Error::other(error)))?;
    let mut child = CommandWrap::from(command).wrap(ProcessSession).spawn().map_err(failed())?;
    let pid = child.id();
    let end = end_of(move || child.wait()).map_err(failed())?;
    Ok(Child { pid, end, _open: None })
}

/// A command whose environment is clean and whose output goes to a log.
fn command(program: &Path, log: File) -> io::Result<Command> {
    let mut command = Command::new(program);
    command.env_clear().env("PATH", PATH).env("LC_ALL", "C");
    command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
    Ok(command)
}

/// Receives how a process ends.
fn end_of(
    wait: impl FnOnce() -> io::Result<ExitStatus> + Send + 'static,
) -> io::Result<Receiver<ExitStatus>> {
    let (tell, end) = mpsc::channel();
    // Nobody listens any more if this process is about to end.
    thread::Builder::new().spawn(move || wait().map(|status| tell.send(status)).ok())?;
    Ok(end)
}

/// Starts a QEMU by sudo, waits until it has gone to the background as the user, which it does once it is ready,
/// and gives its files to the user. sudo stays in the terminal's foreground, where it may ask for a password.
pub(super) fn spawn_by_sudo(
    root: &Root,
    qemu: &Path,
    plan: &Plan,
    files: &ProcessFiles,
) -> Result<Child, PowerError> {
    let log = log::create(files)?;
    let by_sudo = |program: &Path, words: &[OsString]| {
        let failed = || PowerError::system("start", &root.sudo);
        let mut command =
            command(&root.sudo, log.try_clone().map_err(failed())?).map_err(failed())?;
        command.arg("--").arg(program).args(words).current_dir(&plan.directory);
        let mut child = command.spawn().map_err(failed())?;
        let end = end_of(move || child.wait()).map_err(failed())?;
        let said = || log::last_log_lines(files);
        match end.recv_timeout(PASSWORD) {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(PowerError::EndedAtStart { how: how(status), said: said() }),
            Err(_) => Err(PowerError::Silent { seconds: PASSWORD.as_secs(), said: said() }),
        }
    };
    by_sudo(qemu, &arguments(plan))?;
    let owner = format!("{}:{}", root.user, root.group).into();
    let own = [files.pid(), files.monitor(), files.console(), files.guest_agent()];
    // A link is not followed.
    let words = ["-h".into(), owner].into_iter().chain(own.map(OsString::from));
    by_sudo(Path::new(CHOWN), &words.collect::<Vec<_>>())?;
    let pid = leftovers::written_pid(files).map_err(PowerError::system("read", files.pid()))?;
    let (open, end) = mpsc::channel();
    Ok(Child { pid, end, _open: Some(open) })
}

pub(super) fn how(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("status {code}"),
        (None, Some(signal)) => format!("signal {signal}"),
        (None, None) => "unknown status".to_owned(),
    }
}
