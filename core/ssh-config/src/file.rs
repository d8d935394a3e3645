//! The user's files: reads bounded, and replaces a file as a whole or not at all.

use std::{
    fs::{self, DirBuilder, Permissions},
    io::{self, Read as _, Write as _},
    os::unix::fs::{DirBuilderExt as _, MetadataExt, PermissionsExt as _},
    path::{Path, PathBuf},
};

use crate::Error;

/// Largest configuration, in bytes; ten thousand hosts have less.
const LIMIT: u64 = 4 << 20;

/// The bytes of the file; `None`: it does not exist.
pub(crate) fn read(path: &Path) -> Result<Option<Vec<u8>>, Error> {
    let attempt = || -> io::Result<Vec<u8>> {
        // Before opening it: a pipe would block until another process writes.
        if !fs::metadata(path)?.is_file() {
            return Err(io::Error::other("it is not a regular file"));
        }
        let mut bytes = Vec::new();
        fs::File::open(path)?.take(LIMIT + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > LIMIT {
            return Err(io::Error::other(format!("it is larger than {LIMIT} bytes")));
        }
        Ok(bytes)
    };
    match attempt() {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::file("read", path)(error)),
    }
}

/// Replaces the file's bytes and keeps its mode. A link stays a link, and its target is replaced:
/// people keep their configuration in a repository.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let target = target(path)?;
    let status = fs::metadata(&target).ok();
    let own = rustix::process::geteuid().as_raw();
    if let Some(user) = status.as_ref().map(MetadataExt::uid).filter(|uid| *uid != own) {
        return Err(Error::OtherOwner { path: target, user });
    }
    let mode = status.map_or(0o600, |status| status.mode() & 0o777);
    write_new(&target, mode, bytes).map_err(Error::file("write", &target))
}

/// Writes a new file beside the target and renames it over.
fn write_new(target: &Path, mode: u32, bytes: &[u8]) -> io::Result<()> {
    let directory = target.parent().unwrap_or(Path::new("/"));
    // It has mode 0600 at first, and is removed unless it is renamed.
    let mut new = tempfile::Builder::new().prefix(".vmkit-").tempfile_in(directory)?;
    new.as_file().set_permissions(Permissions::from_mode(mode))?;
    new.write_all(bytes)?;
    new.as_file().sync_all()?;
    new.persist(target).map_err(|error| error.error)?;
    Ok(())
}

/// The file behind the links. A dangling link is an error.
fn target(path: &Path) -> Result<PathBuf, Error> {
    if path.is_symlink() {
        path.canonicalize().map_err(Error::file("follow the link", path))
    } else {
        Ok(path.to_owned())
    }
}

/// Removes the file. Returns whether it existed.
pub(crate) fn remove(path: &Path) -> Result<bool, Error> {
    match fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(Error::file("remove", path)(error)),
    }
}

/// Makes a directory that only the user can enter, if it is missing.
pub(crate) fn make_private_directory(path: &Path) -> Result<(), Error> {
    match DirBuilder::new().mode(0o700).create(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            Err(Error::file("make", path)(error))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn replacing_keeps_the_mode_and_the_link() {
        let home = tempfile::tempdir().unwrap();
        let (real, link) = (home.path().join("real"), home.path().join("config"));
        fs::write(&real, "old").unwrap();
        fs::set_permissions(&real, Permissions::from_mode(0o640)).unwrap();
        symlink("real", &link).unwrap();
        replace(&link, b"new").unwrap();
        assert!(link.is_symlink());
        assert_eq!(read(&link).unwrap().unwrap(), b"new");
        assert_eq!(fs::metadata(&real).unwrap().mode() & 0o777, 0o640);

        let fresh = home.path().join("fresh");
        replace(&fresh, b"x").unwrap();
        assert_eq!(fs::metadata(&fresh).unwrap().mode() & 0o777, 0o600);
        assert_eq!(home.path().read_dir().unwrap().count(), 3, "nothing is left beside them");
    }

    #[test]
    fn rejects_directories_and_dangling_links_and_accepts_a_missing_file() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("config");
        assert_eq!(read(&path).unwrap(), None);
        assert!(!remove(&path).unwrap());
        symlink("nowhere", &path).unwrap();
        assert!(replace(&path, b"x").is_err());
        assert!(path.is_symlink());
        assert!(read(home.path()).is_err());
    }
}
