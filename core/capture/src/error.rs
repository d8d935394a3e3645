//! Why nothing is captured.

use std::io;

/// Why an interface cannot be captured, or no longer.
#[derive(Debug, thiserror::Error)]
pub enum CaptureError {
    /// This operating system has nothing of the kind.
    #[error("capturing on {interface}: not supported on this system")]
    Unsupported {
        /// The interface.
        interface: String,
    },
    /// The ring would be smaller than two of its blocks or larger than makes sense.
    #[error("a capture ring of {bytes} bytes: it can have {least} to {most}")]
    RingSize {
        /// What was asked for.
        bytes: usize,
        /// The least.
        least: usize,
        /// The most.
        most: usize,
    },
    /// The operating system refused; without the right to raw sockets (Linux: `CAP_NET_RAW`, macOS:
    /// root) it refuses the first step.
    #[error("capturing on {interface}: {operation}")]
    System {
        /// The interface.
        interface: String,
        /// What was being done.
        operation: &'static str,
        /// The system's reason.
        source: io::Error,
    },
}

impl CaptureError {
    /// Whether the operating system lacks this right of the process.
    pub fn is_denied(&self) -> bool {
        let Self::System { source, .. } = self else { return false };
        source.kind() == io::ErrorKind::PermissionDenied
    }
}
