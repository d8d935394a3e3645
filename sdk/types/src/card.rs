//! The network cards of a machine, as plugins see them.

use std::{fmt, str::FromStr};

use crate::Mac;

/// How a machine's network card is connected.
///
/// ```
/// use vmkit_types::NetworkMode;
///
/// assert_eq!(NetworkMode::from_code("bridged"), Some(NetworkMode::Bridged));
/// assert_eq!(NetworkMode::User.code(), "user");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NetworkMode {
    /// To the LAN of an interface of the host; the router gives the address.
    Bridged,
    /// To a subnet of the host's own; the host gives the address and translates.
    Shared,
    /// To QEMU's built-in user network: the host cannot reach its address.
    User,
}

impl NetworkMode {
    const ALL: [Self; 3] = [Self::Bridged, Self::Shared, Self::User];

    /// The word for it.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Bridged => "bridged",
            Self::Shared => "shared",
            Self::User => "user",
        }
    }

    /// The mode of this word, if it is one.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.code() == code)
    }
}

impl fmt::Display for NetworkMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// How a network card of a QEMU is connected.
///
/// ```
/// use vmkit_types::{Net, NetworkMode};
///
/// let mode = NetworkMode::Bridged;
/// let net = Net { mode, interface: Some("br0".into()), port: None, netdev: None };
/// assert_eq!(net.mode.to_string(), "bridged");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Net {
    /// The network mode.
    pub mode: NetworkMode,
    /// The host's interface or bridge that the card is on.
    pub interface: Option<String>,
    /// The host's end of the card's cable, such as `tap0`.
    pub port: Option<String>,
    /// QEMU's id of the host's end.
    pub netdev: Option<String>,
}

/// A network card of a machine. As text: `52:54:00:4b:5e:57 bridged br0 tap0`, with `-` for what is
/// unknown.
///
/// ```
/// let card: vmkit_types::SubjectCard = "52:54:00:4b:5e:57 bridged br0 -".parse()?;
/// assert_eq!((card.interface.as_deref(), card.port), (Some("br0"), None));
/// # Ok::<(), vmkit_types::InvalidCard>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct SubjectCard {
    /// Its MAC, if known.
    pub mac: Option<Mac>,
    /// Its network mode, if known.
    pub mode: Option<NetworkMode>,
    /// The host's interface or bridge that it is on, if known.
    pub interface: Option<String>,
    /// The host's end of its cable, such as `tap0`, if known.
    pub port: Option<String>,
}

/// The text is not a [`SubjectCard`].
///
/// ```
/// assert!("a b c d e".parse::<vmkit_types::SubjectCard>().is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidCard;

impl fmt::Display for SubjectCard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.mac {
            Some(mac) => write!(f, "{mac}")?,
            None => f.write_str("-")?,
        }
        match self.mode {
            Some(mode) => write!(f, " {mode}")?,
            None => f.write_str(" -")?,
        }
        for name in [&self.interface, &self.port] {
            // A name with white space is no interface, and would be two words.
            let plain = |name: &&str| !name.is_empty() && !name.contains(char::is_whitespace);
            write!(f, " {}", name.as_deref().filter(plain).unwrap_or("-"))?;
        }
        Ok(())
    }
}

impl FromStr for SubjectCard {
    type Err = InvalidCard;

    fn from_str(text: &str) -> Result<Self, InvalidCard> {
        let words: Vec<&str> = text.split(' ').collect();
        let [mac, mode, interface, port] = words[..] else { return Err(InvalidCard) };
        if words.contains(&"") {
            return Err(InvalidCard);
        }
        let known = |word: &str| (word != "-").then(|| word.to_owned());
        Ok(Self {
            mac: match mac {
                "-" => None,
                mac => Some(mac.parse().map_err(|_| InvalidCard)?),
            },
            mode: match mode {
                "-" => None,
                mode => Some(NetworkMode::from_code(mode).ok_or(InvalidCard)?),
            },
            interface: known(interface),
            port: known(port),
        })
    }
}

impl fmt::Display for InvalidCard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a MAC, a network mode, an interface and a port")
    }
}

impl std::error::Error for InvalidCard {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_text_that_it_writes_and_refuses_others() {
        let texts = ["52:54:00:4b:5e:57 bridged br0 tap0", "52:54:00:4b:5e:57 user - -", "- - - -"];
        for text in texts {
            assert_eq!(text.parse::<SubjectCard>().map(|card| card.to_string()), Ok(text.into()));
        }
        for text in ["", "- - -", "- - - - -", "- -  -", "web - - -", "- nat - -"] {
            assert_eq!(text.parse::<SubjectCard>(), Err(InvalidCard), "{text}");
        }
    }

    #[test]
    fn writes_a_name_with_white_space_as_unknown() {
        let card = SubjectCard { interface: Some("a b".to_owned()), ..SubjectCard::default() };
        assert_eq!(card.to_string(), "- - - -");
    }
}
