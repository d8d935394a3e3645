//! `vm ssh`: OpenSSH's client with the right user, address and host key name.

use std::{net::IpAddr, os::unix::process::CommandExt as _, process::Command};

use anyhow::Context as _;
use vmkit_model::Machine;
use vmkit_session::host_key_alias;
use vmkit_types::Reading;

use crate::{arguments, context::Context, exit::Exit, output, resolve::ask};

/// Runs the command. Where the machine has an address, this process becomes ssh.
pub(crate) fn run(wanted: &arguments::Ssh, context: &Context) -> anyhow::Result<Exit> {
    let answer = ask(&wanted.name, None, context, |_| Ok(()))?;
    let address = match answer.address_for_login() {
        Ok(address) => address,
        Err(exit) => return Ok(exit),
    };
    let machine = &answer.machine;
    let user = wanted.user.as_ref().or(machine.username.as_ref().known());
    if let (None, Reading::Unknown(why)) = (user, &machine.username) {
        output::note(&format!("the user of {} is unknown ({why}); ssh decides\n", machine.name));
    }
    let mut command = command(machine, address, user);
    command.args(&wanted.command);
    take_own_environment(&mut command, context);
    // It comes back only where it fails.
    Err(command.exec()).context("cannot start ssh; OpenSSH's client has to be in PATH")
}

/// ssh to this machine at this address. What follows is the command to run there.
///
/// The machine's name stays the host, so that the user's own settings for it apply, and its
/// address is the host name that they could give it as well.
fn command(machine: &Machine, address: IpAddr, user: Option<&String>) -> Command {
    let mut command = Command::new("ssh");
    command.arg(format!("-oHostName={address}"));
    command.arg(format!("-oHostKeyAlias={}", host_key_alias(machine)));
    command.arg("-oCheckHostIP=no");
    // A proxy of the user's for other hosts would not find it.
    command.arg("-oProxyCommand=none");
    if let Some(user) = user {
        command.arg("-l").arg(user);
    }
    // ssh takes options after the host too, unless this stands before it.
    command.args(["-p", "22", "--", &machine.name]);
    command
}

/// Under sudo this process is the user who called it, but its environment is root's.
fn take_own_environment(command: &mut Command, context: &Context) {
    let invoker = &context.settings.invoker;
    if !invoker.via_sudo {
        return;
    }
    let user = std::env::var_os("SUDO_USER");
    let home = invoker.home.as_ref().known().map(|home| home.clone().into_os_string());
    for (name, value) in [("HOME", &home), ("USER", &user), ("LOGNAME", &user)] {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
}
