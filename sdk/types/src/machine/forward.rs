//! Ports of this computer that lead to a machine.

use std::{
    fmt,
    net::{IpAddr, SocketAddr},
    str::FromStr,
};

/// A transport protocol.
///
/// ```
/// use vmkit_types::Protocol;
///
/// assert_eq!(Protocol::from_code("tcp"), Some(Protocol::Tcp));
/// assert_eq!(Protocol::Udp.code(), "udp");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
}

/// A port of this computer that is forwarded to a port of a machine. As text:
/// `tcp 127.0.0.1:2222 10.0.2.15:22`, with `-` for a guest's address that is not named.
///
/// ```
/// use vmkit_types::{Forward, Protocol};
///
/// let ssh = Forward {
///     protocol: Protocol::Tcp,
///     listens: "127.0.0.1:2222".parse().unwrap(),
///     guest_address: None,
///     guest_port: 22,
/// };
/// assert_eq!(ssh.to_string().parse(), Ok(ssh));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Forward {
    /// The protocol.
    pub protocol: Protocol,
    /// Where this computer listens. An unspecified address stands for all of its addresses.
    pub listens: SocketAddr,
    /// The guest's address, if it is named.
    pub guest_address: Option<IpAddr>,
    /// The guest's port.
    pub guest_port: u16,
}

/// The text is not a [`Forward`].
///
/// ```
/// assert!("tcp somewhere".parse::<vmkit_types::Forward>().is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidForward;

impl Protocol {
    /// The word for it.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
        }
    }

    /// The protocol of this word, if it is one.
    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Tcp, Self::Udp].into_iter().find(|protocol| protocol.code() == code)
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Display for Forward {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} ", self.protocol, self.listens)?;
        match self.guest_address {
            Some(address) => write!(f, "{}", SocketAddr::new(address, self.guest_port)),
            None => write!(f, "-:{}", self.guest_port),
        }
    }
}

impl FromStr for Forward {
    type Err = InvalidForward;

    fn from_str(text: &str) -> Result<Self, InvalidForward> {
        let words: Vec<&str> = text.split(' ').collect();
        let [protocol, listens, guest] = words[..] else { return Err(InvalidForward) };
        let protocol = Protocol::from_code(protocol).ok_or(InvalidForward)?;
        let listens = listens.parse().map_err(|_| InvalidForward)?;
        let (guest_address, guest_port) = if let Some(port) = guest.strip_prefix("-:") {
            (None, port.parse().map_err(|_| InvalidForward)?)
        } else {
            let guest: SocketAddr = guest.parse().map_err(|_| InvalidForward)?;
            (Some(guest.ip()), guest.port())
        };
        Ok(Self { protocol, listens, guest_address, guest_port })
    }
}

impl fmt::Display for InvalidForward {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a protocol, an address with its port, and a port of the guest")
    }
}

impl std::error::Error for InvalidForward {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_text_that_it_writes_and_refuses_others() {
        for text in
            ["tcp 127.0.0.1:2222 -:22", "udp [::1]:53 10.0.2.15:53", "tcp 0.0.0.0:80 [fd00::2]:80"]
        {
            assert_eq!(text.parse::<Forward>().map(|forward| forward.to_string()), Ok(text.into()));
        }
        for text in
            ["", "tcp", "tcp :2222 -:22", "sctp 127.0.0.1:1 -:1", "tcp 127.0.0.1:2222 -:99999"]
        {
            assert_eq!(text.parse::<Forward>(), Err(InvalidForward), "{text}");
        }
    }
}
