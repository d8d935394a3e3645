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
/// Where its settings may be, besides directories of additional ones: resolved.conf(5).
const SETTINGS: [&str; 4] = [
    "/etc/systemd/resolved.conf",
    "/run/systemd/resolved.conf",
    "/usr/local/lib/systemd/resolved.conf",
    "/usr/lib/systemd/resolved.conf",
];
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
    let first_free = first_free_port(Path::new(FIRST_FREE_PORT))?;
    if first_free <= PORT {
        return Err(Objection::PortForEverybody { first_free: Some(first_free) });
    }
    let setting = Setting::of_systemd(version_of_systemd(), suffix, server);
    if is_own(&setting.path)? == Some(false) {
        return Err(Objection::Foreign(setting.path));
    }
    let others = if setting.for_all_domains {
        other_servers(&settings_files(Path::new("/"))?, &setting.path)?
    } else {
        None
    };
    match others {
        Some(path) => Err(Objection::OtherServers(path.display().to_string())),
        None => Ok(setting),
    }
}

/// The first port that needs no rights, as this file says.
fn first_free_port(path: &Path) -> Result<u16, Objection> {
    let text = fs::read_to_string(path).map_err(failed("read", path))?;
    let invalid = |_| failed("read", path)(io::ErrorKind::InvalidData.into());
    text.trim().parse().map_err(invalid)
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

/// The files below this root that may have settings of systemd-resolved.
fn settings_files(root: &Path) -> Result<Vec<PathBuf>, Objection> {
    let mut files = Vec::new();
    for path in SETTINGS.map(|path| root.join(path.trim_start_matches('/'))) {
        let directory = path.with_extension("conf.d");
        files.push(path);
        match fs::read_dir(&directory) {
            Ok(entries) => {
                for entry in entries {
                    files.push(entry.map_err(failed("list", &directory))?.path());
                }
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(failed("list", &directory)(error)),
        }
    }
    // It reads no others.
    files.retain(|path| path.extension().is_some_and(|ending| ending == "conf"));
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
    fn a_first_free_port_that_cannot_be_read_is_an_error_and_not_port_0() {
        let place = tempfile::tempdir().unwrap();
        let file = place.path().join("start");
        assert!(matches!(first_free_port(&file), Err(Objection::System { .. })));
        for (text, expected) in [("80\n", Some(80)), ("0\n", Some(0)), ("?\n", None)] {
            fs::write(&file, text).unwrap();
            assert_eq!(first_free_port(&file).ok(), expected, "{text}");
        }
    }

    #[test]
    fn settings_are_where_systemd_reads_them() {
        let root = tempfile::tempdir().unwrap();
        let read = [
            "run/systemd/resolved.conf.d/vpn.conf",
            "usr/lib/systemd/resolved.conf",
            "etc/systemd/resolved.conf.d/dns.conf",
        ];
        let others = ["etc/systemd/resolved.conf.d/dns.conf.bak", "etc/systemd/resolved.conf.bak"];
        for name in read.iter().chain(&others) {
            let path = root.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        let mut found = settings_files(root.path()).unwrap();
        found.retain(|path| path.exists());
        found.sort();
        let mut expected = read.map(|name| root.path().join(name));
        expected.sort();
        assert_eq!(found, expected);
    }

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
