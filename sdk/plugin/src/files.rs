//! Whole files that the manifest declares.

use std::{fmt, fs::File, io::Read as _};

use vmkit_types::{Reading, Unread};

use crate::Cx;

impl Cx<'_> {
    /// The bytes of the file at this path, of at most `limit` bytes. The manifest must declare it, as for
    /// [`Cx::open_file`]. Unknown says why it could not be read, and names the path.
    pub fn read_file(&self, path: &str, limit: u64) -> Reading<Vec<u8>> {
        let file = match self.open_file(path) {
            Ok(Some(file)) => file,
            Ok(None) => return Reading::Absent,
            Err(error) => return Reading::Unknown(error.into()),
        };
        read_at_most(file, path, limit)
    }

    /// What is in the file at this path, of at most `limit` bytes, as this function reads it. Unknown says
    /// why it could not be read or understood, and names the path.
    pub fn parse_file<T, E: fmt::Display>(
        &self,
        path: &str,
        limit: u64,
        parse: impl FnOnce(&[u8]) -> Result<T, E>,
    ) -> Reading<T> {
        match self.read_file(path, limit) {
            Reading::Known(bytes) => match parse(&bytes) {
                Ok(value) => Reading::Known(value),
                Err(error) => Reading::Unknown(Unread::Malformed(format!("{path}: {error}"))),
            },
            Reading::Absent => Reading::Absent,
            Reading::Unknown(why) => Reading::Unknown(why),
        }
    }
}

/// The bytes of an open file, of at most `limit` bytes. `path` is for messages. Unknown says why it could
/// not be read, and names the path.
///
/// ```
/// use vmkit_plugin::{Reading, read_at_most};
///
/// let file = std::fs::File::open("/dev/zero").unwrap();
/// assert!(matches!(read_at_most(file, "/dev/zero", 100), Reading::Unknown(_)));
/// ```
pub fn read_at_most(file: File, path: &str, limit: u64) -> Reading<Vec<u8>> {
    let mut bytes = Vec::new();
    match file.take(limit.saturating_add(1)).read_to_end(&mut bytes) {
        Ok(_) if bytes.len() as u64 > limit => {
            Reading::Unknown(Unread::Malformed(format!("{path}: more than {limit} bytes")))
        }
        Ok(_) => Reading::Known(bytes),
        Err(error) => Reading::Unknown(Unread::Failed(format!("read {path}: {error}"))),
    }
}
