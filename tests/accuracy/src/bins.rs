//! Whether probabilities hold: answers sorted by their probability, beside the share that is right.

use serde::Serialize;

/// Bins of equal width: 0 to 0.1, …, 0.9 to 1.
const BINS: usize = 10;

/// Answers, added up by their probability.
#[derive(Clone, Copy, Debug, Default)]
pub struct Bins([Bin; BINS]);

/// Answers of about one probability.
#[derive(Clone, Copy, Debug, Default)]
struct Bin {
    answers: u32,
    probability: f64,
    right: u32,
}

/// One point of the reliability diagram.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Reliability {
    /// Answers in the bin.
    pub answers: u32,
    /// Their mean probability.
    pub probability: f64,
    /// The share of them that is right.
    pub right: f64,
}

impl Bins {
    /// Adds an answer.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 9")]
    pub(crate) fn add(&mut self, probability: f64, right: bool) {
        let bin = &mut self.0[((probability * 10.0) as usize).min(BINS - 1)];
        bin.answers += 1;
        bin.probability += probability;
        bin.right += u32::from(right);
    }

    /// Adds the answers of others.
    pub(crate) fn extend(&mut self, other: &Self) {
        for (bin, more) in self.0.iter_mut().zip(other.0) {
            bin.answers += more.answers;
            bin.probability += more.probability;
            bin.right += more.right;
        }
    }

    /// How many answers there are.
    pub fn answers(&self) -> u32 {
        self.0.iter().map(|bin| bin.answers).sum()
    }

    /// The expected calibration error, 0 to 1: the mean distance between a bin's probability and its share of
    /// right answers.
    pub fn error(&self) -> f64 {
        let gap = |bin: &Bin| (bin.probability - f64::from(bin.right)).abs();
        self.0.iter().map(gap).sum::<f64>() / f64::from(self.answers().max(1))
    }

    /// The bins that have answers.
    pub fn points(&self) -> Vec<Reliability> {
        let point = |bin: &Bin| Reliability {
            answers: bin.answers,
            probability: bin.probability / f64::from(bin.answers),
            right: f64::from(bin.right) / f64::from(bin.answers),
        };
        self.0.iter().filter(|bin| bin.answers > 0).map(point).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_is_the_distance_from_the_share_of_right_answers() {
        let mut bins = Bins::default();
        for right in [true, true, true, false] {
            bins.add(0.95, right);
        }
        assert!((bins.error() - 0.2).abs() < 1e-9);
        bins.add(1.0, true);
        let point = bins.points()[0];
        assert_eq!((point.answers, bins.answers()), (5, 5));
        assert!((point.right - 0.8).abs() < 1e-9 && (point.probability - 0.96).abs() < 1e-9);
    }
}
