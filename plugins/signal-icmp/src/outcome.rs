//! The outcome of one echo, and how it is reported.

use std::{io, net::IpAddr, time::Duration};

use vmkit_plugin::{Kind, Observation, Unread, attribute};
use vmkit_probing::meaningful_silence;

/// The outcome of one echo.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// An answer came, after this time where it is known.
    Reply(Option<Duration>),
    /// No answer, within this time where it is known.
    Silent(Option<Duration>),
    /// The host cannot reach the address.
    Unreachable,
}

impl Outcome {
    /// The outcome of a silence of this length; `configured` is how long the echo would have waited
    /// with enough time.
    pub(crate) fn of_silence(waited: Duration, configured: Duration) -> Result<Self, Unread> {
        meaningful_silence(waited, configured).map(|waited| Self::Silent(Some(waited)))
    }

    /// The outcome of an echo that could not be sent.
    pub(crate) fn of_error(to: IpAddr, error: &io::Error) -> Result<Self, Unread> {
        let message = format!("send an ICMP echo to {to}: {error}");
        match error.kind() {
            io::ErrorKind::HostUnreachable
            | io::ErrorKind::NetworkUnreachable
            | io::ErrorKind::NetworkDown => Ok(Self::Unreachable),
            // A firewall of the host, which forbids this echo and not the whole socket.
            io::ErrorKind::PermissionDenied => Err(Unread::Denied(message)),
            _ => Err(Unread::Failed(message)),
        }
    }

    /// This outcome as an observation about machine `vm`.
    pub(crate) fn observation(&self, vm: usize) -> Observation {
        match self {
            Self::Reply(round_trip) => {
                let reply = Observation::new(vm, Kind::IcmpReply, "somebody answers a ping");
                match round_trip {
                    Some(time) => reply.with(attribute::RTT_US, time.as_micros().to_string()),
                    None => reply,
                }
            }
            Self::Silent(waited) => {
                let within = waited.map_or_else(String::new, |waited| {
                    format!(" within {} ms", waited.as_millis())
                });
                Observation::new(vm, Kind::IcmpSilent, format!("no answer to a ping{within}"))
            }
            // The SSH signal reports what this means for the address. Here no echo was sent.
            Self::Unreachable => Observation::unread(
                vm,
                &Unread::Failed("no ping sent: the host cannot reach the address".to_owned()),
            ),
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
        let error = |kind: io::ErrorKind| Outcome::of_error(to, &kind.into());
        let rows = [
            (Ok(Outcome::Reply(Some(milliseconds(2)))), "icmp-reply somebody answers a ping"),
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
