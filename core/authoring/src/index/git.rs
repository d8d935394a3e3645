//! Fetches an index by the program `git`, which gets nothing of the user's configuration.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use rustix::event::{Timespec, poll};
use vmkit_types::{bounded, escaped};

use super::{IndexError, tree};

/// How long fetching may take: an index is small, and a slow network is slow.
const PATIENCE: Duration = Duration::from_mins(2);
/// How often the end and the size are looked for.
const LOOK_AGAIN: Timespec = Timespec { tv_sec: 0, tv_nsec: 20_000_000 };
/// Longest message of git that is shown, in bytes.
const LONGEST_MESSAGE: usize = 300;
/// Most bytes that git may have written, packed and unpacked together.
const MOST_WRITTEN: u64 = 192 << 20;
/// Where programs are.
const PATHS: &str = "/usr/local/bin:/usr/bin:/bin:/opt/homebrew/bin";
/// Starts git with files of at most 64 MiB, or 128 MiB where a shell counts in units of 1024 bytes.
const BOUNDED: &str = "ulimit -f 131072 && exec git \"$@\"";

/// What every call begins with: no hooks, no programs that a configuration names, no links in the copy.
const SETTINGS: [&str; 14] = [
    "-c",
    "core.hooksPath=/dev/null",
    "-c",
    "core.fsmonitor=false",
    "-c",
    "core.symlinks=false",
    "-c",
    "core.attributesFile=/dev/null",
    "-c",
    "protocol.ext.allow=never",
    "-c",
    "submodule.recurse=false",
    "-c",
    "credential.helper=",
];
/// Fetches the newest state alone, and writes no file of it yet.
const CLONE: [&str; 8] = [
    "clone",
    "--quiet",
    "--no-checkout",
    "--depth=1",
    "--no-tags",
    "--single-branch",
    "--no-recurse-submodules",
    "--template=",
];

/// Fetches the repository into a directory of its own below `cache`, in place of what was fetched before.
/// Returns the directory.
///
/// # Errors
/// Git is missing, or does not fetch it in time; it is larger than an index may be.
pub(super) fn fetch(place: &str, cache: &Path, home: &Path) -> Result<PathBuf, IndexError> {
    let failed = |why: String| IndexError::Git { place: escaped(place), why };
    let system = |error: io::Error| failed(error.to_string());
    vmkit_files::Directory::make(cache).map_err(system)?;
    // What is refused goes with this directory.
    let making = tempfile::tempdir_in(cache).map_err(system)?;
    let copy = making.path().join("index");
    let inner = copy.join(".git");
    let git = Git { making: making.path(), home, deadline: Instant::now() + PATIENCE };
    git.run(Stdio::null(), |git| git.args(CLONE).args(["--", place]).arg(&copy))
        .map_err(&failed)?;
    let listing = making.path().join("tree");
    let list = File::create(&listing).map_err(system)?;
    git.run(list.into(), |git| {
        git.arg("--git-dir").arg(&inner).args(["ls-tree", "-r", "-l", "-z", "HEAD"])
    })
    .map_err(&failed)?;
    tree::check(&fs::read(&listing).map_err(system)?).map_err(&failed)?;
    git.run(Stdio::null(), |git| {
        git.arg("--git-dir").arg(&inner).arg("--work-tree").arg(&copy);
        git.args(["checkout", "--quiet", "--force", "HEAD"])
    })
    .map_err(&failed)?;
    fs::remove_dir_all(&inner).map_err(system)?;
    let kept = cache.join(name_of(place));
    if kept.exists() {
        fs::remove_dir_all(&kept).map_err(system)?;
    }
    fs::rename(&copy, &kept).map_err(system)?;
    Ok(kept)
}

/// How git is started.
struct Git<'a> {
    /// The directory that it writes into.
    making: &'a Path,
    home: &'a Path,
    deadline: Instant,
}

impl Git<'_> {
    /// Runs it to its end.
    fn run(
        &self,
        output: Stdio,
        arguments: impl Fn(&mut Command) -> &mut Command,
    ) -> Result<(), String> {
        let system = |error: io::Error| error.to_string();
        let mut command = Command::new("/bin/sh");
        command.args(["-c", BOUNDED, "git"]).args(SETTINGS);
        arguments(&mut command);
        command.env_clear().env("PATH", PATHS).env("HOME", self.home);
        command.envs([
            ("GIT_CONFIG_NOSYSTEM", "1"),
            ("GIT_CONFIG_GLOBAL", "/dev/null"),
            ("GIT_TERMINAL_PROMPT", "0"),
            ("GIT_ALLOW_PROTOCOL", "file:https:ssh"),
            ("GIT_SSH_COMMAND", "ssh -o BatchMode=yes"),
            ("GIT_LFS_SKIP_SMUDGE", "1"),
        ]);
        let messages = self.making.join("messages");
        let said = File::create(&messages).map_err(system)?;
        let child = command.stdin(Stdio::null()).stdout(output).stderr(said).spawn();
        if self.wait(child.map_err(system)?).map_err(system)? {
            return Ok(());
        }
        let said = fs::read(&messages).unwrap_or_default();
        let said = String::from_utf8_lossy(&said);
        let last = said.lines().rev().find(|line| !line.trim().is_empty());
        Err(escaped(bounded(last.unwrap_or("it failed"), LONGEST_MESSAGE)))
    }

    /// Whether the program ends well, in time, and writes no more than it may. Past that it is ended.
    fn wait(&self, mut child: Child) -> io::Result<bool> {
        loop {
            let status = child.try_wait()?;
            let why = if written(self.making) > MOST_WRITTEN {
                format!("it is larger than {} MiB", MOST_WRITTEN >> 20)
            } else if let Some(status) = status {
                return Ok(status.success());
            } else if Instant::now() > self.deadline {
                "it took longer than two minutes".to_owned()
            } else {
                poll(&mut [], Some(&LOOK_AGAIN)).ok();
                continue;
            };
            if status.is_none() {
                child.kill()?;
                child.wait()?;
            }
            return Err(io::Error::other(why));
        }
    }
}

/// The bytes of all files below this directory. What goes away meanwhile counts nothing.
fn written(directory: &Path) -> u64 {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let sizes = entries.map(|entry| match entry.metadata() {
        Ok(status) if status.is_dir() => written(&entry.path()),
        Ok(status) => status.len(),
        Err(_) => 0,
    });
    sizes.fold(0, u64::saturating_add)
}

/// A name for the copy of this repository: its address in characters that every file system takes.
fn name_of(place: &str) -> String {
    use std::hash::{DefaultHasher, Hash as _, Hasher as _};

    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    let readable: String = place.chars().rev().take(40).map(plain).collect();
    let mut hasher = DefaultHasher::new();
    place.hash(&mut hasher);
    let readable: String = readable.chars().rev().collect();
    format!("{:016x}{readable}", hasher.finish())
}
