//! `vm dns --install`: makes this computer's resolver ask the server.

use std::{
    fs,
    io::{self, Write as _},
    net::SocketAddr,
    os::unix::fs::PermissionsExt as _,
    path::Path,
};

use anyhow::Context as _;
use vmkit_dns::{Setting, Suffix, SystemResolver, names_servers, systemd_version};

use crate::{
    arguments,
    context::Context,
    exit::{Exit, Failure},
    output,
};

/// Exists while systemd-resolved runs.
const RESOLVED: &str = "/run/systemd/resolve";
/// Its settings, and the directory of additional ones.
const SETTINGS: &str = "/etc/systemd/resolved.conf";
const ADDITIONAL_SETTINGS: &str = "/etc/systemd/resolved.conf.d";
/// Largest settings file, in bytes.
const SIZE_LIMIT: u64 = 1 << 20;
/// Readable by all, since the resolver has a user of its own.
const MODE: u32 = 0o644;
/// The same for a new directory.
const DIRECTORY_MODE: u32 = 0o755;

/// Runs `--install` or `--uninstall`.
pub(crate) fn run(wanted: &arguments::Dns, context: &Context) -> anyhow::Result<Exit> {
    if wanted.install && wanted.listen.port() == 0 {
        return Err(Failure::new("`--install` needs a fixed port, not 0").into());
    }
    if wanted.install && !wanted.listen.ip().is_loopback() {
        return Err(vmkit_dns::DnsError::NotLoopback(wanted.listen).into());
    }
    if wanted.uninstall { uninstall(wanted, context) } else { install(wanted, context) }
}

/// One line on how programs can ask this server.
pub(crate) fn advice(suffix: &Suffix, server: SocketAddr) -> String {
    let path = system_resolver().map(|resolver| resolver.setting(suffix, server).path);
    match path {
        Some(path) if path.exists() => String::new(),
        Some(_) => format!("to make all programs ask it, run once: {}\n", command(suffix, server)),
        None => format!("try it: dig @{} -p {} NAME.{suffix}\n", server.ip(), server.port()),
    }
}

fn command(suffix: &Suffix, server: SocketAddr) -> String {
    format!("sudo vm dns --install --suffix {suffix} --listen {server}")
}

fn install(wanted: &arguments::Dns, context: &Context) -> anyhow::Result<Exit> {
    let (suffix, listen) = (&wanted.suffix, wanted.listen);
    let Some(resolver) = system_resolver() else {
        let (ip, port) = (listen.ip(), listen.port());
        return Err(Failure::new("no file can configure this computer's resolver")
            .with_hint(format!(
                "make it ask {listen} for *.{suffix}; with dnsmasq: server=/{suffix}/{ip}#{port}"
            ))
            .into());
    };
    let setting = resolver.setting(suffix, listen);
    let path = setting.path.display();
    if is_own(&setting.path)? == Some(false) {
        let failure = Failure::new(format!("{path} exists and is not vmkit's"));
        return Err(failure.with_hint("move it away or choose another --suffix").into());
    }
    if resolver == SystemResolver::SystemdGlobal
        && let Some(others) = other_servers(&setting.path)
    {
        return Err(Failure::new(format!(
            "{others} sets DNS servers for all domains, and this version of systemd would mix \
             them with vmkit's"
        ))
        .with_hint("remove `DNS=` there, or set the servers of each link")
        .into());
    }
    if !context.settings.invoker.privileged {
        output::answer(|out| {
            writeln!(out, "Would write {path}:\n")?;
            out.write_all(setting.text.as_bytes())
        })?;
        return Err(Failure::new("nothing was written: this needs root")
            .with_hint(command(suffix, listen))
            .into());
    }
    write(&setting.path, &setting.text).with_context(|| format!("cannot write {path}"))?;
    output::answer(|out| {
        writeln!(out, "Wrote {path}.")?;
        then(&setting, out)?;
        writeln!(out, "next: vm dns --suffix {suffix} --listen {listen}")
    })?;
    Ok(Exit::Healthy)
}

fn uninstall(wanted: &arguments::Dns, context: &Context) -> anyhow::Result<Exit> {
    let resolvers = SystemResolver::all(cfg!(target_os = "macos")).iter();
    let settings = resolvers.map(|resolver| resolver.setting(&wanted.suffix, wanted.listen));
    let mut found = Vec::new();
    for setting in settings {
        if is_own(&setting.path)? == Some(true) {
            found.push(setting);
        }
    }
    if found.is_empty() {
        output::answer(|out| writeln!(out, "Nothing was installed for *.{}.", wanted.suffix))?;
    }
    for setting in &found {
        let path = setting.path.display();
        if !context.settings.invoker.privileged {
            output::answer(|out| writeln!(out, "Would remove {path}."))?;
            return Err(Failure::new("nothing was removed: this needs root")
                .with_hint(format!("sudo vm dns --uninstall --suffix {}", wanted.suffix))
                .into());
        }
        fs::remove_file(&setting.path).with_context(|| format!("cannot remove {path}"))?;
        output::answer(|out| {
            writeln!(out, "Removed {path}.")?;
            then(setting, out)
        })?;
    }
    Ok(Exit::Healthy)
}

/// Whether the file is vmkit's. `None`: it does not exist.
fn is_own(path: &Path) -> anyhow::Result<Option<bool>> {
    let reading = || format!("cannot read {}", path.display());
    match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).with_context(reading),
        Ok(status) if !status.is_file() || status.len() > SIZE_LIMIT => return Ok(Some(false)),
        Ok(_) => {}
    }
    fs::read(path).map(|bytes| Some(Setting::is_own(&bytes))).with_context(reading)
}

fn then(setting: &Setting, out: &mut impl io::Write) -> io::Result<()> {
    setting.then.map_or(Ok(()), |command| writeln!(out, "next: {command}"))
}

fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    let directory = path.parent().unwrap_or(Path::new("/"));
    if !directory.exists() {
        fs::create_dir_all(directory)?;
        // Independent of root's umask, since the resolver must enter.
        fs::set_permissions(directory, fs::Permissions::from_mode(DIRECTORY_MODE))?;
    }
    let mut new = tempfile::Builder::new().prefix(".vmkit-").tempfile_in(directory)?;
    new.write_all(text.as_bytes())?;
    new.as_file().set_permissions(fs::Permissions::from_mode(MODE))?;
    new.as_file().sync_all()?;
    new.persist(path)?;
    Ok(())
}

/// This computer's resolver, if a file can configure it.
fn system_resolver() -> Option<SystemResolver> {
    if cfg!(target_os = "macos") {
        return Some(SystemResolver::MacOs);
    }
    Path::new(RESOLVED).is_dir().then(|| SystemResolver::of_systemd(version_of_systemd()))
}

fn version_of_systemd() -> Option<u32> {
    let below = format!("/usr/lib/{}-linux-gnu/systemd", std::env::consts::ARCH);
    let directories = ["/usr/lib/systemd", &below];
    let entries = directories.into_iter().filter_map(|path| fs::read_dir(path).ok()).flatten();
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    names.filter_map(|name| systemd_version(&name)).max()
}

/// A settings file of systemd-resolved, other than ours, that sets servers.
fn other_servers(own: &Path) -> Option<String> {
    let further = fs::read_dir(ADDITIONAL_SETTINGS).into_iter().flatten();
    let further = further.filter_map(|entry| Some(entry.ok()?.path()));
    let mut files = further.chain([SETTINGS.into()]).filter(|path| path != own);
    let small =
        |path: &Path| fs::metadata(path).is_ok_and(|it| it.is_file() && it.len() <= SIZE_LIMIT);
    let text =
        |path: &Path| fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    let found = files.find(|path| small(path) && text(path).is_ok_and(|text| names_servers(&text)));
    found.map(|path| vmkit_types::escaped(&path.display().to_string()))
}
