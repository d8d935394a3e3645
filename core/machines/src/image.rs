//! Images that machines are created from: what they are, and which must not be used.

use std::{
    fs::File,
    io::{self, Read as _, Seek as _, SeekFrom},
    path::{Path, PathBuf},
};

use rustix::fs::{Mode, OFlags, open};

use crate::{
    architecture,
    guest::System,
    qcow2::{self, Fault},
    size::Size,
    stored::DiskFormat,
};

/// The smallest and the largest disk of a system: a few sectors boot nothing, and no cloud offers more.
const SMALLEST: u64 = 1 << 20;
const LARGEST: u64 = 64 << 40;

/// Offset of the mark of a CD's file system, ISO 9660.
const CD_MARK: usize = 32_769;

/// The formats that are not read, by their first bytes, and what they are.
const OTHERS: &[(usize, &[u8], &str)] = &[
    (0, b"KDMV", "an image of VMware"),
    (0, b"# Disk DescriptorFile", "a description of an image of VMware"),
    (0, b"COWD", "an image of VMware"),
    (0, b"vhdxfile", "an image of Hyper-V"),
    (0, b"conectix", "an image of Hyper-V"),
    (0x40, b"\x7f\x10\xda\xbe", "an image of VirtualBox"),
    (0, b"QED\0", "an image of QEMU's former format qed"),
    (0, b"LUKS\xba\xbe", "encrypted"),
    (CD_MARK, b"CD001", "a CD, such as an installer"),
    (0, b"\x1f\x8b", "compressed by gzip"),
    (0, b"\xfd7zXZ\0", "compressed by xz"),
    (0, b"\x28\xb5\x2f\xfd", "compressed by zstd"),
    (0, b"BZh", "compressed by bzip2"),
    (0, b"PK\x03\x04", "an archive"),
    (257, b"ustar", "an archive"),
    (0, b"<", "a page of HTML or XML, such as the answer of a web server"),
];

/// What an image is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Image {
    pub(crate) format: DiskFormat,
    /// The size of the disk.
    pub(crate) size: Size,
    /// The system on it, as far as its name tells.
    pub(crate) system: System,
    /// QEMU's word for the processor that it is for, as far as its name tells.
    pub(crate) architecture: Option<&'static str>,
}

/// Why no machine can be created from an image.
#[derive(Debug, thiserror::Error)]
pub enum ImageError {
    /// It cannot be read.
    #[error("cannot read the image {}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// It is no image of a disk with a system.
    #[error("{} is {what}, and no image of a system's disk", path.display())]
    Unsuitable {
        /// The file.
        path: PathBuf,
        /// What it is.
        what: &'static str,
    },
    /// It would have QEMU open other files, or is not whole.
    #[error("the image {} is refused: {why}", path.display())]
    Refused {
        /// The file.
        path: PathBuf,
        /// Why.
        why: &'static str,
    },
    /// It is for another processor.
    #[error("the image {} is for {found} and not for {wanted}", path.display())]
    OtherArchitecture {
        /// The file.
        path: PathBuf,
        /// QEMU's word for the processor that it is for.
        found: &'static str,
        /// The processor of the machine.
        wanted: String,
    },
    /// The disk would be smaller than the image.
    #[error("a disk of {wanted} cannot hold the image {}, which needs {needed}", path.display())]
    TooSmall {
        /// The file.
        path: PathBuf,
        /// The size that the user wants.
        wanted: Size,
        /// The size of the image's disk.
        needed: Size,
    },
}

impl ImageError {
    /// What the user can do.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Unsuitable { path, what } if what.starts_with("an image of") => {
                let path = path.to_string_lossy();
                let words = ["qemu-img", "convert", "-O", "qcow2", &path, "image.qcow2"];
                shlex::try_join(words).ok()
            }
            Self::Unsuitable { what, .. } if what.starts_with("compressed") => {
                Some("decompress it first".to_owned())
            }
            Self::Unsuitable { .. } => {
                Some("use a cloud image, such as those of Ubuntu, Debian or Fedora".to_owned())
            }
            Self::OtherArchitecture { wanted, .. } => Some(format!("use the image for {wanted}")),
            Self::TooSmall { needed, .. } => Some(format!("name a size of at least {needed}")),
            Self::Unreadable { path, .. } => download(path),
            Self::Refused { .. } => None,
        }
    }
}

/// How to get an image that was named by its address on the web.
fn download(path: &Path) -> Option<String> {
    let address = path.to_str()?;
    if !["https://", "http://", "ftp://"].iter().any(|scheme| address.starts_with(scheme)) {
        return None;
    }
    let (name, command) = (path.file_name()?, ["curl", "-fLO", address]);
    let (name, command) = (shlex::try_quote(name.to_str()?).ok()?, shlex::try_join(command).ok()?);
    Some(format!("download it first, and name the file: {command}, then --image {name}"))
}

impl Image {
    /// Looks at the image that the user has named.
    ///
    /// # Errors
    /// It cannot be read or must not be used.
    pub(crate) fn at(path: &Path) -> Result<Self, ImageError> {
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let unreadable = |source| ImageError::Unreadable { path: path.to_owned(), source };
        let file = open(path, flags, Mode::empty()).map_err(|error| unreadable(error.into()))?;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        Self::of(&mut File::from(file), path, &name)
    }

    /// Looks at an open image. `path`: what to call it; `name`: its file's name, which may tell its system.
    pub(crate) fn of(file: &mut File, path: &Path, name: &str) -> Result<Self, ImageError> {
        let unreadable = |source| ImageError::Unreadable { path: path.to_owned(), source };
        let unsuitable = |what| ImageError::Unsuitable { path: path.to_owned(), what };
        let metadata = file.metadata().map_err(unreadable)?;
        if !metadata.is_file() {
            return Err(unsuitable(if metadata.is_dir() {
                "a directory"
            } else {
                "no regular file"
            }));
        }
        let mut head = Vec::new();
        file.seek(SeekFrom::Start(0))
            .and_then(|_| file.by_ref().take(qcow2::HEAD as u64).read_to_end(&mut head))
            .map_err(unreadable)?;
        let (format, size) = judge(&head, metadata.len()).map_err(|verdict| match verdict {
            Verdict::Unsuitable(what) => unsuitable(what),
            Verdict::Refused(why) => ImageError::Refused { path: path.to_owned(), why },
        })?;
        let (system, architecture) = (System::of_name(name), architecture::of_name(name));
        Ok(Self { format, size, system, architecture })
    }
}

/// Why an image is not used.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is something else.
    Unsuitable(&'static str),
    /// It is not safe to open.
    Refused(&'static str),
}

/// The format and the size of the disk of an image that begins with these bytes.
pub(crate) fn judge(head: &[u8], length: u64) -> Result<(DiskFormat, Size), Verdict> {
    let (format, bytes) = if head.starts_with(&qcow2::MAGIC) {
        (DiskFormat::Qcow2, qcow2_size(head)?)
    } else {
        check_raw(head)?;
        (DiskFormat::Raw, length)
    };
    if !(SMALLEST..=LARGEST).contains(&bytes) {
        return Err(Verdict::Refused("no system has a disk of its size"));
    }
    let size = Size::of_bytes(bytes).ok_or(Verdict::Refused("no system has a disk of its size"))?;
    Ok((format, size))
}

fn qcow2_size(head: &[u8]) -> Result<u64, Verdict> {
    let header = qcow2::parse(head).ok_or(Verdict::Refused("its header is not one of qcow2"))?;
    let why = match header.fault {
        Some(Fault::ExternalData) => "it keeps its data in another file",
        Some(Fault::Encrypted) => "it is encrypted",
        Some(Fault::Damaged) => {
            "it is damaged, or was not closed; `qemu-img check -r all` may repair it"
        }
        Some(Fault::UnknownFeature) => "it has features that are unknown",
        None if header.base.is_some() => {
            "it is based on another file; `qemu-img convert` makes it whole, if you trust it"
        }
        None => return Ok(header.size),
    };
    Err(Verdict::Refused(why))
}

/// A raw disk that starts has a boot sector with a mark at its end, with both kinds of partition tables.
fn check_raw(head: &[u8]) -> Result<(), Verdict> {
    let begins = |at: usize, mark: &[u8]| head.get(at..).is_some_and(|rest| rest.starts_with(mark));
    if let Some((.., what)) = OTHERS.iter().find(|(at, mark, _)| begins(*at, mark)) {
        return Err(Verdict::Unsuitable(what));
    }
    if head.is_empty() {
        return Err(Verdict::Unsuitable("empty"));
    }
    if begins(510, b"\x55\xaa") {
        Ok(())
    } else {
        Err(Verdict::Unsuitable("neither qcow2 nor a raw disk"))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::qcow2::tests::{head, with_base};

    fn raw(changes: &[(usize, &[u8])]) -> Vec<u8> {
        let mut disk = vec![0; 40_000];
        for (at, bytes) in [(510, b"\x55\xaa".as_slice())].iter().chain(changes) {
            disk[*at..*at + bytes.len()].copy_from_slice(bytes);
        }
        disk
    }

    fn sized(mut head: Vec<u8>, size: u64) -> Vec<u8> {
        head[24..32].copy_from_slice(&size.to_be_bytes());
        head
    }

    #[test]
    fn accepts_whole_images_and_refuses_the_rest() {
        let gib = 1 << 30;
        let good = |format| Ok((format, Size::of_bytes(gib).unwrap()));
        let other = |what| Err(Verdict::Unsuitable(what));
        let bad = |why| Err(Verdict::Refused(why));
        let size = "no system has a disk of its size";
        let base =
            "it is based on another file; `qemu-img convert` makes it whole, if you trust it";
        let table = [
            (head(0, &[]), good(DiskFormat::Qcow2)),
            (raw(&[]), good(DiskFormat::Raw)),
            (with_base(head(0, &[]), b"/etc/shadow"), bad(base)),
            (with_base(head(0, &[]), b"json:{\"driver\":\"nbd\"}"), bad(base)),
            (head(0, &[(0x4441_5441, b"/dev/sda")]), bad("it keeps its data in another file")),
            (sized(head(0, &[]), 0), bad(size)),
            (sized(head(0, &[]), 512), bad(size)),
            (sized(head(0, &[]), u64::MAX), bad(size)),
            (sized(head(0, &[]), 65 << 40), bad(size)),
            (b"QFI\xfb\0\0\0\x01".to_vec(), bad("its header is not one of qcow2")),
            (raw(&[(32_769, b"CD001")]), other("a CD, such as an installer")),
            (raw(&[(0, b"LUKS\xba\xbe")]), other("encrypted")),
            (b"KDMV".to_vec(), other("an image of VMware")),
            (b"<!DOCTYPE html>".to_vec(), other(OTHERS[OTHERS.len() - 1].2)),
            (b"json:{}".to_vec(), other("neither qcow2 nor a raw disk")),
            (vec![0; 4096], other("neither qcow2 nor a raw disk")),
            (Vec::new(), other("empty")),
        ];
        for (index, (head, expected)) in table.into_iter().enumerate() {
            assert_eq!(judge(&head, gib), expected, "{index}");
        }
        assert_eq!(judge(&raw(&[]), 40_000), bad(size));
    }

    #[test]
    fn opens_regular_files_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("debian-12-amd64.qcow2"), head(0, &[])).unwrap();
        assert!(std::process::Command::new("mkfifo").arg(path("pipe")).status().unwrap().success());
        let image = Image::at(&path("debian-12-amd64.qcow2")).unwrap();
        let found =
            (image.format, image.size.to_string(), image.system.version, image.architecture);
        let expected = (DiskFormat::Qcow2, "1G".to_owned(), Some("debian"), Some("x86_64"));
        assert_eq!(found, expected);
        let ends = [("pipe", "no regular file"), (".", "a directory"), ("none", "cannot read")];
        for (name, expected) in ends {
            let error = Image::at(&path(name)).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
