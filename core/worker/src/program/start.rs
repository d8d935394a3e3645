//! Starts the program of a plugin as a process that is sealed before the program's first byte runs.

use std::{
    ffi::{CStr, CString},
    fs::File,
    io::{self, Read as _, Write as _},
    os::fd::{AsFd as _, AsRawFd as _, OwnedFd, RawFd},
    path::Path,
};

use vmkit_wire::{FailureCode, Load, Program};

use super::{
    image::{self, Image},
    process::{Failure, Started},
};
use crate::confine::{self, Role, Runtime};

/// The number that the program's file has, after standard error.
const PROGRAM: RawFd = 3;
/// Above all numbers that the program has.
const ABOVE: RawFd = 10;
/// All that the program's environment holds.
const ENVIRONMENT: [&CStr; 2] = [c"LC_ALL=C.UTF-8", c"PATH=/usr/bin:/bin"];

/// Starts it. This process has given up its rights, and has one thread.
pub(super) fn start(
    load: &Load,
    user: &str,
    program: &Program,
    files: &[OwnedFd],
) -> Result<Started, Failure> {
    let [file, interpreter @ ..] = files else {
        return Err((FailureCode::Other, "the host named no program".to_owned()));
    };
    let interpreter = interpreter.first();
    let pipe = || -> Result<(OwnedFd, OwnedFd), Failure> {
        let (reader, writer) = io::pipe().map_err(|error| failed("make a pipe", &error))?;
        Ok((reader.into(), writer.into()))
    };
    let (input, output, errors, outcome) = (pipe()?, pipe()?, pipe()?, pipe()?);
    // The child writes to it after others have got their numbers.
    let report = rustix::io::fcntl_dupfd_cloexec(&outcome.1, ABOVE);
    let report = report.map_err(|error| failed("make a pipe", &error.into()))?;
    let own = std::process::id();
    // SAFETY: this process has one thread, so that the child finds no lock held.
    match unsafe { libc::fork() } {
        0 => {
            let standard = [&input.0, &output.1, &errors.1];
            let child = Child { load, user, program, file, interpreter, parent: own, standard };
            let failure = child.become_program();
            if let Ok(text) = serde_json::to_vec(&failure) {
                File::from(report).write_all(&text).ok();
            }
            // SAFETY: ends the process and runs no exit handler.
            unsafe { libc::_exit(1) }
        }
        -1 => Err(failed("start a process", &io::Error::last_os_error())),
        pid => {
            drop((input.0, output.1, errors.1, outcome.1, report));
            let started = Started {
                pid,
                input: input.1.into(),
                output: output.0.into(),
                errors: errors.0.into(),
            };
            // The child's end is closed once the program runs.
            let mut failure = Vec::new();
            let read = File::from(outcome.0).read_to_end(&mut failure);
            read.map_err(|error| failed("hear of the start", &error))?;
            if failure.is_empty() {
                return Ok(started);
            }
            Err(serde_json::from_slice(&failure)
                .unwrap_or((FailureCode::Other, "the program cannot be started".to_owned())))
        }
    }
}

/// The process that becomes the program.
struct Child<'a> {
    load: &'a Load,
    user: &'a str,
    program: &'a Program,
    file: &'a OwnedFd,
    interpreter: Option<&'a OwnedFd>,
    parent: u32,
    standard: [&'a OwnedFd; 3],
}

impl Child<'_> {
    /// Returns only if that fails.
    fn become_program(&self) -> Failure {
        self.try_to().err().unwrap_or((FailureCode::Other, "it did not start".to_owned()))
    }

    fn try_to(&self) -> Result<(), Failure> {
        let unsealed = |error| (FailureCode::Confinement, error);
        confine::die_with(self.parent).map_err(unsealed)?;
        let name = self.program.interpreter.as_ref().unwrap_or(&self.program.file);
        let cannot = |error: io::Error| failed(&format!("start {name}"), &error);
        let code = self.interpreter.unwrap_or(self.file);
        let Image { place, loader } = image::copy(code.as_fd()).map_err(cannot)?;
        let words = self.words().map_err(cannot)?;
        let place = rustix::io::fcntl_dupfd_cloexec(&place, ABOVE);
        let place = place.map_err(|error| cannot(error.into()))?;
        let file = rustix::io::fcntl_dupfd_cloexec(self.file, ABOVE);
        let file = file.map_err(|error| cannot(error.into()))?;
        for (from, to) in self.standard.into_iter().chain([&file]).zip(0..) {
            // SAFETY: what has this number is not used any more in this process.
            if unsafe { libc::dup2(from.as_raw_fd(), to) } < 0 {
                return Err(cannot(io::Error::last_os_error()));
            }
        }
        reset().map_err(cannot)?;
        confine::allow_one_start().map_err(unsealed)?;
        let interpreter = self.program.interpreter.as_deref().map(Path::new);
        let runtime = Runtime { interpreter, loader: loader.as_deref() };
        let sealed = confine::seal(self.user, &self.load.needs, Role::Program(runtime));
        if let Some(what) =
            sealed.map_err(unsealed)?.unconfined.filter(|_| !self.load.may_run_unconfined)
        {
            return Err((FailureCode::NotConfined, what));
        }
        let mut arguments: Vec<*const libc::c_char> =
            words.iter().map(|word| word.as_ptr()).collect();
        arguments.push(std::ptr::null());
        let environment = [ENVIRONMENT[0].as_ptr(), ENVIRONMENT[1].as_ptr(), std::ptr::null()];
        // SAFETY: all pointers are to strings that live on, and both lists end with a null pointer.
        unsafe {
            libc::syscall(
                libc::SYS_execveat,
                place.as_raw_fd(),
                c"".as_ptr(),
                arguments.as_ptr(),
                environment.as_ptr(),
                libc::AT_EMPTY_PATH,
            )
        };
        Err(cannot(io::Error::last_os_error()))
    }

    /// The command line.
    fn words(&self) -> io::Result<Vec<CString>> {
        let Program { file, interpreter, arguments } = self.program;
        let words: Vec<String> = match interpreter {
            Some(interpreter) => std::iter::once(interpreter.clone())
                .chain(arguments.iter().cloned())
                .chain([format!("/dev/fd/{PROGRAM}")])
                .collect(),
            None => vec![file.clone()],
        };
        words.into_iter().map(|word| CString::new(word).map_err(io::Error::other)).collect()
    }
}

/// Undoes what Rust's start has set, and takes the last right to write.
fn reset() -> io::Result<()> {
    let nothing = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: a plain call, and one with a pointer to a live `rlimit` on this stack.
    let limited = unsafe {
        libc::signal(libc::SIGPIPE, libc::SIG_DFL);
        libc::setrlimit(libc::RLIMIT_FSIZE, &raw const nothing)
    };
    if limited == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

fn failed(what: &str, error: &io::Error) -> Failure {
    (FailureCode::Other, format!("{what}: {error}"))
}
