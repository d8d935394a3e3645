//! Whether an address is certain enough to be written to the hosts file.

use std::{fmt, net::IpAddr};

use vmkit_model::Power;

use crate::{Candidate, Entry, Flag, Pick, Verdict, Weights, weights::Rule};

/// Flags that make an address uncertain however likely it is: others have it, only the guest or a
/// plugin says that it is the machine's, or it is on no link where the host could see the machine.
const UNCERTAIN: [Flag; 8] = [
    Flag::OffSubnet,
    Flag::DuplicateIp,
    Flag::DuplicateMac,
    Flag::MacMismatch,
    Flag::GuestClaimOnly,
    Flag::PluginClaimOnly,
    Flag::Stale,
    Flag::LinkLocal,
];

/// Why an address is not certain.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum NotCertain {
    /// There is no address.
    Verdict(Verdict),
    /// Its probability is below the threshold: the address, both numbers.
    Unlikely(IpAddr, f64, f64),
    /// Others may have it, or only the guest names it.
    Flagged(IpAddr, Flag),
    /// Another host was seen there, and the machine has not been seen there alone since.
    Contested(IpAddr),
    /// It is likely enough only with plugins' own claims.
    Claimed(IpAddr),
    /// No link of the host is known to lead there.
    NoLink(IpAddr),
    /// The host has not seen the machine itself there.
    NotSeen(IpAddr),
    /// The second address is as likely, and nothing tells which one is the machine's own.
    Tied(IpAddr, IpAddr),
}

impl NotCertain {
    /// The reason for a machine in this state.
    pub fn in_words(&self, power: Power) -> String {
        let state = match (self, power) {
            (Self::Verdict(Verdict::NotRunning), Power::Stopped) => "it is stopped",
            (Self::Verdict(Verdict::NotRunning), Power::Missing) => {
                "it is registered, but its directory is missing"
            }
            (Self::Verdict(Verdict::NotRunning), Power::Unknown) => "it is unknown whether it runs",
            _ => return self.to_string(),
        };
        state.to_owned()
    }
}

impl fmt::Display for NotCertain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Verdict(verdict) => f.write_str(match verdict {
                Verdict::NotRunning => "it does not run",
                Verdict::NotChecked => "its address was not looked for",
                Verdict::Ambiguous => "none of its addresses is likely enough",
                Verdict::NoAddress => "it has no usable address",
                Verdict::Resolved | Verdict::Probable => "no address was picked for it",
            }),
            Self::Unlikely(address, probability, least) => {
                // Cut, not rounded: a value below the threshold must not look like it.
                let shown = (probability * 1000.0).floor() / 1000.0;
                write!(f, "{address} is probable ({shown:.3}), below {least}")
            }
            Self::Flagged(address, flag) => write!(
                f,
                "{address} {}",
                match flag {
                    Flag::DuplicateIp => "is also held by another host",
                    Flag::DuplicateMac => "was found by a MAC that another VM has too",
                    Flag::MacMismatch => "was seen with a MAC that is not the VM's",
                    Flag::GuestClaimOnly => "is claimed by the guest alone",
                    Flag::PluginClaimOnly => "is claimed by a plugin alone",
                    Flag::Stale => "is supported by old evidence alone",
                    Flag::LinkLocal => "is one that the guest gave itself",
                    Flag::OffSubnet => "is in no network of this computer",
                    Flag::Gateway | Flag::Host => "is not one of its own",
                }
            ),
            Self::Contested(address) => write!(f, "another host was seen at {address}"),
            Self::Claimed(address) => {
                write!(f, "{address} is not likely enough without a plugin's own claim")
            }
            Self::NoLink(address) => {
                write!(f, "no link of this computer is known to lead to {address}")
            }
            Self::Tied(address, other) => write!(
                f,
                "{other} is as likely as {address}, and nothing tells which one is its own"
            ),
            Self::NotSeen(address) => {
                write!(f, "the VM itself has not been seen at {address}")
            }
        }
    }
}

impl Pick {
    /// The address, if it is certain enough to be written: it is likely enough, it has one owner,
    /// it is the only one that the machine may be known by, and the host itself has just seen the
    /// machine there, on a link of its own, by a frame, a neighbour entry or a host key.
    ///
    /// # Errors
    /// Why it is not.
    pub fn certain_address(&self, weights: &Weights) -> Result<IpAddr, NotCertain> {
        let picked = self.picked().filter(|_| self.address.is_some());
        let Some(candidate) = picked else {
            return Err(NotCertain::Verdict(self.verdict));
        };
        let Candidate { address, probability, flags, .. } = candidate;
        if let Some(flag) = UNCERTAIN.iter().find(|flag| flags.contains(flag)) {
            return Err(NotCertain::Flagged(*address, *flag));
        }
        let least = weights.thresholds.written;
        if *probability < least {
            return Err(NotCertain::Unlikely(*address, *probability, least));
        }
        if candidate.rests_on_claims(least) {
            return Err(NotCertain::Claimed(*address));
        }
        if candidate.contested {
            return Err(NotCertain::Contested(*address));
        }
        if !candidate.on_link {
            return Err(NotCertain::NoLink(*address));
        }
        if !seen_there(&candidate.ledger, weights) {
            return Err(NotCertain::NotSeen(*address));
        }
        match self.tied_with(weights) {
            Some(other) => Err(NotCertain::Tied(*address, other)),
            None => Ok(*address),
        }
    }

    /// Whether the guest or a plugin alone names the address, and it is in no network of the host:
    /// nobody must connect there on such a word.
    pub fn leads_elsewhere(&self) -> bool {
        let claimed = [Flag::GuestClaimOnly, Flag::PluginClaimOnly];
        self.picked().is_some_and(|candidate| {
            let has = |flag: &Flag| candidate.flags.contains(flag);
            has(&Flag::OffSubnet) && claimed.iter().any(has)
        })
    }

    /// Whether [`Self::certain_address`] has one.
    pub fn may_be_written(&self, weights: &Weights) -> bool {
        self.certain_address(weights).is_ok()
    }
}

/// Whether the host itself has seen the machine there.
fn seen_there(ledger: &[Entry], weights: &Weights) -> bool {
    let supporting = || {
        let counted = ledger.iter().filter(|entry| entry.counted() && entry.weight > 0.0);
        counted.filter_map(|entry| weights.rule(&entry.evidence.observation.kind))
    };
    let somebody_answers = supporting().any(|rule| rule.reaches);
    let machine = |rule: &Rule| {
        let at_once = rule.held || rule.reaches;
        !rule.guest_claim && rule.ties && (at_once || (rule.answered.is_some() && somebody_answers))
    };
    supporting().any(machine)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use vmkit_model::Evidence;
    use vmkit_types::{Kind, Observation};

    use super::*;

    #[test]
    fn the_reason_of_a_stopped_machine_is_its_state() {
        let off = NotCertain::Verdict(Verdict::NotRunning);
        let rows = [
            (Power::Stopped, off, "it is stopped"),
            (Power::Missing, off, "it is registered, but its directory is missing"),
            (Power::Unknown, off, "it is unknown whether it runs"),
            (Power::Running, off, "it does not run"),
            (Power::Running, NotCertain::Verdict(Verdict::NoAddress), "it has no usable address"),
        ];
        for (power, why, expected) in rows {
            assert_eq!(why.in_words(power), expected);
        }
    }

    #[test]
    fn only_a_machine_whose_state_is_known_is_called_not_running() {
        let (off, none) = (Pick::not_running(), Pick::not_checked());
        let rows = [
            (&off, Power::Stopped, Verdict::NotRunning),
            (&off, Power::Missing, Verdict::NotRunning),
            (&off, Power::Unknown, Verdict::NotChecked),
            (&none, Power::Unknown, Verdict::NotChecked),
            (&none, Power::Running, Verdict::NotChecked),
        ];
        for (pick, power, expected) in rows {
            assert_eq!(pick.verdict_of(power), expected, "{power:?}");
        }
    }

    /// Verdict, probability, flag, evidence; why it is not certain.
    type Row = (Verdict, f64, Option<Flag>, Kind, &'static str);

    #[test]
    fn says_why_an_address_is_not_certain() {
        let rows: [Row; 9] = [
            (Verdict::Resolved, 0.995, None, Kind::NeighbourReachable, ""),
            (
                Verdict::Probable,
                0.99,
                Some(Flag::OffSubnet),
                Kind::NeighbourReachable,
                "192.168.1.64 is in no network of this computer",
            ),
            (
                Verdict::Resolved,
                0.995,
                None,
                Kind::AgentAddress,
                "the VM itself has not been seen at 192.168.1.64",
            ),
            (
                Verdict::Resolved,
                0.98999,
                None,
                Kind::NeighbourReachable,
                "192.168.1.64 is probable (0.989), below 0.99",
            ),
            (
                Verdict::Resolved,
                0.995,
                None,
                Kind::LeaseCurrent,
                "the VM itself has not been seen at 192.168.1.64",
            ),
            (
                Verdict::Probable,
                0.995,
                None,
                Kind::NeighbourReachable,
                "another host was seen at 192.168.1.64",
            ),
            (
                Verdict::Probable,
                0.995,
                Some(Flag::DuplicateIp),
                Kind::NeighbourReachable,
                "192.168.1.64 is also held by another host",
            ),
            (
                Verdict::Probable,
                0.995,
                Some(Flag::DuplicateMac),
                Kind::NeighbourReachable,
                "192.168.1.64 was found by a MAC that another VM has too",
            ),
            (
                Verdict::Resolved,
                0.995,
                Some(Flag::GuestClaimOnly),
                Kind::NeighbourReachable,
                "192.168.1.64 is claimed by the guest alone",
            ),
        ];
        let weights = Weights::builtin().unwrap();
        let address: IpAddr = [192, 168, 1, 64].into();
        for (verdict, probability, flag, kind, expected) in rows {
            let evidence = Evidence {
                id: 0,
                plugin: "arp".into(),
                received_at: SystemTime::UNIX_EPOCH,
                observation: Observation::new(0, kind, "seen").at(address).into(),
            };
            let entry = Entry {
                evidence: evidence.clone(),
                weight: 4.0,
                age: Duration::ZERO,
                why_not: None,
            };
            let pick = Pick {
                verdict,
                address: Some(address),
                confidence: Some(probability),
                candidates: vec![Candidate {
                    address,
                    probability,
                    unclaimed: probability,
                    card: None,
                    flags: flag.into_iter().collect(),
                    on_link: true,
                    contested: verdict == Verdict::Probable,
                    ledger: vec![entry],
                    doubt: None,
                    struck_out: None,
                }],
                ..Pick::not_checked()
            };
            let why = pick.certain_address(&weights).err();
            assert_eq!(why.map_or_else(String::new, |why| why.to_string()), expected);
        }
        let off = Pick::not_running().certain_address(&weights).unwrap_err();
        assert_eq!(off.to_string(), "it does not run");
    }
}
