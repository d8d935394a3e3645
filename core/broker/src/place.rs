//! Reaches what lies in the directory of a user's machine, without being led elsewhere.

use std::{
    fs::File,
    io,
    os::{fd::OwnedFd, unix::net::UnixStream},
    path::{Path, PathBuf},
};

use rustix::{
    fs::{AtFlags, FileType, Mode, OFlags, fstat, open, openat, statat},
    io::{FdFlags, fcntl_setfd, ioctl_fionbio},
    net::{AddressFamily, SocketAddrUnix, SocketType, connect, socket},
};
use vmkit_rights::{Account, Refusal, peer};

use crate::process::Qemu;

/// Linux opens a directory as a place alone, without the right to list it.
#[cfg(target_os = "linux")]
const PLACE: OFlags = OFlags::PATH;
#[cfg(not(target_os = "linux"))]
const PLACE: OFlags = OFlags::RDONLY;

/// The directory that the path lies in, if it is the user's own, and the name in it. Another user's
/// machines are not this user's, even if root runs both.
fn own_directory(path: &Path, user: Account) -> Result<(OwnedFd, &Path), Refusal> {
    let failed = |error| of_path("look at", path, error);
    let (Some(directory), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(Refusal::denied(format!("{} is no path of a file", path.display())));
    };
    let flags = PLACE | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let descriptor = open(directory, flags, Mode::empty()).map_err(failed)?;
    let owner = fstat(&descriptor).map_err(failed)?.st_uid;
    if owner != user.uid && user.uid != 0 {
        let directory = directory.display();
        let message = format!("{directory} belongs to user {owner}, not to user {}", user.uid);
        return Err(Refusal::denied(message));
    }
    Ok((descriptor, Path::new(name)))
}

/// Connects to a socket that this QEMU listens on. Nothing was sent yet.
pub(crate) fn connect_to(qemu: &Qemu, path: &Path, user: Account) -> Result<UnixStream, Refusal> {
    let failed = |error| of_path("connect to", path, error);
    let (directory, name) = own_directory(path, user)?;
    let status = statat(&directory, name, AtFlags::SYMLINK_NOFOLLOW).map_err(failed)?;
    if FileType::from_raw_mode(status.st_mode) != FileType::Socket {
        return Err(Refusal::denied(format!("{} is not a socket", path.display())));
    }
    let address = SocketAddrUnix::new(of_directory(&directory, name, path)).map_err(failed)?;
    let connected = || {
        let socket = socket(AddressFamily::UNIX, SocketType::STREAM, None)?;
        fcntl_setfd(&socket, FdFlags::CLOEXEC)?;
        // A listener with a full queue of clients would block for ever.
        ioctl_fionbio(&socket, true)?;
        connect(&socket, &address)?;
        Ok(UnixStream::from(socket))
    };
    let socket = connected().map_err(failed)?;
    // The user may have put another socket there meanwhile.
    let peer = peer(&socket).map_err(|error| of_io("see who listens on", path, &error))?;
    if (peer.uid, peer.pid) != (qemu.uid, qemu.process.pid) {
        let message = format!("process {} listens on {}", peer.pid, path.display());
        return Err(Refusal::denied(message));
    }
    Ok(socket)
}

/// The name in the directory that is open, which no link on the way can change.
#[cfg(target_os = "linux")]
fn of_directory(directory: &OwnedFd, name: &Path, _: &Path) -> PathBuf {
    use std::os::fd::AsRawFd as _;

    Path::new("/proc/self/fd").join(directory.as_raw_fd().to_string()).join(name)
}

#[cfg(not(target_os = "linux"))]
fn of_directory(_: &OwnedFd, _: &Path, path: &Path) -> PathBuf {
    path.to_owned()
}

/// Opens a log of this QEMU for reading: a regular file of root's with this one name.
pub(crate) fn open_log(qemu: &Qemu, path: &Path, user: Account) -> Result<File, Refusal> {
    let failed = |error| of_path("open", path, error);
    let (directory, name) = own_directory(path, user)?;
    let flags =
        OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let file = openat(&directory, name, flags, Mode::empty()).map_err(failed)?;
    let status = fstat(&file).map_err(failed)?;
    let is_log = FileType::from_raw_mode(status.st_mode) == FileType::RegularFile
        && status.st_uid == qemu.uid
        && status.st_nlink == 1;
    if !is_log {
        let path = path.display();
        return Err(Refusal::denied(format!("{path} is not a file of its QEMU's user alone")));
    }
    Ok(File::from(file))
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
        for name in ["log", "linked", "target"] {
            fs::write(path(name), name).unwrap();
        }
        fs::hard_link(path("linked"), path("other-name")).unwrap();
        symlink(path("target"), path("link")).unwrap();
        fs::create_dir(path("directory")).unwrap();
        let made = std::process::Command::new("mkfifo").arg(path("fifo")).status().unwrap();
        assert!(made.success());
        let rows = [
            ("log", true),
            ("linked", false),
            ("link", false),
            ("directory", false),
            ("fifo", false),
            ("missing", false),
        ];
        for (name, expected) in rows {
            assert_eq!(open_log(&qemu(1), &path(name), me()).is_ok(), expected, "{name}");
        }
        let other = Qemu { uid: 41_001, ..qemu(1) };
        assert!(open_log(&other, &path("log"), me()).unwrap_err().denied, "another user's file");
        let stranger = Account { uid: 41_002, gid: 41_002 };
        let refused = open_log(&qemu(1), &path("log"), stranger).unwrap_err();
        assert!(refused.denied && refused.message.contains("belongs to user"), "{refused}");
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
