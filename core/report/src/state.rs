//! The state of a machine, from its process, its address and SSH.

use serde::Serialize;
use vmkit_model::Power;
use vmkit_scoring::{Pick, Verdict};
use vmkit_types::{Kind, Reading, Unread, attribute};

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
    /// It has an address, and SSH is not ready, or its console refuses logins because it still boots.
    Booting,
    /// It has an address, and SSH is ready or its console shows the end of the boot. With `--basic`: its process runs.
    Running,
}

/// The state of a machine. Unknown if its address could not be looked for, or if SSH at its address
/// was not checked. `at_endpoint`: it is reached at an endpoint in place of an address.
pub fn state(power: Power, pick: &Pick, at_endpoint: bool, ssh: SshState) -> Reading<State> {
    let logins = pick.about_machine.iter().find_map(|entry| {
        let seen = &entry.evidence.observation;
        seen.attribute(attribute::LOGINS).filter(|_| seen.kind == Kind::ConsolePhase)
    });
    state_with(power, pick, at_endpoint, ssh, logins)
}

/// The same with what the console says about logins.
fn state_with(
    power: Power,
    pick: &Pick,
    at_endpoint: bool,
    ssh: SshState,
    logins: Option<&str>,
) -> Reading<State> {
    let (refused, finished) = (logins == Some("refused"), logins == Some("finished"));
    let known = match power {
        Power::Missing => State::Missing,
        Power::Stopped => State::Stopped,
        Power::Unknown => return Reading::Unknown(unknown_power()),
        Power::Paused => State::Paused,
        Power::Running if at_endpoint && ssh == SshState::Ready => {
            if refused {
                State::Booting
            } else {
                State::Running
            }
        }
        Power::Running if at_endpoint && ssh != SshState::NotChecked && finished => State::Running,
        Power::Running if at_endpoint && ssh != SshState::NotChecked => State::Booting,
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
                SshState::Ready if refused => State::Booting,
                SshState::Ready => State::Running,
                SshState::NotChecked => {
                    return Reading::Unknown(Unread::Failed("SSH was not checked".to_owned()));
                }
                _ if finished => State::Running,
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
            let found = state(power, &pick, false, ssh).known();
            assert_eq!(found, expected, "{power:?} {verdict:?} {address:?} {ssh:?}");
        }
    }

    #[test]
    fn the_console_says_that_a_boot_has_finished_or_that_users_cannot_log_in_yet() {
        use SshState::{NotChecked, Ready, Refused};
        let rows = [
            (Verdict::Resolved, false, Refused, Some("finished"), State::Running),
            (Verdict::Resolved, false, Ready, Some("finished"), State::Running),
            (Verdict::Resolved, false, Ready, Some("refused"), State::Booting),
            (Verdict::Resolved, false, Refused, Some("refused"), State::Booting),
            (Verdict::Resolved, false, Refused, None, State::Booting),
            (Verdict::NoAddress, false, NotChecked, Some("finished"), State::Initializing),
            (Verdict::NoAddress, true, Refused, Some("finished"), State::Running),
            (Verdict::NoAddress, true, Ready, Some("refused"), State::Booting),
        ];
        for (verdict, at_endpoint, ssh, logins, expected) in rows {
            let address = (verdict == Verdict::Resolved).then(|| [192, 168, 1, 64].into());
            let pick = Pick { verdict, address, ..Pick::not_checked() };
            let found = state_with(Power::Running, &pick, at_endpoint, ssh, logins).known();
            assert_eq!(found, Some(expected), "{verdict:?} {at_endpoint} {ssh:?} {logins:?}");
        }
    }

    #[test]
    fn a_machine_with_an_endpoint_runs_once_ssh_is_ready_there() {
        use SshState::{NotChecked, Ready, Refused, Timeout};
        let rows = [
            (Power::Running, Ready, State::Running),
            (Power::Running, Refused, State::Booting),
            (Power::Running, Timeout, State::Booting),
            (Power::Running, NotChecked, State::Initializing),
            (Power::Paused, Ready, State::Paused),
            (Power::Stopped, NotChecked, State::Stopped),
        ];
        let pick = Pick { verdict: Verdict::NoAddress, ..Pick::not_checked() };
        for (power, ssh, expected) in rows {
            assert_eq!(
                state(power, &pick, true, ssh),
                Reading::Known(expected),
                "{power:?} {ssh:?}"
            );
        }
    }
}
