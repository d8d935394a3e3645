//! The connection to an agent's channel.

use std::{io, os::unix::net::UnixStream, path::Path};

use rustix::{
    io::{Errno, FdFlags, fcntl_setfd, ioctl_fionbio},
    net::{AddressFamily, SocketAddrUnix, SocketType, connect as connect_to, socket},
};
use std::os::unix::fs::FileTypeExt as _;
use vmkit_types::Unread;

/// Connects to a guest agent's channel. It never waits: a listener takes a connection at once, or
/// its queue is full because QEMU serves one client at a time.
///
/// # Errors
/// There is no such socket, or its program does not take the connection; the text names the path.
pub fn connect(path: &Path) -> Result<UnixStream, Unread> {
    let failed = |error: io::Error| {
        let message = format!("connect to {}: {error}", path.display());
        match error.kind() {
            io::ErrorKind::PermissionDenied => Unread::Denied(message),
            _ => Unread::Failed(message),
        }
    };
    // A symbolic link could lead to another program's socket.
    let kind = path.symlink_metadata().map_err(failed)?.file_type();
    if !kind.is_socket() {
        return Err(Unread::Failed(format!("{} is not a socket", path.display())));
    }
    let connected = || {
        let socket = socket(AddressFamily::UNIX, SocketType::STREAM, None)?;
        fcntl_setfd(&socket, FdFlags::CLOEXEC)?;
        ioctl_fionbio(&socket, true)?;
        connect_to(&socket, &SocketAddrUnix::new(path)?)?;
        Ok(UnixStream::from(socket))
    };
    connected().map_err(|error: Errno| match error {
        Errno::AGAIN => Unread::Failed(format!("{} is in use by another program", path.display())),
        error => failed(error.into()),
    })
}
