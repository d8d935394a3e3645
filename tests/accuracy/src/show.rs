//! A case that was answered wrongly, with all that it was decided on.

use std::fmt::Write as _;

use vmkit_scoring::{Weights, score};

use crate::{families::Family, labelled::Labelled, measure::Likeliest, sources::now};

/// Wrongly answered cases that are shown of one family at most.
const MOST_SHOWN: usize = 6;

/// The first wrongly answered cases among `cases` of the family, as text.
pub fn wrong(family: &Family, cases: u64, weights: &Weights) -> String {
    let all = (0..cases).map(|number| family.case(number));
    let texts: Vec<String> = all.filter_map(|case| case_if_wrong(&case, weights)).collect();
    let shown = texts.iter().take(MOST_SHOWN).cloned().collect::<String>();
    format!(
        "{shown}{} of {cases} cases are answered wrongly or shown a wrong address\n",
        texts.len()
    )
}

fn case_if_wrong(labelled: &Labelled, weights: &Weights) -> Option<String> {
    let network = labelled.network.as_ref();
    let picks = score(&labelled.cases, &labelled.evidence, network, now(), weights);
    let mut text = String::new();
    for (vm, (pick, truth)) in picks.iter().zip(&labelled.truths).enumerate() {
        let top_wrong = truth.knowable && !truth.is(Likeliest::of(pick).address);
        let shown_wrong = pick.address.is_some() && !truth.is(pick.address);
        if !(top_wrong || shown_wrong) {
            continue;
        }
        let case = &labelled.cases[vm];
        let up = case.started_at.and_then(|start| now().duration_since(start).ok());
        let _ = writeln!(
            text,
            "{} {}: {} is {} {:?}; true: {:?}, {}\n  {:?} on {:?}, up {:?}",
            labelled.family,
            labelled.number,
            case.name,
            pick.verdict.code(),
            pick.address,
            truth.accepts,
            if truth.knowable { "can be known" } else { "cannot be known" },
            case.cards.first.mode(),
            case.cards.first.interface(),
            up,
        );
        for candidate in &pick.candidates {
            let _ = write!(text, "  {} {:.3}", candidate.address, candidate.probability);
            for entry in &candidate.ledger {
                let code = entry.evidence.observation.kind.code();
                let age = entry.age.as_secs();
                let _ = match entry.why_not {
                    None => write!(text, " | {code} {:+.2} ({age} s)", entry.weight),
                    Some(why) => write!(text, " | not {code}: {why}"),
                };
            }
            text.push('\n');
        }
    }
    (!text.is_empty()).then_some(text)
}
