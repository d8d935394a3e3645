//! What asking one address gave, and how that is reported.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use vmkit_plugin::{Kind, Observation, Unread, attribute, bounded, escaped};

/// The least time in which silence means something: a round trip over a busy Wi-Fi, and the time
/// that a loaded guest takes to answer. Where less was left, silence is no evidence.
const MEANINGFUL_WAIT: Duration = Duration::from_millis(100);

/// Longest part of a server's line that is passed on, in bytes.
const LINE_LIMIT: usize = 255;

/// What asking one address gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// An SSH server identified itself.
    Ready {
        /// Its line.
        banner: String,
        /// Time that the connection took, one round trip, where it is known.
        round_trip: Option<Duration>,
    },
    /// Connected, and not an SSH server as far as was seen: what it did instead.
    NoBanner {
        /// In words.
        instead: String,
        /// Time that the connection took, one round trip, where it is known.
        round_trip: Option<Duration>,
    },
    /// The port is closed.
    Refused,
    /// No answer, within this time where it is known.
    Timeout(Option<Duration>),
    /// No way there.
    Unreachable(String),
    /// The attempt itself failed, which says nothing about the address.
    Unread(Unread),
}

impl Outcome {
    /// The outcome of a connection that failed with this error.
    pub(crate) fn of_connect_error(to: SocketAddr, error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionReset => Self::Refused,
            io::ErrorKind::HostUnreachable => {
                Self::Unreachable("the host says that nobody answers for the address".to_owned())
            }
            io::ErrorKind::NetworkUnreachable | io::ErrorKind::NetworkDown => {
                Self::Unreachable("the host has no route to the address".to_owned())
            }
            io::ErrorKind::PermissionDenied => {
                Self::Unread(Unread::Denied(format!("connect to {to}: {error}")))
            }
            _ => Self::Unread(Unread::Failed(format!("connect to {to}: {error}"))),
        }
    }

    /// The outcome of no answer within this time.
    pub(crate) fn of_silence(waited: Duration, configured: Duration) -> Self {
        if waited < configured.min(MEANINGFUL_WAIT) {
            Self::Unread(Unread::TimedOut)
        } else {
            Self::Timeout(Some(waited))
        }
    }

    /// This outcome as a fact about machine `vm`.
    pub(crate) fn observation(&self, vm: usize, address: IpAddr, port: u16) -> Observation {
        let fact = |kind, says: String| Observation::new(vm, kind, says).at(address);
        match self {
            Self::Ready { banner, round_trip } => {
                let banner = bounded(banner, LINE_LIMIT);
                let seen =
                    fact(Kind::SshReady, format!("an SSH server answers: {}", escaped(banner)));
                timed(seen.with(attribute::BANNER, banner), *round_trip)
            }
            Self::NoBanner { instead, round_trip } => {
                let says = format!("port {port} accepts connections, but {}", escaped(instead));
                timed(fact(Kind::SshNoBanner, says), *round_trip)
            }
            Self::Refused => {
                fact(Kind::SshRefused, format!("the machine is there and refuses port {port}"))
            }
            Self::Timeout(waited) => {
                let within = waited.map(|waited| format!(" within {} ms", waited.as_millis()));
                let within = within.unwrap_or_default();
                fact(Kind::SshTimeout, format!("no answer from port {port}{within}"))
            }
            Self::Unreachable(why) => fact(Kind::SshUnreachable, why.clone()),
            Self::Unread(why) => Observation::unread(vm, why).at(address),
        }
    }
}

fn timed(seen: Observation, round_trip: Option<Duration>) -> Observation {
    match round_trip {
        Some(time) => seen.with(attribute::RTT_US, time.as_micros().to_string()),
        None => seen,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_failure_is_told_as_what_it_means() {
        let to: SocketAddr = "192.168.1.64:22".parse().unwrap();
        let rows = [
            (
                io::ErrorKind::ConnectionRefused,
                "ssh-refused the machine is there and refuses port 22",
            ),
            (
                io::ErrorKind::HostUnreachable,
                "ssh-unreachable the host says that nobody answers for the address",
            ),
            (
                io::ErrorKind::NetworkUnreachable,
                "ssh-unreachable the host has no route to the address",
            ),
            (
                io::ErrorKind::PermissionDenied,
                "unread permission denied: connect to 192.168.1.64:22: permission denied",
            ),
            (
                io::ErrorKind::InvalidInput,
                "unread connect to 192.168.1.64:22: invalid input parameter",
            ),
        ];
        for (kind, expected) in rows {
            let seen = Outcome::of_connect_error(to, &kind.into()).observation(3, to.ip(), 22);
            assert_eq!(format!("{} {}", seen.kind.code(), seen.says), expected);
            assert_eq!((seen.vm, seen.address), (3, Some(to.ip())));
        }
    }

    #[test]
    fn silence_counts_only_after_a_meaningful_wait() {
        let milliseconds = Duration::from_millis;
        let rows = [
            (400, 400, "ssh-timeout no answer from port 22 within 400 ms"),
            (150, 400, "ssh-timeout no answer from port 22 within 150 ms"),
            (99, 400, "unread no answer before the deadline"),
            (50, 50, "ssh-timeout no answer from port 22 within 50 ms"),
        ];
        for (waited, configured, expected) in rows {
            let outcome = Outcome::of_silence(milliseconds(waited), milliseconds(configured));
            let seen = outcome.observation(0, [10, 0, 0, 1].into(), 22);
            assert_eq!(format!("{} {}", seen.kind.code(), seen.says), expected);
        }
    }

    #[test]
    fn a_banner_never_steers_a_terminal() {
        let outcome = Outcome::Ready { banner: "SSH-2.0-\u{1b}[2J".into(), round_trip: None };
        let seen = outcome.observation(0, [10, 0, 0, 1].into(), 22);
        assert_eq!(seen.says, "an SSH server answers: SSH-2.0-\\x1b[2J");
    }
}
