//! The probabilities that are shown. What is named, tested and done next is decided by the model's own.

use crate::fold::NAMED_FROM;

/// The log odds of a named cause are multiplied by this: named causes are right more often than the model
/// says. Chosen by the reliability diagram of the drawn snapshots, see docs/accuracy.md.
const SHARPNESS: f64 = 1.5;

/// How a diagnosis shows its probabilities.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Calibration {
    /// What is left for causes that are not named, as a share of what the model leaves them.
    rest: f64,
}

impl Calibration {
    /// Of a diagnosis whose likeliest cause has this probability by the model.
    pub(crate) fn of(likeliest: f64) -> Self {
        let left = 1.0 - likeliest;
        let rest = if likeliest > NAMED_FROM && left > 0.0 {
            (1.0 - sharpened(likeliest)) / left
        } else {
            1.0
        };
        Self { rest }
    }

    /// The probability to show for one that the model gives. The order of probabilities and the side of
    /// [`NAMED_FROM`] stay.
    pub(crate) fn shown(self, probability: f64) -> f64 {
        if probability >= NAMED_FROM { sharpened(probability) } else { probability * self.rest }
    }
}

/// 0.5 stays, and so do 0 and 1.
fn sharpened(probability: f64) -> f64 {
    let [for_it, against] = [probability, 1.0 - probability].map(|each| each.powf(SHARPNESS));
    for_it / (for_it + against)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_named_cause_is_shown_as_likelier_and_the_others_have_what_it_leaves() {
        let sure = Calibration::of(0.8);
        assert!((sure.shown(0.8) - 8.0 / 9.0).abs() < 1e-12);
        assert!((sure.shown(0.15) - 0.15 * 5.0 / 9.0).abs() < 1e-12);
        for (likeliest, probability) in [(0.4, 0.4), (0.4, 0.3), (1.0, 1.0), (1.0, 0.0)] {
            let shown = Calibration::of(likeliest).shown(probability);
            assert!((shown - probability).abs() < 1e-12, "{likeliest} {probability}: {shown}");
        }
    }

    #[test]
    fn what_is_shown_keeps_the_order_and_what_is_named() {
        let steps = || (0..=40).map(|step| f64::from(step) / 40.0);
        for likeliest in steps() {
            let calibration = Calibration::of(likeliest);
            let shown: Vec<f64> = steps().map(|each| calibration.shown(each)).collect();
            assert!(shown.is_sorted(), "{likeliest}: {shown:?}");
            assert!(shown.iter().all(|each| (0.0..=1.0).contains(each)), "{likeliest}: {shown:?}");
            let named = |each: &f64| *each >= NAMED_FROM;
            assert!(steps().zip(&shown).all(|(model, shown)| named(&model) == named(shown)));
        }
    }
}
