//! Why a plugin's call failed.

use std::fmt;

use vmkit_types::{Unread, bounded};

/// The result of a plugin's call.
///
/// ```
/// fn look() -> vmkit_plugin::Result<u32> {
///     Ok(7)
/// }
/// assert_eq!(look(), Ok(7));
/// ```
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Longest error message that crosses to the host, in bytes.
const MESSAGE_LIMIT: usize = 500;

/// The class of a failure, which decides the status that `vm status` shows.
///
/// ```
/// use vmkit_plugin::{Error, ErrorCode};
///
/// let missing = std::io::Error::from(std::io::ErrorKind::NotFound);
/// assert_eq!(Error::io("read /etc/hosts", &missing).code, ErrorCode::NotFound);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorCode {
    /// None of the others.
    Other,
    /// The plugin does not accept the configuration.
    Configuration,
    /// This platform has no way to do it.
    Unsupported,
    /// The operating system or the host refused.
    Denied,
    /// The deadline passed.
    TimedOut,
    /// The host asked the call to end.
    Cancelled,
    /// Reading or writing failed.
    Io,
    /// What was asked for does not exist.
    NotFound,
}

/// A failure with its class. The message names the operation and the object.
///
/// ```
/// use vmkit_plugin::{Error, ErrorCode};
///
/// let error = Error::new(ErrorCode::Denied, "the agent of web does not answer you");
/// assert_eq!(error.to_string(), "the agent of web does not answer you");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// Its class.
    pub code: ErrorCode,
    /// What failed, in one sentence.
    pub message: String,
}

impl Error {
    /// A failure of this class.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    /// A failed operation of the operating system, such as `read /proc/net/arp`.
    pub fn io(operation: &str, error: &std::io::Error) -> Self {
        let code = match error.kind() {
            std::io::ErrorKind::PermissionDenied => ErrorCode::Denied,
            std::io::ErrorKind::NotFound => ErrorCode::NotFound,
            std::io::ErrorKind::Unsupported => ErrorCode::Unsupported,
            std::io::ErrorKind::TimedOut | std::io::ErrorKind::WouldBlock => ErrorCode::TimedOut,
            _ => ErrorCode::Io,
        };
        Self::new(code, format!("{operation}: {error}"))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

impl From<Error> for vmkit_abi::Error {
    fn from(error: Error) -> Self {
        let code = match error.code {
            ErrorCode::Other => vmkit_abi::ErrorCode::OTHER,
            ErrorCode::Configuration => vmkit_abi::ErrorCode::CONFIGURATION,
            ErrorCode::Unsupported => vmkit_abi::ErrorCode::UNSUPPORTED,
            ErrorCode::Denied => vmkit_abi::ErrorCode::DENIED,
            ErrorCode::TimedOut => vmkit_abi::ErrorCode::TIMED_OUT,
            ErrorCode::Cancelled => vmkit_abi::ErrorCode::CANCELLED,
            ErrorCode::Io => vmkit_abi::ErrorCode::IO,
            ErrorCode::NotFound => vmkit_abi::ErrorCode::NOT_FOUND,
        };
        Self {
            code,
            message: bounded(&error.message, MESSAGE_LIMIT).into(),
            ext: Vec::new().into(),
        }
    }
}

impl From<Error> for Unread {
    fn from(error: Error) -> Self {
        match error.code {
            ErrorCode::Denied => Self::Denied(error.message),
            ErrorCode::TimedOut => Self::TimedOut,
            ErrorCode::Unsupported => Self::Unsupported,
            _ => Self::Failed(error.message),
        }
    }
}

impl From<Unread> for Error {
    fn from(why: Unread) -> Self {
        match why {
            Unread::Denied(message) => Self::new(ErrorCode::Denied, message),
            Unread::Failed(message) => Self::new(ErrorCode::Other, message),
            Unread::TimedOut => Self::new(ErrorCode::TimedOut, why.to_string()),
            Unread::Unsupported => Self::new(ErrorCode::Unsupported, why.to_string()),
            Unread::NotTried | Unread::Malformed(_) => Self::new(ErrorCode::Other, why.to_string()),
        }
    }
}

impl From<vmkit_abi::Error> for Error {
    fn from(error: vmkit_abi::Error) -> Self {
        let code = match error.code {
            vmkit_abi::ErrorCode::CONFIGURATION => ErrorCode::Configuration,
            vmkit_abi::ErrorCode::UNSUPPORTED => ErrorCode::Unsupported,
            vmkit_abi::ErrorCode::DENIED => ErrorCode::Denied,
            vmkit_abi::ErrorCode::TIMED_OUT => ErrorCode::TimedOut,
            vmkit_abi::ErrorCode::CANCELLED => ErrorCode::Cancelled,
            vmkit_abi::ErrorCode::IO => ErrorCode::Io,
            vmkit_abi::ErrorCode::NOT_FOUND => ErrorCode::NotFound,
            _ => ErrorCode::Other,
        };
        Self::new(code, error.message.into_string())
    }
}
