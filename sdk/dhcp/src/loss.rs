//! How much a link loses, and what silence on it is worth.

use crate::{TestCase, TestResult};

/// Shares of lost exchanges that are weighed, from none to nearly all.
const RATES: u8 = 40;
/// Before anything is asked: most links lose next to nothing, one in twenty loses a noticeable share,
/// each as likely as the others.
const SELDOM: [f64; 3] = [0.75, 0.15, 0.05];
/// How probable it is that DISCOVERs are lost at another rate than ARP requests: replies by broadcast
/// go unacknowledged over Wi-Fi.
const OTHER_RATE: f64 = 0.03;
/// How probable it is that a gateway answers no ARP at all, for another reason than loss: next to
/// nothing can be sent to such a gateway.
const MUTE_GATEWAY: f64 = 0.005;
/// With a smaller probability that silence is mere loss, silence counts as an answer.
const LEAST_DOUBT: f64 = 0.005;
/// The same for one case where loss does not explain the silence of all cases together: it may be the one that
/// was lost.
const LEAST_DOUBT_OF_ONE: f64 = 0.06;
/// Fewer questions without an answer say nothing: a server may skip one for a reason of its own.
const LEAST_QUESTIONS: u32 = 3;
/// The probability of each share of exchanges that the link loses.
#[derive(Clone, Debug)]
pub struct Loss {
    /// Of ARP requests and their replies.
    link: Weights,
    /// Of DISCOVERs and OFFERs.
    dhcp: Weights,
    /// The DISCOVERs of all cases together, if none of them was answered.
    in_vain: Option<u32>,
}

/// A weight for each share; together 1.
type Weights = [f64; RATES as usize];

/// What a case of the test says about the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// At least one question was answered.
    Answered,
    /// None was, and the link does not lose that many.
    Silent,
    /// None was, which the link's loss or a slow server may explain.
    Open,
}

impl Loss {
    /// What these results say.
    pub fn of(results: &[TestResult]) -> Self {
        let arp = results.iter().filter(|result| result.case == TestCase::Gateway);
        let link = arp.fold(prior(), |weights, result| given(weights, result, MUTE_GATEWAY));
        let mut dhcp = link;
        for (own, other) in dhcp.iter_mut().zip(prior()) {
            *own = (1.0 - OTHER_RATE) * *own + OTHER_RATE * other;
        }
        let asked = || results.iter().filter(|result| result.case != TestCase::Gateway);
        let answered = asked().filter(|it| it.answered > 0);
        let dhcp = answered.fold(dhcp, |weights, result| given(weights, result, 0.0));
        let nobody = asked().all(|it| it.answered == 0 && it.offers.is_empty());
        let sent = asked().fold(0, |sum: u32, it| sum.saturating_add(it.sent));
        Self { link, dhcp, in_vain: nobody.then_some(sent) }
    }

    /// The probability that none of so many DISCOVERs is answered although nothing but loss keeps
    /// them from it.
    pub fn silence(&self, asked: u32) -> f64 {
        let each = self.dhcp.iter().zip(rates());
        each.map(|(weight, rate)| weight * power(rate, asked)).sum()
    }

    /// Whether silence after so many DISCOVERs of one case is more than loss.
    pub fn explains_no_silence(&self, asked: u32) -> bool {
        let all = self.in_vain.is_some_and(|all| self.silence(all) <= LEAST_DOUBT);
        let doubt = if all { LEAST_DOUBT_OF_ONE } else { LEAST_DOUBT };
        asked >= LEAST_QUESTIONS && self.silence(asked) <= doubt
    }

    /// Whether it stays so if the link turns out to lose somewhat more.
    pub fn explains_no_silence_by_far(&self, asked: u32) -> bool {
        asked >= LEAST_QUESTIONS && self.silence(asked) <= LEAST_DOUBT / 10.0
    }

    /// The probability that the link loses this share of the exchanges or more.
    pub fn at_least(&self, share: f64) -> f64 {
        let beyond = |weights: &Weights| -> f64 {
            weights.iter().zip(rates()).filter(|(_, rate)| *rate >= share).map(|(it, _)| it).sum()
        };
        beyond(&self.link).max(beyond(&self.dhcp))
    }
}

fn prior() -> Weights {
    let rest = 1.0 - SELDOM.iter().sum::<f64>();
    let mut prior = [rest / f64::from(RATES - 3); RATES as usize];
    prior[..SELDOM.len()].copy_from_slice(&SELDOM);
    prior
}

/// The weights after this result. `mute`: the probability that nobody answers for another reason.
fn given(mut weights: Weights, result: &TestResult, mute: f64) -> Weights {
    let answered = result.answered.min(result.sent);
    let lost = result.sent - answered;
    for (weight, rate) in weights.iter_mut().zip(rates()) {
        let lost = power(rate, lost);
        let kept = power(1.0 - rate, answered);
        *weight *= if answered == 0 { mute + (1.0 - mute) * lost } else { kept * lost };
    }
    let total: f64 = weights.iter().sum();
    // Thousands of questions have a likelihood that no number holds.
    if total > 0.0 { weights.map(|weight| weight / total) } else { prior() }
}

impl TestResult {
    /// What the case says, given the loss of the link.
    pub fn outcome(&self, loss: &Loss) -> Outcome {
        let is_certain = self.waited.is_none() || loss.explains_no_silence(self.sent);
        if self.answered > 0 || !self.offers.is_empty() {
            Outcome::Answered
        } else if self.sent > 0 && is_certain {
            Outcome::Silent
        } else {
            Outcome::Open
        }
    }
}

/// The shares. Even the best link loses a frame in some hundred.
fn rates() -> impl Iterator<Item = f64> {
    (0..RATES).map(|place| if place == 0 { 0.002 } else { f64::from(place) / f64::from(RATES) })
}

fn power(base: f64, exponent: u32) -> f64 {
    base.powi(exponent.min(10_000).cast_signed())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn result(case: TestCase, sent: u32, answered: u32) -> TestResult {
        let (chaddr, waited, offers) = (None, Some(Duration::from_secs(4)), Vec::new());
        TestResult { case, chaddr, sent, answered, waited, offers }
    }

    #[test]
    fn silence_counts_only_if_the_link_does_not_explain_it() {
        use Outcome::{Open, Silent};
        // ARP answered, of 16; DISCOVERs without an answer.
        let rows = [
            (Some(16), 2, Open),
            (Some(16), 3, Silent),
            (None, 3, Open),
            (None, 9, Silent),
            // A gateway that answers no ARP says nothing.
            // Nothing answers at all: a dead link looks the same.
            (Some(0), 40, Open),
            (Some(12), 3, Open),
            (Some(12), 6, Silent),
            (Some(8), 6, Open),
            (Some(8), 12, Silent),
            (Some(4), 12, Open),
            (Some(4), 40, Silent),
            (Some(1), 40, Open),
        ];
        for (arp, sent, expected) in rows {
            let mut results = vec![result(TestCase::Host, sent, 0)];
            results.extend(arp.map(|answered| result(TestCase::Gateway, 16, answered)));
            let loss = Loss::of(&results);
            let doubt = loss.silence(sent);
            assert_eq!(results[0].outcome(&loss), expected, "{arp:?} {sent}: {doubt:.4}");
        }
    }

    #[test]
    fn silence_of_all_cases_together_counts_for_each() {
        use Outcome::{Open, Silent};
        // ARP answered, of 48; DISCOVERs of each of three cases, and whether another case was answered.
        let rows = [(24, 7, 0, Silent), (24, 7, 1, Open), (24, 3, 0, Open), (3, 8, 0, Open)];
        for (arp, sent, answered, expected) in rows {
            let cases = [TestCase::Host, TestCase::Machine, TestCase::MachineUnicast];
            let mut results: Vec<_> = cases.map(|case| result(case, sent, 0)).into();
            results[2].answered = answered;
            results.push(result(TestCase::Gateway, 48, arp));
            let loss = Loss::of(&results);
            let doubt = (loss.silence(sent), loss.silence(3 * sent));
            assert_eq!(results[0].outcome(&loss), expected, "{arp} {sent} {answered}: {doubt:?}");
        }
    }

    #[test]
    fn answered_discovers_show_loss_that_arp_does_not() {
        let lossless = [result(TestCase::Gateway, 16, 16)];
        assert!(Loss::of(&lossless).at_least(0.15) < 0.01);
        let of_broadcasts = [result(TestCase::Gateway, 16, 16), result(TestCase::Machine, 12, 3)];
        assert!(Loss::of(&of_broadcasts).at_least(0.15) > 0.95);
        for answered in [0, 3, 1_000_000] {
            let hostile = [result(TestCase::Machine, 1_000_000, answered)];
            assert!((0.0..=1.0).contains(&Loss::of(&hostile).silence(3)), "{answered}");
        }
    }
}
