//! Runs a command without a shell, an environment or a search path, up to a deadline.

use std::{
    io::{self, Read},
    os::fd::AsFd,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::{Errno, ioctl_fionbio},
};
use serde::{Deserialize, Serialize};

/// The `PATH` of the programs that are run.
const PATH: &str = "/usr/sbin:/usr/bin:/sbin:/bin";
/// How long a command may take. A DHCP client on a network without a server gives up after 30 s,
/// and a person may have to type a password.
pub(crate) const DEADLINE: Duration = Duration::from_mins(1);
/// Poll interval of the exit status, for a program whose output another process holds open.
const TICK: Duration = Duration::from_millis(50);
/// Most bytes that are read of a stream before the deadline is looked at: as many as a pipe holds at most
/// (`pipe(7)`), so that everything is read that a program printed until its end.
const LARGEST_PIPE: usize = 1 << 20;
/// Most bytes of output that are kept.
const LONGEST_OUTPUT: usize = 4 * 1024;

/// Where programs are looked for; only the system's own installer writes there.
const DIRECTORIES: [&str; 4] = ["/usr/sbin", "/usr/bin", "/sbin", "/bin"];

/// The path of a program that is given by its name or its path.
///
/// # Errors
/// It is not installed.
pub fn find_program(name: &str) -> Result<PathBuf, String> {
    let candidates: Vec<PathBuf> = if name.starts_with('/') {
        vec![PathBuf::from(name)]
    } else {
        DIRECTORIES.iter().map(|directory| Path::new(directory).join(name)).collect()
    };
    let found = candidates.into_iter().find(|path| path.is_file());
    found.ok_or_else(|| format!("{name} is not installed"))
}

/// The result of a command.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandResult {
    /// Its exit status; `None`: it did not end, or a signal ended it.
    pub status: Option<i32>,
    /// What it printed to either stream, bounded.
    pub output: String,
    /// It was still running at the deadline.
    pub timed_out: bool,
}

/// Runs a program with its arguments to its end, or to the deadline. Its environment is the given
/// variables and no other.
///
/// # Errors
/// It cannot be started.
pub fn run_command(
    program: &Path,
    arguments: &[String],
    environment: &[(&str, String)],
) -> io::Result<CommandResult> {
    let mut child = Command::new(program)
        .args(arguments)
        .env_clear()
        .env("LC_ALL", "C")
        .env("PATH", PATH)
        .envs(environment.iter().map(|(name, value)| (name, value)))
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    end(&mut child, DEADLINE, LONGEST_OUTPUT)
}

/// Runs a command that the caller has prepared to its end, or for this long, and keeps this many bytes of
/// its output.
///
/// # Errors
/// It cannot be started.
pub fn run_prepared(
    command: &mut Command,
    patience: Duration,
    most: usize,
) -> io::Result<CommandResult> {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    end(&mut child, patience, most)
}

fn end(child: &mut Child, patience: Duration, most: usize) -> io::Result<CommandResult> {
    let result = follow(child, Instant::now() + patience, most)?;
    // A process of root's, such as sudo, cannot be killed; it goes on.
    if result.timed_out && child.kill().is_ok() {
        child.wait().ok();
    }
    Ok(result)
}

/// Reads both streams until the program ends, or to the deadline.
fn follow(child: &mut Child, deadline: Instant, most: usize) -> io::Result<CommandResult> {
    let mut output = Vec::new();
    let (mut stdout, mut stderr) = (child.stdout.take(), child.stderr.take());
    for stream in [stdout.as_ref().map(AsFd::as_fd), stderr.as_ref().map(AsFd::as_fd)] {
        stream.map(|stream| ioctl_fionbio(stream, true)).transpose()?;
    }
    loop {
        // Before reading, so that everything it printed until its end is read.
        let ended = child.try_wait()?;
        drain(&mut stdout, &mut output, most);
        drain(&mut stderr, &mut output, most);
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

/// Reads what is there, drops what exceeds the bound, and closes the stream at its end. A writer that does
/// not pause is left after as much as a pipe holds.
fn drain<R: Read>(stream: &mut Option<R>, output: &mut Vec<u8>, most: usize) {
    let (mut chunk, mut read) = ([0; 4096], 0);
    while let Some(open) = stream.as_mut().filter(|_| read < LARGEST_PIPE) {
        match open.read(&mut chunk) {
            Ok(0) => *stream = None,
            Ok(count) => {
                read += count;
                let room = most.saturating_sub(output.len());
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
    use super::*;

    #[test]
    fn keeps_a_bounded_output_and_the_exit_status() {
        let run = |script: &str| {
            let arguments = ["-c", script].map(str::to_owned);
            run_command(Path::new("/bin/sh"), &arguments, &[]).expect(script)
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

    #[test]
    fn output_without_end_does_not_outlast_the_deadline_or_the_program() {
        let run = |script: &str, patience| {
            let mut command = Command::new("/bin/sh");
            run_prepared(command.args(["-c", script]), patience, 10).expect(script)
        };
        let flood = run("exec yes", Duration::from_millis(100));
        assert!(flood.timed_out && flood.output == "y\ny\ny\ny\ny\n", "{flood:?}");
        // Its child ends once nobody reads.
        let left = run("yes & exit 3", DEADLINE);
        assert_eq!((left.status, left.timed_out), (Some(3), false), "{left:?}");
        // A writer that is always faster than its reader.
        let (mut endless, mut output) = (Some(io::repeat(b'y')), Vec::new());
        drain(&mut endless, &mut output, 10);
        assert_eq!((endless.is_some(), output.len()), (true, 10));
    }
}
