//! A place in which the programs of a host see no other programs, and only the lab's files of managers.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{LabError, PATIENCE, Process, error::file_error, wait_until};

/// Directories that the host's programs see in place of the computer's. Managers keep their files there.
const OWN: &[&str] = &["/var/lib", "/var/log", "/var/cache", "/etc/libvirt", "/run"];

/// Accounts that a manager's packages make when they are installed as a whole.
const ACCOUNTS: &[(&str, &str)] = &[
    ("/etc/passwd", "libvirt-qemu:x:64055:64055::/var/lib/libvirt:/usr/sbin/nologin"),
    ("/etc/group", "libvirt-qemu:x:64055:"),
];

/// Namespaces for processes and mounts in the host's network. They end with their first process.
#[derive(Debug)]
pub(crate) struct Enclosure {
    /// The number of the first process, outside.
    first: u32,
    _process: Process,
}

impl Enclosure {
    /// Makes the place by `unshare` in the host's network. Its files are in `folder`; what is in the
    /// `kept` directories stays where it is.
    pub(crate) fn new(
        mut command: Command,
        folder: &Path,
        kept: &[&Path],
    ) -> Result<Self, LabError> {
        let ready = folder.join("ready");
        command.args(["--pid", "--fork", "--kill-child", "--mount", "--mount-proc", "sh", "-c"]);
        // The first process has to take the orphans of others when they end, and a shell does that
        // while it waits.
        command.arg(format!(
            "set -e; {}touch '{}'; while :; do sleep 3600; done",
            mounts(folder, kept)?,
            ready.display()
        ));
        let log = folder.join("enclosure.log");
        let mut process = Process::start(&mut command, &log)?;
        wait_until(PATIENCE, "an enclosed host", || {
            if process.is_running()? {
                return Ok(ready.exists());
            }
            let said = fs::read_to_string(&log).unwrap_or_default();
            Err(LabError::Missing(format!("namespaces for mounts and processes: {said}")))
        })?;
        Ok(Self { first: child_of(process.id())?, _process: process })
    }

    /// A command to run in it.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new("nsenter");
        command.args(["--mount", "--net", "--pid", "--target", &self.first.to_string()]);
        command
    }
}

/// Where the host's programs see this directory in the lab's folder.
pub(crate) fn place(folder: &Path, directory: &str) -> PathBuf {
    folder.join(directory.trim_start_matches('/').replace('/', "-"))
}

/// The commands that show the lab's files.
fn mounts(folder: &Path, kept: &[&Path]) -> Result<String, LabError> {
    let mut script = String::new();
    let bind = |from: &Path, to: &str| format!("mount --bind '{}' '{to}'; ", from.display());
    for directory in OWN {
        let own = place(folder, directory);
        fs::create_dir_all(&own).map_err(file_error("make", &own))?;
        for kept in kept.iter().filter(|kept| kept.is_dir()) {
            let Ok(below) = kept.strip_prefix(directory) else { continue };
            let inside = own.join(below);
            fs::create_dir_all(&inside).map_err(file_error("make", &inside))?;
            script.push_str(&bind(kept, &inside.display().to_string()));
        }
    }
    for (file, line) in ACCOUNTS {
        let text = fs::read_to_string(file).map_err(file_error("read", *file))?;
        let own = place(folder, file);
        let name = line.split_inclusive(':').next().unwrap_or(line);
        let known = text.lines().any(|each| each.starts_with(name));
        let text = if known { text } else { format!("{}\n{line}\n", text.trim_end()) };
        fs::write(&own, text).map_err(file_error("write", &own))?;
        script.push_str(&bind(&own, file));
    }
    let own = |directory: &&str| {
        format!("mount --rbind '{}' '{directory}'; ", place(folder, directory).display())
    };
    script.extend(OWN.iter().map(own));
    Ok(script)
}

/// The one child of a process.
fn child_of(pid: u32) -> Result<u32, LabError> {
    let path = format!("/proc/{pid}/task/{pid}/children");
    let text = fs::read_to_string(&path).map_err(file_error("read", &path))?;
    let child = text.split_whitespace().next().and_then(|child| child.parse().ok());
    child.ok_or_else(|| LabError::Missing(format!("a child of process {pid}")))
}
