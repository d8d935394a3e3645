//! Reads small files of others.

use std::{
    fs::File,
    io::{self, Read as _},
    path::Path,
};

use rustix::fs::{Mode, OFlags, open};
use vmkit_types::{Reading, Unread};

/// Why a file could not be read. The caller adds the path.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FileError {
    #[error("cannot be opened")]
    Open(#[source] io::Error),
    #[error("is not a regular file")]
    NotRegular,
    #[error("is larger than {0} bytes")]
    TooLarge(u64),
    #[error("cannot be read")]
    Read(#[source] io::Error),
}

impl FileError {
    /// The error with its causes in one line.
    pub(crate) fn error_chain(&self) -> String {
        match self {
            Self::Open(source) | Self::Read(source) => format!("{self}: {source}"),
            Self::NotRegular | Self::TooLarge(_) => self.to_string(),
        }
    }

    /// Why the value in the file was not read.
    pub(crate) fn unread(&self, path: &Path) -> Unread {
        match self {
            Self::Open(source) | Self::Read(source)
                if source.kind() == io::ErrorKind::PermissionDenied =>
            {
                Unread::Denied(path.display().to_string())
            }
            _ => Unread::Failed(format!("{} {}", path.display(), self.error_chain())),
        }
    }
}

/// The bytes of a regular file of at most `limit` bytes. `None`: there is no such file.
///
/// A FIFO or device does not block: it is opened without waiting, then refused.
pub(crate) fn read(path: &Path, limit: u64) -> Result<Option<Vec<u8>>, FileError> {
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let file = match open(path, flags, Mode::empty()).map_err(io::Error::from) {
        Ok(descriptor) => File::from(descriptor),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => return Ok(None),
        Err(error) => return Err(FileError::Open(error)),
    };
    let metadata = file.metadata().map_err(FileError::Read)?;
    if !metadata.is_file() {
        return Err(FileError::NotRegular);
    }
    if metadata.len() > limit {
        return Err(FileError::TooLarge(limit));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or(0));
    // One byte more than the limit: the file has grown meanwhile.
    file.take(limit + 1).read_to_end(&mut bytes).map_err(FileError::Read)?;
    if bytes.len() as u64 > limit { Err(FileError::TooLarge(limit)) } else { Ok(Some(bytes)) }
}

/// The first line of a small file, without white space around it. Empty counts as absent.
pub(crate) fn first_line(path: &Path, limit: u64) -> Result<Option<String>, FileError> {
    let bytes = read(path, limit)?.unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let line = text.trim_start().lines().next().unwrap_or_default().trim();
    Ok(Some(line.to_owned()).filter(|line| !line.is_empty()))
}

/// The contents of a file as a reading.
pub(crate) fn reading<T>(value: Result<Option<T>, FileError>, path: &Path) -> Reading<T> {
    match value {
        Ok(Some(value)) => Reading::Known(value),
        Ok(None) => Reading::Absent,
        Err(error) => Reading::Unknown(error.unread(path)),
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::symlink};

    use super::*;

    #[test]
    fn reads_small_regular_files_only() {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        fs::write(path("small"), "12345678").unwrap();
        fs::write(path("large"), "123456789").unwrap();
        fs::write(path("empty"), "").unwrap();
        fs::create_dir(path("directory")).unwrap();
        symlink(path("loop"), path("loop")).unwrap();
        symlink(path("small"), path("link")).unwrap();
        let made = std::process::Command::new("mkfifo").arg(path("fifo")).status().unwrap();
        assert!(made.success());
        fs::File::create(path("sparse")).unwrap().set_len(20 << 30).unwrap();
        let table = [
            ("small", "12345678"),
            ("link", "12345678"),
            ("empty", ""),
            ("missing", "none"),
            ("small/below", "none"),
            ("large", "is larger than 8 bytes"),
            ("sparse", "is larger than 8 bytes"),
            ("fifo", "is not a regular file"),
            ("directory", "is not a regular file"),
            ("loop", "cannot be opened"),
        ];
        for (name, expected) in table {
            let found = match read(&path(name), 8) {
                Ok(Some(bytes)) => String::from_utf8(bytes).unwrap(),
                Ok(None) => "none".to_owned(),
                Err(error) => error.to_string(),
            };
            assert_eq!(found, expected, "{name}");
        }
        let full = read(&path("loop"), 8).unwrap_err().error_chain();
        assert!(full.contains("symbolic links"), "{full}");
    }
}
