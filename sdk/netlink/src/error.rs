//! Why an answer did not come.

use std::io;

use rustix::io::Errno;

/// Why an answer did not come.
#[derive(Debug)]
pub enum ReadError {
    /// The kernel dropped a part of it.
    Overrun,
    /// The kernel refused the request.
    Refused(io::Error),
    /// The socket failed, or the deadline passed.
    Failed(io::Error),
}

impl ReadError {
    /// Whether the kernel refused for this reason.
    pub fn is_refusal(&self, reason: Errno) -> bool {
        let code = Some(reason.raw_os_error());
        matches!(self, Self::Refused(error) if error.raw_os_error() == code)
    }
}

impl From<ReadError> for io::Error {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Overrun => Errno::NOBUFS.into(),
            ReadError::Refused(error) | ReadError::Failed(error) => error,
        }
    }
}
