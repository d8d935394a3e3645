//! Reads this computer's resolver, and decides what to write or remove.

use std::{
    fs,
    net::IpAddr,
    path::{Path, PathBuf},
};

use crate::{
    Objection, PORT, Setting, Suffix,
    file::{is_own, small_text},
    setting::{names_servers, own_paths, systemd_version},
};

/// Exists while systemd-resolved runs.
const RESOLVED: &str = "/run/systemd/resolve";
/// Its settings, and the directory of additional ones.
const SETTINGS: &str = "/etc/systemd/resolved.conf";
const ADDITIONAL_SETTINGS: &str = "/etc/systemd/resolved.conf.d";
/// The first port that needs no rights, for IPv4 and IPv6.
const FIRST_FREE_PORT: &str = "/proc/sys/net/ipv4/ip_unprivileged_port_start";

/// The file that makes the resolver ask this server for names below `suffix`.
///
/// # Errors
/// There is no such file, it is somebody else's, or another user could answer in the server's place.
pub fn plan(suffix: &Suffix, server: IpAddr) -> Result<Setting, Objection> {
    if !server.is_loopback() {
        return Err(Objection::NotLoopback(server));
    }
    if cfg!(target_os = "macos") {
        // It lets every user bind any port at all addresses together.
        return Err(Objection::PortForEverybody { first_free: None });
    }
    if !Path::new(RESOLVED).is_dir() {
        return Err(Objection::NoFile { suffix: suffix.clone(), server });
    }
    let first_free = fs::read_to_string(FIRST_FREE_PORT).ok();
    let first_free = first_free.and_then(|text| text.trim().parse::<u16>().ok());
    if first_free.is_none_or(|first| first <= PORT) {
        return Err(Objection::PortForEverybody { first_free: Some(first_free.unwrap_or(0)) });
    }
    let setting = Setting::of_systemd(version_of_systemd(), suffix, server);
    if is_own(&setting.path)? == Some(false) {
        return Err(Objection::Foreign(setting.path));
    }
    let others = setting.for_all_domains.then(|| other_servers(&setting.path)).flatten();
    match others {
        Some(path) => Err(Objection::OtherServers(path.display().to_string())),
        None => Ok(setting),
    }
}

/// vmkit's files for this domain.
///
/// # Errors
/// A file cannot be read.
pub fn installed(suffix: &Suffix) -> Result<Vec<PathBuf>, Objection> {
    let mut found = Vec::new();
    for path in own_paths(cfg!(target_os = "macos"), suffix) {
        if is_own(&path)? == Some(true) {
            found.push(path);
        }
    }
    Ok(found)
}

fn version_of_systemd() -> Option<u32> {
    let below = format!("/usr/lib/{}-linux-gnu/systemd", std::env::consts::ARCH);
    let directories = ["/usr/lib/systemd", &below];
    let entries = directories.into_iter().filter_map(|path| fs::read_dir(path).ok()).flatten();
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    names.filter_map(|name| systemd_version(&name)).max()
}

/// A settings file of systemd-resolved, other than ours, that sets servers.
fn other_servers(own: &Path) -> Option<PathBuf> {
    let further = fs::read_dir(ADDITIONAL_SETTINGS).into_iter().flatten();
    let further = further.filter_map(|entry| Some(entry.ok()?.path()));
    let mut files = further.chain([SETTINGS.into()]).filter(|path| path != own);
    files.find(|path| {
        let text = small_text(path).ok().flatten();
        text.is_some_and(|text| names_servers(&String::from_utf8_lossy(&text)))
    })
}
