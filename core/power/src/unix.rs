//! Connections to Unix sockets in a machine's directory.

use std::{os::fd::OwnedFd, path::Path};

use rustix::{
    io::{Errno, FdFlags, fcntl_setfd, ioctl_fionbio},
    net::{AddressFamily, SocketAddrUnix, SocketType, socket},
};

/// Connects to the socket at this path without ever waiting: a server with a full queue of clients would block
/// for ever. On Linux the path may be longer than a socket's address.
pub(crate) fn connect(path: &Path) -> Result<OwnedFd, Errno> {
    let socket = socket(AddressFamily::UNIX, SocketType::STREAM, None)?;
    fcntl_setfd(&socket, FdFlags::CLOEXEC)?;
    ioctl_fionbio(&socket, true)?;
    #[cfg(target_vendor = "apple")]
    rustix::net::sockopt::set_socket_nosigpipe(&socket, true)?;
    match SocketAddrUnix::new(path) {
        Ok(address) => rustix::net::connect(&socket, &address)?,
        #[cfg(target_os = "linux")]
        Err(Errno::NAMETOOLONG) => connect_in_directory(&socket, path)?,
        Err(error) => return Err(error),
    }
    Ok(socket)
}

/// Names the socket by its directory's descriptor, which is short.
#[cfg(target_os = "linux")]
fn connect_in_directory(socket: &OwnedFd, path: &Path) -> Result<(), Errno> {
    use std::os::fd::AsRawFd as _;

    use rustix::fs::{Mode, OFlags, open};

    let (Some(directory), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(Errno::NAMETOOLONG);
    };
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let directory = open(directory, flags, Mode::empty())?;
    let short = Path::new("/proc/self/fd").join(directory.as_raw_fd().to_string()).join(name);
    rustix::net::connect(socket, &SocketAddrUnix::new(short)?)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::{fs, os::unix::net::UnixListener};

    use super::*;

    #[test]
    fn connects_to_a_socket_whose_path_is_longer_than_an_address() {
        let place = tempfile::tempdir().unwrap();
        let deep = place.path().join("d".repeat(100)).join("e".repeat(100));
        fs::create_dir_all(&deep).unwrap();
        // A socket keeps its inode when it is moved.
        let _listener = UnixListener::bind(place.path().join("s")).unwrap();
        fs::rename(place.path().join("s"), deep.join("s")).unwrap();
        connect(&deep.join("s")).unwrap();
        assert_eq!(connect(&deep.join("none")).unwrap_err(), Errno::NOENT);
    }
}
