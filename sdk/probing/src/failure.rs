//! A probe that an error of the system ended.

use std::{io, time::Duration};

use rustix::io::Errno;
use vmkit_plugin::{Observation, attribute};

/// The error that ended a probe.
///
/// macOS gives the same error at once where it keeps a program off the local network, and after asking
/// in vain where nobody has the address. So the host judges error and time together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Failure {
    /// Its number, where it is known.
    pub errno: Option<i32>,
    /// The time from the start of the probe to the error, where it is known.
    pub after: Option<Duration>,
    /// Whether root sent the probe, where the system treats root differently.
    pub as_root: Option<bool>,
}

/// What an error says of the address on every system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Nobody answers for it on its link, or the system says so.
    Host,
    /// No route leads there.
    Network,
}

impl Failure {
    /// The failure of a probe that this process sent.
    pub fn new(error: &io::Error, after: Duration) -> Self {
        let macos = cfg!(target_os = "macos");
        Self {
            errno: error.raw_os_error(),
            after: Some(after),
            as_root: macos.then(|| rustix::process::geteuid().is_root()),
        }
    }

    /// The observation with the failure in its attributes.
    #[must_use]
    pub fn of(self, observation: Observation) -> Observation {
        let Self { errno, after, as_root } = self;
        let pairs = [
            (attribute::ERRNO, errno.map(|number| number.to_string())),
            (attribute::AFTER_US, after.map(|time| time.as_micros().to_string())),
            (attribute::AS_ROOT, as_root.map(|root| root.to_string())),
        ];
        pairs.into_iter().fold(observation, |observation, (name, value)| match value {
            Some(value) => observation.with(name, value),
            None => observation,
        })
    }
}

impl Refusal {
    /// What this error says of the address; `None`: nothing.
    pub fn of(error: &io::Error) -> Option<Self> {
        match error.kind() {
            io::ErrorKind::HostUnreachable => Some(Self::Host),
            io::ErrorKind::NetworkUnreachable | io::ErrorKind::NetworkDown => Some(Self::Network),
            // macOS says so of a host on the own link that answers no ARP; std has no name for it.
            _ if Errno::from_io_error(error) == Some(Errno::HOSTDOWN) => Some(Self::Host),
            _ => None,
        }
    }

    /// It in plain words.
    pub const fn says(self) -> &'static str {
        match self {
            Self::Host => "the host says that nobody answers for the address",
            Self::Network => "the host has no route to the address",
        }
    }
}

#[cfg(test)]
mod tests {
    use vmkit_plugin::Kind;

    use super::*;

    #[test]
    fn reads_what_an_error_says_of_the_address() {
        let rows = [
            (Errno::HOSTUNREACH, Some(Refusal::Host)),
            (Errno::HOSTDOWN, Some(Refusal::Host)),
            (Errno::NETUNREACH, Some(Refusal::Network)),
            (Errno::NETDOWN, Some(Refusal::Network)),
            (Errno::CONNREFUSED, None),
            (Errno::ACCESS, None),
        ];
        for (errno, expected) in rows {
            let error = io::Error::from_raw_os_error(errno.raw_os_error());
            assert_eq!(Refusal::of(&error), expected, "{errno}");
        }
    }

    #[test]
    fn an_observation_carries_what_is_known_of_the_failure() {
        let seen = || Observation::new(0, Kind::SshUnreachable, "as it says");
        let failure = Failure {
            errno: Some(65),
            after: Some(Duration::from_micros(300)),
            as_root: Some(false),
        };
        let attributes = [("errno", "65"), ("after-us", "300"), ("as-root", "false")];
        let expected = attributes.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(failure.of(seen()).attributes, expected);
        assert_eq!(Failure::default().of(seen()), seen());
    }
}
