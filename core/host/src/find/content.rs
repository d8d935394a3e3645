//! The bytes of a library: hashed once, and mapped as they were hashed.

use std::{
    fs::File,
    io::{self, Read, Seek as _, Write},
};

use sha2::{Digest as _, Sha256};
use vmkit_state::FileHash;

/// Largest library, in bytes. A plugin that nobody asked for cannot hold up `vm` by its size.
const LONGEST: u64 = 128 << 20;
/// Bytes that are read at once.
const CHUNK: usize = 256 << 10;

/// The hash of a file, from its beginning.
pub(super) fn hash(file: &File) -> io::Result<FileHash> {
    copy(file, &mut io::sink())
}

/// The hash of these bytes.
pub fn hash_of(bytes: &[u8]) -> FileHash {
    FileHash::new(Sha256::digest(bytes).into())
}

/// Copies a file from its beginning, and returns the hash of what was copied.
fn copy(mut from: &File, to: &mut impl Write) -> io::Result<FileHash> {
    from.rewind()?;
    let mut hash = Sha256::new();
    let mut left = LONGEST;
    let mut chunk = vec![0; CHUNK];
    loop {
        let count = from.read(&mut chunk)?;
        if count == 0 {
            return Ok(FileHash::new(hash.finalize().into()));
        }
        left = left
            .checked_sub(count as u64)
            .ok_or_else(|| io::Error::other(format!("it is larger than {} MiB", LONGEST >> 20)))?;
        hash.update(&chunk[..count]);
        to.write_all(&chunk[..count])?;
    }
}

#[cfg(target_os = "linux")]
mod here {
    use rustix::{
        fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create},
        io::Errno,
    };

    use super::{File, FileHash, copy, io};

    /// Keeps a copy where it is; memory needs no keeper.
    pub(in super::super) type Kept = ();

    /// A copy in memory that nobody can change any more, and its hash.
    pub(in super::super) fn private_copy(file: &File) -> io::Result<(File, FileHash, Kept)> {
        let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
        // A kernel before 6.3 does not know that the copy is no program.
        let made = memfd_create(c"vmkit-plugin", flags | MemfdFlags::NOEXEC_SEAL);
        let made = match made {
            Err(Errno::INVAL) => memfd_create(c"vmkit-plugin", flags),
            made => made,
        };
        let mut sealed = File::from(made?);
        let hash = copy(file, &mut sealed)?;
        let all = SealFlags::WRITE | SealFlags::GROW | SealFlags::SHRINK | SealFlags::SEAL;
        fcntl_add_seals(&sealed, all)?;
        Ok((sealed, hash, ()))
    }
}

#[cfg(not(target_os = "linux"))]
mod here {
    use std::{fs::Permissions, os::unix::fs::PermissionsExt as _, path::Path};

    use tempfile::TempPath;

    use super::{File, FileHash, copy, io};

    /// A sticky directory, where nobody else can replace the copy. The worker can reach it as another user, too.
    const FOLDER: &str = "/tmp";

    /// Removes a copy that is no longer needed.
    #[derive(Debug)]
    pub(in super::super) struct Kept(TempPath);

    impl Kept {
        pub(in super::super) fn path(&self) -> &Path {
            &self.0
        }
    }

    /// A copy that only this user could change, and its hash. Its name cannot be foreseen, so that nobody takes it
    /// before.
    pub(in super::super) fn private_copy(file: &File) -> io::Result<(File, FileHash, Kept)> {
        let mut to =
            tempfile::Builder::new().prefix("vmkit-").suffix(".dylib").tempfile_in(FOLDER)?;
        let hash = copy(file, &mut to)?;
        to.as_file().set_permissions(Permissions::from_mode(0o555))?;
        let kept = Kept(to.into_temp_path());
        Ok((File::open(kept.path())?, hash, kept))
    }
}

pub(super) use here::{Kept, private_copy};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_a_file_from_its_beginning() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"abc").unwrap();
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(hash(&file).unwrap().to_string(), expected);
        assert_eq!(private_copy(&file).unwrap().1.to_string(), expected);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn nobody_can_change_the_copy() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"abc").unwrap();
        let (mut copy, _, ()) = private_copy(&file).unwrap();
        file.set_len(0).unwrap();
        copy.rewind().unwrap();
        assert!(copy.write_all(b"xyz").is_err());
        assert!(copy.set_len(0).is_err());
        let mut text = String::new();
        copy.read_to_string(&mut text).unwrap();
        assert_eq!(text, "abc");
    }

    #[test]
    fn refuses_a_file_that_is_too_large() {
        let file = tempfile::tempfile().unwrap();
        file.set_len(LONGEST + 1).unwrap();
        assert_eq!(hash(&file).unwrap_err().to_string(), "it is larger than 128 MiB");
    }
}
