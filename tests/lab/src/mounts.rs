//! Shows files of the lab to the host's programs in place of this computer's.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use crate::Namespace;

/// Files and the places where the host's programs see them.
#[derive(Debug, Default)]
pub(crate) struct Mounts(Vec<(PathBuf, &'static str)>);

impl Mounts {
    /// Shows this file or folder at `target`, where one of its kind must exist.
    pub(crate) fn add(&mut self, source: &Path, target: &'static str) {
        self.0.push((source.to_owned(), target));
    }

    /// The program as a command in the host's namespace. `ip netns exec` makes a mount namespace for it,
    /// so that no mount outlives the program.
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
