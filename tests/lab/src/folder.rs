//! The folder of a lab's files.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{LabError, error::file_error, names::LabName, stage::target};

/// The lab's files, kept if the test panics and otherwise removed.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    kept: PathBuf,
}

impl Folder {
    pub(crate) fn new(name: &LabName, test: &str) -> Result<Self, LabError> {
        let path = name.folder();
        fs::create_dir_all(&path).map_err(file_error("make", &path))?;
        Ok(Self { path, kept: target().join(format!("lab/{test}-{}", name.as_str())) })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // Best effort: must not hide the test's failure, and the next lab removes leftovers.
        if std::thread::panicking() {
            keep(&self.path, &self.kept);
        }
        drop(fs::remove_dir_all(&self.path));
    }
}

#[expect(clippy::print_stderr, reason = "a failing test must say where its logs are")]
fn keep(path: &Path, kept: &Path) {
    // The initramfs is large and the same in every lab.
    drop(fs::remove_dir_all(path.join("initramfs")));
    let copied = fs::create_dir_all(kept)
        .map_err(file_error("make", kept))
        .and_then(|()| crate::run(Command::new("cp").arg("-r").arg(path.join(".")).arg(kept)));
    match copied {
        Ok(_) => eprintln!("the lab's captures and logs are in {}", kept.display()),
        Err(error) => eprintln!("the lab's captures and logs are lost: {error}"),
    }
}
