//! How directories are opened, and those that another file system is mounted at.

use std::{
    ffi::CStr,
    os::fd::{BorrowedFd, OwnedFd},
};

use rustix::{
    fs::{Mode, OFlags, fstat, openat},
    io::Errno,
};

pub(crate) const UNFOLLOWED: OFlags = OFlags::NOFOLLOW.union(OFlags::CLOEXEC);
pub(crate) const DIRECTORY: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(UNFOLLOWED);

/// Opens a directory in another one.
///
/// # Errors
/// `XDEV`: another file system is mounted there, or a part of the same one.
pub(crate) fn open_unmounted(
    folder: BorrowedFd<'_>,
    name: &CStr,
    flags: OFlags,
) -> rustix::io::Result<OwnedFd> {
    #[cfg(target_os = "linux")]
    match rustix::fs::openat2(folder, name, flags, Mode::empty(), rustix::fs::ResolveFlags::NO_XDEV)
    {
        // Older than Linux 5.6, or in a sandbox that is.
        Err(Errno::NOSYS | Errno::PERM) => {}
        opened => return opened,
    }
    let opened = openat(folder, name, flags, Mode::empty())?;
    if fstat(&opened)?.st_dev == fstat(folder)?.st_dev { Ok(opened) } else { Err(Errno::XDEV) }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::{fs::File, os::fd::AsFd as _};

    use super::*;

    #[test]
    fn knows_what_is_mounted_in_a_directory() {
        let root = File::open("/").unwrap();
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let opened = |name| open_unmounted(root.as_fd(), name, flags).map(drop);
        assert_eq!(opened(c"proc"), Err(Errno::XDEV));
        assert_eq!(opened(c"etc"), Ok(()));
        assert_eq!(opened(c"none"), Err(Errno::NOENT));
    }
}
