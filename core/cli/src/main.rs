//! `vm`: the address of every virtual machine on this computer.
//!
//! This crate reads arguments, wires the stages together and turns the result into an exit status.
//! What is decided is decided in the crates below; what is shown is shown by `vmkit-report`.

#![forbid(unsafe_code)]

mod arguments;
mod completion;
mod context;
mod dns;
mod doctor;
mod exit;
mod explain;
mod hosts;
mod output;
#[cfg(test)]
mod promises;
mod resolve;
mod snapshot;
mod ssh;
mod ssh_config;
mod ssh_connect;
mod status;

use std::process::ExitCode;

use arguments::{Arguments, Command};
use clap::Parser as _;
use context::Context;
use doctor::OnFailure;
use exit::Exit;
use vmkit_machine_commands::NotLaunched;
use vmkit_plugin_commands::Front;
use vmkit_session::Rights;

fn main() -> ExitCode {
    // Before anything is read, while the process has one thread.
    let rights = match Rights::of_this_program().and_then(Rights::give_up) {
        Ok(rights) => rights,
        Err(error) => return failed(&error.into()),
    };
    completion::answer_shell();
    let arguments = Arguments::parse();
    output::log_to_stderr(arguments.global.verbosity());
    let context = Context::new(&arguments.global, rights);
    let outcome = context.and_then(|context| {
        let saved = arguments.command.save_on_failure();
        let saved = saved.map(|(path, names)| OnFailure::at(path, names)).transpose()?;
        let ended = run(&arguments.command, &context).or_else(|error| {
            failed(&error.downcast::<NotLaunched>()?.into());
            Ok::<_, anyhow::Error>(Exit::Failed)
        })?;
        if let Some(saved) = saved {
            saved.follow(ended, &context);
        }
        Ok(ended)
    });
    match outcome {
        Ok(exit) => exit.into(),
        Err(error) if exit::is_closed_pipe(&error) => Exit::Healthy.into(),
        Err(error) => failed(&error),
    }
}

fn run(command: &Command, context: &Context) -> anyhow::Result<Exit> {
    let front = Front { settings: &context.settings, terminal: output::terminal(context) };
    match command {
        Command::Status(wanted) => status::run(wanted, context),
        Command::Machine(wanted) => {
            vmkit_machine_commands::run(wanted, front, context.quiet).map(Exit::from)
        }
        Command::Resolve(wanted) => resolve::run(wanted, context),
        Command::Ssh(wanted) => ssh::run(wanted, context),
        Command::SshConfig(wanted) => ssh_config::run(wanted, context),
        Command::HostsSync(wanted) => hosts::run(wanted, context),
        Command::Dns(wanted) => dns::run(wanted, context),
        Command::Completion { shell } => completion::run(*shell),
        Command::SshConnect(wanted) => ssh_connect::run(wanted, context),
        Command::Doctor(wanted) => doctor::run(wanted, context),
        Command::Explain { code } => explain::run(code.as_deref(), context),
        Command::Plugin(wanted) => {
            vmkit_plugin_commands::run(&wanted.command, &front).map(Exit::from)
        }
        Command::Snapshot(wanted) => snapshot::run(&wanted.command, context),
    }
}

fn failed(error: &anyhow::Error) -> ExitCode {
    output::failure(error, exit::hint(error).as_deref());
    Exit::Failed.into()
}
