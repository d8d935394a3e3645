//! Whether an address is certain enough to outlast the run: to be written to the hosts file.

use crate::{Candidate, Entry, Flag, Pick, Verdict, Weights, weights::Rule};

/// What makes an address uncertain however likely it is: others have it or the MAC, too, or nobody
/// but the guest says that it is the machine's.
const UNCERTAIN: [Flag; 6] = [
    Flag::DuplicateIp,
    Flag::DuplicateMac,
    Flag::MacMismatch,
    Flag::GuestClaimOnly,
    Flag::Stale,
    Flag::LinkLocal,
];

impl Pick<'_> {
    /// Whether the address may be written where it stays: it is likely enough, it has one owner,
    /// and the machine itself, by its MAC or its host key, has just been seen there.
    pub fn may_be_written(&self, weights: &Weights) -> bool {
        let certain = |candidate: &&Candidate<'_>| {
            candidate.probability >= weights.thresholds.written
                && !candidate.flags.iter().any(|flag| UNCERTAIN.contains(flag))
                && seen_there(&candidate.ledger, weights)
        };
        self.verdict == Verdict::Resolved && self.picked().is_some_and(|it| certain(&it))
    }
}

fn seen_there(ledger: &[Entry<'_>], weights: &Weights) -> bool {
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
