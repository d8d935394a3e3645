//! Where an index is.

use std::path::{Path, PathBuf};

use vmkit_types::escaped;

use super::IndexError;

/// The beginnings of what git fetches. Other transports run programs of the address's choice.
const FETCHED: [&str; 3] = ["file://", "https://", "ssh://"];
/// Longest address.
const LONGEST: usize = 1000;

/// Where an index is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A directory of this computer.
    Directory(PathBuf),
    /// A git repository.
    Repository(String),
}

impl Place {
    /// The place that this text names: a path, or the address of a git repository. A path that holds a bare
    /// repository is one.
    ///
    /// # Errors
    /// It names neither.
    pub fn of(text: &str) -> Result<Self, IndexError> {
        let invalid = || IndexError::Place(escaped(text));
        if text.is_empty() || text.len() > LONGEST || text.chars().any(char::is_control) {
            return Err(invalid());
        }
        if FETCHED.iter().any(|start| text.starts_with(start)) {
            return Ok(Self::Repository(text.to_owned()));
        }
        // An option of git, or another transport.
        if text.starts_with('-') || text.contains("::") || text.contains("://") {
            return Err(invalid());
        }
        let path = Path::new(text);
        if path.join("HEAD").is_file() && path.join("objects").is_dir() {
            let path = path
                .canonicalize()
                .map_err(|source| IndexError::Unreadable { path: path.to_owned(), source })?;
            return Ok(Self::Repository(format!("file://{}", path.display())));
        }
        Ok(Self::Directory(path.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_paths_and_the_transports_that_run_no_program_that_an_address_names() {
        let rows = [
            ("/srv/index", "directory"),
            ("index", "directory"),
            ("file:///srv/index.git", "repository"),
            ("https://example.org/index", "repository"),
            ("ssh://git@example.org/index", "repository"),
            ("ext::sh -c reboot", "no place"),
            ("--upload-pack=reboot", "no place"),
            ("git://example.org/index", "no place"),
            ("http://example.org/index", "no place"),
            ("a\nb", "no place"),
            ("", "no place"),
        ];
        for (text, expected) in rows {
            let place = match Place::of(text) {
                Ok(Place::Directory(_)) => "directory".to_owned(),
                Ok(Place::Repository(_)) => "repository".to_owned(),
                Err(why) => why.to_string(),
            };
            assert!(place.contains(expected), "{text:?}: {place}");
        }
    }
}
