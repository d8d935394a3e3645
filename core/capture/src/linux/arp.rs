//! A socket for ARP alone, to be handed to somebody who may ask and listen there and no more.

use std::{io, os::fd::OwnedFd};

use super::socket;
use crate::{CaptureError, filter};

/// Opens a packet socket on the interface that hears ARP and nothing else: not even its owner can
/// widen that any more. Each read takes one frame, whole, and each write sends one; neither waits.
/// Needs the right to raw sockets, `CAP_NET_RAW`, and no more once it is open.
///
/// Closing its last copy takes the kernel some 16 ms: see [`Capture`](crate::Capture).
///
/// # Errors
/// The system refuses: the interface does not exist, or the right is missing
/// ([`CaptureError::is_denied`]).
pub fn open_arp_socket(interface: &str) -> Result<OwnedFd, CaptureError> {
    let failed = |operation| {
        move |source: io::Error| CaptureError::System {
            interface: interface.to_owned(),
            operation,
            source,
        }
    };
    let socket = socket::open().map_err(failed("open a packet socket"))?;
    // Before the socket is bound, so that not one other frame is ever in its queue.
    socket::attach_filter(&socket, &filter::arp()).map_err(failed("attach the filter"))?;
    socket.set_nonblocking(true).map_err(failed("make the socket non-blocking"))?;
    // By its own protocol, so that what is sent does not come back.
    socket::bind(&socket, interface, libc::ETH_P_ARP).map_err(failed("bind to the interface"))?;
    Ok(socket.into())
}
