//! Runs the command of a remedy: those that need root by the broker, the others as the user.

use std::{
    io,
    path::{Path, PathBuf},
};

use vmkit_platform::Invoker;
use vmkit_rights::{Broker, CommandResult, Refusal, find_program, run_command};

/// Commands of `vm` that the broker does not know: they start QEMU.
const ATTACHING: [&str; 2] = ["start", "restart"];

/// A command that is ready to be run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Prepared {
    program: PathBuf,
    arguments: Vec<String>,
    /// The words that the broker knows it by, where it needs root.
    for_broker: Option<Vec<String>>,
}

/// Who runs commands, and on which machines.
pub(crate) struct Runner {
    pub(crate) invoker: Invoker,
    pub(crate) broker: Broker,
    /// The data directory for commands of `vm`.
    pub(crate) data_directory: Option<PathBuf>,
    /// Somebody can type a password.
    pub(crate) attended: bool,
}

impl Runner {
    /// Finds the programs of a remedy's command.
    ///
    /// # Errors
    /// Why it cannot be run here.
    pub(crate) fn prepare(&self, words: &[String]) -> Result<Prepared, String> {
        let own = words.strip_prefix(&["sudo".to_owned()]);
        let needs_root = own.is_some();
        let Some((name, arguments)) = own.unwrap_or(words).split_first() else {
            return Err("it has no command".to_owned());
        };
        let mut arguments = arguments.to_vec();
        let attaches = name == "vm"
            && ATTACHING.iter().any(|verb| arguments.first() == Some(&(*verb).to_owned()));
        if needs_root && self.invoker.privileged && attaches {
            // This process can get no rights back, and QEMU is to run as its user.
            return Err(
                "run it yourself: it attaches the VM, which vm doctor cannot do as root".to_owned()
            );
        }
        let program = if name == "vm" {
            if let Some(directory) = self.data_directory.as_deref().and_then(Path::to_str) {
                arguments.splice(0..0, ["--data-dir".to_owned(), directory.to_owned()]);
            }
            std::env::current_exe().map_err(|error| format!("cannot find vm itself: {error}"))?
        } else {
            find_program(name)?
        };
        if needs_root && self.invoker.privileged {
            let words = [vec![name.clone()], arguments.clone()].concat();
            return Ok(Prepared { program, arguments, for_broker: Some(words) });
        }
        if needs_root {
            arguments.insert(0, program.display().to_string());
            let options = ["--", "-n"];
            let count = if self.attended { 1 } else { 2 };
            options[..count].iter().for_each(|word| arguments.insert(0, (*word).to_owned()));
            return Ok(Prepared { program: find_program("sudo")?, arguments, for_broker: None });
        }
        Ok(Prepared { program, arguments, for_broker: None })
    }

    /// Runs it to its end, or to the deadline.
    pub(crate) fn run(&self, prepared: &Prepared) -> Result<CommandResult, String> {
        match &prepared.for_broker {
            Some(words) => {
                self.broker.remedy(words.clone()).map_err(|Refusal { message, .. }| message)
            }
            None => run_command(&prepared.program, &prepared.arguments, &[])
                .map_err(|error: io::Error| error.to_string()),
        }
    }
}

impl Prepared {
    /// The command as a shell reads it.
    pub(crate) fn line(&self) -> String {
        let program = self.program.to_string_lossy();
        let words = [program.as_ref()].into_iter().chain(self.arguments.iter().map(String::as_str));
        // Fails only for a NUL, which placeholders reject.
        shlex::try_join(words.clone()).unwrap_or_else(|_| words.collect::<Vec<_>>().join(" "))
    }
}

#[cfg(test)]
mod tests {
    use vmkit_types::Reading;

    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split(' ').map(str::to_owned).collect()
    }

    fn runner(uid: u32, via_sudo: bool, privileged: bool, attended: bool) -> Runner {
        let invoker = Invoker { uid, gid: 7, via_sudo, privileged, home: Reading::Absent };
        let broker = Broker::refused(Refusal::denied("no broker"));
        Runner { invoker, broker, data_directory: None, attended }
    }

    #[test]
    fn asks_the_broker_for_a_command_that_needs_root() {
        let rows = [
            (runner(0, false, true, true), "sudo cat /x", "/cat /x", Some("cat /x")),
            (runner(501, true, true, true), "sudo cat /x", "/cat /x", Some("cat /x")),
            (runner(501, true, true, true), "cat /x", "/cat /x", None),
            (runner(501, false, false, true), "cat /x", "/cat /x", None),
            (runner(0, false, true, true), "/bin/cat -", "/bin/cat -", None),
        ];
        for (runner, line, expected, for_broker) in rows {
            let prepared = runner.prepare(&words(line)).expect(line);
            assert!(prepared.line().ends_with(expected), "{line}: {}", prepared.line());
            assert!(prepared.program.is_absolute());
            assert_eq!(prepared.for_broker, for_broker.map(words), "{line}");
        }
        let refused = runner(0, false, true, true);
        let prepared = refused.prepare(&words("sudo cat /x")).expect("a command");
        assert_eq!(refused.run(&prepared).unwrap_err(), "no broker");
        let data_directory = Some(PathBuf::from("/data of mine"));
        let runner = Runner { data_directory, ..runner(0, false, true, false) };
        let own = runner.prepare(&words("vm start web")).expect("vm itself");
        assert!(own.line().ends_with(" --data-dir '/data of mine' start web"), "{}", own.line());
        // A run with root's rights cannot start QEMU; another asks for a password.
        assert!(runner.prepare(&words("sudo vm start web")).is_err());
        for missing in ["no-such-program", "/no/such/program", "sudo no-such-program"] {
            assert!(runner.prepare(&words(missing)).is_err(), "{missing}");
        }
    }
}
