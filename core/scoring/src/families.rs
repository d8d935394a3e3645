//! The addresses that a machine has for certain enough to stand without a remark.

use std::net::IpAddr;

use crate::{Pick, Verdict, Weights};

impl Pick {
    /// The picked address where it is resolved, and that of the other family where it is as likely
    /// and nothing is remarkable about it. A name has room for both and for no doubt.
    pub fn resolved_addresses(&self, weights: &Weights) -> Vec<IpAddr> {
        let picked = self.address.filter(|_| self.verdict == Verdict::Resolved);
        let Some(picked) = picked else { return Vec::new() };
        let other = self.candidates.iter().find(|candidate| {
            candidate.address.is_ipv4() != picked.is_ipv4()
                && candidate.verdict(weights) == Verdict::Resolved
                && candidate.flags.is_empty()
                && candidate.struck_out.is_none()
        });
        [picked].into_iter().chain(other.map(|candidate| candidate.address)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Candidate, Flag};

    fn candidate(address: &str, probability: f64, flags: &[Flag]) -> Candidate {
        Candidate {
            address: address.parse().unwrap(),
            probability,
            unclaimed: probability,
            card: None,
            flags: flags.to_vec(),
            on_link: true,
            contested: false,
            ledger: Vec::new(),
            doubt: None,
            struck_out: None,
        }
    }

    /// An address, its probability and its flags.
    type Named = (&'static str, f64, &'static [Flag]);

    #[test]
    fn each_family_has_its_address_or_none() {
        let rows: [(Verdict, &[Named], &[&str]); 5] = [
            (Verdict::Resolved, &[("10.0.0.5", 0.99, &[])], &["10.0.0.5"]),
            (
                Verdict::Resolved,
                &[("10.0.0.5", 0.99, &[]), ("fd00::1", 0.5, &[]), ("fd00::5", 0.95, &[])],
                &["10.0.0.5", "fd00::5"],
            ),
            (
                Verdict::Resolved,
                &[("10.0.0.5", 0.99, &[]), ("fe80::5", 0.99, &[Flag::LinkLocal])],
                &["10.0.0.5"],
            ),
            (Verdict::Probable, &[("10.0.0.5", 0.8, &[]), ("fd00::5", 0.95, &[])], &[]),
            (Verdict::NoAddress, &[], &[]),
        ];
        let weights = Weights::builtin().unwrap();
        for (verdict, candidates, expected) in rows {
            let candidates: Vec<_> =
                candidates.iter().map(|(ip, p, flags)| candidate(ip, *p, flags)).collect();
            let pick = Pick {
                verdict,
                address: candidates.first().map(|candidate| candidate.address),
                candidates,
                ..Pick::not_running()
            };
            let expected: Vec<IpAddr> = expected.iter().map(|ip| ip.parse().unwrap()).collect();
            assert_eq!(pick.resolved_addresses(&weights), expected, "{verdict:?}");
        }
    }
}
