//! `vm dns --install`: makes this computer's resolver ask the server. `vm-broker` writes; this shows what,
//! and says why not.

use std::{
    io::{self, Write as _},
    net::{IpAddr, SocketAddr},
};

use vmkit_resolver::{Objection, PORT, Suffix, installed, is_current, plan, whether_answered};
use vmkit_rights::ResolverReply;
use vmkit_session::system_tool;
use vmkit_types::{Reading, escaped};

use crate::{
    arguments,
    context::Context,
    exit::{Exit, Failure},
    output,
};

/// Runs `--install` or `--uninstall`.
pub(crate) fn run(wanted: &arguments::Dns, context: &Context) -> anyhow::Result<Exit> {
    if wanted.uninstall { uninstall(wanted, context) } else { install(wanted, context) }
}

/// One line on how programs can ask this server.
pub(crate) fn advice(suffix: &Suffix, server: SocketAddr) -> String {
    match plan(suffix, server.ip()) {
        Ok(setting) if !is_current(&setting) => {
            let command = command(suffix, server.ip());
            format!("to make all programs ask it, run once: {command}\n")
        }
        Ok(_) if server.port() == PORT => String::new(),
        // An earlier version of vmkit wrote it.
        Err(Objection::PortForEverybody { .. })
            if installed(suffix).is_ok_and(|files| !files.is_empty()) =>
        {
            format!(
                "any user can answer for *.{suffix} once this has ended; next: sudo vm dns \
                 --uninstall --suffix {suffix}\n"
            )
        }
        _ => format!("try it: dig @{} -p {} NAME.{suffix}\n", server.ip(), server.port()),
    }
}

fn command(suffix: &Suffix, server: IpAddr) -> String {
    let server = SocketAddr::new(server, PORT);
    format!("sudo vm dns --install --suffix {suffix} --listen {server}")
}

/// The command that serves where the resolver asks.
pub(super) fn serving(suffix: &Suffix, server: IpAddr) -> String {
    let server = SocketAddr::new(server, PORT);
    format!("sudo vm dns --suffix {suffix} --listen {server}")
}

fn install(wanted: &arguments::Dns, context: &Context) -> anyhow::Result<Exit> {
    let (suffix, listen) = (&wanted.suffix, wanted.address());
    let server = listen.ip();
    if listen.port() != PORT {
        let failure = Failure::new(format!(
            "`--install` needs port {PORT}: any user could bind port {} after `vm dns` has ended, and \
             answer in its place",
            listen.port()
        ));
        return Err(failure.with_hint(command(suffix, server)).into());
    }
    let setting = plan(suffix, server).map_err(|objection| {
        let scutil = system_tool("/usr/sbin/scutil --dns", true).and_then(Reading::known);
        output::note(&whether_answered(suffix, scutil.as_deref()));
        failure(&objection)
    })?;
    if !context.settings.invoker.privileged {
        output::answer(|out| {
            writeln!(out, "Would write {}:\n", setting.path.display())?;
            out.write_all(setting.text.as_bytes())
        })?;
        return Err(Failure::new("nothing was written: this needs root")
            .with_hint(command(suffix, server))
            .into());
    }
    let reply = context.settings.broker.resolver(suffix.to_string(), Some(server))?;
    output::answer(|out| {
        write_reply("Wrote", &reply, out)?;
        writeln!(out, "next: {}", serving(suffix, server))
    })?;
    Ok(Exit::Healthy)
}

fn uninstall(wanted: &arguments::Dns, context: &Context) -> anyhow::Result<Exit> {
    let suffix = &wanted.suffix;
    let files = installed(suffix).map_err(|objection| failure(&objection))?;
    if files.is_empty() {
        output::answer(|out| writeln!(out, "Nothing was installed for *.{suffix}."))?;
        return Ok(Exit::Healthy);
    }
    if !context.settings.invoker.privileged {
        output::answer(|out| {
            files.iter().try_for_each(|file| writeln!(out, "Would remove {}.", file.display()))
        })?;
        return Err(Failure::new("nothing was removed: this needs root")
            .with_hint(format!("sudo vm dns --uninstall --suffix {suffix}"))
            .into());
    }
    let reply = context.settings.broker.resolver(suffix.to_string(), None)?;
    output::answer(|out| write_reply("Removed", &reply, out))?;
    Ok(Exit::Healthy)
}

fn write_reply(done: &str, reply: &ResolverReply, out: &mut dyn io::Write) -> io::Result<()> {
    for file in &reply.files {
        writeln!(out, "{done} {}.", file.display())?;
    }
    match &reply.restarted {
        None => Ok(()),
        Some(Ok(())) => writeln!(out, "Restarted systemd-resolved."),
        Some(Err(why)) => {
            writeln!(out, "systemd-resolved was not restarted: {}", escaped(why))?;
            writeln!(out, "next: sudo systemctl restart systemd-resolved")
        }
    }
}

fn failure(objection: &Objection) -> anyhow::Error {
    let failure = Failure::new(escaped(&objection.to_string()));
    match objection.hint() {
        Some(hint) => failure.with_hint(hint).into(),
        None => failure.into(),
    }
}
