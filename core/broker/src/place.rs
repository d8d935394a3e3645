//! Reaches what lies in the directory of a user's machine, without being led elsewhere.

use std::{
    fs::File,
    io,
    os::{fd::OwnedFd, unix::net::UnixStream},
    path::Path,
};

use rustix::{
    fs::{FileType, OFlags, fstat},
    io::{FdFlags, fcntl_setfd, ioctl_fionbio},
    net::{AddressFamily, SocketAddrUnix, SocketType, connect, socket},
};
use vmkit_rights::{Account, Refusal, peer};

use crate::process::Qemu;

/// The directory that the path lies in, and the name in it. It must be the user's own, and in a root
/// login root's or that of the QEMU's user: another user's machines are not this user's, even if root
/// runs both.
fn own_directory<'a>(
    qemu: &Qemu,
    path: &'a Path,
    user: Account,
) -> Result<(OwnedFd, &'a Path), Refusal> {
    let failed = |error| of_path("look at", path, error);
    let (Some(directory), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(Refusal::denied(format!("{} is no path of a file", path.display())));
    };
    let descriptor = system::directory(directory).map_err(failed)?;
    let owner = fstat(&descriptor).map_err(failed)?.st_uid;
    if owner != user.uid && (user.uid != 0 || owner != qemu.uid) {
        let directory = directory.display();
        let message = format!("{directory} belongs to user {owner}, not to user {}", user.uid);
        return Err(Refusal::denied(message));
    }
    Ok((descriptor, Path::new(name)))
}

/// Connects to a socket that this QEMU listens on. Nothing was sent yet.
pub(crate) fn connect_to(qemu: &Qemu, path: &Path, user: Account) -> Result<UnixStream, Refusal> {
    let failed = |error| of_path("connect to", path, error);
    let (directory, name) = own_directory(qemu, path, user)?;
    let found = system::Found::open(&directory, name, path).map_err(failed)?;
    if found.kind != FileType::Socket {
        return Err(Refusal::denied(format!("{} is not a socket", path.display())));
    }
    let address = SocketAddrUnix::new(found.path()).map_err(failed)?;
    let connected = || {
        let socket = socket(AddressFamily::UNIX, SocketType::STREAM, None)?;
        fcntl_setfd(&socket, FdFlags::CLOEXEC)?;
        // A listener with a full queue of clients would block for ever.
        ioctl_fionbio(&socket, true)?;
        connect(&socket, &address)?;
        Ok(UnixStream::from(socket))
    };
    let socket = connected().map_err(failed)?;
    // Another process may listen on it.
    let peer = peer(&socket).map_err(|error| of_io("see who listens on", path, &error))?;
    if (peer.uid, peer.pid) != (qemu.uid, qemu.process.pid) {
        let message = format!("process {} listens on {}", peer.pid, path.display());
        return Err(Refusal::denied(message));
    }
    Ok(socket)
}

/// Opens a log of this QEMU for reading: a regular file of its user's with this one name, which it
/// holds open to write to.
pub(crate) fn open_log(qemu: &Qemu, path: &Path, user: Account) -> Result<File, Refusal> {
    let failed = |error| of_path("open", path, error);
    let (directory, name) = own_directory(qemu, path, user)?;
    let file = system::file(&directory, name).map_err(failed)?;
    let status = fstat(&file).map_err(failed)?;
    let is_log = FileType::from_raw_mode(status.st_mode) == FileType::RegularFile
        && status.st_uid == qemu.uid
        && status.st_nlink == 1;
    if !is_log {
        let path = path.display();
        return Err(Refusal::denied(format!("{path} is not a file of its QEMU's user alone")));
    }
    // The owner of the directory can put any file of root's there that a mount of theirs shows.
    if !system::writes_to(qemu.process.pid, &status) {
        let (pid, path) = (qemu.process.pid, path.display());
        return Err(Refusal::denied(format!("process {pid} does not write to the file {path}")));
    }
    Ok(File::from(file))
}

/// How a log is opened: nothing in its place can block or lead elsewhere.
const LOG: OFlags = OFlags::RDONLY
    .union(OFlags::NOFOLLOW)
    .union(OFlags::NONBLOCK)
    .union(OFlags::NOCTTY)
    .union(OFlags::CLOEXEC);

#[cfg(target_os = "linux")]
mod system {
    use std::{
        fs,
        os::fd::{AsRawFd as _, OwnedFd},
        path::{Path, PathBuf},
    };

    use rustix::{
        fs::{CWD, FileType, Mode, OFlags, ResolveFlags, Stat, fstat, openat, openat2, stat},
        io,
    };

    /// Opens a directory as a place alone, without the right to list it. A link of `/proc` on the way
    /// could lead into another process's mounts.
    pub(super) fn directory(path: &Path) -> io::Result<OwnedFd> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        openat2(CWD, path, flags, Mode::empty(), ResolveFlags::NO_MAGICLINKS)
    }

    /// Opens a log that is no mount.
    pub(super) fn file(directory: &OwnedFd, name: &Path) -> io::Result<OwnedFd> {
        let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_XDEV;
        openat2(directory, name, super::LOG, Mode::empty(), resolve)
    }

    /// What lies in a directory, kept by descriptor: another file that takes its name changes nothing.
    pub(super) struct Found {
        descriptor: OwnedFd,
        pub(super) kind: FileType,
    }

    impl Found {
        pub(super) fn open(directory: &OwnedFd, name: &Path, _: &Path) -> io::Result<Self> {
            let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            let descriptor = openat(directory, name, flags, Mode::empty())?;
            let kind = FileType::from_raw_mode(fstat(&descriptor)?.st_mode);
            Ok(Self { descriptor, kind })
        }

        pub(super) fn path(&self) -> PathBuf {
            Path::new("/proc/self/fd").join(self.descriptor.as_raw_fd().to_string())
        }
    }

    /// Whether the process has the file open for nothing but writing, as QEMU opens logs. Disks are
    /// open for reading, too.
    pub(super) fn writes_to(pid: u32, file: &Stat) -> bool {
        let Ok(entries) = fs::read_dir(format!("/proc/{pid}/fd")) else { return false };
        entries.flatten().any(|entry| {
            let is_file = stat(entry.path())
                .is_ok_and(|held| (held.st_dev, held.st_ino) == (file.st_dev, file.st_ino));
            let number = entry.file_name();
            let info = Path::new("/proc").join(pid.to_string()).join("fdinfo").join(number);
            is_file && fs::read_to_string(info).is_ok_and(|info| is_write_only(&info))
        })
    }

    /// The kernel shows the flags of `open` as an octal number.
    fn is_write_only(info: &str) -> bool {
        let flags = info.lines().find_map(|line| line.strip_prefix("flags:"));
        let flags = flags.and_then(|flags| u32::from_str_radix(flags.trim(), 8).ok());
        flags
            .is_some_and(|flags| OFlags::from_bits_retain(flags) & OFlags::RWMODE == OFlags::WRONLY)
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    use std::{
        os::fd::OwnedFd,
        path::{Path, PathBuf},
    };

    use rustix::{
        fs::{AtFlags, FileType, Mode, OFlags, Stat, open, openat, statat},
        io,
    };

    pub(super) fn directory(path: &Path) -> io::Result<OwnedFd> {
        open(path, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
    }

    pub(super) fn file(directory: &OwnedFd, name: &Path) -> io::Result<OwnedFd> {
        openat(directory, name, super::LOG, Mode::empty())
    }

    /// What lies in a directory. A socket is reached by its path alone.
    pub(super) struct Found {
        path: PathBuf,
        pub(super) kind: FileType,
    }

    impl Found {
        pub(super) fn open(directory: &OwnedFd, name: &Path, path: &Path) -> io::Result<Self> {
            let status = statat(directory, name, AtFlags::SYMLINK_NOFOLLOW)?;
            Ok(Self { path: path.to_owned(), kind: FileType::from_raw_mode(status.st_mode) })
        }

        pub(super) fn path(&self) -> PathBuf {
            self.path.clone()
        }
    }

    /// This system has no mounts of a user's own that could show a file of root's.
    pub(super) fn writes_to(_: u32, _: &Stat) -> bool {
        true
    }
}

fn of_path(operation: &str, path: &Path, error: rustix::io::Errno) -> Refusal {
    of_io(operation, path, &io::Error::from(error))
}

fn of_io(operation: &str, path: &Path, error: &io::Error) -> Refusal {
    let message = format!("{operation} {}: {error}", path.display());
    if error.kind() == io::ErrorKind::PermissionDenied {
        Refusal::denied(message)
    } else {
        Refusal::failed(message)
    }
}

#[cfg(test)]
mod tests {
    use std::{
        fs,
        os::unix::{fs::symlink, net::UnixListener},
    };

    use vmkit_platform::{Executable, Process};
    use vmkit_types::{Reading, Unread};

    use super::*;

    /// A QEMU of whoever runs the tests.
    fn qemu(pid: u32) -> Qemu {
        let uid = rustix::process::geteuid().as_raw();
        let started_at = Reading::Unknown(Unread::NotTried);
        let process = Process { pid, arguments: Vec::new(), user: Reading::Known(uid), started_at };
        let program =
            Executable { path: "/qemu-system-arm".into(), owner: 0, writable_by_others: false };
        Qemu { process, uid, program }
    }

    fn me() -> Account {
        Account { uid: rustix::process::geteuid().as_raw(), gid: 0 }
    }

    #[test]
    fn opens_only_a_file_of_the_qemu_that_has_one_name() {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        let own = std::process::id();
        for name in ["log", "linked", "target"] {
            fs::write(path(name), name).unwrap();
        }
        fs::hard_link(path("linked"), path("other-name")).unwrap();
        symlink(path("target"), path("link")).unwrap();
        fs::create_dir(path("directory")).unwrap();
        // This process writes to them, but for one that it only reads and one that it has closed.
        let write = |name: &str| fs::OpenOptions::new().append(true).open(path(name)).unwrap();
        let held = ["log", "linked", "target"].map(write);
        fs::write(path("closed"), "").unwrap();
        fs::write(path("disk"), "").unwrap();
        let disk = fs::OpenOptions::new().read(true).write(true).open(path("disk")).unwrap();
        let made = std::process::Command::new("mkfifo").arg(path("fifo")).status().unwrap();
        assert!(made.success());
        let rows = [
            ("log", true),
            ("closed", cfg!(not(target_os = "linux"))),
            ("disk", cfg!(not(target_os = "linux"))),
            ("linked", false),
            ("link", false),
            ("directory", false),
            ("fifo", false),
            ("missing", false),
        ];
        for (name, expected) in rows {
            let opened = open_log(&qemu(own), &path(name), me());
            assert_eq!(opened.is_ok(), expected, "{name}: {opened:?}");
        }
        drop((held, disk));
        let other = Qemu { uid: 41_001, ..qemu(own) };
        assert!(open_log(&other, &path("log"), me()).unwrap_err().denied, "another user's file");
        let stranger = Account { uid: 41_002, gid: 41_002 };
        let refused = open_log(&qemu(own), &path("log"), stranger).unwrap_err();
        assert!(refused.denied && refused.message.contains("belongs to user"), "{refused}");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn follows_no_link_of_proc_and_no_directory_of_strangers() {
        let directory = tempfile::tempdir().unwrap();
        let log = directory.path().join("log");
        let held = File::create(&log).unwrap();
        let own = std::process::id();
        let way = format!("/proc/{own}/root{}", log.display());
        let refused = open_log(&qemu(own), Path::new(&way), me()).unwrap_err();
        assert!(refused.message.contains("symbolic links"), "{refused}");
        open_log(&qemu(own), &log, me()).unwrap();
        if me().uid == 0 {
            std::os::unix::fs::chown(directory.path(), Some(41_001), None).unwrap();
            let refused = open_log(&qemu(own), &log, me()).unwrap_err();
            assert!(refused.denied && refused.message.contains("user 41001"), "{refused}");
        }
        drop(held);
    }

    #[test]
    fn connects_only_to_a_socket_that_the_qemu_itself_listens_on() {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        let listener = UnixListener::bind(path("socket")).unwrap();
        symlink(path("socket"), path("link")).unwrap();
        fs::write(path("file"), "").unwrap();
        let own = std::process::id();
        let rows = [
            ("socket", own, None),
            ("socket", 1, Some("listens on")),
            ("link", own, Some("is not a socket")),
            ("file", own, Some("is not a socket")),
            ("missing", own, Some("No such file")),
        ];
        for (name, pid, expected) in rows {
            match (connect_to(&qemu(pid), &path(name), me()), expected) {
                (Ok(_), None) => {}
                (Err(refused), Some(expected)) => {
                    assert!(refused.message.contains(expected), "{name}: {refused}");
                }
                (found, _) => panic!("{name}, {pid}: {found:?}"),
            }
        }
        drop(listener);
    }
}
