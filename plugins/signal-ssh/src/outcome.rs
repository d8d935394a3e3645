//! The outcome of one probe, and how it is reported.

use std::{io, net::SocketAddr, time::Duration};

use vmkit_plugin::{Kind, Observation, Unread, attribute, bounded, escaped};
use vmkit_probing::{Failure, Refusal, meaningful_silence};

/// Longest part of a server's line that is passed on, in bytes.
const LINE_LIMIT: usize = 255;

/// The outcome of one probe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// An SSH server identified itself.
    Ready {
        /// Its line.
        banner: String,
        /// Time that the connection took, one round trip, where it is known.
        round_trip: Option<Duration>,
    },
    /// The port is open, and no SSH server was seen.
    NoBanner {
        /// What the server did instead, in words.
        instead: String,
        /// Time that the connection took, one round trip, where it is known.
        round_trip: Option<Duration>,
    },
    /// The port is closed.
    Refused,
    /// No answer, within this time where it is known.
    Timeout(Option<Duration>),
    /// The host cannot reach the address.
    Unreachable {
        /// Why, in words.
        why: String,
        /// The error that it was.
        failure: Failure,
    },
}

impl Outcome {
    /// The outcome of a connection that failed with this error, this long after its start.
    pub(crate) fn of_connect_error(
        to: SocketAddr,
        error: &io::Error,
        after: Duration,
    ) -> Result<Self, Unread> {
        if let Some(refusal) = Refusal::of(error) {
            let failure = Failure::new(error, after);
            return Ok(Self::Unreachable { why: refusal.says().to_owned(), failure });
        }
        let says = format!("connect to {to}: {error}");
        match error.kind() {
            io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionReset => Ok(Self::Refused),
            io::ErrorKind::PermissionDenied => Err(Unread::Denied(says)),
            _ => Err(Unread::Failed(says)),
        }
    }

    /// The outcome of a silence of this length; `configured` is how long the probe would have waited
    /// with enough time.
    pub(crate) fn of_silence(waited: Duration, configured: Duration) -> Result<Self, Unread> {
        meaningful_silence(waited, configured).map(|waited| Self::Timeout(Some(waited)))
    }

    /// This outcome as an observation about machine `vm`.
    pub(crate) fn observation(&self, vm: usize, port: u16) -> Observation {
        let new = |kind, says: String| Observation::new(vm, kind, says);
        match self {
            Self::Ready { banner, round_trip } => {
                let banner = bounded(banner, LINE_LIMIT);
                let ready =
                    new(Kind::SshReady, format!("an SSH server answers: {}", escaped(banner)));
                timed(ready.with(attribute::BANNER, banner), *round_trip)
            }
            Self::NoBanner { instead, round_trip } => {
                let says = format!("port {port} accepts connections, but {}", escaped(instead));
                timed(new(Kind::SshNoBanner, says), *round_trip)
            }
            Self::Refused => {
                new(Kind::SshRefused, format!("somebody is there and refuses port {port}"))
            }
            Self::Timeout(waited) => {
                let within = waited.map(|waited| format!(" within {} ms", waited.as_millis()));
                let within = within.unwrap_or_default();
                new(Kind::SshTimeout, format!("no answer from port {port}{within}"))
            }
            Self::Unreachable { why, failure } => {
                failure.of(new(Kind::SshUnreachable, why.clone()))
            }
        }
    }
}

fn timed(observation: Observation, round_trip: Option<Duration>) -> Observation {
    match round_trip {
        Some(time) => observation.with(attribute::RTT_US, time.as_micros().to_string()),
        None => observation,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(outcome: Result<Outcome, Unread>) -> String {
        match outcome {
            Ok(outcome) => {
                let seen = outcome.observation(3, 22);
                format!("{} {} {}", seen.vm, seen.kind.code(), seen.says)
            }
            Err(why) => format!("unread {why}"),
        }
    }

    #[test]
    fn reports_what_a_failed_connection_means() {
        let to: SocketAddr = "192.168.1.64:22".parse().unwrap();
        let rows = [
            (
                io::ErrorKind::ConnectionRefused,
                "3 ssh-refused somebody is there and refuses port 22",
            ),
            (
                io::ErrorKind::HostUnreachable,
                "3 ssh-unreachable the host says that nobody answers for the address",
            ),
            (
                io::ErrorKind::NetworkUnreachable,
                "3 ssh-unreachable the host has no route to the address",
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
            assert_eq!(line(Outcome::of_connect_error(to, &kind.into(), Duration::ZERO)), expected);
        }
    }

    #[test]
    fn reports_silence_only_after_a_meaningful_wait() {
        let milliseconds = Duration::from_millis;
        let rows = [
            (150, 400, "3 ssh-timeout no answer from port 22 within 150 ms"),
            (99, 400, "unread no answer before the deadline"),
        ];
        for (waited, configured, expected) in rows {
            let outcome = Outcome::of_silence(milliseconds(waited), milliseconds(configured));
            assert_eq!(line(outcome), expected);
        }
    }

    #[test]
    fn control_bytes_of_a_banner_are_escaped() {
        let outcome = Outcome::Ready { banner: "SSH-2.0-\u{1b}[2J".into(), round_trip: None };
        assert_eq!(line(Ok(outcome)), "3 ssh-ready an SSH server answers: SSH-2.0-\\x1b[2J");
    }
}
