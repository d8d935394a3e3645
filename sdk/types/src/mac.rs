//! Ethernet addresses, as network tools print them.

use std::{fmt, str::FromStr};

/// A 48-bit Ethernet address.
///
/// Parsing accepts `52:54:00:4b:5e:57`, the zero-stripped octets that macOS prints
/// (`52:54:0:4b:5e:57`), upper case, and `-` as the separator. It prints in the first form.
///
/// ```
/// let mac: vmkit_types::Mac = "52:54:0:4B:5e:57".parse()?;
/// assert_eq!(mac.to_string(), "52:54:00:4b:5e:57");
/// # Ok::<(), vmkit_types::InvalidMac>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mac([u8; 6]);

/// The text is not six octets in hexadecimal.
///
/// ```
/// assert!("52:54:00".parse::<vmkit_types::Mac>().is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidMac;

impl Mac {
    /// The address made of these six octets, first on the wire first.
    pub const fn new(octets: [u8; 6]) -> Self {
        Self(octets)
    }

    /// The six octets, first on the wire first.
    pub const fn octets(self) -> [u8; 6] {
        self.0
    }

    /// Whether all octets are zero, which tools print for an unknown address.
    pub const fn is_zero(self) -> bool {
        matches!(self.0, [0, 0, 0, 0, 0, 0])
    }

    /// Whether it is ff:ff:ff:ff:ff:ff, which reaches all hosts on the link.
    pub const fn is_broadcast(self) -> bool {
        matches!(self.0, [0xff, 0xff, 0xff, 0xff, 0xff, 0xff])
    }

    /// Whether it is a group address, broadcast included: never the address of one machine.
    pub const fn is_multicast(self) -> bool {
        self.0[0] & 1 == 1
    }

    /// Whether somebody has made it up, such as a system that hides its card's address: the bit 0x02 of the
    /// first octet, IEEE 802.
    pub const fn is_locally_administered(self) -> bool {
        self.0[0] & 2 == 2
    }

    /// Whether it can be the address of one card: neither zero nor a group's.
    pub const fn is_of_one_card(self) -> bool {
        !self.is_zero() && !self.is_multicast()
    }
}

impl FromStr for Mac {
    type Err = InvalidMac;

    fn from_str(text: &str) -> Result<Self, InvalidMac> {
        let separator = if text.contains('-') { '-' } else { ':' };
        let mut octets = [0; 6];
        let mut parts = text.split(separator);
        for octet in &mut octets {
            let part = parts.next().ok_or(InvalidMac)?;
            let digits = (1..=2).contains(&part.len())
                && part.bytes().all(|digit| digit.is_ascii_hexdigit());
            if !digits {
                return Err(InvalidMac);
            }
            *octet = u8::from_str_radix(part, 16).map_err(|_| InvalidMac)?;
        }
        if parts.next().is_some() { Err(InvalidMac) } else { Ok(Self(octets)) }
    }
}

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [first, rest @ ..] = self.0;
        write!(f, "{first:02x}")?;
        rest.iter().try_for_each(|octet| write!(f, ":{octet:02x}"))
    }
}

impl fmt::Debug for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for InvalidMac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not six octets in hexadecimal")
    }
}

impl std::error::Error for InvalidMac {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_form_that_tools_print() {
        let expected = Mac::new([0x52, 0x54, 0, 0x12, 3, 0x0a]);
        for text in ["52:54:00:12:03:0a", "52:54:0:12:3:a", "52-54-00-12-03-0A"] {
            assert_eq!(text.parse(), Ok(expected), "{text}");
        }
        assert_eq!(expected.to_string(), "52:54:00:12:03:0a");
    }

    #[test]
    fn refuses_anything_else() {
        let wrong = [
            "",
            "(incomplete)",
            "52:54:00:12:03",
            "52:54:00:12:03:0a:1",
            "52:54::12:3:4",
            "152:54:00:12:03:0a",
            "+2:54:00:12:03:0a",
            "52:54:00:12:03:é",
        ];
        for text in wrong {
            assert_eq!(text.parse::<Mac>(), Err(InvalidMac), "{text}");
        }
    }
}
