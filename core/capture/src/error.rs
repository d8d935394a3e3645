//! Capture errors.

use std::io;

/// Why an interface cannot be captured.
#[derive(Debug, thiserror::Error)]
pub enum CaptureError {
    /// This operating system does not support it.
    #[error("capturing on {interface}: not supported on this system")]
    Unsupported {
        /// The interface.
        interface: String,
    },
    /// The ring's size is out of range.
    #[error("a capture ring of {bytes} bytes: the size must be {least} to {most}")]
    RingSize {
        /// The requested size.
        bytes: usize,
        /// The smallest size.
        least: usize,
        /// The largest size.
        most: usize,
    },
    /// A system call failed; the first one if the right to raw sockets is missing (Linux:
    /// `CAP_NET_RAW`, macOS: root).
    #[error("capturing on {interface}: {operation}")]
    System {
        /// The interface.
        interface: String,
        /// The operation.
        operation: &'static str,
        /// The system's error.
        source: io::Error,
    },
}

impl CaptureError {
    /// Whether the process lacks the right.
    pub fn is_denied(&self) -> bool {
        let Self::System { source, .. } = self else { return false };
        source.kind() == io::ErrorKind::PermissionDenied
    }
}
