//! QEMU's tool for disk images.

use std::{
    ffi::OsString,
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use serde::Deserialize;
use vmkit_types::{bounded, escaped};

use crate::{
    run::{self, Bounds, Ended},
    size::Size,
    stored::DiskFormat,
};

/// How long `qemu-img` may take to look at an image or to write a new header: milliseconds, unless the disk
/// is busy or far away.
const BRIEF: Duration = Duration::from_secs(30);

/// How long it may take to check all tables of an image: 100 GiB in use have 13 MiB of them, and a slow
/// network disk reads them in a minute.
const THOROUGH: Duration = Duration::from_mins(10);

/// A description of an image has a few KiB.
const BOUNDS: Bounds = Bounds { output: 1024 * 1024, complaint: 16 * 1024 };

/// Longest complaint that is shown.
const COMPLAINT_LIMIT: usize = 300;

/// `qemu-img check`: clusters are marked as used that nothing uses. No data is lost.
const LEAKS: i32 = 3;
/// `qemu-img check`: the format has nothing to check.
const NOTHING_TO_CHECK: i32 = 63;

/// `qemu-img`, run with lists of arguments, absolute paths and formats that are named.
#[derive(Clone, Debug)]
pub struct DiskTools {
    qemu_img: PathBuf,
}

/// Why `qemu-img` did not do its work.
#[derive(Debug, thiserror::Error)]
pub enum ToolError {
    /// It is not installed.
    #[error("qemu-img is not installed")]
    NotInstalled,
    /// It cannot be started.
    #[error("cannot start {}", program.display())]
    Start {
        /// The program.
        program: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// It was still working at the deadline.
    #[error("qemu-img did not {operation} {} within {} s", path.display(), patience.as_secs())]
    TimedOut {
        /// What it was to do.
        operation: &'static str,
        /// To what.
        path: PathBuf,
        /// How long it had.
        patience: Duration,
    },
    /// Another program has the image open.
    #[error("{} is in use by another program", path.display())]
    InUse {
        /// The image.
        path: PathBuf,
    },
    /// The disk is full.
    #[error("no space is left to {operation} {}", path.display())]
    NoSpace {
        /// What it was to do.
        operation: &'static str,
        /// To what.
        path: PathBuf,
    },
    /// It failed.
    #[error("qemu-img cannot {operation} {}: {why}", path.display())]
    Failed {
        /// What it was to do.
        operation: &'static str,
        /// To what.
        path: PathBuf,
        /// What it said.
        why: String,
    },
}

impl ToolError {
    /// What the user can do.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::NotInstalled if cfg!(target_os = "macos") => Some("brew install qemu"),
            Self::NotInstalled => Some(
                "install QEMU's tools: sudo apt install qemu-utils, or sudo dnf install qemu-img",
            ),
            Self::NoSpace { .. } => Some("free some space, and run the command again"),
            Self::Start { .. }
            | Self::TimedOut { .. }
            | Self::InUse { .. }
            | Self::Failed { .. } => None,
        }
    }
}

/// What `qemu-img info` says of an image.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Description {
    pub(crate) virtual_size: u64,
    pub(crate) backing_filename: Option<String>,
    pub(crate) backing_filename_format: Option<String>,
    #[serde(default)]
    pub(crate) encrypted: bool,
}

impl DiskTools {
    /// Finds `qemu-img`.
    ///
    /// # Errors
    /// It is not installed.
    pub fn find() -> Result<Self, ToolError> {
        let qemu_img = vmkit_power::find_qemu_img().ok_or(ToolError::NotInstalled)?;
        Ok(Self { qemu_img })
    }

    /// What an image is, read as this format. It must not be open in a program that writes to it.
    pub(crate) fn describe(
        &self,
        image: &Path,
        format: DiskFormat,
    ) -> Result<Description, ToolError> {
        let mut line = Line::new("info");
        line.words(&["--output=json", "-f", format.code()]).path(image);
        let ended = self.finish("read", image, &line, BRIEF)?;
        serde_json::from_slice(&ended.output).map_err(|error| ToolError::Failed {
            operation: "read",
            path: image.to_owned(),
            why: format!("its description cannot be read: {error}"),
        })
    }

    /// Makes a disk of this size that holds what differs from `base`, a name in the disk's own directory.
    pub(crate) fn create_overlay(
        &self,
        disk: &Path,
        base: &str,
        format: DiskFormat,
        size: Size,
    ) -> Result<(), ToolError> {
        let mut line = Line::new("create");
        line.words(&["-q", "-f", "qcow2", "-F", format.code(), "-b", base]).path(disk);
        line.words(&[&size.bytes().to_string()]);
        self.finish("create", disk, &line, BRIEF).map(drop)
    }

    /// Writes into the disk's header that it is based on `base`, a name in its own directory, whose content
    /// is that of its present base.
    pub(crate) fn change_base(
        &self,
        disk: &Path,
        base: &str,
        format: DiskFormat,
    ) -> Result<(), ToolError> {
        let mut line = Line::new("rebase");
        line.words(&["-q", "-u", "-f", "qcow2", "-F", format.code(), "-b", base]).path(disk);
        self.finish("rebase", disk, &line, BRIEF).map(drop)
    }

    /// Checks that the tables of an image contradict each other nowhere.
    pub(crate) fn check(&self, image: &Path, format: DiskFormat) -> Result<(), ToolError> {
        let mut line = Line::new("check");
        line.words(&["-q", "-f", format.code()]).path(image);
        let ended = self.run("check", image, &line, THOROUGH)?;
        match ended.status.code() {
            Some(0 | LEAKS | NOTHING_TO_CHECK) => Ok(()),
            _ => Err(failure("check", image, &ended)),
        }
    }

    /// Copies the first `count` sectors of 512 bytes of an image's content to a new raw file.
    pub(crate) fn copy_start(
        &self,
        image: &Path,
        format: DiskFormat,
        count: u32,
        to: &Path,
    ) -> Result<(), ToolError> {
        let mut line = Line::new("dd");
        line.words(&["-U", "-f", format.code(), "-O", "raw", "bs=512", &format!("count={count}")]);
        line.option("if=", image).option("of=", to);
        self.finish("read", image, &line, BRIEF).map(drop)
    }

    fn finish(
        &self,
        operation: &'static str,
        path: &Path,
        line: &Line,
        patience: Duration,
    ) -> Result<Ended, ToolError> {
        let ended = self.run(operation, path, line, patience)?;
        if ended.status.success() { Ok(ended) } else { Err(failure(operation, path, &ended)) }
    }

    fn run(
        &self,
        operation: &'static str,
        path: &Path,
        line: &Line,
        patience: Duration,
    ) -> Result<Ended, ToolError> {
        let ended = run::run(&self.qemu_img, &line.0, BOUNDS, patience);
        let ended =
            ended.map_err(|source| ToolError::Start { program: self.qemu_img.clone(), source })?;
        ended.ok_or_else(|| ToolError::TimedOut { operation, path: path.to_owned(), patience })
    }
}

/// The arguments of `qemu-img`.
struct Line(Vec<OsString>);

impl Line {
    fn new(command: &str) -> Self {
        Self(vec![command.into()])
    }

    fn words(&mut self, words: &[&str]) -> &mut Self {
        self.0.extend(words.iter().map(OsString::from));
        self
    }

    /// A file. An absolute path is neither an option nor the name of a protocol, as `nbd:…` would be.
    fn path(&mut self, path: &Path) -> &mut Self {
        self.option("", path)
    }

    fn option(&mut self, prefix: &str, path: &Path) -> &mut Self {
        let mut word = OsString::from(prefix);
        // Fails only for an empty path, or if the working directory was removed.
        word.push(std::path::absolute(path).unwrap_or_else(|_| path.to_owned()));
        self.0.push(word);
        self
    }
}

fn failure(operation: &'static str, path: &Path, ended: &Ended) -> ToolError {
    let said = String::from_utf8_lossy(&ended.complaint);
    let path = path.to_owned();
    if said.contains("No space left on device") || said.contains("Disk quota exceeded") {
        return ToolError::NoSpace { operation, path };
    }
    if said.contains("Is another process using the image") {
        return ToolError::InUse { path };
    }
    let line = said.lines().map(str::trim).find(|line| !line.is_empty());
    let line = line.map(|line| line.strip_prefix("qemu-img: ").unwrap_or(line));
    let why = line.map_or_else(
        || format!("it ended with {}", ended.status),
        |line| escaped(bounded(line, COMPLAINT_LIMIT)),
    );
    ToolError::Failed { operation, path, why }
}

#[cfg(test)]
impl DiskTools {
    /// Makes an empty disk.
    pub(crate) fn create(&self, size: Size, disk: &Path) {
        let mut line = Line::new("create");
        line.words(&["-q", "-f", "qcow2"]).path(disk).words(&[&size.to_string()]);
        self.finish("create", disk, &line, BRIEF).unwrap();
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn tools() -> DiskTools {
        DiskTools::find().expect("qemu-img of the lab's packages")
    }

    #[test]
    fn makes_a_disk_on_a_base_and_moves_it_to_another() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("base.img"), vec![7; 1 << 20]).unwrap();
        fs::copy(path("base.img"), path("other.img")).unwrap();
        let (tools, disk) = (tools(), path("disk, with comma.qcow2"));
        let size = "3M".parse().unwrap();
        tools.create_overlay(&disk, "base.img", DiskFormat::Raw, size).unwrap();
        let described = |base: &str| Description {
            virtual_size: 3 << 20,
            backing_filename: Some(base.to_owned()),
            backing_filename_format: Some("raw".to_owned()),
            encrypted: false,
        };
        assert_eq!(tools.describe(&disk, DiskFormat::Qcow2).unwrap(), described("base.img"));
        tools.change_base(&disk, "other.img", DiskFormat::Raw).unwrap();
        fs::remove_file(path("base.img")).unwrap();
        assert_eq!(tools.describe(&disk, DiskFormat::Qcow2).unwrap(), described("other.img"));
        tools.check(&disk, DiskFormat::Qcow2).unwrap();
        tools.check(&path("other.img"), DiskFormat::Raw).unwrap();
        tools.copy_start(&disk, DiskFormat::Qcow2, 2, &path("start")).unwrap();
        assert_eq!(fs::read(path("start")).unwrap(), vec![7; 1024]);
    }

    #[test]
    fn says_what_failed_in_one_sentence() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("text");
        fs::write(&path, "text").unwrap();
        let error = tools().describe(&path, DiskFormat::Qcow2).unwrap_err().to_string();
        assert!(
            error.starts_with(&format!("qemu-img cannot read {}: ", path.display())),
            "{error}"
        );
        assert_eq!(error.lines().count(), 1, "{error}");
        let size = "1G".parse().unwrap();
        let disk = folder.path().join("disk");
        let error = tools().create_overlay(&disk, "none", DiskFormat::Raw, size).unwrap_err();
        assert!(error.to_string().contains("cannot create"), "{error}");
        assert!(!disk.exists(), "nothing half-made");
    }
}
