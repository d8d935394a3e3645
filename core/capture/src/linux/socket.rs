//! A packet socket and its options.

use std::{
    ffi::c_int,
    io,
    mem::{size_of, zeroed},
    os::fd::AsRawFd as _,
};

use libc::{
    PACKET_RX_RING, PACKET_STATISTICS, PACKET_VERSION, SO_LOCK_FILTER, SOL_PACKET, SOL_SOCKET,
    sockaddr_ll, socklen_t, tpacket_req3, tpacket_stats_v3,
};
use rustix::net::netdevice::name_to_index;
use socket2::{Domain, SockFilter, Socket, Type};

use super::ring::BLOCK;
use crate::Counts;

/// The option's number for `TPACKET_V3`.
const VERSION: c_int = 2;
/// Milliseconds after which a partly filled block is released: short enough for a person to wait,
/// long enough for a busy link to fill blocks.
const RETIRE_MS: u32 = 10;
/// The ring's frame size. This version packs frames and only requires that it divides a block.
const FRAME: usize = 2048;

/// Opens a packet socket. With protocol 0 it receives nothing yet.
pub(super) fn open() -> io::Result<Socket> {
    Socket::new_raw(Domain::PACKET, Type::RAW.cloexec(), None)
}

/// Attaches the filter and locks it, so that no later owner of the socket can widen it.
pub(super) fn attach_filter(socket: &Socket, filter: &[SockFilter]) -> io::Result<()> {
    socket.attach_filter(filter)?;
    let lock: c_int = 1;
    set(socket, SOL_SOCKET, SO_LOCK_FILTER, &lock)
}

/// Makes the ring.
pub(super) fn set_ring(socket: &Socket, blocks: u32) -> io::Result<()> {
    set(socket, SOL_PACKET, PACKET_VERSION, &VERSION)?;
    let number = |value: usize| u32::try_from(value).map_err(io::Error::other);
    let request = tpacket_req3 {
        tp_block_size: number(BLOCK)?,
        tp_block_nr: blocks,
        tp_frame_size: number(FRAME)?,
        tp_frame_nr: blocks * number(BLOCK / FRAME)?,
        tp_retire_blk_tov: RETIRE_MS,
        tp_sizeof_priv: 0,
        tp_feature_req_word: 0,
    };
    set(socket, SOL_PACKET, PACKET_RX_RING, &request)
}

/// Starts to receive frames of this protocol that pass the filter. `ETH_P_ALL` includes sent frames.
pub(super) fn bind(socket: &Socket, interface: &str, protocol: c_int) -> io::Result<()> {
    let index = name_to_index(socket, interface)?;
    let protocol = u16::try_from(protocol).map_err(io::Error::other)?;
    // SAFETY: the structure is plain numbers, for which zero is a value.
    let mut address: sockaddr_ll = unsafe { zeroed() };
    address.sll_family = u16::try_from(libc::AF_PACKET).map_err(io::Error::other)?;
    address.sll_protocol = protocol.to_be();
    address.sll_ifindex = index.cast_signed();
    let length = length_of::<sockaddr_ll>()?;
    // SAFETY: the kernel reads `length` bytes of the address, which lives throughout the call.
    let bound = unsafe { libc::bind(socket.as_raw_fd(), (&raw const address).cast(), length) };
    if bound == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Frames that passed the filter and lost frames since the last call.
pub(super) fn statistics(socket: &Socket) -> io::Result<Counts> {
    // SAFETY: the structure is plain numbers, for which zero is a value.
    let mut counters: tpacket_stats_v3 = unsafe { zeroed() };
    let mut length = length_of::<tpacket_stats_v3>()?;
    // SAFETY: the kernel writes at most `length` bytes, which the structure has, and the new
    // length; both live throughout the call.
    let read = unsafe {
        libc::getsockopt(
            socket.as_raw_fd(),
            SOL_PACKET,
            PACKET_STATISTICS,
            (&raw mut counters).cast(),
            &raw mut length,
        )
    };
    if read != 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(Counts { matched: counters.tp_packets.into(), dropped: counters.tp_drops.into() })
}

fn set<T: Copy>(socket: &Socket, level: c_int, name: c_int, value: &T) -> io::Result<()> {
    let length = length_of::<T>()?;
    // SAFETY: the kernel reads `length` bytes of the value, which lives throughout the call.
    let set = unsafe {
        libc::setsockopt(socket.as_raw_fd(), level, name, (&raw const *value).cast(), length)
    };
    if set == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

fn length_of<T>() -> io::Result<socklen_t> {
    socklen_t::try_from(size_of::<T>()).map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filter;

    #[test]
    fn the_filter_cannot_be_removed() {
        let (socket, _peer) = Socket::pair(Domain::UNIX, Type::DGRAM, None).unwrap();
        attach_filter(&socket, &filter::arp()).unwrap();
        for refused in [socket.detach_filter(), socket.attach_filter(&filter::program())] {
            assert_eq!(refused.unwrap_err().kind(), io::ErrorKind::PermissionDenied);
        }
    }
}
