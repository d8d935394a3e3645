//! Opens what a server's configuration names, and no device, pipe or file of the kernel's.

use std::{
    fs::File,
    io,
    os::fd::{AsFd, OwnedFd},
    path::Path,
};

use rustix::{
    fs::{CWD, Dir, FileType, Mode, OFlags, fstat, openat},
    io::Errno,
};

/// What is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// A regular file.
    File,
    /// A directory.
    Directory,
}

/// Opens what lies at a path below this root, links included. `None`: nothing does. What it is is looked at
/// before it is opened for reading: opening alone starts some devices.
pub(super) fn open(root: &Path, below: &Path, what: What) -> io::Result<Option<File>> {
    let flags = OFlags::CLOEXEC | OFlags::DIRECTORY;
    let root = openat(CWD, root, flags, Mode::empty())?;
    let found = match find(&root, below) {
        Ok(found) => found,
        Err(Errno::NOENT | Errno::NOTDIR) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let wanted = match what {
        What::File => FileType::RegularFile,
        What::Directory => FileType::Directory,
    };
    if FileType::from_raw_mode(fstat(&found)?.st_mode) != wanted {
        return Err(io::Error::other(match what {
            What::File => "it is no regular file",
            What::Directory => "it is no directory",
        }));
    }
    readable(&found).map(Some)
}

/// The names in a directory, at most so many.
pub(super) fn names(directory: &File, most: usize) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in Dir::read_from(directory.as_fd())? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if name != "." && name != ".." {
            names.push(name);
        }
        if names.len() == most {
            break;
        }
    }
    Ok(names)
}

/// Finds the file without opening it for reading. Links lead no further than the root.
#[cfg(target_os = "linux")]
fn find(root: &OwnedFd, below: &Path) -> rustix::io::Result<OwnedFd> {
    use rustix::fs::{ResolveFlags, openat2};

    let flags = OFlags::PATH | OFlags::CLOEXEC;
    let resolve = ResolveFlags::IN_ROOT | ResolveFlags::NO_MAGICLINKS;
    openat2(root, below, flags, Mode::empty(), resolve)
}

#[cfg(not(target_os = "linux"))]
fn find(root: &OwnedFd, below: &Path) -> rustix::io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    openat(root, below, flags, Mode::empty())
}

/// Opens what was found for reading, unless it is the kernel's.
#[cfg(target_os = "linux")]
fn readable(found: &OwnedFd) -> io::Result<File> {
    use std::os::fd::AsRawFd as _;

    use rustix::fs::{FsWord, PROC_SUPER_MAGIC, fstatfs};

    /// `SYSFS_MAGIC` of linux/magic.h.
    const SYSFS: FsWord = 0x6265_6572;

    let of = fstatfs(found)?.f_type;
    if of == PROC_SUPER_MAGIC || of == SYSFS {
        return Err(io::Error::other("it is a file of the kernel's"));
    }
    File::open(format!("/proc/self/fd/{}", found.as_raw_fd()))
}

#[cfg(not(target_os = "linux"))]
fn readable(found: &OwnedFd) -> io::Result<File> {
    Ok(File::from(found.try_clone()?))
}

#[cfg(test)]
mod tests {
    use std::{fs, io::Read as _, os::unix::fs::symlink, process::Command};

    use super::*;

    #[test]
    fn opens_files_below_the_root_and_nothing_that_is_a_device_a_pipe_or_the_kernels() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        fs::create_dir(root.join("etc")).unwrap();
        fs::write(root.join("etc/dnsmasq.conf"), "inside").unwrap();
        symlink("/etc/dnsmasq.conf", root.join("link")).unwrap();
        symlink("/etc/passwd", root.join("escapes")).unwrap();
        symlink("../../../../../../etc/passwd", root.join("climbs")).unwrap();
        let pipe = Command::new("mkfifo").arg(root.join("pipe")).status().unwrap();
        assert!(pipe.success());
        let read = |root: &Path, path: &str| {
            open(root, Path::new(path), What::File).map(|file| {
                file.map(|mut file| {
                    let mut text = String::new();
                    file.read_to_string(&mut text).unwrap();
                    text
                })
            })
        };
        for path in ["etc/dnsmasq.conf", "link"] {
            assert_eq!(read(root, path).unwrap().as_deref(), Some("inside"), "{path}");
        }
        assert_eq!(read(root, "nothing").unwrap(), None);
        assert!(read(root, "pipe").is_err());
        assert!(read(root, "etc").is_err());
        if cfg!(target_os = "linux") {
            for path in ["escapes", "climbs"] {
                assert_eq!(read(root, path).unwrap(), None, "{path}");
            }
            for path in ["dev/null", "proc/version", "sys/kernel/uevent_seqnum"] {
                assert!(read(Path::new("/"), path).is_err(), "{path}");
            }
        }
        let etc = open(root, Path::new("etc"), What::Directory).unwrap().unwrap();
        assert_eq!(names(&etc, 9).unwrap(), ["dnsmasq.conf"]);
    }
}
