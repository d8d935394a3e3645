//! Opens and lists files of managers that only root can read: those of a fixed table, where nobody but root
//! can have put them.

use std::{
    fs::File,
    os::fd::{AsFd, OwnedFd},
    path::Path,
};

use rustix::{
    fs::{CWD, Dir, FileType, Mode, OFlags, fstat, openat},
    io::Errno,
};
use vmkit_rights::Refusal;
use vmkit_wire::{fits, is_manager_file};

/// Largest file, in bytes: libvirt's description of a machine with hundreds of devices has 200 KiB.
const LARGEST: i64 = 4 << 20;
/// Most files of one pattern, as many as a plugin is given.
const MOST_MATCHES: usize = 1024;
/// Most entries of one directory that are looked at.
const MOST_ENTRIES: usize = 16 * 1024;
/// The rights of the group and of everybody else to write.
const WRITABLE_BY_OTHERS: Mode = Mode::WGRP.union(Mode::WOTH);

/// How everything is opened: nothing in its place can lead elsewhere or block.
const AS_IT_IS: OFlags = OFlags::NOFOLLOW
    .union(OFlags::NONBLOCK)
    .union(OFlags::NOCTTY)
    .union(OFlags::CLOEXEC)
    .union(OFlags::RDONLY);

/// The file at this path, open for reading.
pub(crate) fn open(path: &Path) -> Result<File, Refusal> {
    let text = in_table(path)?;
    if text.contains('*') {
        return Err(outside(path));
    }
    let (above, name) = text.rsplit_once('/').ok_or_else(|| outside(path))?;
    let directory = walk(above).map_err(|why| why.refusal(path))?;
    let file = file(&directory, name).map_err(|why| why.refusal(path))?;
    Ok(File::from(file))
}

/// The paths of the files that match a pattern of the table, sorted.
pub(crate) fn list(pattern: &str) -> Result<Vec<String>, Refusal> {
    let path = Path::new(pattern);
    in_table(path)?;
    let mut found = vec![String::new()];
    let mut denied = None;
    let mut parts = pattern.split('/').skip(1).peekable();
    while let Some(part) = parts.next() {
        let mut below = Vec::new();
        for directory in &found {
            if !part.contains('*') {
                below.push(format!("{directory}/{part}"));
                continue;
            }
            match names(directory, part) {
                Ok(names) => below.extend(names.iter().map(|name| format!("{directory}/{name}"))),
                Err(Why::System(Errno::NOENT | Errno::NOTDIR)) => {}
                Err(why) => denied = Some(why),
            }
        }
        below.truncate(if parts.peek().is_some() { MOST_ENTRIES } else { MOST_MATCHES });
        found = below;
    }
    match denied {
        Some(why) if found.is_empty() => Err(why.refusal(path)),
        _ => Ok(found),
    }
}

/// Why something is not opened.
enum Why {
    System(Errno),
    /// It is not root's alone, or not what it should be.
    Unfit(&'static str),
}

impl Why {
    fn refusal(&self, path: &Path) -> Refusal {
        let path = path.display();
        match self {
            Self::System(error) => {
                let error = std::io::Error::from(*error);
                let message = format!("open {path}: {error}");
                Refusal { denied: error.kind() == std::io::ErrorKind::PermissionDenied, message }
            }
            Self::Unfit(why) => Refusal::denied(format!("open {path}: {why}")),
        }
    }
}

impl From<Errno> for Why {
    fn from(error: Errno) -> Self {
        Self::System(error)
    }
}

fn in_table(path: &Path) -> Result<&str, Refusal> {
    let text = path.to_str().filter(|text| is_manager_file(text));
    let plain = |part: &str| !part.is_empty() && part != "." && part != "..";
    let text = text.filter(|text| text.split('/').skip(1).all(plain));
    text.ok_or_else(|| outside(path))
}

fn outside(path: &Path) -> Refusal {
    Refusal::denied(format!("{} is no file of a manager that is on the list", path.display()))
}

/// The directory at an absolute path whose parts are all root's alone.
fn walk(path: &str) -> Result<OwnedFd, Why> {
    walk_from(openat(CWD, "/", AS_IT_IS | OFlags::DIRECTORY, Mode::empty())?, path, 0)
}

fn walk_from(root: OwnedFd, path: &str, owner: u32) -> Result<OwnedFd, Why> {
    let mut directory = root;
    check(&directory, owner)?;
    for part in real(path).split('/').filter(|part| !part.is_empty()) {
        directory = openat(&directory, part, AS_IT_IS | OFlags::DIRECTORY, Mode::empty())?;
        check(&directory, owner)?;
    }
    Ok(directory)
}

/// Where macOS really keeps `/var`.
fn real(path: &str) -> String {
    let in_private = cfg!(target_os = "macos") && path.starts_with("/var/");
    if in_private { format!("/private{path}") } else { path.to_owned() }
}

fn check(opened: &impl AsFd, owner: u32) -> Result<rustix::fs::Stat, Why> {
    let status = fstat(opened)?;
    if status.st_uid != owner {
        return Err(Why::Unfit("it, or a directory above it, is not root's"));
    }
    if Mode::from_raw_mode(status.st_mode).intersects(WRITABLE_BY_OTHERS) {
        return Err(Why::Unfit("others than root can write to it, or to a directory above it"));
    }
    Ok(status)
}

fn file(directory: &OwnedFd, name: &str) -> Result<OwnedFd, Why> {
    file_of(directory, name, 0)
}

fn file_of(directory: &OwnedFd, name: &str, owner: u32) -> Result<OwnedFd, Why> {
    let file = openat(directory, name, AS_IT_IS, Mode::empty())?;
    let status = check(&file, owner)?;
    if FileType::from_raw_mode(status.st_mode) != FileType::RegularFile {
        return Err(Why::Unfit("it is no regular file"));
    }
    if status.st_size > LARGEST {
        return Err(Why::Unfit("it is larger than 4 MiB"));
    }
    Ok(file)
}

/// The names in a directory that match a part of a pattern, sorted.
fn names(directory: &str, part: &str) -> Result<Vec<String>, Why> {
    let entries = Dir::read_from(walk(directory)?)?;
    let mut names = Vec::new();
    for entry in entries.take(MOST_ENTRIES) {
        let entry = entry?;
        let Ok(name) = entry.file_name().to_str() else { continue };
        let is_plain = name != "." && name != ".." && !name.chars().any(char::is_control);
        if is_plain && fits(part, name) {
            names.push(name.to_owned());
        }
    }
    names.sort();
    Ok(names)
}

#[cfg(test)]
mod tests {
    use std::{
        fs::{self, Permissions},
        os::unix::fs::{PermissionsExt as _, symlink},
        path::PathBuf,
    };

    use super::*;

    #[test]
    fn opens_and_lists_what_is_in_the_table_alone() {
        let refused = [
            "/etc/shadow",
            "/etc/libvirt/qemu/../../shadow",
            "/etc/libvirt/qemu/./x.xml",
            "/etc/libvirt/qemu/x/y.xml",
            "/etc/libvirt/qemu/x.xml.bak",
            "/etc/libvirt/libvirtd.conf",
            "/etc/pve/priv/authkey.key",
            "/etc/pve/nodes/../priv/qemu-server/x.conf",
            "etc/libvirt/qemu/x.xml",
            "",
        ];
        for path in refused {
            let refusal = open(Path::new(path)).unwrap_err();
            assert!(refusal.denied && refusal.message.contains("on the list"), "{path}: {refusal}");
            assert!(list(path).unwrap_err().denied, "{path}");
        }
        // A pattern is listed and not opened.
        assert!(open(Path::new("/etc/libvirt/qemu/*.xml")).unwrap_err().denied);
        assert!(list("/etc/*/qemu/*.xml").unwrap_err().denied);
        assert_eq!(list("/etc/pve/nodes/*/qemu-server/*.conf").unwrap_or_default(), [""; 0]);
    }

    /// A tree of the user who runs the tests.
    fn tree() -> (tempfile::TempDir, OwnedFd, u32) {
        let place = tempfile::tempdir().unwrap();
        fs::set_permissions(place.path(), Permissions::from_mode(0o755)).unwrap();
        let root = openat(CWD, place.path(), AS_IT_IS | OFlags::DIRECTORY, Mode::empty()).unwrap();
        (place, root, rustix::process::geteuid().as_raw())
    }

    fn outcome(root: &OwnedFd, path: &str, owner: u32) -> Result<OwnedFd, Why> {
        let (above, name) = path.rsplit_once('/').unwrap();
        let root = root.try_clone().unwrap();
        file_of(&walk_from(root, above, owner)?, name, owner)
    }

    #[test]
    fn each_part_of_a_path_is_its_owners_alone_and_no_link() {
        let (place, root, me) = tree();
        let path = |name: &str| -> PathBuf { place.path().join(name) };
        for directory in ["own", "open", "own/directory.xml"] {
            fs::create_dir(path(directory)).unwrap();
        }
        for file in ["own/web.xml", "own/open.xml", "open/web.xml", "own/large.xml"] {
            fs::write(path(file), "x").unwrap();
        }
        fs::File::create(path("own/large.xml")).unwrap().set_len(5 << 20).unwrap();
        for (name, mode) in [("open", 0o775), ("own/open.xml", 0o666), ("own/web.xml", 0o600)] {
            fs::set_permissions(path(name), Permissions::from_mode(mode)).unwrap();
        }
        symlink(path("own"), path("link")).unwrap();
        symlink(path("own/web.xml"), path("own/link.xml")).unwrap();
        let made = std::process::Command::new("mkfifo").arg(path("own/fifo.xml")).status().unwrap();
        assert!(made.success());
        let rows = [
            ("/own/web.xml", true),
            ("/own/open.xml", false),
            ("/open/web.xml", false),
            ("/own/large.xml", false),
            ("/own/directory.xml", false),
            ("/own/fifo.xml", false),
            ("/own/link.xml", false),
            ("/link/web.xml", false),
            ("/own/none.xml", false),
        ];
        for (name, expected) in rows {
            assert_eq!(outcome(&root, name, me).is_ok(), expected, "{name}");
        }
        assert!(outcome(&root, "/own/web.xml", me + 1).is_err(), "another user's");
        if me == 0 {
            std::os::unix::fs::chown(path("own/web.xml"), Some(41_001), None).unwrap();
            assert!(outcome(&root, "/own/web.xml", me).is_err(), "another user's file");
        }
    }

    #[test]
    fn what_is_opened_can_only_be_read() {
        use std::io::Write as _;

        let (place, root, me) = tree();
        fs::write(place.path().join("web.xml"), "x").unwrap();
        fs::set_permissions(place.path().join("web.xml"), Permissions::from_mode(0o600)).unwrap();
        let Ok(file) = outcome(&root, "/web.xml", me) else { panic!("not opened") };
        assert!(File::from(file).write_all(b"y").is_err());
    }
}
