//! What one echo gave, and how that is reported.

use std::{io, net::IpAddr, time::Duration};

use vmkit_plugin::{Kind, Observation, Unread, attribute};

/// The least time in which silence means something: a round trip over a busy Wi-Fi, ARP included.
/// Where less was left, silence is no evidence.
const MEANINGFUL_WAIT: Duration = Duration::from_millis(100);

/// What one echo gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// An answer came, after this time where it is known.
    Reply(Option<Duration>),
    /// No answer, within this time where it is known.
    Silent(Option<Duration>),
    /// No way there.
    Unreachable,
    /// The attempt itself failed, which says nothing about the address.
    Unread(Unread),
}

impl Outcome {
    /// The outcome of no answer within this time.
    pub(crate) fn of_silence(waited: Duration, configured: Duration) -> Self {
        if waited < configured.min(MEANINGFUL_WAIT) {
            Self::Unread(Unread::TimedOut)
        } else {
            Self::Silent(Some(waited))
        }
    }

    /// The outcome of an echo that could not be sent.
    pub(crate) fn of_error(to: IpAddr, error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::HostUnreachable
            | io::ErrorKind::NetworkUnreachable
            | io::ErrorKind::NetworkDown => Self::Unreachable,
            // A firewall of the host, which forbids the one echo and not the whole socket.
            io::ErrorKind::PermissionDenied => {
                Self::Unread(Unread::Denied(format!("send an ICMP echo to {to}: {error}")))
            }
            _ => Self::Unread(Unread::Failed(format!("send an ICMP echo to {to}: {error}"))),
        }
    }

    /// This outcome as a fact about machine `vm`.
    pub(crate) fn observation(&self, vm: usize, address: IpAddr) -> Observation {
        let seen = match self {
            Self::Reply(round_trip) => {
                let seen = Observation::new(vm, Kind::IcmpReply, "somebody answers a ping");
                match round_trip {
                    Some(time) => seen.with(attribute::RTT_US, time.as_micros().to_string()),
                    None => seen,
                }
            }
            Self::Silent(waited) => {
                let within = waited.map_or_else(String::new, |waited| {
                    format!(" within {} ms", waited.as_millis())
                });
                Observation::new(vm, Kind::IcmpSilent, format!("no answer to a ping{within}"))
            }
            // What this means for the address is the SSH signal's to say: here no echo was sent.
            Self::Unreachable => Observation::unread(
                vm,
                &Unread::Failed("no ping sent: the host has no way to the address".to_owned()),
            ),
            Self::Unread(why) => Observation::unread(vm, why),
        };
        seen.at(address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_outcome_is_told_as_what_it_means() {
        let to: IpAddr = [192, 168, 1, 64].into();
        let milliseconds = Duration::from_millis;
        let silence = |waited, configured| {
            Outcome::of_silence(milliseconds(waited), milliseconds(configured))
        };
        let error = |kind: io::ErrorKind| Outcome::of_error(to, &kind.into());
        let rows = [
            (Outcome::Reply(Some(milliseconds(2))), "icmp-reply somebody answers a ping"),
            (silence(300, 300), "icmp-silent no answer to a ping within 300 ms"),
            (silence(99, 300), "unread no answer before the deadline"),
            (silence(50, 50), "icmp-silent no answer to a ping within 50 ms"),
            (
                error(io::ErrorKind::NetworkUnreachable),
                "unread no ping sent: the host has no way to the address",
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
            let seen = outcome.observation(3, to);
            assert_eq!(format!("{} {}", seen.kind.code(), seen.says), expected);
            assert_eq!((seen.vm, seen.address), (3, Some(to)));
        }
    }
}
