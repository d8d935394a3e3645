//! The state of a machine, from its process, its address and SSH.

use serde::Serialize;
use vmkit_model::Power;
use vmkit_scoring::{Pick, Verdict};
use vmkit_types::{Reading, Unread};

use crate::SshState;

/// The state of a machine in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum State {
    /// It is registered, but its directory is missing.
    Missing,
    /// It does not run.
    Stopped,
    /// QEMU holds its guest.
    Paused,
    /// It runs and has no usable IPv4 address yet.
    Initializing,
    /// It has an address, and SSH is not ready.
    Booting,
    /// It has an address, and SSH is ready. With `--basic`: its process runs.
    Running,
}

/// The state of a machine. Unknown if its address could not be looked for, or if SSH at its address
/// was not checked.
pub fn state(power: Power, pick: &Pick, ssh: SshState) -> Reading<State> {
    let known = match power {
        Power::Missing => State::Missing,
        Power::Stopped => State::Stopped,
        Power::Unknown => return Reading::Unknown(unknown_power()),
        Power::Paused => State::Paused,
        Power::Running => match (pick.verdict, pick.address) {
            (Verdict::NotChecked, _) => match &pick.unchecked {
                Some(unchecked) => {
                    return Reading::Unknown(Unread::Failed(unchecked.reason.clone()));
                }
                None => State::Running,
            },
            // A first boot has IPv6 before IPv4; it is complete once SSH answers there.
            (_, Some(address)) if address.is_ipv6() && ssh != SshState::Ready => {
                State::Initializing
            }
            (_, Some(_)) => match ssh {
                SshState::Ready => State::Running,
                SshState::NotChecked => {
                    return Reading::Unknown(Unread::Failed("SSH was not checked".to_owned()));
                }
                _ => State::Booting,
            },
            (_, None) => State::Initializing,
        },
    };
    Reading::Known(known)
}

/// The word for a machine's power in documents.
pub(crate) fn power_code(power: Power) -> Reading<&'static str> {
    Reading::Known(match power {
        Power::Missing => State::Missing.code(),
        Power::Stopped => State::Stopped.code(),
        Power::Paused => State::Paused.code(),
        Power::Running => State::Running.code(),
        Power::Unknown => return Reading::Unknown(unknown_power()),
    })
}

fn unknown_power() -> Unread {
    Unread::Failed("whether it runs is unknown".to_owned())
}

impl State {
    /// The word for it, the same in documents and for people.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Stopped => "stopped",
            Self::Paused => "paused",
            Self::Initializing => "initializing",
            Self::Booting => "booting",
            Self::Running => "running",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;

    #[test]
    fn derives_the_state_from_process_address_and_ssh() {
        use SshState::{NotChecked, Ready, Refused, Timeout, Unreachable};
        let (v4, v6) = (Some("192.168.1.64"), Some("2001:db8::1"));
        let resolved = Verdict::Resolved;
        let rows = [
            (Power::Missing, Verdict::NotRunning, None, NotChecked, Some(State::Missing)),
            (Power::Stopped, Verdict::NotRunning, None, NotChecked, Some(State::Stopped)),
            (Power::Paused, resolved, v4, Timeout, Some(State::Paused)),
            (Power::Running, Verdict::NotChecked, None, NotChecked, Some(State::Running)),
            (Power::Running, Verdict::NoAddress, None, NotChecked, Some(State::Initializing)),
            (Power::Running, Verdict::Ambiguous, None, NotChecked, Some(State::Initializing)),
            (Power::Running, Verdict::Probable, v4, Refused, Some(State::Booting)),
            (Power::Running, resolved, v4, Timeout, Some(State::Booting)),
            (Power::Running, resolved, v4, Unreachable, Some(State::Booting)),
            (Power::Running, resolved, v4, Ready, Some(State::Running)),
            (Power::Running, resolved, v4, NotChecked, None),
            (Power::Running, resolved, v6, NotChecked, Some(State::Initializing)),
            (Power::Running, resolved, v6, Ready, Some(State::Running)),
        ];
        for (power, verdict, address, ssh, expected) in rows {
            let address: Option<IpAddr> = address.map(|text| text.parse().unwrap());
            let pick = Pick { verdict, address, ..Pick::not_checked() };
            let found = state(power, &pick, ssh).known();
            assert_eq!(found, expected, "{power:?} {verdict:?} {address:?} {ssh:?}");
        }
    }
}
