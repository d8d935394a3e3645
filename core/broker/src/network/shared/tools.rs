//! Runs the firewall's tools.

use std::{
    io::Read as _,
    process::{Command, Stdio},
    sync::mpsc::channel,
    thread,
    time::Duration,
};

use vmkit_rights::{Refusal, find_program, run_command};

/// How long a tool may take to list the rules: 10,000 of them take a second.
const LISTING: Duration = Duration::from_secs(10);
/// Most octets of rules that are read.
const LONGEST: u64 = 16 << 20;

/// Runs one of the system's programs; its output is in the refusal if it fails.
pub(super) fn run(program: &str, arguments: &[String]) -> Result<String, Refusal> {
    let path = find_program(program).map_err(Refusal::failed)?;
    let failed = |why: &str| Refusal::failed(format!("{program} failed: {}", why.trim()));
    let result = run_command(&path, arguments, &[]).map_err(|error| failed(&error.to_string()))?;
    match result.status {
        Some(0) => Ok(result.output),
        _ if result.timed_out => Err(failed("it did not end before the deadline")),
        _ => Err(failed(&result.output)),
    }
}

/// All that a program prints.
pub(super) fn listing(program: &str, arguments: &[&str]) -> Result<String, Refusal> {
    let path = find_program(program).map_err(Refusal::failed)?;
    let failed = |why: &dyn std::fmt::Display| Refusal::failed(format!("{program} failed: {why}"));
    let mut child = Command::new(path)
        .args(arguments)
        .env_clear()
        .env("LC_ALL", "C")
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| failed(&error))?;
    let (sender, receiver) = channel();
    let output = child.stdout.take();
    thread::spawn(move || {
        let mut text = Vec::new();
        let read = output.map(|output| output.take(LONGEST).read_to_end(&mut text));
        // Nobody reads it after the deadline.
        sender.send(read.transpose().map(|_| text)).ok();
    });
    let text = receiver.recv_timeout(LISTING);
    // Nothing else is needed of it. Killing fails if it has ended.
    child.kill().ok();
    child.wait().ok();
    let text = text.map_err(|_| failed(&"it did not end before the deadline"))?;
    text.map(|text| String::from_utf8_lossy(&text).into_owned()).map_err(|error| failed(&error))
}
