//! A timeout that a configuration sets.

use std::time::Duration;

use serde::Deserialize;

/// The longest timeout in milliseconds; the schema in a manifest says the same.
const MOST: u64 = 10_000;

/// A timeout that a configuration sets, in milliseconds: 1 to 10,000.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(try_from = "u64")]
pub struct Timeout(Duration);

impl Timeout {
    /// The timeout of this many milliseconds, for a default.
    pub const fn from_millis(milliseconds: u64) -> Self {
        Self(Duration::from_millis(milliseconds))
    }

    /// How long to wait.
    pub const fn duration(self) -> Duration {
        self.0
    }
}

impl TryFrom<u64> for Timeout {
    type Error = String;

    fn try_from(milliseconds: u64) -> Result<Self, String> {
        if (1..=MOST).contains(&milliseconds) {
            Ok(Self::from_millis(milliseconds))
        } else {
            Err(format!("a timeout must be 1 to {MOST} milliseconds"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_timeouts_outside_the_schema() {
        let rows = [("1", Some(1)), ("10000", Some(10_000)), ("0", None), ("10001", None)];
        for (text, expected) in rows {
            let timeout = serde_json::from_str(text).ok().map(Timeout::duration);
            assert_eq!(timeout, expected.map(Duration::from_millis), "{text}");
        }
    }
}
