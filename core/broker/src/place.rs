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
