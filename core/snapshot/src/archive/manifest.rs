//! The first entry of a zip: what made it, and what is in it.

use std::{collections::BTreeMap, fmt::Write as _};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::error::{ArchiveError, refused};

/// The name of the entry.
pub(super) const MANIFEST: &str = "manifest.json";
/// Largest manifest in bytes: 10,000 files with 100 bytes and their names each.
pub(super) const LARGEST_MANIFEST: u64 = 4 << 20;
/// The format of the zip.
const SCHEMA: &str = "vmkit.snapshot-zip/1";

/// What made a zip.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct Maker {
    /// vmkit's version.
    pub vmkit: String,
    /// The computer's system with its version; `None`: it was made from a snapshot, which does not say.
    pub system: Option<String>,
    /// Whether names, MACs and addresses are stand-ins.
    pub redacted: bool,
}

/// The document.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct Manifest {
    schema: String,
    #[serde(flatten)]
    pub(super) maker: Maker,
    /// Each file by its name.
    pub(super) files: BTreeMap<String, Content>,
}

/// What a file holds.
#[derive(Debug, PartialEq, Eq, Deserialize, Serialize)]
pub(super) struct Content {
    size: u64,
    /// In hexadecimal digits.
    sha256: String,
}

impl Content {
    pub(super) fn of(bytes: &[u8]) -> Self {
        let digest = Sha256::digest(bytes);
        let sha256 = digest.iter().fold(String::new(), |mut text, byte| {
            // Writing to a string cannot fail.
            _ = write!(text, "{byte:02x}");
            text
        });
        Self { size: bytes.len() as u64, sha256 }
    }
}

impl Manifest {
    pub(super) fn new(maker: &Maker, files: BTreeMap<String, Content>) -> Self {
        Self { schema: SCHEMA.to_owned(), maker: maker.clone(), files }
    }

    /// The manifest in these bytes.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, ArchiveError> {
        let manifest: Self = serde_json::from_slice(bytes)
            .map_err(|error| refused(format!("cannot understand {MANIFEST}: {error}")))?;
        if manifest.schema != SCHEMA {
            return Err(refused(format!(
                "it is of the format {:?}, not {SCHEMA}",
                manifest.schema
            )));
        }
        Ok(manifest)
    }
}
