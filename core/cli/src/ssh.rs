//! `vm ssh`: OpenSSH's client with the right user, address and host key name.

use std::{
    net::SocketAddr,
    os::unix::process::{CommandExt as _, ExitStatusExt as _},
};

use anyhow::Context as _;
use vmkit_model::Machine;
use vmkit_session::host_key_alias;
use vmkit_ssh_config::Client;
use vmkit_types::Reading;

use crate::{arguments, context::Context, exit::Exit, output, resolve::ask};

/// The port of SSH.
const SSH: u16 = 22;

/// Runs the command. Where the machine has an address, this process becomes ssh.
pub(crate) fn run(wanted: &arguments::Ssh, context: &Context) -> anyhow::Result<Exit> {
    let answer = ask(&wanted.name, None, context, |_| Ok(()))?;
    let address = match answer.way_to(SSH) {
        Ok(address) => address,
        Err(exit) => return Ok(exit),
    };
    let machine = &answer.machine;
    let user = wanted.user.as_ref().or(machine.username.as_ref().known());
    if let (None, Reading::Unknown(why)) = (user, &machine.username) {
        output::note(&format!("the user of {} is unknown ({why}); ssh decides\n", machine.name));
    }
    let (mut command, unused) = client(machine, address, user, context).command(&[]);
    if let Some(error) = unused {
        output::note(&format!("its key is not used: {error}\n"));
    }
    command.args(&wanted.command);
    let missing = "cannot start ssh; OpenSSH's client has to be in PATH";
    if wanted.save_on_failure.is_some() {
        // Only a process that stays can save something afterwards.
        let status = command.status().context(missing)?;
        // As a shell says it: the user has ended it, and nothing has failed.
        let ended = status.code().or_else(|| status.signal().map(|signal| 128 + signal));
        let code = ended.and_then(|code| u8::try_from(code).ok());
        return Ok(code.map_or(Exit::Failed, Exit::Ssh));
    }
    // It comes back only where it fails.
    Err(command.exec()).context(missing)
}

/// ssh to this machine at this address.
fn client(
    machine: &Machine,
    address: SocketAddr,
    user: Option<&String>,
    context: &Context,
) -> Client {
    let invoker = &context.settings.invoker;
    let home = invoker.home.as_ref().known().cloned();
    Client {
        name: machine.name.clone(),
        address,
        host_key_alias: host_key_alias(machine),
        user: user.cloned(),
        identity_file: machine.identity_file.as_ref().known().cloned(),
        under_sudo: invoker.via_sudo.then_some(home),
    }
}
