//! Errors as observations.

use vmkit_plugin::{Error, ErrorCode, Unread};

/// Why nothing was read, for this error.
pub(crate) fn unread(error: Error) -> Unread {
    match error.code {
        ErrorCode::Denied => Unread::Denied(error.message),
        ErrorCode::TimedOut => Unread::TimedOut,
        ErrorCode::Unsupported => Unread::Unsupported,
        _ => Unread::Failed(error.message),
    }
}
