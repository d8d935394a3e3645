//! A BPF device and its options. The numbers and structures are those of macOS's `<net/bpf.h>`.

use std::{io, mem::size_of, time::Duration};

use rustix::{
    fd::OwnedFd,
    fs::{Mode, OFlags, open},
    io::{Errno, read, write},
    ioctl::{Getter, Opcode, Setter, Updater, ioctl, opcode},
};

/// The kernel makes a new device whenever the last one is taken; it stops at 256 by itself.
const MOST_DEVICES: u32 = 256;
/// Octets of an interface's name with the zero at its end.
const NAME: usize = 16;
/// `DLT_EN10MB`: frames with an Ethernet header.
const ETHERNET: u32 = 1;

/// `BIOC…`: what is asked of a device, with the structure that goes with it.
const SET_BUFFER: Opcode = opcode::read_write::<u32>(b'B', 102);
const SET_FILTER: Opcode = opcode::write::<Program>(b'B', 103);
const LINK_TYPE: Opcode = opcode::read::<u32>(b'B', 106);
const SET_INTERFACE: Opcode = opcode::write::<InterfaceRequest>(b'B', 108);
const SET_TIMEOUT: Opcode = opcode::write::<libc::timeval>(b'B', 109);
const STATISTICS: Opcode = opcode::read::<Statistics>(b'B', 111);
const SET_IMMEDIATE: Opcode = opcode::write::<u32>(b'B', 112);
const SET_HEADER_COMPLETE: Opcode = opcode::write::<u32>(b'B', 117);

/// One instruction of a filter: `struct bpf_insn`.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub(crate) struct SockFilter {
    code: u16,
    then: u8,
    otherwise: u8,
    value: u32,
}

impl SockFilter {
    /// An instruction: what to do, how many are skipped if it holds and if not, and its value.
    pub(crate) const fn new(code: u16, then: u8, otherwise: u8, value: u32) -> Self {
        Self { code, then, otherwise, value }
    }
}

/// `struct bpf_program`.
#[repr(C)]
struct Program {
    length: u32,
    instructions: *const SockFilter,
}

/// `struct ifreq`, of which only the name is looked at.
#[repr(C)]
struct InterfaceRequest {
    name: [u8; NAME],
    unused: [u8; 16],
}

/// `struct bpf_stat`: received before the filter, and lost behind it.
#[repr(C)]
struct Statistics {
    received: u32,
    dropped: u32,
}

// The numbers hold the sizes of the structures.
const _: () = assert!(SET_FILTER == libc::BIOCSETF && SET_TIMEOUT == libc::BIOCSRTIMEOUT);
const _: () = assert!(SET_IMMEDIATE == libc::BIOCIMMEDIATE);
const _: () = assert!(size_of::<InterfaceRequest>() == size_of::<libc::ifreq>());

/// A BPF device.
#[derive(Debug)]
pub(super) struct Device(OwnedFd);

impl Device {
    /// Takes the first device that nobody has. It hears nothing yet.
    pub(super) fn open() -> io::Result<Self> {
        for number in 0..MOST_DEVICES {
            let path = format!("/dev/bpf{number}");
            match open(path, OFlags::RDWR | OFlags::CLOEXEC, Mode::empty()) {
                Err(Errno::BUSY) => {}
                opened => return Ok(Self(opened?)),
            }
        }
        Err(Errno::BUSY.into())
    }

    /// Sets the size of each of the kernel's two buffers and gives the one that it takes, which
    /// is less where its limit is. Every read has to be of that size.
    pub(super) fn set_buffer(&self, bytes: u32) -> io::Result<u32> {
        let mut size = bytes;
        // SAFETY: the number belongs to the structure.
        unsafe { ioctl(&self.0, Updater::<SET_BUFFER, u32>::new(&mut size))? };
        Ok(size)
    }

    /// Sets the filter.
    pub(super) fn set_filter(&self, filter: &[SockFilter]) -> io::Result<()> {
        let length = u32::try_from(filter.len()).map_err(io::Error::other)?;
        let program = Program { length, instructions: filter.as_ptr() };
        // SAFETY: so many instructions are there, and live throughout the call.
        unsafe { self.set::<SET_FILTER, _>(program) }
    }

    /// Starts to hear what passes the interface, as far as the filter lets it pass.
    pub(super) fn bind(&self, interface: &str) -> io::Result<()> {
        let mut name = [0; NAME];
        // One octet stays zero.
        let place = name[..NAME - 1].get_mut(..interface.len());
        place.ok_or(io::ErrorKind::InvalidInput)?.copy_from_slice(interface.as_bytes());
        let request = InterfaceRequest { name, unused: [0; 16] };
        // SAFETY: the number belongs to the structure.
        unsafe { self.set::<SET_INTERFACE, _>(request) }?;
        // SAFETY: the number belongs to the structure.
        let link_type: u32 = unsafe { self.get::<LINK_TYPE, _>() }?;
        if link_type == ETHERNET {
            Ok(())
        } else {
            Err(io::Error::new(io::ErrorKind::Unsupported, "no Ethernet frames pass there"))
        }
    }

    /// Hands each frame over at once, not only when a buffer is full.
    pub(super) fn set_immediate(&self) -> io::Result<()> {
        // SAFETY: the number belongs to the structure.
        unsafe { self.set::<SET_IMMEDIATE, u32>(1) }
    }

    /// Leaves the source address of what is sent as it is.
    pub(super) fn set_header_complete(&self) -> io::Result<()> {
        // SAFETY: the number belongs to the structure.
        unsafe { self.set::<SET_HEADER_COMPLETE, u32>(1) }
    }

    /// After how long a read ends with nothing; zero would mean never.
    pub(super) fn set_timeout(&self, timeout: Duration) -> io::Result<()> {
        let seconds = timeout.as_secs().try_into().map_err(io::Error::other)?;
        let micros = timeout.subsec_micros().cast_signed();
        let time = libc::timeval { tv_sec: seconds, tv_usec: micros };
        // SAFETY: the number belongs to the structure.
        unsafe { self.set::<SET_TIMEOUT, _>(time) }
    }

    /// Frames that passed the filter and found no room.
    pub(super) fn dropped(&self) -> io::Result<u32> {
        // SAFETY: the number belongs to the structure.
        let statistics: Statistics = unsafe { self.get::<STATISTICS, _>() }?;
        Ok(statistics.dropped)
    }

    /// Waits for frames and reads them, with a header before each; 0 octets at the timeout.
    pub(super) fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        Ok(read(&self.0, buffer)?)
    }

    /// Sends a frame and tells how many octets went.
    pub(super) fn write(&self, frame: &[u8]) -> io::Result<usize> {
        Ok(write(&self.0, frame)?)
    }

    /// # Safety
    /// The kernel reads a `T` for this number, and nothing that it leads to is out of reach.
    unsafe fn set<const OPCODE: Opcode, T>(&self, value: T) -> io::Result<()> {
        // SAFETY: the caller promises it.
        Ok(unsafe { ioctl(&self.0, Setter::<OPCODE, T>::new(value)) }?)
    }

    /// # Safety
    /// The kernel writes a `T` for this number.
    unsafe fn get<const OPCODE: Opcode, T>(&self) -> io::Result<T> {
        // SAFETY: the caller promises it.
        Ok(unsafe { ioctl(&self.0, Getter::<OPCODE, T>::new()) }?)
    }
}
