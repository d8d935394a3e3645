//! Files of the lab where a program of the host looks for those of this computer.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use crate::Namespace;

/// What the host's programs see elsewhere than it is.
#[derive(Debug, Default)]
pub(crate) struct Mounts(Vec<(PathBuf, &'static str)>);

impl Mounts {
    /// Lets this file or folder be seen at `target`, where one of its kind has to be.
    pub(crate) fn add(&mut self, source: &Path, target: &'static str) {
        self.0.push((source.to_owned(), target));
    }

    /// The program as a command in the host's namespace. `ip netns exec` gives to what it starts a
    /// mount namespace of its own, so that nothing outlives the program.
    pub(crate) fn command(&self, host: &Namespace, program: &Path) -> Command {
        if self.0.is_empty() {
            return host.command(program);
        }
        let mount = |(source, target): &(PathBuf, &str)| {
            format!("mount --bind '{}' '{target}' && ", source.display())
        };
        let script: String = self.0.iter().map(mount).collect();
        let mut command = host.command("sh");
        command.args(["-c", &format!("{script}exec \"$@\""), "sh"]).arg(program);
        command
    }
}
