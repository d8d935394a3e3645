//! Runs the script in a guest by a login.

use std::{
    ffi::{OsStr, OsString},
    io::{self, Seek as _, Write as _},
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use tempfile::NamedTempFile;
use vmkit_inside::{LONGEST_ANSWER, SCRIPT, Way};
use vmkit_rights::{CommandResult, run_prepared};
use vmkit_ssh_config::path_value;
use vmkit_types::{Reading, Unread, bounded, escaped};

use super::{
    answer::GuestAnswer,
    login::{ENVIRONMENT, Login, OPTIONS},
};

/// ssh's own status where it could not log in.
const NO_LOGIN: i32 = 255;
/// What a shell of any kind understands.
const COMMAND: &str = "sh -s";
/// Longest reason that is quoted.
const LONGEST_REASON: usize = 200;

/// Asks the guest, at one address after the other until one lets it in.
pub(super) fn run(login: &Login, deadline: Instant) -> Result<GuestAnswer, Unread> {
    let mut why = Unread::TimedOut;
    for client in &login.clients {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            break;
        }
        let asked = known_hosts(login).and_then(|known| {
            let option = known_hosts_option(known.path()).map_err(io::Error::other)?;
            let options: Vec<&str> = OPTIONS.into_iter().chain([option.as_str()]).collect();
            ask(client.command(&options).0, left)
        });
        match asked {
            Ok(result) => match outcome(&result) {
                Ok(answer) => return Ok(answer),
                Err(reason) => why = reason,
            },
            Err(error) => why = Unread::Failed(format!("start ssh: {error}")),
        }
    }
    Err(why)
}

/// A file with the keys that the machine is known by, for the time of the login.
fn known_hosts(login: &Login) -> io::Result<NamedTempFile> {
    let mut file = NamedTempFile::new()?;
    file.write_all(login.known_hosts.as_bytes())?;
    Ok(file)
}

fn known_hosts_option(file: &Path) -> Result<String, vmkit_ssh_config::Error> {
    Ok(format!("UserKnownHostsFile={}", path_value(file)?))
}

fn ask(mut command: Command, patience: Duration) -> io::Result<CommandResult> {
    let mut script = tempfile::tempfile()?;
    script.write_all(SCRIPT.as_bytes())?;
    script.rewind()?;
    keep_environment(&mut command);
    run_prepared(command.arg(COMMAND).stdin(Stdio::from(script)), patience, LONGEST_ANSWER)
}

/// What the guest has said, or why it said nothing. Whatever it printed until a lost connection or the end
/// of patience is read; what is missing will be unknown.
fn outcome(result: &CommandResult) -> Result<GuestAnswer, Unread> {
    let reason = match result.status {
        _ if result.timed_out => Some(Unread::TimedOut),
        Some(NO_LOGIN) => Some(refusal(&result.output)),
        _ => None,
    };
    let answer = GuestAnswer::live(Way::Ssh, result.output.as_bytes());
    match &answer.says {
        Reading::Known(_) => Ok(answer),
        // A login that runs no commands, such as one that is closed, does not count as one.
        Reading::Unknown(why) => Err(reason.unwrap_or_else(|| why.clone())),
        Reading::Absent => Err(reason.unwrap_or(Unread::NotTried)),
    }
}

/// Leaves the command what ssh needs of this process's environment, and what was set or removed for it.
fn keep_environment(command: &mut Command) {
    let own: Vec<(OsString, Option<OsString>)> =
        command.get_envs().map(|(name, value)| (name.into(), value.map(OsStr::to_owned))).collect();
    command.env_clear();
    let needed = ENVIRONMENT.into_iter().filter_map(|name| Some((name, std::env::var_os(name)?)));
    command.envs(needed);
    for (name, value) in own {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
}

/// Why ssh did not get in: its last line.
fn refusal(output: &str) -> Unread {
    let line = output.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("ssh failed");
    let line = escaped(bounded(line.trim(), LONGEST_REASON));
    let denied = ["Permission denied", "verification failed"];
    if denied.iter().any(|word| line.contains(word)) {
        Unread::Denied(format!("ssh: {line}"))
    } else {
        Unread::Failed(format!("ssh: {line}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_said_before_the_connection_was_lost_counts() {
        let result = |output: &str, status, timed_out| CommandResult {
            status,
            output: output.to_owned(),
            timed_out,
        };
        let begun = "# vmkit-inside 1\n= listeners\n LISTEN 0 1 *:22 *:*\n! 0\n= rules\n table";
        for (status, timed_out) in [(None, true), (Some(NO_LOGIN), false)] {
            let answer = outcome(&result(begun, status, timed_out)).expect("an answer");
            let inside = answer.says.as_ref().known().expect("what it said");
            assert_eq!(inside.listeners.as_ref().known().map(Vec::len), Some(1));
            assert!(inside.firewall.as_ref().known().is_none(), "{inside:?}");
        }
        let silent = outcome(&result("Welcome\n", None, true));
        assert!(matches!(silent, Err(Unread::TimedOut)), "{silent:?}");
        let refused = outcome(&result("x\nroot@web: Permission denied\n", Some(NO_LOGIN), false));
        assert!(matches!(refused, Err(Unread::Denied(_))), "{refused:?}");
        let closed = outcome(&result("This account is not available.\n", Some(1), false));
        assert!(matches!(closed, Err(Unread::Malformed(_))), "{closed:?}");
    }

    #[test]
    fn ssh_takes_one_file_for_one() {
        let option = known_hosts_option(Path::new("/own files/100%/known")).unwrap();
        assert_eq!(option, r#"UserKnownHostsFile="/own files/100%%/known""#);
        assert!(known_hosts_option(Path::new("/${HOME}/known")).is_err());
    }

    #[test]
    fn ssh_has_no_variable_that_the_user_could_send() {
        // This process has others, such as CARGO.
        let mut shell = Command::new("env");
        shell.env("HOME", "/home/of-the-caller").env_remove("USER");
        keep_environment(&mut shell);
        let printed = String::from_utf8(shell.output().expect("env").stdout).expect("text");
        let names: Vec<&str> =
            printed.lines().filter_map(|line| line.split_once('=')).map(|(name, _)| name).collect();
        assert!(names.iter().all(|name| ENVIRONMENT.contains(name)), "{printed}");
        assert!(printed.contains("HOME=/home/of-the-caller"), "{printed}");
        assert!(!names.contains(&"USER") && names.contains(&"PATH"), "{printed}");
    }
}
