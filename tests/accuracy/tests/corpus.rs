//! The corpus on a small scale: what must hold whatever the figures are.

use std::collections::HashSet;

use vmkit_accuracy::{
    families::{Set, families},
    measure::Figures,
    run::{Of, answer, total},
    table, written,
};
use vmkit_scoring::Weights;

/// Enough to draw every branch of most families, and quick without optimisation.
const FEW: u64 = 20;

#[test]
fn answers_every_hand_written_case_with_its_reasons() {
    let weights = Weights::builtin().unwrap();
    let cases = written::all().unwrap();
    assert!(cases.len() >= 20, "{} cases", cases.len());
    let wrong: Vec<_> = cases.iter().filter_map(|case| case.check(&weights).err()).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn hand_written_cases_name_their_source_and_reason() {
    for case in written::all().unwrap() {
        let written = &case.written;
        for text in [&written.from, &written.title, &written.why] {
            assert!(!text.is_empty(), "{written:?}");
        }
    }
}

#[test]
fn drawing_a_case_is_deterministic() {
    for family in families() {
        let draw = || family.case(3);
        let (one, two) = (draw(), draw());
        assert_eq!((one.evidence, one.truths), (two.evidence, two.truths), "{}", family.name);
        let another = family.case(4);
        assert_ne!(one.cases, another.cases, "{}", family.name);
    }
}

#[test]
fn family_names_are_unique_and_both_sets_have_many() {
    let names: HashSet<_> = families().map(|family| family.name).collect();
    assert_eq!(names.len(), families().count());
    for set in [Set::Fit, Set::HeldOut] {
        assert!(families().filter(|family| family.set() == set).count() >= 10, "{set:?}");
    }
}

#[test]
fn beats_every_plain_rule_and_lists_weak_families_first() {
    let answered = answer(FEW, &Weights::builtin().unwrap());
    let Figures { top, rules, wrong_resolved, rules_wrong, .. } =
        total(&answered, Of::All).figures();
    for (right, wrong) in rules.into_iter().zip(rules_wrong) {
        assert!(
            top > right && wrong_resolved < wrong,
            "{top:?} {right:?} {wrong_resolved} {wrong}"
        );
    }
    let text = table::render(&answered);
    let first_family = text.lines().skip_while(|line| !line.contains("knowable  ")).nth(1);
    assert!(first_family.is_some_and(|line| line.starts_with("weak ")), "{text}");
}

/// A floor, not the target: it notices a change that makes answers clearly worse.
#[test]
fn the_figures_stay_above_the_floor() {
    let answered = answer(FEW, &Weights::builtin().unwrap());
    let all = total(&answered, Of::All).figures();
    assert!(all.top.is_some_and(|top| top >= 0.99), "{all:?}");
    assert!(all.wrong_resolved <= 0.003 && all.wrong_writes == 0, "{all:?}");
    assert!(all.calibration_error <= 0.03, "{all:?}");
    assert!(all.abstention.is_some_and(|share| share <= 0.05), "{all:?}");
}
