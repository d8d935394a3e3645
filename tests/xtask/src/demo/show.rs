//! Prints a command and what it answers.

use std::{io::Write as _, process::Command};

use anyhow::Context;

/// Prints the command as a user types it, then its output. Exit statuses 1 and 3 are answers, not
/// failures. Returns the status.
pub(super) fn show(arguments: &[&str], command: &mut Command) -> anyhow::Result<i32> {
    println!("\n$ vm {}", arguments.join(" "));
    std::io::stdout().flush().context("cannot print")?;
    let status = command.status().context("cannot start vm")?;
    status.code().filter(|code| *code != 2).with_context(|| format!("vm ended with {status}"))
}
