//! The domain of the VMs' names.

use std::{fmt, str::FromStr};

/// Leaves room for a label of 63 bytes within the 253 bytes of a name.
const LENGTH_LIMIT: usize = 189;

/// A domain such as `vm.test`, in lower case, without a final dot, and safe in a file's name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Suffix(String);

/// Why a text is not a suffix.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSuffix {
    /// Not a domain.
    #[error("not a domain such as vm.test: letters, digits and hyphens between dots")]
    Malformed,
    /// Names below `local` belong to multicast DNS.
    #[error("`local` belongs to multicast DNS, which asks no server")]
    Multicast,
}

impl Suffix {
    /// The labels from left to right.
    pub fn labels(&self) -> impl DoubleEndedIterator<Item = &[u8]> {
        self.0.split('.').map(str::as_bytes)
    }
}

impl FromStr for Suffix {
    type Err = InvalidSuffix;

    fn from_str(text: &str) -> Result<Self, InvalidSuffix> {
        let text = text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
        let label = |label: &str| {
            let inner = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
            (1..=63).contains(&label.len())
                && label.bytes().all(inner)
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        if text.len() > LENGTH_LIMIT || !text.split('.').all(label) {
            return Err(InvalidSuffix::Malformed);
        }
        if text.rsplit('.').next() == Some("local") {
            return Err(InvalidSuffix::Multicast);
        }
        Ok(Self(text))
    }
}

impl fmt::Display for Suffix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_domains_that_are_safe_as_file_names() {
        for (text, expected) in [("vm.test", "vm.test"), ("VM.Test.", "vm.test"), ("lab", "lab")] {
            assert_eq!(text.parse::<Suffix>().unwrap().to_string(), expected);
        }
        let long = vec!["a"; 100].join(".");
        for text in
            ["", ".", "..", "a..b", "../etc", "a/b", "-a", "a-", "a b", "é.test", "a_b", &long]
        {
            assert_eq!(text.parse::<Suffix>(), Err(InvalidSuffix::Malformed), "{text}");
        }
        assert_eq!("vm.LOCAL".parse::<Suffix>(), Err(InvalidSuffix::Multicast));
    }
}
