//! Who is at the other end of a socket.

use std::{io, os::fd::AsFd};

/// The process at the other end of a socket: the one that listens there, as the kernel noted it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Its user.
    pub uid: u32,
    /// Its number.
    pub pid: u32,
}

/// The peer of a connected socket.
///
/// # Errors
/// The system does not say.
#[cfg(target_os = "linux")]
pub fn peer(socket: impl AsFd) -> io::Result<Peer> {
    let peer = rustix::net::sockopt::socket_peercred(socket)?;
    Ok(Peer { uid: peer.uid.as_raw(), pid: peer.pid.as_raw_pid().unsigned_abs() })
}

/// The peer of a connected socket.
///
/// # Errors
/// The system does not say.
#[cfg(target_os = "macos")]
pub fn peer(socket: impl AsFd) -> io::Result<Peer> {
    use std::os::fd::AsRawFd as _;

    let socket = socket.as_fd().as_raw_fd();
    let (mut uid, mut gid) = (0, 0);
    // SAFETY: the socket is open, and the pointers are to two live numbers.
    if unsafe { libc::getpeereid(socket, &raw mut uid, &raw mut gid) } != 0 {
        return Err(io::Error::last_os_error());
    }
    let (mut pid, mut length) = (0_i32, 4);
    // SAFETY: the socket is open, and the pointers are to a live number of the length that they say.
    let done = unsafe {
        libc::getsockopt(
            socket,
            libc::SOL_LOCAL,
            libc::LOCAL_PEERPID,
            (&raw mut pid).cast(),
            &raw mut length,
        )
    };
    if done != 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(Peer { uid, pid: pid.unsigned_abs() })
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixStream;

    use super::*;

    #[test]
    fn names_the_process_at_the_other_end() {
        let (ours, _theirs) = UnixStream::pair().unwrap();
        let uid = rustix::process::geteuid().as_raw();
        assert_eq!(peer(&ours).unwrap(), Peer { uid, pid: std::process::id() });
    }
}
