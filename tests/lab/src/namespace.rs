//! One network namespace, removed when dropped.

use std::{ffi::OsStr, path::Path, process::Command};

use rustix::process::{Pid, Signal, kill_process};

use crate::{LabError, command::run, enclosure::Enclosure};

/// A network namespace: one host of the lab.
#[derive(Debug)]
pub struct Namespace {
    name: String,
    /// Where its programs run, if they see each other alone.
    enclosure: Option<Enclosure>,
}

impl Namespace {
    /// Makes the namespace with its loopback up.
    ///
    /// # Errors
    /// `ip` fails.
    pub(crate) fn new(name: String) -> Result<Self, LabError> {
        run(Command::new("ip").args(["netns", "add", &name]))?;
        let namespace = Self { name, enclosure: None };
        namespace.ip("link set lo up")?;
        Ok(namespace)
    }

    /// A namespace left by a killed process.
    pub(crate) fn left_over(name: String) -> Self {
        Self { name, enclosure: None }
    }

    /// Lets the programs that are started from now on see each other alone, and the files of managers in
    /// `folder` but for the `kept` directories. Process numbers inside are other ones than outside.
    pub(crate) fn enclose(&mut self, folder: &Path, kept: &[&Path]) -> Result<(), LabError> {
        self.enclosure = Some(Enclosure::new(self.command("unshare"), folder, kept)?);
        Ok(())
    }

    /// Its name, as `ip netns` lists it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A command to run in this namespace.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let outside = || {
            let mut command = Command::new("ip");
            command.args(["netns", "exec", &self.name]);
            command
        };
        let mut command = self.enclosure.as_ref().map_or_else(outside, Enclosure::command);
        command.arg(program);
        command
    }

    /// Runs `ip` in this namespace with these arguments, separated by spaces.
    ///
    /// # Errors
    /// It fails.
    pub fn ip(&self, arguments: &str) -> Result<String, LabError> {
        let words = arguments.split_whitespace();
        run(Command::new("ip").args(["-netns", &self.name]).args(words))
    }

    /// Writes a kernel setting below `net`, such as `ipv4.ip_forward`.
    ///
    /// # Errors
    /// When the kernel has no such setting or refuses the value.
    pub fn set(&self, setting: &str, value: &str) -> Result<(), LabError> {
        run(self.command("sysctl").args(["-qw", &format!("net.{setting}={value}")]))?;
        Ok(())
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        // Daemons detach from their parent and would keep the namespace alive.
        let inside = run(Command::new("ip").args(["netns", "pids", &self.name]));
        for process in inside.unwrap_or_default().split_whitespace() {
            let process = process.parse().ok().and_then(Pid::from_raw);
            process.map(|process| kill_process(process, Signal::KILL));
        }
        // The next lab removes leftovers.
        drop(run(Command::new("ip").args(["netns", "delete", &self.name])));
    }
}
