//! Machine code in memory: what is started is what was vetted, and nobody can read the memory of the
//! process that it becomes.

use std::{
    fs::File,
    io::{self, Seek as _},
    os::{
        fd::{AsRawFd as _, BorrowedFd, OwnedFd},
        unix::{ffi::OsStringExt as _, fs::FileExt as _},
    },
    path::PathBuf,
};

use rustix::{
    fs::{MemfdFlags, Mode, OFlags, SealFlags, fchmod, fcntl_add_seals, memfd_create},
    io::Errno,
};

use crate::confine;

/// Longest path of a loader, in bytes.
const LONGEST_LOADER: usize = 255;
/// Most segments of a file; a program has about ten.
const MOST_SEGMENTS: u16 = 64;
/// `PT_INTERP`: the segment that names the loader.
const LOADER: u32 = 3;

/// A program that can be started.
pub(super) struct Image {
    /// Where it is.
    pub(super) place: OwnedFd,
    /// The loader that it names, all links resolved.
    pub(super) loader: Option<PathBuf>,
}

/// The machine code of this file.
pub(super) fn copy(from: BorrowedFd<'_>) -> io::Result<Image> {
    let mut from = File::from(from.try_clone_to_owned()?);
    let loader = loader(&from)?;
    let mut memory = File::from(executable_memory()?);
    from.rewind()?;
    io::copy(&mut from, &mut memory)?;
    // The kernel hides the memory of a process whose program its user may not read.
    fchmod(&memory, Mode::XUSR | Mode::XGRP | Mode::XOTH)?;
    // A file that is open for writing is not started, so it is opened anew.
    let path = format!("/proc/self/fd/{}", memory.as_raw_fd());
    let place = rustix::fs::open(path, OFlags::PATH | OFlags::CLOEXEC, Mode::empty())?;
    fcntl_add_seals(&memory, SealFlags::WRITE | SealFlags::GROW | SealFlags::SHRINK)?;
    Ok(Image { place, loader })
}

fn executable_memory() -> io::Result<OwnedFd> {
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    // A kernel before 6.3 does not know the flag.
    match memfd_create(c"vmkit-program", flags | MemfdFlags::EXEC) {
        Err(Errno::INVAL) => Ok(memfd_create(c"vmkit-program", flags)?),
        Err(Errno::ACCESS) => {
            Err(io::Error::other("this system lets no program run from memory (vm.memfd_noexec)"))
        }
        made => Ok(made?),
    }
}

/// The loader that an ELF file of 64 bits names.
fn loader(file: &File) -> io::Result<Option<PathBuf>> {
    let mut header = [0; 64];
    let other = |_| io::Error::other("it is no machine code of 64 bits");
    file.read_exact_at(&mut header, 0).map_err(other)?;
    if header[..5] != *b"\x7fELF\x02" {
        return Err(io::Error::other("it is no machine code of 64 bits"));
    }
    let size = u64::from(u16::from_ne_bytes([header[54], header[55]]));
    let count = u16::from_ne_bytes([header[56], header[57]]).min(MOST_SEGMENTS);
    let table = number(&header, 32);
    for index in 0..u64::from(count) {
        let mut segment = [0; 56];
        let at = size.checked_mul(index).and_then(|from| from.checked_add(table));
        file.read_exact_at(&mut segment, at.unwrap_or(u64::MAX))?;
        if u32::from_ne_bytes([segment[0], segment[1], segment[2], segment[3]]) == LOADER {
            let length = usize::try_from(number(&segment, 32)).unwrap_or(usize::MAX);
            return named(file, number(&segment, 8), length.min(LONGEST_LOADER)).map(Some);
        }
    }
    Ok(None)
}

/// The loader whose path is in the file, if it lies where loaders lie.
fn named(file: &File, at: u64, length: usize) -> io::Result<PathBuf> {
    let mut path = vec![0; length];
    file.read_exact_at(&mut path, at)?;
    path.retain(|byte| *byte != 0);
    let real = PathBuf::from(std::ffi::OsString::from_vec(path)).canonicalize()?;
    if confine::is_library(&real) {
        return Ok(real);
    }
    Err(io::Error::other(format!("{} is no loader of this system", real.display())))
}

fn number(bytes: &[u8], at: usize) -> u64 {
    let mut number = [0; 8];
    number.copy_from_slice(&bytes[at..at + 8]);
    u64::from_ne_bytes(number)
}

#[cfg(test)]
mod tests {
    use std::{io::Write as _, os::fd::AsFd as _};

    use super::*;

    #[test]
    fn finds_the_loader_of_a_program_and_refuses_what_is_none() {
        let own = File::open("/proc/self/exe").unwrap();
        let image = copy(own.as_fd()).unwrap();
        assert!(image.loader.unwrap().to_str().unwrap().contains("ld-"));
        for text in ["", "#!/bin/sh\n", &"\u{7f}ELF".repeat(40)] {
            let mut file = tempfile::tempfile().unwrap();
            file.write_all(text.as_bytes()).unwrap();
            assert!(copy(file.as_fd()).is_err(), "{text}");
        }
    }

    #[test]
    fn a_loader_lies_where_loaders_lie() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"/etc/passwd\0").unwrap();
        let error = named(&file, 0, 12).unwrap_err().to_string();
        assert_eq!(error, "/etc/passwd is no loader of this system");
        assert!(named(&file, 8, 12).is_err());
    }
}
