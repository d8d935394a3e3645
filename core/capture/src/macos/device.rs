//! A BPF device and its options. Numbers and structures come from macOS's `<net/bpf.h>`.

use std::{io, mem::size_of, time::Duration};

use rustix::{
    fd::OwnedFd,
    fs::{Mode, OFlags, open},
    io::{Errno, read, write},
    ioctl::{Getter, Opcode, Setter, Updater, ioctl, opcode},
};

/// The kernel adds a device whenever the last one is opened, up to 256.
const MOST_DEVICES: u32 = 256;
/// Octets of an interface's name with the final zero.
const NAME: usize = 16;
/// `DLT_EN10MB`: frames with an Ethernet header.
const ETHERNET: u32 = 1;

/// The `BIOC…` requests with their structures.
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
    /// An instruction: operation, instructions to skip if the condition holds and if not, and value.
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

/// `struct ifreq`, whose name alone is used.
#[repr(C)]
struct InterfaceRequest {
    name: [u8; NAME],
    unused: [u8; 16],
}

/// `struct bpf_stat`: frames received before the filter, and lost after it.
#[repr(C)]
struct Statistics {
    received: u32,
    dropped: u32,
}

// The request numbers contain the sizes of the structures.
const _: () = assert!(SET_FILTER == libc::BIOCSETF && SET_TIMEOUT == libc::BIOCSRTIMEOUT);
const _: () = assert!(SET_IMMEDIATE == libc::BIOCIMMEDIATE);
const _: () = assert!(size_of::<InterfaceRequest>() == size_of::<libc::ifreq>());

/// A BPF device.
#[derive(Debug)]
pub(super) struct Device(OwnedFd);

impl Device {
    /// Opens the first free device. It receives nothing yet.
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

    /// Sets the size of the kernel's two buffers, and returns the actual size, which the kernel may
    /// limit. Every read must have that size.
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
        // SAFETY: the program has this many instructions and lives throughout the call.
        unsafe { self.set::<SET_FILTER, _>(program) }
    }

    /// Starts to receive the interface's frames that pass the filter.
    pub(super) fn bind(&self, interface: &str) -> io::Result<()> {
        let mut name = [0; NAME];
        // The last octet stays zero.
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
            Err(io::Error::new(io::ErrorKind::Unsupported, "not an Ethernet interface"))
        }
    }

    /// Delivers each frame at once instead of when a buffer is full.
    pub(super) fn set_immediate(&self) -> io::Result<()> {
        // SAFETY: the number belongs to the structure.
        unsafe { self.set::<SET_IMMEDIATE, u32>(1) }
    }

    /// Keeps the source address of sent frames.
    pub(super) fn set_header_complete(&self) -> io::Result<()> {
        // SAFETY: the number belongs to the structure.
        unsafe { self.set::<SET_HEADER_COMPLETE, u32>(1) }
    }

    /// Sets the timeout of a read; zero would mean none.
    pub(super) fn set_timeout(&self, timeout: Duration) -> io::Result<()> {
        let seconds = timeout.as_secs().try_into().map_err(io::Error::other)?;
        let micros = timeout.subsec_micros().cast_signed();
        let time = libc::timeval { tv_sec: seconds, tv_usec: micros };
        // SAFETY: the number belongs to the structure.
        unsafe { self.set::<SET_TIMEOUT, _>(time) }
    }

    /// Frames that passed the filter and were lost.
    pub(super) fn dropped(&self) -> io::Result<u32> {
        // SAFETY: the number belongs to the structure.
        let statistics: Statistics = unsafe { self.get::<STATISTICS, _>() }?;
        Ok(statistics.dropped)
    }

    /// Waits for frames and reads them, each after a header; 0 octets at the timeout.
    pub(super) fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        Ok(read(&self.0, buffer)?)
    }

    /// Sends a frame and returns the number of octets sent.
    pub(super) fn write(&self, frame: &[u8]) -> io::Result<usize> {
        Ok(write(&self.0, frame)?)
    }

    /// # Safety
    /// The kernel reads a `T` for this number, and its pointers are valid.
    unsafe fn set<const OPCODE: Opcode, T>(&self, value: T) -> io::Result<()> {
        // SAFETY: guaranteed by the caller.
        Ok(unsafe { ioctl(&self.0, Setter::<OPCODE, T>::new(value)) }?)
    }

    /// # Safety
    /// The kernel writes a `T` for this number.
    unsafe fn get<const OPCODE: Opcode, T>(&self) -> io::Result<T> {
        // SAFETY: guaranteed by the caller.
        Ok(unsafe { ioctl(&self.0, Getter::<OPCODE, T>::new()) }?)
    }
}
