//! What a QEMU cannot do as planned.

use crate::{
    error::PowerError,
    plan::{Acceleration, Plan},
};

/// The plan without what this QEMU refused, and a sentence about it.
pub(super) fn without_refused(plan: &Plan, error: &PowerError) -> Option<(Plan, String)> {
    let PowerError::EndedAtStart { said, .. } = error else { return None };
    let line = |words: &[&str]| {
        said.iter().find(|line| {
            let line = line.to_lowercase();
            words.iter().any(|word| line.contains(word))
        })
    };
    if let Some(line) = line(&["-sandbox", "seccomp"]).filter(|_| plan.sandbox) {
        let note = format!("QEMU runs without its sandbox: {line}");
        return Some((Plan { sandbox: false, ..plan.clone() }, note));
    }
    let words: &[&str] = match plan.acceleration {
        Acceleration::Kvm => &["kvm", "msr"],
        Acceleration::Hvf => &["hvf", "hv_"],
        Acceleration::Tcg => return None,
    };
    let line = line(words)?;
    let note = format!(
        "QEMU emulates the processor, which is slow: it cannot use {} here: {line}",
        plan.acceleration.word()
    );
    Some((Plan { acceleration: Acceleration::Tcg, ..plan.clone() }, note))
}
