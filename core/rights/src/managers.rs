//! Asks the broker for files of managers that only root can read.

use std::{os::fd::OwnedFd, path::Path};

use crate::{
    Broker, Refusal, Reply, Request,
    broker::{AT_ONCE, unexpected},
};

impl Broker {
    /// Opens a file of a manager for reading.
    ///
    /// # Errors
    /// It is not in the broker's table, others than root could have put it there, or it is not there.
    pub fn manager_file(&self, path: &Path) -> Result<OwnedFd, Refusal> {
        let request = Request::ManagerFile { path: path.to_owned() };
        match self.ask_for_descriptors(&request, &[], AT_ONCE)? {
            (Reply::Done, mut receiver) => {
                receiver.descriptor().map_err(|error| Refusal::of_wire(&error))
            }
            (reply, _) => Err(unexpected(&reply)),
        }
    }

    /// The paths of the files of a manager that match this pattern, sorted.
    ///
    /// # Errors
    /// It is not in the broker's table, or others than root could have made the directory.
    pub fn manager_files(&self, pattern: &str) -> Result<Vec<String>, Refusal> {
        let request = Request::ManagerFiles { pattern: pattern.to_owned() };
        match self.ask(&request, &[], AT_ONCE)? {
            Reply::Paths(paths) => Ok(paths),
            reply => Err(unexpected(&reply)),
        }
    }
}
