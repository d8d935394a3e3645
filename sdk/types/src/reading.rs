//! The result of looking for something: a value, its absence, or no answer and why.

use std::fmt;

/// The result of looking for something.
///
/// `Unknown` is not `Absent`: it is no evidence against anything.
///
/// ```
/// use vmkit_types::{Reading, Unread};
///
/// let state: Reading<&str> = Reading::Unknown(Unread::Denied("/run/x".into()));
/// // Nobody knows the state: it is neither a value nor absent.
/// assert_eq!(state.known(), None);
/// assert_eq!(Reading::Known(2).map(|value| value + 1), Reading::Known(3));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reading<T> {
    /// It was looked for and found.
    Known(T),
    /// It was looked for and is not there.
    Absent,
    /// It could not be seen, for this reason.
    Unknown(Unread),
}

/// Why something could not be seen.
///
/// ```
/// use vmkit_types::Unread;
///
/// let why = Unread::Denied("/run/x".into());
/// assert_eq!(Unread::from_code(why.code(), why.detail()), why);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unread {
    /// Nobody looked, because the mode or the platform does not ask for it.
    NotTried,
    /// The operating system refused; the text names the object.
    Denied(String),
    /// No answer came before the deadline.
    TimedOut,
    /// The source exists and could not be understood; the text says what and where.
    Malformed(String),
    /// This platform has no way to look.
    Unsupported,
    /// Looking failed in another way; the text names the operation and the object.
    Failed(String),
}

impl Unread {
    /// The word for it in observations and answers.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotTried => "not-tried",
            Self::Denied(_) => "denied",
            Self::TimedOut => "timed-out",
            Self::Malformed(_) => "malformed",
            Self::Unsupported => "unsupported",
            Self::Failed(_) => "failed",
        }
    }

    /// What the text of this reason names; empty for a reason without such a text.
    pub fn detail(&self) -> &str {
        match self {
            Self::NotTried | Self::TimedOut | Self::Unsupported => "",
            Self::Denied(what) | Self::Malformed(what) | Self::Failed(what) => what,
        }
    }

    /// The reason of this code. A code that this version does not know is a failure.
    pub fn from_code(code: &str, detail: &str) -> Self {
        match code {
            "not-tried" => Self::NotTried,
            "denied" => Self::Denied(detail.to_owned()),
            "timed-out" => Self::TimedOut,
            "malformed" => Self::Malformed(detail.to_owned()),
            "unsupported" => Self::Unsupported,
            _ => Self::Failed(detail.to_owned()),
        }
    }
}

impl<T> Reading<T> {
    /// The value, where it is known.
    pub fn known(self) -> Option<T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Absent | Self::Unknown(_) => None,
        }
    }

    /// The same reading of a reference.
    pub fn as_ref(&self) -> Reading<&T> {
        match self {
            Self::Known(value) => Reading::Known(value),
            Self::Absent => Reading::Absent,
            Self::Unknown(why) => Reading::Unknown(why.clone()),
        }
    }

    /// The same reading of another value.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Reading<U> {
        match self {
            Self::Known(value) => Reading::Known(change(value)),
            Self::Absent => Reading::Absent,
            Self::Unknown(why) => Reading::Unknown(why),
        }
    }
}

impl fmt::Display for Unread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotTried => f.write_str("not looked at"),
            Self::Denied(what) => write!(f, "permission denied: {what}"),
            Self::TimedOut => f.write_str("no answer before the deadline"),
            Self::Malformed(what) => write!(f, "not understood: {what}"),
            Self::Unsupported => f.write_str("cannot be seen on this platform"),
            Self::Failed(what) => f.write_str(what),
        }
    }
}
