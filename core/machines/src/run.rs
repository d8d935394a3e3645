//! Runs a program to its end or to a deadline, with bounded output.

use std::{
    ffi::{OsStr, OsString},
    io::{self, Read},
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc::{self, Receiver},
    thread,
    time::{Duration, Instant},
};

/// The `PATH` of the programs that are run.
const PATH: &str = "/usr/sbin:/usr/bin:/sbin:/bin";

/// Interval between looks at a program that has closed its output and not ended yet.
const TICK: Duration = Duration::from_millis(5);

/// How a program ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    /// What it printed, up to the bound.
    pub(crate) output: Vec<u8>,
    /// What it complained of, up to the bound.
    pub(crate) complaint: Vec<u8>,
}

/// Most bytes that are kept of each stream.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    pub(crate) output: u64,
    pub(crate) complaint: u64,
}

/// Runs the program without a shell and with an environment of its own. `None`: it was still running at the
/// deadline, and was killed.
///
/// # Errors
/// It cannot be started or waited for.
pub(crate) fn run(
    program: &Path,
    arguments: &[OsString],
    bounds: Bounds,
    patience: Duration,
) -> io::Result<Option<Ended>> {
    let deadline = Instant::now() + patience;
    let mut child = Command::new(program)
        .args(arguments.iter().map(OsStr::new))
        .env_clear()
        .env("LC_ALL", "C")
        .env("PATH", PATH)
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let ended = follow(&mut child, bounds, deadline);
    if !matches!(ended, Ok(Some(_))) {
        child.kill().ok();
        child.wait().ok();
    }
    ended
}

/// Reads both streams to their end, and then waits for the program.
fn follow(child: &mut Child, bounds: Bounds, deadline: Instant) -> io::Result<Option<Ended>> {
    let output = child.stdout.take().map(|stream| reader(stream, bounds.output)).transpose()?;
    let complaint =
        child.stderr.take().map(|stream| reader(stream, bounds.complaint)).transpose()?;
    let left = || deadline.saturating_duration_since(Instant::now());
    let text = |reader: Option<Receiver<Vec<u8>>>| match reader {
        Some(reader) => reader.recv_timeout(left()).ok(),
        None => Some(Vec::new()),
    };
    let (Some(output), Some(complaint)) = (text(output), text(complaint)) else { return Ok(None) };
    let status = status(child, deadline)?;
    Ok(status.map(|status| Ended { status, output, complaint }))
}

/// The exit status; `None`: the program has not ended at the deadline.
#[expect(clippy::disallowed_methods, reason = "waiting for a child has no deadline of its own")]
fn status(child: &mut Child, deadline: Instant) -> io::Result<Option<ExitStatus>> {
    loop {
        let status = child.try_wait()?;
        if status.is_some() || Instant::now() >= deadline {
            return Ok(status);
        }
        thread::sleep(TICK);
    }
}

/// Reads the stream to its end in a thread, so that the program never waits for a reader, and sends what is
/// within the bound.
fn reader(mut stream: impl Read + Send + 'static, most: u64) -> io::Result<Receiver<Vec<u8>>> {
    let (send, receive) = mpsc::sync_channel(1);
    thread::Builder::new().spawn(move || {
        let mut kept = Vec::new();
        // A stream that fails has ended.
        (&mut stream).take(most).read_to_end(&mut kept).ok();
        io::copy(&mut stream, &mut io::sink()).ok();
        send.send(kept).ok();
    })?;
    Ok(receive)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: Bounds = Bounds { output: 10, complaint: 10 };
    /// Far longer than a busy computer needs to start a shell.
    const LONG: Duration = Duration::from_mins(2);

    fn shell(script: &str, patience: Duration) -> Option<Ended> {
        let arguments = ["-c", script].map(OsString::from);
        run(Path::new("/bin/sh"), &arguments, BOUNDS, patience).unwrap()
    }

    #[test]
    fn keeps_bounded_output_of_both_streams() {
        let ended = shell("echo out; echo why >&2; pwd; exit 3", LONG).unwrap();
        assert_eq!(ended.status.code(), Some(3));
        assert_eq!(
            (ended.output.as_slice(), ended.complaint.as_slice()),
            (&b"out\n/\n"[..], &b"why\n"[..])
        );
        let flood = "i=0; while [ $i -lt 20000 ]; do echo line; echo line >&2; i=$((i+1)); done";
        let ended = shell(flood, LONG).unwrap();
        assert_eq!(
            (ended.output.len(), ended.complaint.len(), ended.status.code()),
            (10, 10, Some(0))
        );
    }

    #[test]
    fn gives_up_at_the_deadline() {
        let began = Instant::now();
        assert!(shell("exec sleep 600", Duration::from_millis(50)).is_none());
        assert!(shell("exec sleep 600 >&- 2>&-", Duration::from_millis(50)).is_none());
        assert!(began.elapsed() < LONG, "the program was waited for");
    }

    #[test]
    fn says_that_a_program_is_missing() {
        let error = run(Path::new("/nonexistent/tool"), &[], BOUNDS, LONG).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
    }
}
