//! Reads this computer's resolver, and decides what to write or remove.

use std::{
    fs, io,
    net::IpAddr,
    path::{Path, PathBuf},
};

use crate::{
    Objection, PORT, Setting, Suffix,
    file::{failed, is_own, small_text},
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
    let others = if setting.for_all_domains {
        other_servers(&settings_files()?, &setting.path)?
    } else {
        None
    };
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

/// The settings files of systemd-resolved.
fn settings_files() -> Result<Vec<PathBuf>, Objection> {
    let directory = Path::new(ADDITIONAL_SETTINGS);
    let mut files = vec![PathBuf::from(SETTINGS)];
    match fs::read_dir(directory) {
        Ok(entries) => {
            for entry in entries {
                files.push(entry.map_err(failed("list", directory))?.path());
            }
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(failed("list", directory)(error)),
    }
    Ok(files)
}

/// One of these settings files, other than ours, that sets servers.
fn other_servers(files: &[PathBuf], own: &Path) -> Result<Option<PathBuf>, Objection> {
    for path in files.iter().filter(|path| *path != own) {
        let text = match small_text(path) {
            Ok(text) => text.unwrap_or_default(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(failed("read", path)(error)),
        };
        if names_servers(&String::from_utf8_lossy(&text)) {
            return Ok(Some(path.clone()));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_settings_file_that_cannot_be_read_is_an_error() {
        let place = tempfile::tempdir().unwrap();
        let [own, other, gone] =
            ["vmkit.conf", "other.conf", "gone.conf"].map(|name| place.path().join(name));
        fs::write(&own, "[Resolve]\nDNS=127.0.0.1\n").unwrap();
        fs::write(&other, "[Resolve]\nDNS=192.0.2.1\n").unwrap();
        let files = [own.clone(), gone, other.clone()];
        assert_eq!(other_servers(&files[..2], &own).unwrap(), None);
        assert_eq!(other_servers(&files, &own).unwrap(), Some(other.clone()));
        // A path below a file cannot be opened, not even by root.
        let unreadable = other.join("x");
        let objection =
            other_servers(std::slice::from_ref(&unreadable), &own).unwrap_err().to_string();
        assert!(
            objection.starts_with(&format!("cannot read {}: ", unreadable.display())),
            "{objection}"
        );
    }
}
