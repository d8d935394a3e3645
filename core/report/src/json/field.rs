//! Values as the documents hold them.

use std::collections::BTreeMap;

use vmkit_types::Reading;

use crate::clean::stored;

/// Names of fields that are `null` because they are unknown, with the reason.
pub(crate) type UnknownFields = BTreeMap<&'static str, String>;

/// The value of a field. The reason of an unknown value goes to `unknown`; an absent value is
/// `null` without a reason.
pub(super) fn field<'r, T>(
    name: &'static str,
    reading: &'r Reading<T>,
    unknown: &mut UnknownFields,
) -> Option<&'r T> {
    match reading {
        Reading::Known(value) => Some(value),
        Reading::Absent => None,
        Reading::Unknown(why) => {
            unknown.insert(name, stored(&why.to_string()).into_owned());
            None
        }
    }
}

/// Rounds to three decimals, which is more than the table of weights is accurate to. An uncertain
/// probability is never rounded to 1.
pub(super) fn probability(value: f64) -> f64 {
    let shown = rounded(value, 1000.0);
    if value < 1.0 { shown.min(0.999) } else { shown }
}

/// Rounds weights and milliseconds to two decimals.
pub(super) fn hundredths(value: f64) -> f64 {
    rounded(value, 100.0)
}

fn rounded(value: f64, parts: f64) -> f64 {
    let rounded = (value * parts).round() / parts;
    // Not "-0.0".
    if rounded == 0.0 { 0.0 } else { rounded }
}
