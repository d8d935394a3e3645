//! Files of the user's, read within bounds and replaced whole or not at all.

use std::{
    fs::{self, DirBuilder, Permissions},
    io::{self, Read as _, Write as _},
    os::unix::fs::{DirBuilderExt as _, MetadataExt, PermissionsExt as _},
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use vmkit_types::escaped;

use crate::exit::Failure;

/// Largest configuration of ssh in bytes: ten thousand hosts have less.
const LIMIT: u64 = 4 << 20;

/// The bytes of the file; `None`: it does not exist.
pub(crate) fn read(path: &Path) -> anyhow::Result<Option<Vec<u8>>> {
    let attempt = || -> io::Result<Vec<u8>> {
        // Before it is opened: a pipe would wait for somebody to write.
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
        Err(error) => Err(error).with_context(|| format!("cannot read {}", shown(path))),
    }
}

/// Puts these bytes in place of the file's, which keeps its mode. A link to a file elsewhere stays
/// one: people keep their configuration in a repository.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let target = target(path)?;
    let status = fs::metadata(&target).ok();
    let own = rustix::process::geteuid().as_raw();
    if let Some(other) = status.as_ref().map(MetadataExt::uid).filter(|uid| *uid != own) {
        let message = format!("{} belongs to user {other}", shown(&target));
        return Err(Failure::new(message).with_hint("run it as that user").into());
    }
    let writing = || format!("cannot write {}", shown(&target));
    let directory = target.parent().unwrap_or(Path::new("/"));
    // It is made with mode 0600, and removed unless it is put in place.
    let mut new =
        tempfile::Builder::new().prefix(".vmkit-").tempfile_in(directory).with_context(writing)?;
    let mode = status.map_or(0o600, |status| status.mode() & 0o777);
    new.as_file().set_permissions(Permissions::from_mode(mode)).with_context(writing)?;
    new.write_all(bytes).and_then(|()| new.as_file().sync_all()).with_context(writing)?;
    new.persist(&target).map_err(|error| error.error).with_context(writing)?;
    Ok(())
}

/// The file behind the links. A link that leads nowhere is refused.
fn target(path: &Path) -> anyhow::Result<PathBuf> {
    if path.is_symlink() {
        path.canonicalize().with_context(|| format!("cannot follow the link {}", shown(path)))
    } else {
        Ok(path.to_owned())
    }
}

/// Removes the file; whether there was one.
pub(crate) fn remove(path: &Path) -> anyhow::Result<bool> {
    match fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error).with_context(|| format!("cannot remove {}", shown(path))),
    }
}

/// Makes a directory that only the user can enter, if it is missing.
pub(crate) fn make_private_directory(path: &Path) -> anyhow::Result<()> {
    match DirBuilder::new().mode(0o700).create(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            Err(error).with_context(|| format!("cannot make {}", shown(path)))
        }
        _ => Ok(()),
    }
}

fn shown(path: &Path) -> String {
    escaped(&path.display().to_string())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_file_keeps_its_mode_and_a_link_its_place() {
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
    fn what_is_no_file_is_refused_and_what_is_not_there_is_none() {
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
