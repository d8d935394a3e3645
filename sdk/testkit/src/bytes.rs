//! What a fake host serves out of bytes.

use std::{
    io::{Seek as _, Write as _},
    path::PathBuf,
};

use vmkit_plugin::Error;

use crate::host::FakeHost;

impl FakeHost {
    /// Serves these bytes as the console of machine `vm`.
    ///
    /// # Panics
    /// If no temporary file can be written.
    #[must_use]
    pub fn with_console(mut self, vm: usize, bytes: impl AsRef<[u8]>) -> Self {
        let path = self.keep(bytes.as_ref());
        self.consoles.insert(vm, path);
        self
    }

    /// Lets the service at this socket answer a request with this body, or says why it cannot be asked.
    ///
    /// # Panics
    /// If no temporary file can be written.
    #[must_use]
    pub fn with_local_api(mut self, socket: &str, path: &str, body: Result<&[u8], Error>) -> Self {
        let answer = match body {
            Ok(body) => Ok(self.keep(body)),
            Err(error) => Err((vmkit_abi::Error::from(error.clone()).code, error.message)),
        };
        self.local_apis.insert(format!("{socket} {path}"), answer);
        self
    }

    /// The path of a file with these bytes, as long as this host is there.
    fn keep(&mut self, bytes: &[u8]) -> PathBuf {
        let file = tempfile::NamedTempFile::new()
            .and_then(|mut file| {
                file.write_all(bytes)?;
                file.rewind()?;
                Ok(file)
            })
            .unwrap_or_else(|error| panic!("cannot write a temporary file: {error}"));
        let path = file.path().to_owned();
        self.files.push(file);
        path
    }
}
