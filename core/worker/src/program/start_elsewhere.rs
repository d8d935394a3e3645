//! Starts the program of a plugin where a process cannot be sealed: with the limits and as the user of
//! this one.

use std::{
    fs::File,
    os::fd::OwnedFd,
    process::{Command, Stdio},
};

use vmkit_wire::{FailureCode, Load, Program};

use super::process::{Failure, Started};

/// All that the program's environment holds.
const ENVIRONMENT: [(&str, &str); 2] = [("LC_ALL", "C.UTF-8"), ("PATH", "/usr/bin:/bin")];

/// Starts it. Files go by their paths here.
pub(super) fn start(
    load: &Load,
    _: &str,
    program: &Program,
    _: &[OwnedFd],
) -> Result<Started, Failure> {
    let failed = |what: &str| (FailureCode::Other, what.to_owned());
    if !load.may_run_unconfined {
        let what = "this platform confines neither files nor network";
        return Err((FailureCode::NotConfined, what.to_owned()));
    }
    let path = load.path.as_ref().ok_or_else(|| failed("the host named no program"))?;
    let mut command = match &program.interpreter {
        Some(interpreter) => {
            let mut command = Command::new(interpreter);
            command.args(&program.arguments).arg(path);
            command
        }
        None => Command::new(path),
    };
    command.env_clear().envs(ENVIRONMENT);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().map_err(|error| failed(&format!("start {path}: {error}")))?;
    let pid = i32::try_from(child.id()).map_err(|_| failed("the process has no number"))?;
    match (child.stdin, child.stdout, child.stderr) {
        (Some(input), Some(output), Some(errors)) => Ok(Started {
            pid,
            input: File::from(OwnedFd::from(input)),
            output: File::from(OwnedFd::from(output)),
            errors: File::from(OwnedFd::from(errors)),
        }),
        _ => Err(failed("the program has no streams")),
    }
}
