//! Which files and programs a manifest may name.

use crate::{
    fit::fits,
    needs::{Needs, ReadFile},
    pattern::{check_absolute, check_path, check_pattern},
};

/// Most entries of a list.
const MOST_ENTRIES: usize = 32;
/// Fewest and most bytes of a program's name beside its `*`. Fewer would stand for many programs.
const NAME_BYTES: std::ops::RangeInclusive<usize> = 4..=60;

/// An entry of a manifest's needs that may not be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("manifest: `{key}` may not name {entry:?}: {why}")]
pub struct NeedsError {
    /// The field that it stands in.
    key: &'static str,
    entry: String,
    why: &'static str,
}

impl Needs {
    /// Checks all paths.
    pub(crate) fn check(&self) -> Result<(), NeedsError> {
        let error = NeedsError::new;
        let lengths = [
            ("read_files", self.read_files.len()),
            ("processes", self.processes.len()),
            ("local_api", self.local_api.len()),
            ("exec", self.exec.len()),
        ];
        for (key, entries) in lengths {
            if entries > MOST_ENTRIES {
                return Err(error(key, "…", "a manifest names at most 32"));
            }
        }
        for file in &self.read_files {
            if let ReadFile::Path(path) = file {
                check_pattern(path).map_err(|why| error("read_files", path, why))?;
            }
        }
        for name in &self.processes {
            check_program_name(name).map_err(|why| error("processes", name, why))?;
        }
        if let Some(api) = self.local_api.iter().find(|api| !api.is_known()) {
            let request = format!("{} {}", api.socket, api.path);
            return Err(error("local_api", &request, "the host makes reviewed requests alone"));
        }
        for program in &self.exec {
            check_absolute(program).map_err(|why| error("exec", program, why))?;
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

    /// Whether it declares the file at this path, which is absolute or begins with `{home}/`, alone or by
    /// a pattern.
    pub fn declares_file(&self, path: &str) -> bool {
        check_path(path).is_ok() && self.read_files.iter().any(|file| file.covers(path))
    }

    /// Whether it declares this request to the service at this socket.
    pub fn declares_api(&self, socket: &str, path: &str) -> bool {
        self.local_api.iter().any(|api| api.socket == socket && api.path == path)
    }

    /// Whether it declares the processes of a program with this file name.
    pub fn declares_process(&self, program: &str) -> bool {
        self.processes.iter().any(|name| match name.strip_suffix('*') {
            Some(start) => program.starts_with(start),
            None => program == name,
        })
    }
}

impl NeedsError {
    pub(crate) fn new(key: &'static str, entry: &str, why: &'static str) -> Self {
        Self { key, entry: entry.to_owned(), why }
    }
}

impl ReadFile {
    fn covers(&self, path: &str) -> bool {
        matches!(self, Self::Path(pattern) if fits(pattern, path))
    }
}

/// Checks the name of a program whose processes are looked at.
fn check_program_name(name: &str) -> Result<(), &'static str> {
    let literal = name.strip_suffix('*').unwrap_or(name);
    if literal.contains(['*', '/']) || literal.chars().any(char::is_control) {
        return Err("a program is named by its file name, with one `*` at its end at most");
    }
    if !NAME_BYTES.contains(&literal.len()) {
        return Err("a program's name has at least 4 bytes beside its `*`, and at most 60");
    }
    Ok(())
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
            ("/etc/*/x.conf", "own place"),
            ("/etc/*a*.conf", "one `*`"),
            ("{home}/.ssh/config", "keys, passwords"),
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
    fn processes_are_named_by_their_programs() {
        let rows = [
            ("qemu-system-*", ""),
            ("qemu-kvm", ""),
            ("Parallels Desktop", ""),
            ("*", "at least 4 bytes"),
            ("vm*", "at least 4 bytes"),
            ("", "at least 4 bytes"),
            ("qemu*system", "one `*` at its end"),
            ("qemu-**", "one `*` at its end"),
            ("/usr/bin/qemu-kvm", "file name"),
            ("qemu\u{1b}", "file name"),
        ];
        for (name, why) in rows {
            let needs = Needs { processes: vec![name.to_owned()], ..Needs::default() };
            let error = needs.check().err().map(|error| error.to_string()).unwrap_or_default();
            assert!(error.contains(why) && error.is_empty() == why.is_empty(), "{name}: {error}");
        }
        let processes = vec!["qemu-system-*".to_owned(), "qemu-kvm".to_owned()];
        let needs = Needs { processes, ..Needs::default() };
        let rows = [
            ("qemu-system-x86_64", true),
            ("qemu-kvm", true),
            ("qemu-kvm2", false),
            ("my-qemu-system-x", false),
        ];
        for (program, expected) in rows {
            assert_eq!(needs.declares_process(program), expected, "{program}");
        }
    }
}
