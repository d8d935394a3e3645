//! Whether a further step of an examination could change what the diagnosis says.

use crate::{
    Catalogue, Diagnosis, Facts, Finding, FindingCode, State,
    boot::asks,
    catalogue::Means,
    circumstance::circumstances,
    fold::NAMED_FROM,
    infer::{Beliefs, Model},
    outcomes::{Outcomes, open},
};

/// With a smaller probability of a change a step is not worth its time: a cause that has 95 % counts
/// as settled.
const LEAST_CHANGE: f64 = 0.05;
/// What a watch of a few seconds cannot show: silence counts only after the time in which every client
/// asks again.
const NEEDS_LONG_SILENCE: [FindingCode; 2] =
    [FindingCode::GuestPortSilent, FindingCode::GuestNeverAsks];

/// A step of an examination that takes seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Further {
    /// Ask DHCP servers for offers.
    OfferTest,
    /// Capture for some seconds longer at the machine's port and at the uplink.
    Watch,
}

impl Further {
    fn means(self) -> Means {
        match self {
            Self::OfferTest => Means::OfferTest,
            Self::Watch => Means::Watch,
        }
    }
}

/// Whether the outcome of this step could change which causes are named, or which is the likeliest.
pub fn could_change(
    step: Further,
    facts: &Facts<'_>,
    findings: &[Finding],
    diagnosis: &Diagnosis,
    catalogue: &Catalogue,
) -> bool {
    let is_unchecked = facts.pick.unchecked.is_some();
    if diagnosis.healthy || is_unchecked && diagnosis.causes.is_empty() {
        return false;
    }
    if is_decided(findings, diagnosis, catalogue) {
        return false;
    }
    // During a boot, only a guest that has begun to ask shows whether it is answered. What is missing does
    // not count yet, so that the model cannot tell what the outcome will be worth.
    if diagnosis.booting.is_some() {
        return asks(facts);
    }
    let circumstances = circumstances(facts);
    let model = Model::new(catalogue, &circumstances, findings);
    let tests = catalogue.tests.iter().filter(|test| test.means == step.means());
    let tests = tests.filter(|test| test.is_possible(&circumstances));
    let mut all: Vec<FindingCode> = tests.flat_map(|test| open(test, &model, findings)).collect();
    all.retain(|finding| !NEEDS_LONG_SILENCE.contains(finding));
    all.sort_unstable();
    all.dedup();
    Outcomes::new(&model, &Beliefs::of(&model)).change(all) >= LEAST_CHANGE
}

/// Whether the likeliest cause is named, and a finding that it produces settles the question. During a boot the
/// model counts nothing that the guest lacks yet, and would wait for it to ask in vain.
fn is_decided(findings: &[Finding], diagnosis: &Diagnosis, catalogue: &Catalogue) -> bool {
    let first = diagnosis.causes.first().filter(|first| first.probability >= NAMED_FROM);
    let Some(cause) = first.and_then(|first| catalogue.cause(first.code)) else { return false };
    let present = findings.iter().filter(|it| matches!(it.state, State::Present(_)));
    let mut decisive = present.filter(|finding| catalogue.finding(finding.code).decisive);
    decisive.any(|finding| cause.produces.iter().any(|(code, _)| *code == finding.code))
}
