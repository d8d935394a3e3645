//! Copies owner, mode, access list, security label and other extended attributes to a file's
//! replacement.

use std::{ffi::CString, fs::File, io};

use rustix::{
    fs::{
        Gid, Mode, Uid, XattrFlags, fchmod, fchown, fgetxattr, flistxattr, fremovexattr, fsetxattr,
        fstat,
    },
    io::Errno,
};

/// Longest list of names and longest value: `XATTR_LIST_MAX` and `XATTR_SIZE_MAX` of Linux.
const LONGEST: usize = 64 << 10;

/// POSIX access control lists are an attribute on Linux, which a new file may inherit.
const ACCESS_LIST: &[u8] = b"system.posix_acl_access";

/// What the system writes itself and nobody else can: signatures of the content, and macOS's note about which
/// program wrote the file.
const OF_SYSTEM: [&[u8]; 3] = [b"security.ima", b"security.evm", b"com.apple.provenance"];

/// The error number for a missing attribute.
#[cfg(target_vendor = "apple")]
const NONE: Errno = Errno::NOATTR;
#[cfg(not(target_vendor = "apple"))]
const NONE: Errno = Errno::NODATA;

/// Gives `new` the owner, mode and attributes of `original`.
///
/// # Errors
/// One of them could not be set.
pub(crate) fn copy(original: &File, new: &File) -> io::Result<()> {
    let (of_original, of_new) = (fstat(original)?, fstat(new)?);
    if (of_original.st_uid, of_original.st_gid) != (of_new.st_uid, of_new.st_gid) {
        let (user, group) = (Uid::from_raw(of_original.st_uid), Gid::from_raw(of_original.st_gid));
        fchown(new, Some(user), Some(group))?;
    }
    let (wanted, present) = (names(original)?, names(new)?);
    let inherited = |name: &&CString| name.to_bytes() == ACCESS_LIST && !wanted.contains(name);
    for name in present.iter().filter(inherited) {
        fremovexattr(new, name.as_c_str())?;
    }
    // After the owner, whose change clears bits of the mode; before the access list, which contains
    // the mode.
    fchmod(new, Mode::from_raw_mode(of_original.st_mode))?;
    for name in wanted.iter().filter(|name| is_copied(name.to_bytes())) {
        let Some(value) = value(original, name)? else { continue };
        if self::value(new, name)?.as_ref() != Some(&value) {
            fsetxattr(new, name.as_c_str(), &value, XattrFlags::empty())?;
        }
    }
    Ok(())
}

/// Whether an attribute of this name belongs to the content, no matter which program writes it.
fn is_copied(name: &[u8]) -> bool {
    !OF_SYSTEM.contains(&name)
}

fn names(file: &File) -> io::Result<Vec<CString>> {
    let mut list = vec![0; LONGEST];
    let length = match flistxattr(file, &mut list[..]) {
        Ok(length) => length,
        // The file system has no attributes.
        Err(Errno::NOTSUP | Errno::NOSYS) => 0,
        Err(error) => return Err(error.into()),
    };
    let names = list[..length].split(|byte| *byte == 0).filter(|name| !name.is_empty());
    Ok(names.filter_map(|name| CString::new(name).ok()).collect())
}

fn value(file: &File, name: &CString) -> io::Result<Option<Vec<u8>>> {
    let mut value = vec![0; LONGEST];
    match fgetxattr(file, name.as_c_str(), &mut value[..]) {
        Ok(length) => {
            value.truncate(length);
            Ok(Some(value))
        }
        Err(NONE) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_system_writes_itself_is_not_copied() {
        let rows = [
            ("com.apple.provenance", false),
            ("security.evm", false),
            ("com.apple.quarantine", true),
            ("security.selinux", true),
            ("user.note", true),
        ];
        for (name, expected) in rows {
            assert_eq!(is_copied(name.as_bytes()), expected, "{name}");
        }
    }
}
