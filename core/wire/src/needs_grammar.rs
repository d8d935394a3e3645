//! Which files and programs a manifest may name.

use crate::needs::{Needs, ReadFile};

/// Longest path, in bytes.
const LONGEST: usize = 200;
/// Most entries of `read_files` and of `exec`.
const MOST_ENTRIES: usize = 32;
/// Fewest bytes after the `*` of a pattern: they say which kind of file it is about, such as `.log`.
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

/// An entry of a manifest's needs that may not be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("manifest: `{key}` may not name {entry:?}: {why}")]
pub struct NeedsError {
    /// `read_files` or `exec`.
    key: &'static str,
    entry: String,
    why: &'static str,
}

impl Needs {
    /// Checks all paths.
    pub(crate) fn check(&self) -> Result<(), NeedsError> {
        let error = |key, entry: &str, why| NeedsError { key, entry: entry.to_owned(), why };
        for (key, entries) in [("read_files", self.read_files.len()), ("exec", self.exec.len())] {
            if entries > MOST_ENTRIES {
                return Err(error(key, "…", "a manifest names at most 32"));
            }
        }
        for file in &self.read_files {
            if let ReadFile::Path(path) = file {
                file_pattern(path).map_err(|why| error("read_files", path, why))?;
            }
        }
        for program in &self.exec {
            plain_path(program).map_err(|why| error("exec", program, why))?;
            if program.contains('*') {
                return Err(error("exec", program, "a program is named, not matched"));
            }
        }
        Ok(())
    }

    /// Checks what only another platform has. On Linux a program would be confined as the plugin is, and
    /// outlive neither `vm` nor its limits: the kernel has no limit for a group of processes without
    /// rights of root. A plugin asks the kernel instead, as by `neighbour_table`.
    pub(crate) fn check_linux(&self) -> Result<(), NeedsError> {
        let why = "on Linux a plugin runs no program; `needs_macos` may name it";
        let refused = |entry: &String| NeedsError { key: "exec", entry: entry.clone(), why };
        self.exec.first().map_or(Ok(()), |entry| Err(refused(entry)))
    }

    /// Whether it declares this pattern.
    pub fn declares_pattern(&self, pattern: &str) -> bool {
        let is_pattern = |file: &ReadFile| matches!(file, ReadFile::Path(path) if path == pattern);
        self.read_files.iter().any(is_pattern)
    }

    /// Whether it declares the file at this path, alone or by a pattern.
    pub fn declares_file(&self, path: &str) -> bool {
        plain_path(path).is_ok() && self.read_files.iter().any(|file| file.covers(path))
    }
}

impl ReadFile {
    fn covers(&self, path: &str) -> bool {
        matches!(self, Self::Path(pattern) if fits(pattern, path))
    }
}

/// Whether a path is a pattern of a manifest with its `*`, if any, replaced within one part.
pub fn fits(pattern: &str, path: &str) -> bool {
    let Some((before, after)) = pattern.split_once('*') else { return pattern == path };
    let middle = path.strip_prefix(before).and_then(|rest| rest.strip_suffix(after));
    middle.is_some_and(|middle| !middle.contains('/'))
}

/// Whether the file at this real path is one that no plugin reads, whatever led to it.
pub fn is_private(path: &str) -> bool {
    place(path).is_err()
}

fn file_pattern(pattern: &str) -> Result<(), &'static str> {
    plain_path(pattern)?;
    let Some((before, ending)) = pattern.split_once('*') else { return Ok(()) };
    if ending.contains(['/', '*']) {
        return Err("one `*` is allowed, in the last part of the path");
    }
    if ending.len() < SHORTEST_ENDING {
        return Err(
            "after its `*` a pattern has the ending of the files' names, such as `.leases`",
        );
    }
    if before.starts_with("/proc/") {
        return Err("tables of the kernel are named one by one");
    }
    Ok(())
}

fn plain_path(path: &str) -> Result<(), &'static str> {
    let Some(rest) = path.strip_prefix('/') else {
        return Err("a path is absolute, from `/` on");
    };
    if path.len() > LONGEST || path.chars().any(char::is_control) {
        return Err("a path has at most 200 bytes and no control characters");
    }
    let parts: Vec<&str> = rest.split('/').collect();
    if parts
        .iter()
        .any(|part| part.is_empty() || [".", ".."].contains(part) || part.starts_with('~'))
    {
        return Err("a path has plain parts and names a file, no directory");
    }
    if parts.len() < 2 {
        return Err("a file at the top of the file system, or all of it, is too much");
    }
    place(path)
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
    fn a_manifest_names_single_files_and_narrow_patterns() {
        let ok = [
            "/etc/resolv.conf",
            "/proc/net/route",
            "/var/lib/libvirt/dnsmasq/*.status",
            "/var/lib/dhcp/dhcpd*.leases",
            "/etc/ssh/ssh_host_*_key.pub",
            "/Library/Preferences/Parallels/parallels_dhcp_leases",
            "/opt/homebrew/var/lib/misc/dnsmasq/dnsmasq.leases",
        ];
        let refused = [
            ("/", "plain parts"),
            ("", "absolute"),
            ("etc/hosts", "absolute"),
            ("~/.ssh/id_ed25519", "absolute"),
            ("/~ann/x", "plain parts"),
            ("/etc/", "plain parts"),
            ("/etc", "too much"),
            ("/*", "too much"),
            ("/etc//hosts", "plain parts"),
            ("/etc/../root/x", "plain parts"),
            ("/etc/./hosts", "plain parts"),
            ("/etc/\n/x", "control characters"),
            ("/home/ann/.ssh/id_ed25519", "home directories"),
            ("/home/ann", "home directories"),
            ("/root/.bashrc", "home directories"),
            ("/Users/ann/x", "home directories"),
            ("/private/var/root/x", "home directories"),
            ("/tmp/x.log", "temporary"),
            ("/private/tmp/x.log", "temporary"),
            ("/run/user/1000/bus", "home directories"),
            ("/proc/self/environ", "processes"),
            ("/proc/1/net/route/x", "processes"),
            ("/proc/net/*", "ending"),
            ("/proc/net/*.stat", "one by one"),
            ("/sys/kernel/x", "processes"),
            ("/dev/mem", "devices"),
            ("/etc/*", "ending"),
            ("/etc/ssh/ssh_host_*", "ending"),
            ("/etc/*.d", "ending"),
            ("/etc/*/x.conf", "last part"),
            ("/etc/*a*.conf", "last part"),
            (&format!("/etc/{}", "x".repeat(200)), "200 bytes"),
        ];
        let check = |path: &str| {
            let read_files = vec![ReadFile::Path(path.to_owned())];
            Needs { read_files, ..Needs::default() }.check()
        };
        for path in ok {
            assert_eq!(check(path), Ok(()), "{path}");
        }
        for (path, why) in refused {
            let error = check(path).expect_err(path).to_string();
            assert!(error.contains(why), "{path}: {error}");
        }
    }

    #[test]
    fn a_manifest_names_programs_by_their_paths() {
        let rows = [
            ("/usr/sbin/arp", true),
            ("arp", false),
            ("/usr/bin/*sh", false),
            ("/home/ann/bin/x", false),
            ("/tmp/x/y", false),
        ];
        for (program, expected) in rows {
            let needs = Needs { exec: vec![program.to_owned()], ..Needs::default() };
            assert_eq!(needs.check().is_ok(), expected, "{program}");
        }
    }

    #[test]
    fn a_pattern_stands_for_files_of_one_directory() {
        let needs = Needs {
            read_files: ["/v/d/*.leases", "/etc/hosts"].map(|path| path.to_owned().into()).into(),
            ..Needs::default()
        };
        let rows = [
            ("/etc/hosts", true),
            ("/etc/host", false),
            ("/v/d/a.leases", true),
            ("/v/d/a/b.leases", false),
            ("/v/d/../x.leases", false),
            ("/v/d/a.lease", false),
        ];
        for (path, expected) in rows {
            assert_eq!(needs.declares_file(path), expected, "{path}");
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
