//! What was answered beside what is true, in figures.

use std::net::IpAddr;

use serde::Serialize;
use vmkit_scoring::{Pick, Verdict, Weights, score};

use crate::{
    bins::{Bins, Reliability},
    labelled::Labelled,
    rules::RULES,
    sources::now,
};

/// The answers for the machines of some cases, added up.
#[derive(Clone, Debug, Default)]
pub struct Sums {
    /// Machines.
    machines: u32,
    /// Of those, machines whose right answer can be known.
    knowable: u32,
    /// Of the knowable ones, those for which the likeliest answer is right.
    top: u32,
    /// Of the knowable ones, those that have an address and are shown none.
    abstained: u32,
    /// Of all, those for which an untrue address was shown as resolved.
    wrong_resolved: u32,
    /// Of all, those for which an untrue address was shown at all.
    wrong_shown: u32,
    /// Of those that cannot be known, those for which none was shown as resolved.
    withheld: u32,
    /// Addresses that may be written to the hosts file.
    writes: u32,
    /// Of those, untrue ones.
    wrong_writes: u32,
    squares: f64,
    log_loss: f64,
    bins: Bins,
    rules: [u32; RULES.len()],
    rules_wrong: [u32; RULES.len()],
}

/// The answer to one machine, as far as the figures need it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Likeliest {
    /// The likeliest address; `None`: that it has none is likelier.
    pub address: Option<IpAddr>,
    /// Its probability.
    pub probability: f64,
}

impl Likeliest {
    /// The likeliest answer of a pick, whether it was shown or withheld.
    pub(crate) fn of(pick: &Pick) -> Self {
        let shown = pick.candidates.iter().filter(|candidate| candidate.struck_out.is_none());
        // The first candidates are those of the family of the pick.
        let family = pick.candidates.first().map(|first| first.address.is_ipv4());
        let best = shown
            .filter(|candidate| Some(candidate.address.is_ipv4()) == family)
            .max_by(|a, b| a.probability.total_cmp(&b.probability));
        match best {
            Some(best) if best.probability > pick.none_probability && usable(best.address) => {
                Self { address: Some(best.address), probability: best.probability }
            }
            // An address that the guest gave to itself leads nowhere, as having none does.
            Some(best) if !usable(best.address) => {
                Self { address: None, probability: pick.none_probability + best.probability }
            }
            _ => Self { address: None, probability: pick.none_probability },
        }
    }
}

fn usable(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => !v4.is_link_local(),
        IpAddr::V6(v6) => !v6.is_unicast_link_local(),
    }
}

impl Sums {
    /// Scores a case and adds the answers for its machines.
    pub(crate) fn add(&mut self, labelled: &Labelled, weights: &Weights) {
        let network = labelled.network.as_ref();
        let picks = score(&labelled.cases, &labelled.evidence, network, now(), weights);
        for (vm, (pick, truth)) in picks.iter().zip(&labelled.truths).enumerate() {
            let likeliest = Likeliest::of(pick);
            let right = truth.is(likeliest.address);
            self.machines += 1;
            self.squares += square_error(likeliest.probability, right);
            // Where no source named an address there is no probability to hold against the truth.
            if pick.candidates.iter().any(|candidate| candidate.struck_out.is_none()) {
                self.bins.add(likeliest.probability, right);
            }
            self.log_loss -= probability_of_truth(pick, &truth.accepts).max(1e-6).ln();
            let resolved = pick.verdict == Verdict::Resolved;
            let wrong = pick.address.is_some() && !truth.is(pick.address);
            self.wrong_shown += u32::from(wrong);
            self.wrong_resolved += u32::from(wrong && resolved);
            if pick.may_be_written(weights) {
                self.writes += 1;
                self.wrong_writes += u32::from(wrong);
            }
            if truth.knowable {
                self.knowable += 1;
                self.top += u32::from(right);
                self.abstained += u32::from(!truth.accepts.is_empty() && pick.address.is_none());
            } else {
                self.withheld += u32::from(!resolved);
            }
            for (index, (_, answer)) in RULES.iter().enumerate() {
                let answer = answer(labelled, vm);
                if truth.knowable {
                    self.rules[index] += u32::from(truth.is(answer));
                }
                self.rules_wrong[index] += u32::from(answer.is_some() && !truth.is(answer));
            }
        }
    }

    /// Adds the sums of other cases.
    pub(crate) fn extend(&mut self, other: &Self) {
        self.machines += other.machines;
        self.knowable += other.knowable;
        self.top += other.top;
        self.abstained += other.abstained;
        self.wrong_resolved += other.wrong_resolved;
        self.wrong_shown += other.wrong_shown;
        self.withheld += other.withheld;
        self.writes += other.writes;
        self.wrong_writes += other.wrong_writes;
        self.squares += other.squares;
        self.log_loss += other.log_loss;
        self.bins.extend(&other.bins);
        for index in 0..RULES.len() {
            self.rules[index] += other.rules[index];
            self.rules_wrong[index] += other.rules_wrong[index];
        }
    }

    /// The figures of these sums.
    pub fn figures(&self) -> Figures {
        let share =
            |part: u32, of: u32| if of == 0 { None } else { Some(f64::from(part) / f64::from(of)) };
        let mean = |sum: f64| if self.machines == 0 { 0.0 } else { sum / f64::from(self.machines) };
        Figures {
            machines: self.machines,
            knowable: self.knowable,
            top: share(self.top, self.knowable),
            wrong_resolved: mean(f64::from(self.wrong_resolved)),
            wrong_shown: mean(f64::from(self.wrong_shown)),
            abstention: share(self.abstained, self.knowable),
            withheld: share(self.withheld, self.machines - self.knowable),
            brier: mean(self.squares),
            log_loss: mean(self.log_loss),
            calibration_error: self.bins.error(),
            writes: self.writes,
            wrong_writes: self.wrong_writes,
            reliability: self.bins.points(),
            rules: self.rules.map(|right| share(right, self.knowable)).to_vec(),
            rules_wrong: self.rules_wrong.map(|wrong| mean(f64::from(wrong))).to_vec(),
        }
    }
}

fn square_error(probability: f64, right: bool) -> f64 {
    let error = probability - f64::from(u8::from(right));
    error * error
}

/// What the evidence makes of the truth: the sum over all right answers.
pub(crate) fn probability_of_truth(pick: &Pick, accepts: &[IpAddr]) -> f64 {
    let right = pick.candidates.iter().filter(|candidate| accepts.contains(&candidate.address));
    if accepts.is_empty() {
        let given = pick.candidates.iter().filter(|candidate| !usable(candidate.address));
        let family = pick.candidates.first().map(|first| first.address.is_ipv4());
        let given = given.filter(|candidate| Some(candidate.address.is_ipv4()) == family);
        pick.none_probability + given.map(|candidate| candidate.probability).sum::<f64>()
    } else {
        // A machine with several addresses has each of them.
        right.map(|candidate| candidate.probability).sum::<f64>().min(1.0)
    }
}

/// Figures of a family or a set. Shares are 0 to 1; `None`: of nothing.
#[derive(Clone, Debug, Serialize)]
pub struct Figures {
    /// Machines that were answered.
    pub machines: u32,
    /// Of those, machines whose right answer a careful person could know.
    pub knowable: u32,
    /// Share of the knowable ones for which the likeliest answer is right.
    pub top: Option<f64>,
    /// Share of all for which an untrue address was shown as resolved.
    pub wrong_resolved: f64,
    /// Share of all for which an untrue address was shown, resolved or probable.
    pub wrong_shown: f64,
    /// Share of the knowable ones that have an address and were shown none.
    pub abstention: Option<f64>,
    /// Share of those that cannot be known for which no address was called resolved.
    pub withheld: Option<f64>,
    /// Mean square of probability of the likeliest answer less 1 if it is right, else 0.
    pub brier: f64,
    /// Mean of −ln of the probability of the truth.
    pub log_loss: f64,
    /// Expected calibration error over ten bins of equal width, of machines with a candidate.
    pub calibration_error: f64,
    /// Addresses that may be written to the hosts file.
    pub writes: u32,
    /// Untrue ones of those.
    pub wrong_writes: u32,
    /// Per bin with answers: how many, their mean probability, and the share that was right.
    pub reliability: Vec<Reliability>,
    /// Per plain rule: the share of the knowable ones that it answers right.
    pub rules: Vec<Option<f64>>,
    /// Per plain rule: the share of all for which it gives an untrue address.
    pub rules_wrong: Vec<f64>,
}
