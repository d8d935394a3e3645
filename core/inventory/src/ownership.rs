//! Decides which machine a process belongs to, from its command line alone.

use std::{collections::HashMap, path::PathBuf};

/// Suffixes of the files that belong to one QEMU process.
const OWN_FILES: &[&str] = &["qcow2", "qmp", "pid"];

/// Most levels between a file and its machine's directory. The toolkit's own files are at most one
/// level down; a hostile path may have thousands.
const LEVELS: usize = 4;

/// Longest path that is examined. Kernels open no longer one.
const PATH_LIMIT: usize = 4096;

/// The directories of all machines.
pub(crate) struct Directories<'a> {
    names: Vec<&'a str>,
    by_path: HashMap<PathBuf, Vec<usize>>,
}

impl<'a> Directories<'a> {
    /// The directories of these machines: each name with the paths of its directory.
    pub(crate) fn new(machines: impl Iterator<Item = (&'a str, Vec<PathBuf>)>) -> Self {
        let mut names = Vec::new();
        let mut by_path: HashMap<_, Vec<usize>> = HashMap::new();
        for (index, (name, paths)) in machines.enumerate() {
            names.push(name);
            for path in paths {
                let machines = by_path.entry(path).or_default();
                if !machines.contains(&index) {
                    machines.push(index);
                }
            }
        }
        Self { names, by_path }
    }

    /// The index of the machine whose process this is.
    ///
    /// A machine's own files decide. Other files inside its directory count less, since a machine
    /// may use an image of another one. If directories are nested, the inner one counts.
    pub(crate) fn owner(&self, arguments: &[String]) -> Option<usize> {
        vmkit_qemu::program(arguments)?;
        let paths = arguments.iter().flat_map(|argument| absolute_paths(argument));
        self.strongest_claim(paths)
    }

    /// The index of the machine whose process names these files by absolute paths.
    pub(crate) fn owner_of_files(&self, files: Vec<PathBuf>) -> Option<usize> {
        self.strongest_claim(files.into_iter())
    }

    fn strongest_claim(&self, paths: impl Iterator<Item = PathBuf>) -> Option<usize> {
        let mut best: Option<((bool, usize), usize)> = None;
        for path in paths {
            for directory in path.ancestors().skip(1).take(LEVELS) {
                for &machine in self.by_path.get(directory).into_iter().flatten() {
                    let own = path.parent() == Some(directory)
                        && path.file_name().is_some_and(|name| {
                            is_own_file(&name.to_string_lossy(), self.names[machine])
                        });
                    let claim = (own, directory.components().count());
                    if best.is_none_or(|(strongest, _)| claim > strongest) {
                        best = Some((claim, machine));
                    }
                }
            }
        }
        best.map(|(_, machine)| machine)
    }
}

/// The names of machines whose own files a QEMU names by relative paths. They prove a machine only
/// together with its pid file: another directory may have a machine of the same name.
pub(crate) fn named_relatively(arguments: &[String]) -> impl Iterator<Item = &str> {
    relative_own_files(arguments).filter_map(machine_of_own_file)
}

/// The relative paths among a QEMU's arguments that have the suffix of a machine's own file.
pub(crate) fn relative_own_files(arguments: &[String]) -> impl Iterator<Item = &str> {
    let arguments = if vmkit_qemu::program(arguments).is_some() { arguments } else { &[] };
    let texts = arguments.iter().flat_map(|argument| argument.split([',', '=', ':', '"']));
    let relative = |text: &&str| text.len() <= PATH_LIMIT && !text.starts_with('/');
    texts.filter(relative).filter(|text| machine_of_own_file(text).is_some())
}

/// The machine's name in a path such as `vms/web.qcow2`.
fn machine_of_own_file(path: &str) -> Option<&str> {
    let file = path.rsplit('/').next().unwrap_or(path);
    file.rsplit_once('.').filter(|(_, end)| OWN_FILES.contains(end)).map(|(name, _)| name)
}

fn is_own_file(file: &str, machine: &str) -> bool {
    let extension = file.strip_prefix(machine).and_then(|rest| rest.strip_prefix('.'));
    extension.is_some_and(|extension| OWN_FILES.contains(&extension))
}

/// The absolute paths in an argument such as `file=/vms/web/web.qcow2,if=virtio` or
/// `unix:/vms/web/web.qmp`. A doubled comma is one comma of the path.
fn absolute_paths(argument: &str) -> Vec<PathBuf> {
    let mut paths = Vec::new();
    let mut rest = argument;
    let mut before = None;
    while let Some(start) = rest.find('/') {
        let previous = rest[..start].chars().next_back().or(before);
        rest = &rest[start..];
        if previous.is_none_or(|c| matches!(c, '=' | ':' | '"' | ',')) {
            let end = path_end(rest);
            if end <= PATH_LIMIT {
                paths.push(PathBuf::from(rest[..end].replace(",,", ",")));
            }
            before = rest[..end].chars().next_back();
            rest = &rest[end..];
        } else {
            before = Some('/');
            rest = &rest[1..];
        }
    }
    paths
}

/// The end of a path: a quote, or a comma that is not doubled.
fn path_end(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut index = 0;
    while index < bytes.len() {
        match bytes[index] {
            b',' if bytes.get(index + 1) == Some(&b',') => index += 1,
            b'"' | b',' => return index,
            _ => {}
        }
        index += 1;
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner(arguments: &[&str]) -> Option<&'static str> {
        let machines = [
            ("web", "/vms/web"),
            ("web2", "/vms/web2"),
            ("inner", "/vms/web/inner"),
            ("comma", "/v,ms/comma"),
            ("space", "/vm data/space"),
            ("copy", "/vms/web"),
        ];
        let directories = machines.iter().map(|(name, path)| (*name, vec![PathBuf::from(path)]));
        let arguments: Vec<_> = arguments.iter().map(|text| (*text).to_owned()).collect();
        Directories::new(directories).owner(&arguments).map(|index| machines[index].0)
    }

    #[test]
    fn assigns_a_process_by_the_files_that_it_names() {
        const QEMU: &str = "/usr/bin/qemu-system-x86_64";
        let table: &[(&[&str], Option<&str>)] = &[
            (&[QEMU, "-drive", "file=/vms/web/web.qcow2,if=virtio"], Some("web")),
            (&[QEMU, "-drive", "file=/vms/web2/web2.qcow2"], Some("web2")),
            (&[QEMU, "-drive", "file=/vms/web22/web2.qcow2"], None),
            (&[QEMU, "-qmp", "unix:/vms/web/web.qmp,server,nowait"], Some("web")),
            (&[QEMU, "-pidfile", "/vms/web/copy.pid"], Some("copy")),
            (&[QEMU, "-serial", "file:/vms/web2/console.log"], Some("web2")),
            (
                &["qemu-kvm", "-blockdev", r#"{"driver":"file","filename":"/vms/web/web.qcow2"}"#],
                Some("web"),
            ),
            (&[QEMU, "-drive", "file=/v,,ms/comma/comma.qcow2,if=virtio"], Some("comma")),
            (&[QEMU, "-drive", "file=/vm data/space/space.qcow2"], Some("space")),
            (&[QEMU, "-drive", "file=/vms//web/./web.qcow2"], Some("web")),
            (
                &[QEMU, "-cdrom", "/vms/web2/web2-seed.iso", "-drive", "file=/vms/web/web.qcow2"],
                Some("web"),
            ),
            (&[QEMU, "-cdrom", "/vms/web/inner/seed.iso"], Some("inner")),
            (&["sudo", QEMU, "-drive", "file=/vms/web/web.qcow2"], Some("web")),
            (
                &[
                    "/opt/socket_vmnet/bin/socket_vmnet_client",
                    "/var/run/socket_vmnet",
                    "qemu-system-aarch64",
                    "-drive",
                    "file=/vms/web/web.qcow2",
                ],
                Some("web"),
            ),
            (&[QEMU, "-drive", "file=/vms/web"], None),
            (&[QEMU, "-drive", "file=/else/where.qcow2"], None),
            (&[QEMU, "-append", "root=x/vms/web/web.qcow2"], None),
            (&["qemu-img", "convert", "/vms/web/web.qcow2"], None),
            (&["less", "/vms/web/web.qcow2"], None),
            (&["grep", "qemu-system-x86_64", "/vms/web/console.log"], None),
            (&["sleep", "60"], None),
            (&[], None),
        ];
        for (arguments, expected) in table {
            assert_eq!(owner(arguments), *expected, "{arguments:?}");
        }
    }

    #[test]
    fn reads_a_hostile_command_line_in_linear_time() {
        let start = std::time::Instant::now();
        let deep = "/a".repeat(256 * 1024);
        let many = "=/".repeat(256 * 1024);
        assert_eq!(owner(&["qemu-system-x86_64", &deep, &many]), None);
        // Quadratic time takes minutes, linear time milliseconds.
        assert!(start.elapsed() < std::time::Duration::from_secs(30), "{:?}", start.elapsed());
    }

    #[test]
    fn accepts_relative_names_of_own_files_only() {
        let table = [
            ("file=web.qcow2,if=virtio", true),
            ("unix:vms/web/web.qmp", true),
            ("file=/else/web.qcow2", false),
            ("file=xweb.qcow2", false),
            ("web-seed.iso", false),
        ];
        for (argument, expected) in table {
            let arguments = ["qemu-system-x86_64".to_owned(), argument.to_owned()];
            let found = named_relatively(&arguments).any(|name| name == "web");
            assert_eq!(found, expected, "{argument}");
        }
    }
}
