//! Whether an address is certain enough to be written to the hosts file.

use std::{fmt, net::IpAddr};

use crate::{Candidate, Entry, Flag, Pick, Verdict, Weights, weights::Rule};

/// Flags that make an address uncertain however likely it is: others have it, or only the guest
/// says that it is the machine's.
const UNCERTAIN: [Flag; 6] = [
    Flag::DuplicateIp,
    Flag::DuplicateMac,
    Flag::MacMismatch,
    Flag::GuestClaimOnly,
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
    /// The machine itself has not been seen there.
    NotSeen(IpAddr),
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
                    Flag::DuplicateMac => "was found by a MAC that another machine has too",
                    Flag::MacMismatch => "was seen with a MAC that is not the machine's",
                    Flag::GuestClaimOnly => "is claimed by the guest alone",
                    Flag::Stale => "is supported by old evidence alone",
                    Flag::LinkLocal => "is one that the guest gave itself",
                    Flag::OffSubnet | Flag::Gateway | Flag::Host => "is not one of its own",
                }
            ),
            Self::Contested(address) => write!(f, "another host was seen at {address}"),
            Self::NotSeen(address) => {
                write!(f, "the machine itself has not been seen at {address}")
            }
        }
    }
}

impl Pick {
    /// The address, if it is certain enough to be written: it is likely enough, it has one owner,
    /// and the machine itself, by its MAC or its host key, was just seen there.
    ///
    /// # Errors
    /// Why it is not.
    pub fn certain_address(&self, weights: &Weights) -> Result<IpAddr, NotCertain> {
        let picked = self.picked().filter(|_| self.address.is_some());
        let Some(Candidate { address, probability, flags, ledger, .. }) = picked else {
            return Err(NotCertain::Verdict(self.verdict));
        };
        if let Some(flag) = UNCERTAIN.iter().find(|flag| flags.contains(flag)) {
            return Err(NotCertain::Flagged(*address, *flag));
        }
        let least = weights.thresholds.written;
        if *probability < least {
            return Err(NotCertain::Unlikely(*address, *probability, least));
        }
        if self.verdict != Verdict::Resolved {
            return Err(NotCertain::Contested(*address));
        }
        if seen_there(ledger, weights) { Ok(*address) } else { Err(NotCertain::NotSeen(*address)) }
    }

    /// Whether [`Self::certain_address`] has one.
    pub fn may_be_written(&self, weights: &Weights) -> bool {
        self.certain_address(weights).is_ok()
    }
}

fn seen_there(ledger: &[Entry], weights: &Weights) -> bool {
    let supporting = || {
        let counted = ledger.iter().filter(|entry| entry.counted() && entry.weight > 0.0);
        counted.filter_map(|entry| weights.rule(&entry.evidence.observation.kind))
    };
    let somebody_answers = supporting().any(|rule| rule.reaches);
    let machine = |rule: &Rule| {
        let at_once = rule.held || rule.reaches;
        rule.ties && (at_once || (rule.answered.is_some() && somebody_answers))
    };
    supporting().any(machine)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use vmkit_model::Evidence;
    use vmkit_types::{Kind, Observation};

    use super::*;

    /// Verdict, probability, flag, evidence; why it is not certain.
    type Row = (Verdict, f64, Option<Flag>, Kind, &'static str);

    #[test]
    fn says_why_an_address_is_not_certain() {
        let rows: [Row; 8] = [
            (Verdict::Resolved, 0.995, None, Kind::NeighbourReachable, ""),
            (Verdict::Resolved, 0.99, Some(Flag::OffSubnet), Kind::NeighbourReachable, ""),
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
                "the machine itself has not been seen at 192.168.1.64",
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
                "192.168.1.64 was found by a MAC that another machine has too",
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
                    card: None,
                    flags: flag.into_iter().collect(),
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
