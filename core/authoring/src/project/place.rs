//! Where a project is written.

use std::{
    env::consts::{DLL_PREFIX, DLL_SUFFIX},
    fs::{self, File},
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use super::{Language, Project, files::files};

/// Why a project cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum ProjectError {
    /// Something lies there already.
    #[error("{} is not empty", .0.display())]
    NotEmpty(PathBuf),
    /// Nobody wrote a template of it.
    #[error("a plugin of the kind {kind} in {language} has no template; Rust has one")]
    NoTemplate {
        /// The kind.
        kind: &'static str,
        /// The language.
        language: &'static str,
    },
    /// A file or directory cannot be made.
    #[error("cannot make {}", path.display())]
    Unwritable {
        /// The file or directory.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

/// The directory of a project of this name, where the user names none: below the current one.
pub fn place_of(project: &Project, wanted: Option<&Path>) -> PathBuf {
    wanted.map_or_else(|| PathBuf::from(project.name.as_str()), Path::to_owned)
}

impl Project {
    /// The commands that come next, to be typed one after another.
    pub fn next_steps(&self, directory: &Path) -> Vec<Vec<String>> {
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        let of_program = |test: &[&str]| {
            let manifest = format!("{}.plugin.json", self.name.as_str());
            vec![
                words(&["cd", &directory.display().to_string()]),
                words(test),
                words(&["vm", "plugin", "check", &manifest]),
                words(&["vm", "plugin", "run", &manifest]),
            ]
        };
        match self.language {
            Language::Python => of_program(&["python3", "test_plugin.py"]),
            Language::Sh => of_program(&["sh", "test.sh"]),
            Language::Rust => {
                let library = format!("target/debug/{DLL_PREFIX}{}{DLL_SUFFIX}", self.name.snake());
                vec![
                    words(&["cd", &directory.display().to_string()]),
                    words(&["cargo", "test"]),
                    words(&["cargo", "build"]),
                    words(&["vm", "plugin", "check", &library]),
                    words(&["vm", "plugin", "run", &library]),
                    words(&["vm", "plugin", "install", &library]),
                ]
            }
        }
    }

    /// Writes the project into this directory, which is made if it does not exist. Returns the paths of
    /// its files within the directory.
    ///
    /// # Errors
    /// The directory is not empty, or something cannot be written; there is no such template.
    pub fn write(&self, directory: &Path) -> Result<Vec<String>, ProjectError> {
        let (kind, language) = (self.kind.code(), self.language.name());
        let files = files(self).ok_or(ProjectError::NoTemplate { kind, language })?;
        make(directory)?;
        let is_empty = directory.read_dir().map(|mut entries| entries.next().is_none());
        if !is_empty.map_err(|source| unwritable(directory, source))? {
            return Err(ProjectError::NotEmpty(directory.to_owned()));
        }
        let mut written = Vec::new();
        for file in files {
            let path = directory.join(&file.path);
            make(path.parent().unwrap_or(directory))?;
            let mode = if file.is_program { 0o755 } else { 0o644 };
            let mut options = File::options();
            // A file or link that somebody makes meanwhile is not followed.
            let opened = options.write(true).create_new(true).mode(mode).open(&path);
            opened
                .and_then(|mut opened| opened.write_all(file.text.as_bytes()))
                .map_err(|source| unwritable(&path, source))?;
            written.push(file.path);
        }
        Ok(written)
    }
}

fn make(directory: &Path) -> Result<(), ProjectError> {
    fs::create_dir_all(directory).map_err(|source| unwritable(directory, source))
}

fn unwritable(path: &Path, source: io::Error) -> ProjectError {
    ProjectError::Unwritable { path: path.to_owned(), source }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::{ProjectKind, Sdk};

    #[test]
    fn writes_into_an_empty_directory_and_into_no_other() {
        let place = tempfile::tempdir().unwrap();
        let project = Project {
            name: "lucky".parse().unwrap(),
            kind: ProjectKind::Signal,
            language: Language::Rust,
            sdk: Sdk::Registry,
        };
        let directory = place.path().join("a/b");
        let written = project.write(&directory).unwrap();
        let expected = [
            "Cargo.toml",
            "README.md",
            ".gitignore",
            "plugin.json",
            "src/lib.rs",
            "tests/plugin.rs",
        ];
        assert_eq!(written, expected);
        assert!(matches!(project.write(&directory), Err(ProjectError::NotEmpty(_))));
        assert!(matches!(
            project.write(&directory.join("Cargo.toml")),
            Err(ProjectError::Unwritable { .. })
        ));
    }
}
