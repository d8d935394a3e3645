//! The diagnosis of one machine, ready to be shown.

use vmkit_scoring::Verdict;
use vmkit_types::{Reading, escaped};

use crate::{
    Awaited, Booting, Catalogue, Facts, Finding, FindingCode, Layer, Machine, Process, Proposal,
    Remedy, State, WhileBooting,
    boot::{asks, booting},
    calibration::Calibration,
    circumstance::circumstances,
    fault::faults,
    fold::{self, NAMED_FROM, Shown},
    infer::{Beliefs, Model},
    proposal::propose,
    remedy::{Values, remedies},
    weigh::weights,
};

/// In decibans: a finding with less weight is not shown.
const LEAST_WEIGHT: f64 = 1.0;
/// From this probability on no test is proposed: its result would not change what to do.
const SETTLED_FROM: f64 = 0.95;

/// Why a machine has no usable address, as far as that is known.
#[derive(Clone, Debug, PartialEq)]
pub struct Diagnosis {
    /// Nothing that was looked at is wrong, apart from what is ignored.
    pub healthy: bool,
    /// The boot that has to end before more can be said.
    pub booting: Option<Booting>,
    /// The likeliest causes, the likeliest first; where the address is missing, named ones that explain it come
    /// first. A healthy machine has none.
    pub causes: Vec<Suspect>,
    /// Named causes that the user has set to be ignored.
    pub ignored: Vec<Suspect>,
    /// The probability of a fault that no known cause covers.
    pub unknown_probability: f64,
    /// Two causes that are likely to be present together.
    pub together: Option<[&'static str; 2]>,
    /// Why no cause is likely enough to be named; then `causes` has at most two.
    pub cannot_tell: Option<String>,
    /// The test that would tell the most for its cost.
    pub next_test: Option<Proposal>,
    /// Present findings that no shown cause explains.
    pub unexplained: Vec<FindingCode>,
    /// The circumstances that changed the odds of causes, such as `mode:bridged`. Empty: no cause was weighed.
    pub circumstances: Vec<&'static str>,
}

impl Diagnosis {
    /// The diagnosis of a healthy machine.
    pub fn healthy() -> Self {
        Self {
            healthy: true,
            booting: None,
            causes: Vec::new(),
            ignored: Vec::new(),
            unknown_probability: 0.0,
            together: None,
            cannot_tell: None,
            next_test: None,
            unexplained: Vec::new(),
            circumstances: Vec::new(),
        }
    }

    /// The diagnosis of a machine about which too little is known to name a cause, such as one whose
    /// address could not be looked for: it may have one.
    pub fn unknown(why: String) -> Self {
        Self { healthy: false, cannot_tell: Some(why), ..Self::healthy() }
    }

    /// The diagnosis of a machine that is still booting.
    fn booting(booting: Booting) -> Self {
        let Booting { awaited, because, .. } = &booting;
        let cannot_tell = Some(format!("it is still booting, waiting for {awaited}: {because}"));
        Self { healthy: false, booting: Some(booting), cannot_tell, ..Self::healthy() }
    }
}

/// One cause that may be present.
#[derive(Clone, Debug, PartialEq)]
pub struct Suspect {
    /// Its code, see `vm explain CODE`.
    pub code: &'static str,
    /// From 0 to 1, as it is shown.
    pub probability: f64,
    /// The fault, in one line.
    pub title: String,
    /// Where the fault is.
    pub layer: Layer,
    /// The findings for it, the weightiest first.
    pub evidence_for: Vec<Weighed>,
    /// The findings against it, the weightiest first.
    pub evidence_against: Vec<Weighed>,
    /// What can be done, the best first.
    pub remedies: Vec<Remedy>,
    /// Codes of causes that are mere consequences of this one.
    pub folded: Vec<&'static str>,
}

/// One finding and its weight.
#[derive(Clone, Debug, PartialEq)]
pub struct Weighed {
    /// Which finding.
    pub code: FindingCode,
    /// What was seen, fit for a terminal.
    pub text: String,
    /// 10·log₁₀ of the likelihood ratio; negative: against the cause.
    pub decibans: f64,
}

/// The diagnosis of one machine from its facts and the findings that they led to.
pub fn diagnose(facts: &Facts<'_>, findings: &[Finding], catalogue: &Catalogue) -> Diagnosis {
    let booting = booting(facts, findings, catalogue);
    if booting.is_none() && is_healthy(facts.pick.verdict, findings, catalogue) {
        return Diagnosis::healthy();
    }
    // A stopped or paused machine is recognised without any signal.
    let runs = matches!(facts.machine.process, Reading::Known(Process::Running));
    let unchecked = facts.pick.unchecked.as_ref().filter(|_| runs);
    let unchecked = unchecked.map(|unchecked| Diagnosis::unknown(escaped(&unchecked.reason)));
    // A fault is one whether or not its machine has an address.
    if let Some(unchecked) = &unchecked
        && faults(findings, catalogue).next().is_none()
    {
        return unchecked.clone();
    }
    let circumstances = circumstances(facts);
    let model = Model::new(catalogue, &circumstances, findings);
    let beliefs = Beliefs::of(&model);
    let shown = fold::shown(&model, &beliefs);
    let values = Values::of(facts);
    let likeliest = shown.iter().map(|each| beliefs.marginal[each.cause]).fold(0.0, f64::max);
    let calibration = Calibration::of(likeliest);
    let suspect = |each: &Shown| {
        let cause = &catalogue.causes[each.cause];
        let (evidence_for, evidence_against) = evidence(&model, &beliefs, each.cause, findings);
        Suspect {
            code: cause.code,
            probability: calibration.shown(beliefs.marginal[each.cause]),
            title: cause.title.clone(),
            layer: cause.layer,
            evidence_for,
            evidence_against,
            remedies: remedies(cause, facts, &circumstances, &beliefs.marginal, catalogue, &values),
            folded: each.folded.clone(),
        }
    };
    let causes: Vec<Suspect> = shown.iter().map(suspect).collect();
    let named = likeliest >= NAMED_FROM;
    if let Some(unchecked) = unchecked.filter(|_| !named) {
        return unchecked;
    }
    let test = || propose(&model, &beliefs, &circumstances, findings, facts, &values);
    if let Some(booting) = booting.filter(|_| !named) {
        let worth_a_test = booting.awaits == Awaited::Address && asks(facts);
        let next_test = if worth_a_test { test() } else { None };
        return Diagnosis { next_test, ..Diagnosis::booting(booting) };
    }
    Diagnosis {
        healthy: false,
        booting: None,
        cannot_tell: doubt(facts.machine, &causes, findings, catalogue),
        unknown_probability: calibration.shown(beliefs.marginal[model.unknown()]),
        together: together(&model, &beliefs),
        next_test: if likeliest >= SETTLED_FROM { None } else { test() },
        unexplained: fold::unexplained(&model, &shown),
        circumstances: circumstances.iter().map(|each| each.name()).collect(),
        causes,
        ignored: Vec::new(),
    }
}

/// Whether the address is sure or likely and no present finding is a fault in itself.
fn is_healthy(verdict: Verdict, findings: &[Finding], catalogue: &Catalogue) -> bool {
    matches!(verdict, Verdict::Resolved | Verdict::Probable)
        && faults(findings, catalogue).next().is_none()
}

/// Why no cause can be named.
fn doubt(
    machine: &Machine,
    causes: &[Suspect],
    findings: &[Finding],
    catalogue: &Catalogue,
) -> Option<String> {
    let percent = |suspect: &Suspect| format!("{:.0} %", suspect.probability * 100.0);
    let is_fault = |finding: &Finding| {
        matches!(finding.state, State::Present(_))
            && catalogue.finding(finding.code).while_booting != WhileBooting::IsBoot
    };
    match causes {
        [] if matches!(machine.process, Reading::Unknown(_)) => {
            Some("whether the VM runs is unknown".to_owned())
        }
        [] if !findings.iter().any(is_fault) => {
            Some("nothing that was looked at is wrong".to_owned())
        }
        [] => Some("the findings fit no known cause".to_owned()),
        [first, ..] if first.probability >= NAMED_FROM => None,
        [only] => Some(format!("the likeliest cause, {}, has only {}", only.code, percent(only))),
        [first, second, ..] => Some(format!(
            "no cause is likely enough: {} has {}, {} {}",
            first.code,
            percent(first),
            second.code,
            percent(second)
        )),
    }
}

/// The two known causes of the likeliest hypothesis, where it has two.
fn together(model: &Model<'_>, beliefs: &Beliefs) -> Option<[&'static str; 2]> {
    let (hypothesis, probability) = beliefs.hypotheses.first()?;
    match hypothesis.causes() {
        [first, second] if *probability >= NAMED_FROM => {
            let code = |cause: &usize| Some(model.catalogue.causes.get(*cause)?.code);
            Some([code(first)?, code(second)?])
        }
        _ => None,
    }
}

/// The findings for a cause, and those against it.
fn evidence(
    model: &Model<'_>,
    beliefs: &Beliefs,
    cause: usize,
    findings: &[Finding],
) -> (Vec<Weighed>, Vec<Weighed>) {
    let worth = weights(model, beliefs, cause).into_iter();
    let worth = worth.filter(|weight| weight.decibans.abs() >= LEAST_WEIGHT);
    let weighed = worth.map(|weight| {
        let kind = model.catalogue.finding(weight.finding);
        let state = findings.iter().find(|each| each.code == kind.code).map(|each| &each.state);
        let text = match state {
            Some(State::Present(says)) => worded(&kind.present, says),
            Some(State::Absent(says)) => worded(&kind.absent, says),
            Some(State::NotObserved(_)) | None => kind.present.clone(),
        };
        Weighed { code: kind.code, text, decibans: weight.decibans }
    });
    weighed.partition(|weighed| weighed.decibans > 0.0)
}

/// The sentence of the catalogue, followed by what was seen.
fn worded(sentence: &str, says: &str) -> String {
    if says.is_empty() { sentence.to_owned() } else { format!("{sentence}: {}", escaped(says)) }
}
