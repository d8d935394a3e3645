//! The outcome of one echo, and how it is reported.

use std::{io, net::IpAddr, time::Duration};

use vmkit_plugin::{Kind, Observation, Unread, attribute};
use vmkit_probing::{Failure, Refusal, meaningful_silence};

/// The outcome of one echo.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// An answer came.
    Reply(Reply),
    /// No answer, within this time where it is known.
    Silent(Option<Duration>),
    /// The host cannot reach the address: the error that it was.
    Unreachable(Failure),
}

/// An answer to an echo.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reply {
    /// After this time, where it is known.
    pub(crate) round_trip: Option<Duration>,
    /// Whether echoes as large as the link carries are answered as well, where it is known.
    pub(crate) large: Option<bool>,
}

impl Outcome {
    /// The outcome of a silence of this length; `configured` is how long the echo would have waited
    /// with enough time.
    pub(crate) fn of_silence(waited: Duration, configured: Duration) -> Result<Self, Unread> {
        meaningful_silence(waited, configured).map(|waited| Self::Silent(Some(waited)))
    }

    /// The outcome of an echo that ended with this error, this long after its start.
    pub(crate) fn of_error(to: IpAddr, error: &io::Error, after: Duration) -> Result<Self, Unread> {
        if Refusal::of(error).is_some() {
            return Ok(Self::Unreachable(Failure::new(error, after)));
        }
        let message = format!("send an ICMP echo to {to}: {error}");
        match error.kind() {
            // A firewall of the host, which forbids this echo and not the whole socket.
            io::ErrorKind::PermissionDenied => Err(Unread::Denied(message)),
            _ => Err(Unread::Failed(message)),
        }
    }

    /// This outcome as an observation about machine `vm`.
    pub(crate) fn observation(&self, vm: usize) -> Observation {
        match self {
            Self::Reply(Reply { round_trip, large }) => {
                let (says, large) = match large {
                    Some(false) => {
                        ("somebody answers a small ping, and none of 1,500 bytes", "lost")
                    }
                    Some(true) => ("somebody answers a ping", "passed"),
                    None => ("somebody answers a ping", ""),
                };
                let mut reply = Observation::new(vm, Kind::IcmpReply, says);
                if let Some(time) = round_trip {
                    reply = reply.with(attribute::RTT_US, time.as_micros().to_string());
                }
                if large.is_empty() { reply } else { reply.with(attribute::LARGE, large) }
            }
            Self::Silent(waited) => {
                let within = waited.map_or_else(String::new, |waited| {
                    format!(" within {} ms", waited.as_millis())
                });
                Observation::new(vm, Kind::IcmpSilent, format!("no answer to a ping{within}"))
            }
            // The SSH signal reports what this means for the address. Here no echo was sent.
            Self::Unreachable(failure) => failure.of(Observation::unread(
                vm,
                &Unread::Failed("no ping sent: the host cannot reach the address".to_owned()),
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_what_each_outcome_means() {
        let to: IpAddr = [192, 168, 1, 64].into();
        let milliseconds = Duration::from_millis;
        let silence = |waited, configured| {
            Outcome::of_silence(milliseconds(waited), milliseconds(configured))
        };
        let error = |kind: io::ErrorKind| Outcome::of_error(to, &kind.into(), Duration::ZERO);
        let reply = |large| Outcome::Reply(Reply { round_trip: Some(milliseconds(2)), large });
        let rows = [
            (Ok(reply(Some(true))), "icmp-reply somebody answers a ping"),
            (
                Ok(reply(Some(false))),
                "icmp-reply somebody answers a small ping, and none of 1,500 bytes",
            ),
            (silence(300, 300), "icmp-silent no answer to a ping within 300 ms"),
            (silence(99, 300), "unread no answer before the deadline"),
            (
                error(io::ErrorKind::NetworkUnreachable),
                "unread no ping sent: the host cannot reach the address",
            ),
            (
                error(io::ErrorKind::PermissionDenied),
                "unread permission denied: send an ICMP echo to 192.168.1.64: permission denied",
            ),
            (
                error(io::ErrorKind::InvalidInput),
                "unread send an ICMP echo to 192.168.1.64: invalid input parameter",
            ),
        ];
        for (outcome, expected) in rows {
            let line = match outcome {
                Ok(outcome) => {
                    let seen = outcome.observation(3);
                    format!("{} {}", seen.kind.code(), seen.says)
                }
                Err(why) => format!("unread {why}"),
            };
            assert_eq!(line, expected);
        }
    }
}
