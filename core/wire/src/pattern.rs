//! Paths of files as manifests write them: absolute or below `{home}`, with up to two `*`.

use crate::{manager_files::is_manager_file, secret::may_be_secret};

/// The beginning of a path in the home directory of the user whom plugins run as.
pub const HOME: &str = "{home}/";
/// Longest path, in bytes.
const LONGEST: usize = 200;
/// Most `*` of a pattern.
const MOST_STARS: usize = 2;
/// Fewest bytes after the `*` of a last part: they say which kind of file it is about, such as `.log`.
const SHORTEST_ENDING: usize = 4;
/// Where users keep what is theirs, where anybody can put a file, and where the kernel shows
/// processes and devices.
const PRIVATE: [&str; 14] = [
    "/home",
    "/root",
    "/Users",
    "/var/root",
    "/var/home",
    "/usr/home",
    "/run/user",
    "/var/run/user",
    "/tmp",
    "/var/tmp",
    "/proc",
    "/sys",
    "/dev",
    "/Volumes",
];
/// Directories of home in which many programs keep something: a directory below them is named.
const SHARED_OF_HOME: [&str; 17] = [
    ".cache",
    ".config",
    ".local",
    ".local/share",
    ".local/state",
    ".var",
    ".var/app",
    "snap",
    "Desktop",
    "Documents",
    "Downloads",
    "Library",
    "Library/Application Support",
    "Library/Caches",
    "Library/Containers",
    "Library/Group Containers",
    "Library/Preferences",
];

/// Whether the file at this real path is one that no plugin reads, whatever led to it.
pub fn is_private(path: &str) -> bool {
    place(path).is_err()
}

/// Checks a path of `read_files`, which may be a pattern.
pub(crate) fn check_pattern(pattern: &str) -> Result<(), &'static str> {
    check_place(pattern)?;
    check_stars(pattern)?;
    check_secret(pattern)
}

fn check_stars(pattern: &str) -> Result<(), &'static str> {
    let (before, last) = pattern.rsplit_once('/').unwrap_or(("", pattern));
    let stars = |part: &str| part.bytes().filter(|byte| *byte == b'*').count();
    if stars(pattern) > MOST_STARS || pattern.split('/').any(|part| stars(part) > 1) {
        return Err("up to two parts of a path hold one `*` each");
    }
    if let Some((literal, _)) = before.split_once('*') {
        let (above, _) = literal.rsplit_once('/').unwrap_or(("", literal));
        check_above(above, "a `*` stands for directories of one program's own place only")?;
    }
    let Some((_, ending)) = last.split_once('*') else { return Ok(()) };
    if ending.len() < SHORTEST_ENDING {
        return Err(
            "after its `*` a pattern has the ending of the files' names, such as `.leases`",
        );
    }
    if pattern.starts_with("/proc/") {
        return Err("tables of the kernel are named one by one");
    }
    if before == HOME.trim_end_matches('/') {
        return Err("files of the home directory itself are named one by one");
    }
    Ok(())
}

/// Whether a directory is some program's own place, so that what lies in it can be matched.
fn check_above(directory: &str, why: &'static str) -> Result<(), &'static str> {
    let is_own = match directory.strip_prefix(HOME) {
        Some(rest) => !SHARED_OF_HOME.iter().any(|shared| shared.eq_ignore_ascii_case(rest)),
        None => directory.bytes().filter(|byte| *byte == b'/').count() > 1,
    };
    if is_own { Ok(()) } else { Err(why) }
}

/// Checks a path that is absolute or below `{home}`.
pub(crate) fn check_path(path: &str) -> Result<(), &'static str> {
    check_place(path)?;
    check_secret(path)
}

fn check_place(path: &str) -> Result<(), &'static str> {
    match path.strip_prefix(HOME) {
        Some(below_home) => check_parts(path, below_home),
        None => check_absolute(path),
    }
}

fn check_secret(path: &str) -> Result<(), &'static str> {
    if path.strip_prefix(HOME).is_some_and(may_be_secret) {
        return Err("keys, passwords and browsers' data are nobody else's");
    }
    Ok(())
}

/// Checks an absolute path.
pub(crate) fn check_absolute(path: &str) -> Result<(), &'static str> {
    let Some(rest) = path.strip_prefix('/') else {
        return Err("a path is absolute, from `/` or `{home}/` on");
    };
    check_parts(path, rest)?;
    if !rest.contains('/') {
        return Err("a file at the top of the file system, or all of it, is too much");
    }
    if is_manager_file(path) { Ok(()) } else { place(path) }
}

fn check_parts(path: &str, parts: &str) -> Result<(), &'static str> {
    if path.len() > LONGEST || path.chars().any(char::is_control) {
        return Err("a path has at most 200 bytes and no control characters");
    }
    let is_plain =
        |part: &str| !part.is_empty() && ![".", ".."].contains(&part) && !part.starts_with('~');
    if !parts.split('/').all(is_plain) {
        return Err("a path has plain parts and names a file, no directory");
    }
    Ok(())
}

fn place(path: &str) -> Result<(), &'static str> {
    // Where macOS really keeps `/var` and `/tmp`.
    let path = path.strip_prefix("/private").filter(|rest| rest.starts_with('/')).unwrap_or(path);
    let is_below = |place: &&str| {
        path.strip_prefix(*place).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    if PRIVATE.iter().any(is_below) && !is_network_table(path) {
        return Err("home directories, temporary files, processes and devices are nobody else's");
    }
    Ok(())
}

/// Tables of the network are the same for each user, and are about no process. The real path of one
/// has the process that looks.
fn is_network_table(path: &str) -> bool {
    let parts: Vec<&str> = path.split('/').collect();
    let is_process = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    match parts.as_slice() {
        ["", "proc", "net", name] => !name.is_empty(),
        ["", "proc", process, "net", name] => is_process(process) && !name.is_empty(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_of_home_name_the_place_of_one_program() {
        let ok = [
            "{home}/.lima/*/lima.yaml",
            "{home}/VirtualBox VMs/*/*.vbox",
            "{home}/Library/Containers/com.utmapp.UTM/Data/Documents/*.utm/config.plist",
            "{home}/Documents/Virtual Machines.localized/*.vmwarevm/*.vmx",
            "{home}/.config/VirtualBox/VirtualBox.xml",
            "{home}/.config/libvirt/qemu/*.xml",
            "{home}/.minikube/machines/*/config.json",
            "/etc/pve/nodes/*/qemu-server/*.conf",
            "/etc/vmware/vmnet*/dhcpd/dhcpd.leases",
            "/var/root/Library/Application Support/multipassd/qemu/vault/multipassd-instance-image-records.json",
        ];
        let refused = [
            ("{home}", "absolute"),
            ("{home}/", "plain parts"),
            ("{home}x/y", "absolute"),
            ("/x/{home}/../y", "plain parts"),
            ("{home}/../ann/x", "plain parts"),
            ("{home}//x", "plain parts"),
            ("{home}/~/x", "plain parts"),
            ("{home}/a\u{7}/x", "control characters"),
            ("{home}/*.conf", "one by one"),
            ("{home}/*/lima.yaml", "one program's own place"),
            ("{home}/.l*/lima.yaml", "one program's own place"),
            ("{home}/.config/*/settings.json", "own"),
            ("{home}/.CONFIG/x*/settings.json", "one program's own place"),
            ("{home}/Library/Containers/*/config.plist", "one program's own place"),
            ("{home}/.lima/*/*", "ending"),
            ("{home}/.lima/*/*.md", "ending"),
            ("{home}/.lima/*/*/*.yaml", "up to two"),
            ("{home}/.lima/a*b*/x.yaml", "up to two"),
            ("/etc/*/x.conf", "one program's own place"),
            ("/etc/v*/x.conf", "one program's own place"),
            ("/*/libvirt/x.conf", "one program's own place"),
            ("/var/root/Library/x", "home directories"),
            ("/var/root/Library/Application Support/multipassd/*/vault/x.json", "home directories"),
        ];
        for pattern in ok {
            assert_eq!(check_pattern(pattern), Ok(()), "{pattern}");
        }
        for (pattern, why) in refused {
            let error = check_pattern(pattern).expect_err(pattern);
            assert!(error.contains(why), "{pattern}: {error}");
        }
    }

    #[test]
    fn the_real_place_of_a_file_counts() {
        let rows = [
            ("/etc/hosts", false),
            ("/run/systemd/resolve/stub-resolv.conf", false),
            ("/proc/4242/net/route", false),
            ("/proc/4242/environ", true),
            ("/home/ann/.ssh/config", true),
            ("/homestead/x", false),
        ];
        for (path, expected) in rows {
            assert_eq!(is_private(path), expected, "{path}");
        }
    }
}
