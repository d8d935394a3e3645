//! Sizes of disks, as the toolkit writes them.

use std::{fmt, str::FromStr};

/// The size of a disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Size(u64);

/// The text is no size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a size is a number of bytes, or such as `20G`: the units are K, M, G and T")]
pub struct InvalidSize;

/// The units, the largest first.
const UNITS: [(char, u32); 4] = [('T', 40), ('G', 30), ('M', 20), ('K', 10)];

/// Disks are made of sectors of 512 bytes.
const SECTOR: u64 = 512;

impl Size {
    /// This many bytes, rounded up to whole sectors. `None`: no file can be so large.
    pub(crate) fn of_bytes(bytes: u64) -> Option<Self> {
        let bytes = bytes.checked_next_multiple_of(SECTOR)?;
        (bytes > 0 && i64::try_from(bytes).is_ok()).then_some(Self(bytes))
    }

    /// Bytes.
    pub fn bytes(self) -> u64 {
        self.0
    }
}

impl FromStr for Size {
    type Err = InvalidSize;

    fn from_str(text: &str) -> Result<Self, InvalidSize> {
        let text = text.trim();
        let upper = text.to_ascii_uppercase();
        let plain = upper.strip_suffix("IB").or(upper.strip_suffix('B')).unwrap_or(&upper);
        let unit = UNITS.iter().find(|(unit, _)| plain.ends_with(*unit));
        let (digits, shift) = unit.map_or((plain, 0), |(unit, shift)| {
            (plain.strip_suffix(*unit).unwrap_or(plain), *shift)
        });
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(InvalidSize);
        }
        let number: u64 = digits.parse().map_err(|_| InvalidSize)?;
        let bytes = number.checked_mul(1 << shift).ok_or(InvalidSize)?;
        Self::of_bytes(bytes).ok_or(InvalidSize)
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match UNITS.iter().find(|(_, shift)| self.0.trailing_zeros() >= *shift) {
            Some((unit, shift)) => write!(f, "{}{unit}", self.0 >> shift),
            None => write!(f, "{}", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_writes_sizes_as_the_toolkit_does() {
        let table = [
            ("60G", Some((60 << 30, "60G"))),
            ("60g", Some((60 << 30, "60G"))),
            ("60GiB", Some((60 << 30, "60G"))),
            ("1024M", Some((1 << 30, "1G"))),
            ("2T", Some((2 << 40, "2T"))),
            ("1025", Some((1536, "1536"))),
            ("0", None),
            ("", None),
            ("G", None),
            ("-1G", None),
            ("1.5G", None),
            ("9223372036854775807", None),
            ("99999999999T", None),
            ("1G; rm -rf /", None),
        ];
        for (text, expected) in table {
            let size: Option<Size> = text.parse().ok();
            let found = size.map(|size| (size.bytes(), size.to_string()));
            let expected = expected.map(|(bytes, shown): (u64, &str)| (bytes, shown.to_owned()));
            assert_eq!(found, expected, "{text}");
        }
    }
}
