//! A socket for ARP only.

use std::{io, os::fd::OwnedFd};

use super::socket;
use crate::{CaptureError, filter};

/// Opens a packet socket on the interface that receives only ARP. Its filter is locked, so its owner
/// cannot widen it. Each read takes one whole frame and each write sends one, without blocking.
/// Opening needs the right to raw sockets, `CAP_NET_RAW`.
///
/// Closing the last copy takes about 16 ms: see [`Capture`](crate::Capture).
///
/// # Errors
/// The interface does not exist, or the right is missing ([`CaptureError::is_denied`]).
pub fn open_arp_socket(interface: &str) -> Result<OwnedFd, CaptureError> {
    let failed = |operation| {
        move |source: io::Error| CaptureError::System {
            interface: interface.to_owned(),
            operation,
            source,
        }
    };
    let socket = socket::open().map_err(failed("open a packet socket"))?;
    // Before the socket is bound, so that no other frame can be in its queue.
    socket::attach_filter(&socket, &filter::arp()).map_err(failed("attach the filter"))?;
    socket.set_nonblocking(true).map_err(failed("make the socket non-blocking"))?;
    // Bound to ARP's protocol number, which excludes sent frames.
    socket::bind(&socket, interface, libc::ETH_P_ARP).map_err(failed("bind to the interface"))?;
    Ok(socket.into())
}
