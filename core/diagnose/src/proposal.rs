//! The test that would tell the most for its cost.

use vmkit_types::Unread;

use crate::{
    Finding, FindingCode, State,
    catalogue::Test,
    circumstance::Circumstance,
    infer::{Beliefs, Hypothesis, Model},
    remedy::Values,
};

/// Hypotheses below this probability don't justify a test.
const LEAST_PROBABILITY: f64 = 1e-4;
/// In bits. A test with a smaller expected gain is not proposed.
const LEAST_GAIN: f64 = 0.05;
/// Findings of one test that are weighed together: each doubles the number of outcomes.
const MOST_FINDINGS: usize = 6;
/// Fixed cost of a test, so that a cheap and useless one does not win.
const OVERHEAD_MS: f64 = 1000.0;

/// A test that would find out more.
#[derive(Clone, Debug, PartialEq)]
pub struct Proposal {
    /// Its code in `tests.toml`.
    pub id: &'static str,
    /// What it does, in one line.
    pub title: String,
    /// What it tells apart.
    pub why: String,
    /// How long it takes, in milliseconds.
    pub cost_ms: u64,
    /// What it needs: `raw-socket`, `root`, `guest-login`, `router-login`, `person`.
    pub needs: Vec<String>,
    /// The command that does it; empty: a person does it.
    pub command: Vec<String>,
    /// The expected gain of information, in bits.
    pub gain_bits: f64,
}

/// The best test; `None`: no test is expected to tell enough.
pub(crate) fn propose(
    model: &Model<'_>,
    beliefs: &Beliefs,
    circumstances: &[Circumstance],
    findings: &[Finding],
    values: &Values,
) -> Option<Proposal> {
    let live: Vec<(Hypothesis, f64)> =
        beliefs.hypotheses.iter().copied().take_while(|(_, p)| *p >= LEAST_PROBABILITY).collect();
    let hidden = |finding: &FindingCode| {
        findings.iter().any(|each| {
            each.code == *finding && each.state == State::NotObserved(Unread::Unsupported)
        })
    };
    let worth = |test: &&Test| {
        let open = test.reveals.iter().copied();
        let open: Vec<FindingCode> =
            open.filter(|at| model.observed(*at).is_none() && !hidden(at)).collect();
        gain(model, &live, open)
    };
    let possible = model.catalogue.tests.iter().filter(|test| {
        test.only.iter().all(|circumstance| circumstance.is_possible(circumstances))
    });
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of one test, far below 2^52")]
    let score = |test: &Test, gain: f64| gain / (OVERHEAD_MS + test.cost_ms as f64);
    let useful = possible.map(|test| (test, worth(&test))).filter(|(_, gain)| *gain >= LEAST_GAIN);
    let (test, gain_bits) =
        useful.max_by(|(a, one), (b, other)| score(a, *one).total_cmp(&score(b, *other)))?;
    Some(Proposal {
        id: test.id,
        title: test.title.clone(),
        why: test.why.clone(),
        cost_ms: test.cost_ms,
        needs: test.needs.clone(),
        command: values.argv(&test.command).unwrap_or_default(),
        gain_bits,
    })
}

/// The mutual information of the hypotheses and the outcome of looking at these findings, in bits.
fn gain(model: &Model<'_>, live: &[(Hypothesis, f64)], mut open: Vec<FindingCode>) -> f64 {
    if open.len() > MOST_FINDINGS {
        let alone = |finding: FindingCode| joint_gain(model, live, &[finding]);
        let mut ranked: Vec<(f64, FindingCode)> = open.iter().map(|at| (alone(*at), *at)).collect();
        ranked.sort_by(|a, b| b.0.total_cmp(&a.0));
        open = ranked.into_iter().take(MOST_FINDINGS).map(|(_, at)| at).collect();
    }
    joint_gain(model, live, &open)
}

fn joint_gain(model: &Model<'_>, live: &[(Hypothesis, f64)], open: &[FindingCode]) -> f64 {
    let mass: f64 = live.iter().map(|(_, probability)| probability).sum();
    let mut outcomes = vec![0.0; 1 << open.len()];
    let mut uncertainty_within = 0.0;
    for (hypothesis, probability) in live {
        let share = probability / mass;
        // Findings are independent of each other once the causes are known.
        let mut joint = vec![share];
        for finding in open {
            let present = model.presence(*hypothesis, *finding);
            joint = joint.iter().flat_map(|p| [p * present, p * (1.0 - present)]).collect();
            uncertainty_within += share * (bits(present) + bits(1.0 - present));
        }
        outcomes.iter_mut().zip(joint).for_each(|(sum, each)| *sum += each);
    }
    let uncertainty: f64 = outcomes.into_iter().map(bits).sum();
    (uncertainty - uncertainty_within).max(0.0)
}

fn bits(probability: f64) -> f64 {
    if probability > 0.0 { -probability * probability.log2() } else { 0.0 }
}
