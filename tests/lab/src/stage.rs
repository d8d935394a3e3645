//! Where the program under test lies.

use std::{
    env,
    path::{Path, PathBuf},
};

use crate::LabError;

/// An installed tree, made by `cargo xtask stage`.
#[derive(Clone, Debug)]
pub struct Stage {
    prefix: PathBuf,
}

impl Stage {
    /// The debug build, or the tree that `VMKIT_STAGE` names.
    ///
    /// # Errors
    /// [`LabError::Missing`] when there is none.
    pub fn find() -> Result<Self, LabError> {
        let debug = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/stage/debug");
        let prefix = env::var_os("VMKIT_STAGE").map_or(debug, PathBuf::from);
        let stage = Self { prefix };
        if stage.vm().is_file() {
            return Ok(stage);
        }
        let vm = stage.vm();
        Err(LabError::Missing(format!("{}: run `cargo xtask stage`", vm.display())))
    }

    /// The `vm` program.
    pub fn vm(&self) -> PathBuf {
        self.prefix.join("bin/vm")
    }
}
