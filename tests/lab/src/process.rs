//! A running program, ended on drop.

use std::{
    fs::File,
    path::Path,
    process::{Child, Command, Stdio},
};

use crate::{LabError, command::line, error::file_error};

/// A running program.
#[derive(Debug)]
pub struct Process {
    child: Child,
    line: String,
}

impl Process {
    /// Starts the command with output and errors in the file `log`.
    ///
    /// # Errors
    /// The log cannot be made or the program cannot be started.
    pub fn start(command: &mut Command, log: &Path) -> Result<Self, LabError> {
        let file = File::options().create(true).append(true).open(log);
        let file = file.map_err(file_error("open", log))?;
        let copy = file.try_clone().map_err(file_error("open", log))?;
        command.stdin(Stdio::null()).stdout(file).stderr(copy);
        let line = line(command);
        match command.spawn() {
            Ok(child) => Ok(Self { child, line }),
            Err(source) => Err(LabError::Start { line, source }),
        }
    }

    /// The program's process id, since `ip netns exec` replaces itself by the program.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Whether the program is running.
    ///
    /// # Errors
    /// The system call failed.
    pub fn is_running(&mut self) -> Result<bool, LabError> {
        let ended = self.child.try_wait();
        ended
            .map(|status| status.is_none())
            .map_err(|source| LabError::Start { line: self.line.clone(), source })
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Fails if it has ended, which is fine.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
