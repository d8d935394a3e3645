//! Runs the commands of remedies: those of a fixed list, with arguments that the kernel confirms.

mod check;
mod list;

use std::path::{Path, PathBuf};

use vmkit_rights::{Account, CommandResult, Refusal, find_program, run_command};

use self::list::parse;
use crate::children;

/// Runs remedies for this user.
#[derive(Debug)]
pub(crate) struct Remedies {
    user: Account,
}

impl Remedies {
    pub(crate) fn of(user: Account) -> Self {
        Self { user }
    }

    /// Runs one command, given as the program's name and its arguments.
    pub(crate) fn run(&self, words: &[String]) -> Result<CommandResult, Refusal> {
        let arguments = parse(words)
            .ok_or_else(|| Refusal::denied("it is no command of a remedy that needs root"))?;
        for (meaning, value) in arguments {
            check::confirm(meaning, value, self.user)?;
        }
        let [name, arguments @ ..] = words else {
            return Err(Refusal::denied("it has no command"));
        };
        let (program, environment) = if name == list::VM {
            (own_program()?, self.as_under_sudo())
        } else {
            children::may_change_the_network();
            (find_program(name).map_err(Refusal::failed)?, Vec::new())
        };
        run_command(&program, arguments, &environment)
            .map_err(|error| Refusal::failed(format!("start {}: {error}", program.display())))
    }

    /// What sudo tells `vm`, which gives up its rights as under sudo.
    fn as_under_sudo(&self) -> Vec<(&'static str, String)> {
        if self.user.uid == 0 {
            return Vec::new();
        }
        vec![("SUDO_UID", self.user.uid.to_string()), ("SUDO_GID", self.user.gid.to_string())]
    }
}

/// The `vm` of the tree that this broker belongs to.
fn own_program() -> Result<PathBuf, Refusal> {
    let own =
        std::env::current_exe().map_err(|error| Refusal::failed(format!("find vm: {error}")))?;
    // `lib/vmkit/vm-broker` stands beside `bin/vm`.
    let prefix = own.ancestors().nth(3).unwrap_or(Path::new("/"));
    Ok(prefix.join("bin/vm"))
}
