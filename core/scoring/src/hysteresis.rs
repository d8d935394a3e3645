//! Keeps an address that was shown until another one is clearly better.

use std::net::IpAddr;

use crate::{Flag, Pick, Weights, preference::preference};

/// How many times likelier another address must be to replace the one that was shown. Otherwise two
/// candidates of about the same weight would alternate.
const CLEARLY_BETTER: f64 = 10.0;

impl Pick {
    /// Keeps `previous` as the address unless the new one is ten times likelier, the new one is the
    /// machine's own or sure and the previous one is not, or evidence refutes the previous one.
    pub fn settle(&mut self, previous: Option<IpAddr>, weights: &Weights) {
        let (Some(previous), Some(picked)) = (previous, self.picked()) else { return };
        let Some(kept) = self.candidates.iter().find(|candidate| candidate.address == previous)
        else {
            return;
        };
        let refuted = kept.struck_out.is_some() || kept.flags.contains(&Flag::MacMismatch);
        let better = picked.probability > kept.probability * CLEARLY_BETTER
            || preference(picked, weights) < preference(kept, weights);
        if picked.address == previous || refuted || better {
            return;
        }
        let probability = kept.probability;
        self.address = Some(previous);
        self.confidence = Some(probability);
        self.verdict = kept.verdict(weights);
        self.notes.push(format!("{previous} is kept: no other address is clearly likelier"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Candidate, Verdict};

    fn candidate(last: u8, probability: f64, flags: &[Flag]) -> Candidate {
        Candidate {
            address: [192, 168, 1, last].into(),
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

    /// The address that was shown; probabilities of .36 and .37; flags of .37; the address now.
    type Row = (Option<u8>, f64, f64, &'static [Flag], u8);

    #[test]
    fn an_address_is_kept_until_another_is_clearly_better_or_it_is_refuted() {
        let weights = Weights::builtin().unwrap();
        let rows: [Row; 6] = [
            (Some(37), 0.65, 0.34, &[], 37),
            (Some(37), 0.95, 0.04, &[], 36),
            (Some(37), 0.65, 0.34, &[Flag::MacMismatch], 36),
            (Some(99), 0.65, 0.34, &[], 36),
            (Some(36), 0.65, 0.34, &[], 36),
            (None, 0.65, 0.34, &[], 36),
        ];
        for (previous, best, other, flags, expected) in rows {
            let mut pick = Pick {
                verdict: Verdict::Probable,
                address: Some([192, 168, 1, 36].into()),
                confidence: Some(best),
                candidates: vec![candidate(36, best, &[]), candidate(37, other, flags)],
                ..Pick::not_checked()
            };
            pick.settle(previous.map(|last| [192, 168, 1, last].into()), &weights);
            let expected: IpAddr = [192, 168, 1, expected].into();
            assert_eq!(pick.address, Some(expected), "{previous:?} {best} {other} {flags:?}");
        }
    }
}
