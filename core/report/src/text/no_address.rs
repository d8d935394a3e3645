//! What stands in the place of an address.

use vmkit_model::Power;
use vmkit_scoring::{Flag, Pick, Verdict};

use super::lead;

/// The same for a machine in this state.
pub(crate) fn no_address_of(power: Power, pick: &Pick) -> Option<String> {
    match (power, pick.verdict) {
        (Power::Unknown, Verdict::NotRunning) => Some("whether it runs is unknown".to_owned()),
        _ => no_address(pick),
    }
}

/// Why no address is shown, or the best of several with its probability; `None`: an address is
/// shown, or the machine does not run.
pub(crate) fn no_address(pick: &Pick) -> Option<String> {
    let open = || pick.candidates.iter().filter(|candidate| candidate.struck_out.is_none());
    match pick.verdict {
        Verdict::Resolved | Verdict::Probable | Verdict::NotRunning => None,
        Verdict::NotChecked => Some(match &pick.unchecked {
            Some(unchecked) => lead::reason(unchecked),
            None => "not checked".to_owned(),
        }),
        Verdict::Ambiguous => Some(open().next().map_or_else(
            || "none found".to_owned(),
            |best| {
                let odds = format!("{} ? {:.0} %", best.address, best.probability * 100.0);
                match open().count() {
                    1 => odds,
                    several => format!("{odds}, {} more", several - 1),
                }
            },
        )),
        Verdict::NoAddress => Some(match open().next() {
            Some(first) if first.flags.contains(&Flag::LinkLocal) => {
                format!("{} (link-local)", first.address)
            }
            _ => "none found".to_owned(),
        }),
    }
}
