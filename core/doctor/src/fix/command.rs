//! Runs the command of a remedy without a shell, an environment or a search path, up to a deadline.

use std::{
    io::{self, Read},
    os::{fd::AsFd, unix::process::CommandExt as _},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::{Errno, ioctl_fionbio},
};
use vmkit_platform::Invoker;

/// Where programs are looked for; only the system's own installer writes there.
const DIRECTORIES: [&str; 4] = ["/usr/sbin", "/usr/bin", "/sbin", "/bin"];
/// The `PATH` of the programs that are run.
const PATH: &str = "/usr/sbin:/usr/bin:/sbin:/bin";
/// How long a command may take. A DHCP client on a network without a server gives up after 30 s,
/// and a person may have to type a password.
const DEADLINE: Duration = Duration::from_mins(1);
/// Poll interval of the exit status, for a program whose output another process holds open.
const TICK: Duration = Duration::from_millis(50);
/// Most bytes of output that are kept.
const LONGEST_OUTPUT: usize = 4 * 1024;

/// A command that is ready to be run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Prepared {
    program: PathBuf,
    arguments: Vec<String>,
    /// The account to run as, unless it is this process's own.
    account: Option<(u32, u32)>,
}

/// The result of a command.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct CommandResult {
    /// Its exit status; `None`: it did not end, or a signal ended it.
    pub(crate) status: Option<i32>,
    /// What it printed to either stream, bounded.
    pub(crate) output: String,
    /// It was still running at the deadline.
    pub(crate) timed_out: bool,
}

/// Who runs commands, and on which machines.
pub(crate) struct Runner {
    pub(crate) invoker: Invoker,
    /// The data directory for commands of `vm`.
    pub(crate) data_directory: Option<PathBuf>,
    /// Somebody can type a password.
    pub(crate) attended: bool,
}

impl Runner {
    /// Finds the programs of a remedy's command.
    ///
    /// # Errors
    /// Why it cannot be run here.
    pub(crate) fn prepare(&self, words: &[String]) -> Result<Prepared, String> {
        let own = words.strip_prefix(&["sudo".to_owned()]);
        let needs_root = own.is_some();
        let Some((name, arguments)) = own.unwrap_or(words).split_first() else {
            return Err("it has no command".to_owned());
        };
        let mut arguments = arguments.to_vec();
        let program = if name == "vm" {
            if let Some(directory) = self.data_directory.as_deref().and_then(Path::to_str) {
                arguments.splice(0..0, ["--data-dir".to_owned(), directory.to_owned()]);
            }
            std::env::current_exe().map_err(|error| format!("cannot find vm itself: {error}"))?
        } else {
            find(name)?
        };
        if needs_root && !self.invoker.privileged {
            arguments.insert(0, program.display().to_string());
            let options = ["--", "-n"];
            let count = if self.attended { 1 } else { 2 };
            options[..count].iter().for_each(|word| arguments.insert(0, (*word).to_owned()));
            return Ok(Prepared { program: find("sudo")?, arguments, account: None });
        }
        // Under sudo, a command that does not need root runs as the user.
        let drop = !needs_root && self.invoker.via_sudo;
        let account = drop.then_some((self.invoker.uid, self.invoker.gid));
        Ok(Prepared { program, arguments, account })
    }
}

fn find(name: &str) -> Result<PathBuf, String> {
    let candidates: Vec<PathBuf> = if name.starts_with('/') {
        vec![PathBuf::from(name)]
    } else {
        DIRECTORIES.iter().map(|directory| Path::new(directory).join(name)).collect()
    };
    let found = candidates.into_iter().find(|path| path.is_file());
    found.ok_or_else(|| format!("{name} is not installed"))
}

impl Prepared {
    /// The command as a shell reads it.
    pub(crate) fn line(&self) -> String {
        let program = self.program.to_string_lossy();
        let words = [program.as_ref()].into_iter().chain(self.arguments.iter().map(String::as_str));
        // Fails only for a NUL, which placeholders reject.
        shlex::try_join(words.clone()).unwrap_or_else(|_| words.collect::<Vec<_>>().join(" "))
    }

    /// Runs it to its end, or to the deadline.
    pub(crate) fn run(&self) -> io::Result<CommandResult> {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).env_clear().env("LC_ALL", "C").env("PATH", PATH);
        command.current_dir("/");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        if let Some((uid, gid)) = self.account {
            // The standard library gives up root's supplementary groups as well.
            command.uid(uid).gid(gid);
        }
        let mut child = command.spawn()?;
        let result = follow(&mut child, Instant::now() + DEADLINE)?;
        // A process of root's, such as sudo, cannot be killed; it goes on.
        if result.timed_out && child.kill().is_ok() {
            child.wait().ok();
        }
        Ok(result)
    }
}

/// Reads both streams until the program ends, or to the deadline.
fn follow(child: &mut Child, deadline: Instant) -> io::Result<CommandResult> {
    let mut output = Vec::new();
    let (mut stdout, mut stderr) = (child.stdout.take(), child.stderr.take());
    for stream in [stdout.as_ref().map(AsFd::as_fd), stderr.as_ref().map(AsFd::as_fd)] {
        stream.map(|stream| ioctl_fionbio(stream, true)).transpose()?;
    }
    loop {
        // Before reading, so that everything it printed until its end is read.
        let ended = child.try_wait()?;
        drain(&mut stdout, &mut output);
        drain(&mut stderr, &mut output);
        let timed_out = ended.is_none() && Instant::now() >= deadline;
        if ended.is_some() || timed_out {
            let status = ended.and_then(|status| status.code());
            let output = String::from_utf8_lossy(&output).into_owned();
            return Ok(CommandResult { status, output, timed_out });
        }
        let open = [stdout.as_ref().map(AsFd::as_fd), stderr.as_ref().map(AsFd::as_fd)];
        let open = open.into_iter().flatten();
        let mut polled: Vec<_> =
            open.map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN)).collect();
        let tick = Timespec::try_from(TICK).map_err(io::Error::other)?;
        match poll(&mut polled, Some(&tick)) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// Reads what is there, drops what exceeds the bound, and closes the stream at its end.
fn drain<R: Read>(stream: &mut Option<R>, output: &mut Vec<u8>) {
    let mut chunk = [0; 4096];
    while let Some(open) = stream {
        match open.read(&mut chunk) {
            Ok(0) => *stream = None,
            Ok(count) => {
                let room = LONGEST_OUTPUT.saturating_sub(output.len());
                output.extend_from_slice(&chunk[..count.min(room)]);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
            Err(_) => *stream = None,
        }
    }
}

#[cfg(test)]
mod tests {
    use vmkit_types::Reading;

    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn runs_a_command_as_root_only_if_it_needs_root() {
        let invoker = |uid, via_sudo, privileged| Invoker {
            uid,
            gid: 7,
            via_sudo,
            privileged,
            home: Reading::Absent,
        };
        let rows = [
            (invoker(0, false, true), true, "sudo cat /x", "cat /x", None),
            (invoker(501, true, true), true, "sudo cat /x", "cat /x", None),
            (invoker(501, true, true), true, "cat /x", "cat /x", Some((501, 7))),
            (invoker(501, false, false), true, "cat /x", "cat /x", None),
            (invoker(0, false, true), true, "/bin/cat -", "/bin/cat -", None),
        ];
        for (invoker, attended, line, expected, account) in rows {
            let runner = Runner { invoker, data_directory: None, attended };
            let prepared = runner.prepare(&words(line)).expect(line);
            assert!(prepared.line().ends_with(expected), "{line}: {}", prepared.line());
            assert!(prepared.program.is_absolute());
            assert_eq!(prepared.account, account, "{line}");
        }
        let invoker = invoker(0, false, true);
        let data_directory = Some(PathBuf::from("/data of mine"));
        let runner = Runner { invoker, data_directory, attended: false };
        let own = runner.prepare(&words("vm start web")).expect("vm itself");
        assert!(own.line().ends_with(" --data-dir '/data of mine' start web"), "{}", own.line());
        for missing in ["no-such-program", "/no/such/program", "sudo no-such-program"] {
            assert!(runner.prepare(&words(missing)).is_err(), "{missing}");
        }
    }

    #[test]
    fn keeps_a_bounded_output_and_the_exit_status() {
        let run = |script: &str| {
            let arguments = ["-c", script].map(str::to_owned).to_vec();
            Prepared { program: "/bin/sh".into(), arguments, account: None }.run().expect(script)
        };
        let refused = run("echo refused; echo why >&2; pwd; exit 3");
        assert_eq!(refused.status, Some(3));
        for word in ["refused\n", "why\n", "/\n"] {
            assert!(refused.output.contains(word), "{refused:?}");
        }
        let long = run("i=0; while [ $i -lt 3000 ]; do echo line; i=$((i+1)); done");
        assert_eq!((long.output.len(), long.status), (LONGEST_OUTPUT, Some(0)));
        // A daemon holds the output open.
        let began = Instant::now();
        let left = run("sleep 600 & echo $!");
        assert!(began.elapsed() < DEADLINE && left.status == Some(0), "{left:?}");
        run(&format!("kill {}", left.output.trim()));
        let environment = run("env");
        assert!(!environment.output.contains("HOME="), "{environment:?}");
    }
}
