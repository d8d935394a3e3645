//! `vm completion`, and what a shell asks for at each press of the completion key.
//!
//! The script that a shell loads asks this program itself what may follow, so that it knows the
//! machines of the moment. Only names that the toolkit allows are offered, and none of those has a
//! character that means something to a shell.

use std::{
    ffi::{OsStr, OsString},
    path::PathBuf,
};

use anyhow::Context as _;
use clap::{Arg, Command, CommandFactory as _, Parser as _};
use clap_complete::{
    ArgValueCandidates, CompletionCandidate,
    env::{Bash, CompleteEnv, EnvCompleter, Fish, Zsh},
};
use vmkit_session::Rights;

use crate::{
    arguments::{Arguments, Global, Shell},
    context::Context,
    exit::Exit,
    output,
};

/// The variable by which a shell's script says that it asks.
const VARIABLE: &str = "VMKIT_COMPLETE";
/// The arguments that name machines.
const MACHINES: [&str; 3] = ["name", "names", "source"];
/// The name that users type.
const PROGRAM: &str = "vm";

/// Answers a shell, and ends the process, where it is a shell that asks.
pub(crate) fn answer_shell() {
    CompleteEnv::with_factory(command).var(VARIABLE).complete();
}

/// The command line, with the machines as candidates wherever it takes their names.
fn command() -> Command {
    let completed = |argument: Arg| {
        if MACHINES.contains(&argument.get_id().as_str()) {
            argument.add(ArgValueCandidates::new(machines))
        } else {
            argument
        }
    };
    Arguments::command().mut_subcommands(|command| command.mut_args(completed))
}

/// Prints the script that a shell loads.
pub(crate) fn run(shell: Shell) -> anyhow::Result<Exit> {
    let completer: &dyn EnvCompleter = match shell {
        Shell::Bash => &Bash,
        Shell::Zsh => &Zsh,
        Shell::Fish => &Fish,
    };
    let own = std::env::current_exe().context("cannot find the path of this program")?;
    // The scripts put it between quotes of their own, where `$` or a quote would mean something.
    let plain =
        |path: &&str| path.bytes().all(|b| b.is_ascii_alphanumeric() || b"/-_.+".contains(&b));
    let own = own.to_str().filter(plain).unwrap_or(PROGRAM);
    output::answer(|out| completer.write_registration(VARIABLE, PROGRAM, PROGRAM, own, out))?;
    Ok(Exit::Healthy)
}

/// The machines that a name on the command line can mean. Without an answer there are none: a
/// shell has no place for an error.
pub(crate) fn machines() -> Vec<CompletionCandidate> {
    let rights = Rights::of_this_program().ok();
    let context = global(std::env::args_os())
        .zip(rights)
        .and_then(|(global, rights)| Context::new(&global, rights).ok());
    let location = context.and_then(|context| context.settings.location().ok());
    let names = location.map(|(location, _)| vmkit_inventory::names(&location));
    // One that begins like an option would be taken for one.
    let names = names.unwrap_or_default().into_iter().filter(|name| !name.starts_with('-'));
    names.map(CompletionCandidate::new).collect()
}

/// What stands on the line that says where the machines are.
fn global(words: impl IntoIterator<Item = OsString>) -> Option<Global> {
    #[derive(clap::Parser)]
    struct Only {
        #[command(flatten)]
        global: Global,
    }
    let mut words = words.into_iter();
    let mut kept = vec![OsString::from(PROGRAM)];
    while let Some(word) = words.next() {
        let text = word.to_string_lossy();
        let known =
            ["--data-dir", "--config", "--manager"].iter().find(|known| text.starts_with(*known));
        if known.is_some_and(|known| text.len() > known.len()) {
            kept.push(word);
        } else if known.is_some() {
            kept.extend([word, expanded(&words.next().unwrap_or_default())]);
        }
    }
    Only::try_parse_from(kept).ok().map(|only| only.global)
}

/// A shell hands over what was typed, a tilde among it.
fn expanded(path: &OsStr) -> OsString {
    let home = std::env::var_os("HOME").map(PathBuf::from);
    let below = path.to_str().and_then(|text| text.strip_prefix("~/"));
    match (home, below) {
        (Some(home), Some(below)) => home.join(below).into(),
        _ => path.to_owned(),
    }
}
