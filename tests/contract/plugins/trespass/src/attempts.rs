//! Attempts to misuse a packet socket.

use std::{
    ffi::{c_int, c_void},
    fs::File,
    io::Write as _,
    mem::{size_of, zeroed},
    os::fd::AsRawFd as _,
    ptr,
};

/// Loopback, which every namespace has.
const OTHER_LINK: c_int = 1;
/// An Ethernet header of ARP with an empty payload.
const FRAME: [u8; 42] = {
    let mut frame = [0; 42];
    frame[12] = 0x08;
    frame[13] = 0x06;
    frame
};

/// The attempts that succeeded.
pub(crate) fn all(socket: &File) -> Vec<&'static str> {
    let attempts = [
        ("asking there", (&*socket).write(&FRAME).is_ok()),
        ("binding it to another link", bind(socket)),
        ("connecting it to another link", connect(socket)),
        ("sending to another link", send_to(socket)),
        ("sending a message to another link", send_message(socket)),
        ("removing its filter", option(socket, libc::SOL_SOCKET, libc::SO_DETACH_FILTER)),
        ("hearing everything", option(socket, libc::SOL_PACKET, libc::PACKET_ADD_MEMBERSHIP)),
    ];
    attempts.into_iter().filter(|(_, done)| *done).map(|(what, _)| what).collect()
}

fn other_link() -> libc::sockaddr_ll {
    // SAFETY: the structure is plain numbers, for which zero is a value.
    let mut address: libc::sockaddr_ll = unsafe { zeroed() };
    address.sll_family = libc::AF_PACKET.to_le_bytes()[0].into();
    address.sll_protocol = 0x0806_u16.to_be();
    address.sll_ifindex = OTHER_LINK;
    address.sll_halen = 6;
    address
}

/// Calls with another link's address and its length.
fn with_address(call: impl FnOnce(*const libc::sockaddr, u32) -> isize) -> bool {
    let address = other_link();
    let length = u32::try_from(size_of::<libc::sockaddr_ll>()).unwrap_or(0);
    call((&raw const address).cast(), length) >= 0
}

fn bind(socket: &File) -> bool {
    // SAFETY: the kernel reads `length` bytes of the address, which lives throughout the call.
    with_address(|address, length| unsafe {
        libc::bind(socket.as_raw_fd(), address, length) as isize
    })
}

fn connect(socket: &File) -> bool {
    // SAFETY: as above.
    with_address(|address, length| unsafe {
        libc::connect(socket.as_raw_fd(), address, length) as isize
    })
}

fn send_to(socket: &File) -> bool {
    let frame: *const c_void = FRAME.as_ptr().cast();
    // SAFETY: as above, and the frame is a constant.
    with_address(|address, length| unsafe {
        libc::sendto(socket.as_raw_fd(), frame, FRAME.len(), 0, address, length)
    })
}

fn send_message(socket: &File) -> bool {
    let mut part = libc::iovec { iov_base: FRAME.as_ptr().cast_mut().cast(), iov_len: FRAME.len() };
    with_address(|address, length| {
        // SAFETY: the structure is plain numbers and pointers, for which zero is a value.
        let mut message: libc::msghdr = unsafe { zeroed() };
        message.msg_name = address.cast_mut().cast();
        message.msg_namelen = length;
        message.msg_iov = &raw mut part;
        message.msg_iovlen = 1;
        // SAFETY: the kernel only reads what the message points to, which lives throughout the call.
        unsafe { libc::sendmsg(socket.as_raw_fd(), &raw const message, 0) }
    })
}

fn option(socket: &File, level: c_int, name: c_int) -> bool {
    let request =
        libc::packet_mreq { mr_ifindex: OTHER_LINK, mr_type: 1, mr_alen: 0, mr_address: [0; 8] };
    let length = u32::try_from(size_of::<libc::packet_mreq>()).unwrap_or(0);
    let value: *const c_void = ptr::from_ref(&request).cast();
    // SAFETY: the kernel reads `length` bytes of the value, which lives throughout the call.
    unsafe { libc::setsockopt(socket.as_raw_fd(), level, name, value, length) == 0 }
}
