//! Captures a thousand DHCP frames per second among as many other datagrams as this computer can send
//! between two namespaces. Reports the frames per second and where frames were lost. Needs root.
//!
//! The other frames go to a host that does not exist, which keeps the kernel's work after the capture
//! small. Each runs through the filter to its last instruction.

#![cfg_attr(target_os = "linux", expect(clippy::print_stdout, reason = "it is a report"))]

#[cfg(target_os = "linux")]
#[path = "../tests/common/mod.rs"]
mod common;

/// A packet socket that only sends.
#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "addresses and options of packet sockets have no safe interface")]
mod packet {
    use std::{ffi::c_int, io, mem::size_of, os::fd::AsRawFd as _};

    use rustix::net::netdevice::name_to_index;
    use socket2::{Domain, SockAddr, SockAddrStorage, Socket, Type};

    /// A socket on this interface that bypasses its queue, which is the fastest way to send.
    pub(super) fn socket(interface: &str) -> io::Result<Socket> {
        let socket = Socket::new_raw(Domain::PACKET, Type::RAW, None)?;
        let mut storage = SockAddrStorage::zeroed();
        let length = length_of::<libc::sockaddr_ll>()?;
        // SAFETY: the storage has room for every kind of address and this one is plain numbers.
        let address = unsafe { storage.view_as::<libc::sockaddr_ll>() };
        address.sll_family = u16::try_from(libc::AF_PACKET).map_err(io::Error::other)?;
        address.sll_ifindex = name_to_index(&socket, interface)?.cast_signed();
        // SAFETY: the storage holds an address of its family, of this length.
        socket.bind(&unsafe { SockAddr::new(storage, length) })?;
        let on: c_int = 1;
        let length = length_of::<c_int>()?;
        // SAFETY: the kernel reads as many bytes as `on` has, which lives throughout the call.
        let set = unsafe {
            libc::setsockopt(
                socket.as_raw_fd(),
                libc::SOL_PACKET,
                libc::PACKET_QDISC_BYPASS,
                (&raw const on).cast(),
                length,
            )
        };
        if set == 0 { Ok(socket) } else { Err(io::Error::last_os_error()) }
    }

    fn length_of<T>() -> io::Result<libc::socklen_t> {
        libc::socklen_t::try_from(size_of::<T>()).map_err(io::Error::other)
    }
}

#[cfg(target_os = "linux")]
mod flood {
    use std::{
        collections::HashSet,
        fs,
        io::IoSlice,
        net::UdpSocket,
        sync::atomic::{AtomicBool, AtomicU64, Ordering},
        thread,
        time::{Duration, Instant},
    };

    use rustix::net::{MMsgHdr, SendAncillaryBuffer, SendFlags, sendmmsg};
    use vmkit_capture::{Capture, Counts, DEFAULT_RING_BYTES};

    use super::{
        common::{Cable, ip, within},
        packet,
    };

    /// Long enough for the rate to settle.
    const FLOOD: Duration = Duration::from_secs(10);
    const BETWEEN_DHCP: Duration = Duration::from_millis(1);
    /// All frames have been sent by then; the kernel delivers after 10 ms.
    const DRAIN: Duration = Duration::from_millis(500);
    /// Datagrams per system call.
    const BATCH: usize = 64;
    /// The shortest frame, from 192.168.77.100 to port 9 of a host that does not exist.
    const DATAGRAM: [u8; 60] = {
        let mut frame = [0; 60];
        let head = *b"\x02\0\0\0\0\x09\x02\0\0\0\0\x08\x08\0\
            \x45\0\0\x2e\0\0\x40\0\x40\x11\x1f\x01\xc0\xa8\x4d\x64\xc0\xa8\x4d\x09\
            \x13\x88\0\x09\0\x1a\0\0";
        let mut at = 0;
        while at < head.len() {
            frame[at] = head[at];
            at += 1;
        }
        frame
    };
    /// Offset of the transaction id, after Ethernet, IPv4 and UDP.
    const XID: usize = 14 + 20 + 8 + 4;

    pub(super) fn run() {
        let Some(cable) = Cable::or_skip() else { return };
        let client = &cable.client;
        ip(&format!("-n {client} address add 192.168.77.100/24 dev eth0"));
        let cores = thread::available_parallelism().map_or(1, usize::from);
        for senders in [1, cores] {
            one(&cable, senders);
        }
    }

    fn one(cable: &Cable, senders: usize) {
        let began = Instant::now();
        let mut capture =
            within(&cable.server, || Capture::open("eth0", DEFAULT_RING_BYTES)).expect("a capture");
        let opened = began.elapsed();
        let stop = AtomicBool::new(false);
        let (other, refused) = (AtomicU64::new(0), AtomicU64::new(0));
        let before = (received(cable), backlog_drops());
        let (sent, found, seconds) = thread::scope(|scope| {
            let reader = scope.spawn(|| read(&mut capture, &stop));
            for _ in 0..senders {
                scope.spawn(|| {
                    within(&cable.client, || flood(&stop, &other, &refused));
                });
            }
            let began = Instant::now();
            let sent = within(&cable.client, send_dhcp);
            let seconds = began.elapsed().as_secs_f64();
            stop.store(true, Ordering::Relaxed);
            (sent, reader.join().expect("no panic of the reader"), seconds)
        });
        let Counts { matched, dropped } = capture.counts().expect("counters");
        let began = Instant::now();
        drop(capture);
        let closed = began.elapsed();
        let others = other.load(Ordering::Relaxed);
        #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
        let rate = |frames: u64| frames as f64 / seconds / 1000.0;
        println!("{senders} sender(s), {seconds:.1} s, a ring of {DEFAULT_RING_BYTES} bytes");
        println!("  other datagrams sent   {others} ({:.0} thousand/s)", rate(others));
        println!("  frames at the capture  {:.0} thousand/s", rate(received(cable) - before.0));
        println!("  lost before it         {} (the kernel's queues)", backlog_drops() - before.1);
        println!("  refused to a sender    {}", refused.load(Ordering::Relaxed));
        println!(
            "  DHCP frames            {sent} sent, {found} captured, {dropped} lost in the ring"
        );
        println!("  frames past the filter {matched} (DHCP and ARP)");
        println!("  opening {opened:.1?}, closing {closed:.1?}");
    }

    /// Number of different DHCP frames captured.
    fn read(capture: &mut Capture, stop: &AtomicBool) -> usize {
        let mut found = HashSet::new();
        let mut deadline = Instant::now() + DRAIN;
        let mut all_sent = false;
        loop {
            match capture.next(deadline).expect("an interface") {
                Some(frame) => {
                    let xid = frame.data.get(XID..XID + 4).filter(|_| frame.data[12..14] == [8, 0]);
                    found.extend(xid.map(<[u8]>::to_vec));
                }
                None if all_sent => return found.len(),
                None => {
                    // The last block arrives some time later.
                    all_sent = stop.load(Ordering::Relaxed);
                    deadline = Instant::now() + DRAIN;
                }
            }
        }
    }

    /// Sends numbered broadcasts of DHCP's size and returns their number.
    fn send_dhcp() -> usize {
        let socket = UdpSocket::bind("192.168.77.100:68").expect("a socket");
        socket.set_broadcast(true).expect("broadcasts");
        let end = Instant::now() + FLOOD;
        let mut message = [0; 300];
        let mut sent = 0_u32;
        while Instant::now() < end {
            message[4..8].copy_from_slice(&sent.to_be_bytes());
            socket.send_to(&message, "255.255.255.255:67").expect("a datagram that leaves");
            sent += 1;
            thread::park_timeout(BETWEEN_DHCP);
        }
        sent as usize
    }

    fn flood(stop: &AtomicBool, sent: &AtomicU64, refused: &AtomicU64) {
        let socket = packet::socket("eth0").expect("a packet socket");
        let frame = [IoSlice::new(&DATAGRAM)];
        while !stop.load(Ordering::Relaxed) {
            let mut nothing: [_; BATCH] =
                std::array::from_fn(|_| SendAncillaryBuffer::new(&mut []));
            let mut batch: Vec<_> =
                nothing.iter_mut().map(|control| MMsgHdr::new(&frame, control)).collect();
            match sendmmsg(&socket, &mut batch, SendFlags::empty()) {
                Ok(count) => sent.fetch_add(count as u64, Ordering::Relaxed),
                Err(_) => refused.fetch_add(1, Ordering::Relaxed),
            };
        }
    }

    /// Frames received by the server's interface.
    fn received(cable: &Cable) -> u64 {
        let devices = within(&cable.server, || fs::read_to_string("/proc/thread-self/net/dev"));
        let devices = devices.expect("the kernel's list of devices");
        let eth0 = devices.lines().find_map(|line| line.trim().strip_prefix("eth0:"));
        let frames = eth0.and_then(|fields| fields.split_whitespace().nth(1)?.parse().ok());
        frames.expect("a count of frames")
    }

    /// Frames dropped from the processors' queues.
    fn backlog_drops() -> u64 {
        let counters = fs::read_to_string("/proc/net/softnet_stat").expect("the kernel's counters");
        let of_line = |line: &str| u64::from_str_radix(line.split(' ').nth(1)?, 16).ok();
        counters.lines().filter_map(of_line).sum()
    }
}

fn main() {
    #[cfg(target_os = "linux")]
    flood::run();
}
