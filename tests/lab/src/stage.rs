//! The installation under test.

use std::{
    env,
    path::{Path, PathBuf},
};

use crate::{LabError, error::file_error};

/// An installed tree, made by `cargo xtask stage`.
#[derive(Clone, Debug)]
pub struct Stage {
    prefix: PathBuf,
}

impl Stage {
    /// The staged debug build, or the tree in `VMKIT_STAGE`.
    ///
    /// # Errors
    /// [`LabError::Missing`] if there is none.
    pub fn find() -> Result<Self, LabError> {
        let named = env::var_os("VMKIT_STAGE").map(PathBuf::from);
        Self::at(named.unwrap_or_else(|| target().join("stage/debug")))
    }

    /// The tree at this prefix.
    ///
    /// # Errors
    /// [`LabError::Missing`] if there is none.
    pub fn at(prefix: PathBuf) -> Result<Self, LabError> {
        let stage = Self { prefix };
        if stage.vm().is_file() {
            return Ok(stage);
        }
        let vm = stage.vm();
        Err(LabError::Missing(format!("{}: run `cargo xtask stage`", vm.display())))
    }

    /// The tree's root.
    pub fn prefix(&self) -> &Path {
        &self.prefix
    }

    /// The tree's root without links.
    pub(crate) fn real_prefix(&self) -> Result<PathBuf, LabError> {
        self.prefix.canonicalize().map_err(file_error("find", &self.prefix))
    }

    /// The `vm` program.
    pub fn vm(&self) -> PathBuf {
        self.prefix.join("bin/vm")
    }
}

/// The workspace's build directory, which also keeps files of failed tests.
pub(crate) fn target() -> PathBuf {
    let crate_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let workspace = crate_folder.ancestors().nth(2).unwrap_or(crate_folder);
    workspace.join("target")
}
