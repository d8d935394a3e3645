use super::*;
use crate::{Catalogue, Finding, State, weigh::weights};

fn present(code: &'static str) -> Finding {
    Finding { code, state: State::Present(String::new()) }
}

fn absent(code: &'static str) -> Finding {
    Finding { code, state: State::Absent(String::new()) }
}

#[test]
fn probabilities_of_all_hypotheses_add_up() {
    let catalogue = Catalogue::builtin().unwrap();
    let model = Model::new(&catalogue, &[], &[present("address-missing"), absent("uplink-down")]);
    let beliefs = Beliefs::of(&model);
    let total: f64 = beliefs.hypotheses.iter().map(|(_, probability)| probability).sum();
    assert!((total - 1.0).abs() < 1e-9, "{total}");
    assert!(beliefs.marginal.iter().all(|each| (0.0..=1.0).contains(each)));
}

#[test]
fn what_was_not_observed_moves_nothing() {
    let catalogue = Catalogue::builtin().unwrap();
    let seen = [present("address-missing")];
    let unseen = Finding {
        code: "uplink-down",
        state: State::NotObserved(vmkit_types::Unread::NotTried),
    };
    let with = Beliefs::of(&Model::new(&catalogue, &[], &[seen[0].clone(), unseen]));
    let without = Beliefs::of(&Model::new(&catalogue, &[], &seen));
    assert_eq!(with.marginal, without.marginal);
}

#[test]
fn a_cause_that_explains_a_finding_takes_it_from_the_others() {
    let catalogue = Catalogue::builtin().unwrap();
    let place = |code: &str| catalogue.causes.iter().position(|c| c.code == code).unwrap();
    let silent = present("test-host-unanswered");
    let alone = Beliefs::of(&Model::new(&catalogue, &[], &[silent.clone()]));
    let explained = [silent, present("uplink-down")];
    let model = Model::new(&catalogue, &[], &explained);
    let beliefs = Beliefs::of(&model);
    let server = place("dhcp-no-server");
    assert!(alone.marginal[server] > 10.0 * beliefs.marginal[server]);
    // Beside the uplink that is down the silence says next to nothing of the server.
    let silence = catalogue.finding_place("test-host-unanswered").unwrap();
    let weight = weights(&model, &beliefs, server);
    let weight = weight.iter().find(|each| each.finding == silence).unwrap();
    assert!(weight.decibans.abs() < 1.0, "{}", weight.decibans);
}

#[test]
fn weights_add_up_to_the_likelihood_ratio_of_two_hypotheses() {
    let catalogue = Catalogue::builtin().unwrap();
    let findings = [present("address-missing"), present("uplink-down"), absent("kernel-panic")];
    let model = Model::new(&catalogue, &[], &findings);
    let beliefs = Beliefs::of(&model);
    let cause = catalogue.causes.iter().position(|c| c.code == "host-uplink-down").unwrap();
    let with = beliefs.best_with(cause).unwrap();
    let without = with.without(cause);
    let total: f64 = weights(&model, &beliefs, cause).iter().map(|each| each.decibans).sum();
    let ratio = model.likelihood(with) / model.likelihood(without);
    assert!((total - 10.0 * ratio.log10()).abs() < 1e-6, "{total}");
}

/// For each cause, in the circumstances that favour it, with its typical findings there and all
/// others not: it comes first.
#[test]
fn every_cause_is_the_first_given_its_typical_findings() {
    const TYPICAL: f64 = 0.5;
    let catalogue = Catalogue::builtin().unwrap();
    let mut wrong = Vec::new();
    for (at, cause) in catalogue.causes.iter().enumerate() {
        let favoured: Vec<Circumstance> = cause
            .given
            .iter()
            .filter(|(_, factor)| *factor > 1.0)
            .map(|(circumstance, _)| *circumstance)
            .collect();
        let findings: Vec<Finding> = catalogue
            .findings
            .iter()
            .enumerate()
            .map(|(place, kind)| {
                let often = cause.produces.iter().find(|(each, _)| *each == place);
                match often {
                    Some((_, often)) if *often >= TYPICAL => present(kind.code),
                    _ => absent(kind.code),
                }
            })
            .collect();
        let beliefs = Beliefs::of(&Model::new(&catalogue, &favoured, &findings));
        let (first, probability) = beliefs
            .marginal
            .iter()
            .copied()
            .enumerate()
            .max_by(|a, b| a.1.total_cmp(&b.1))
            .unwrap();
        if first != at || probability < 0.5 {
            let first = catalogue.causes.get(first).map_or("unknown", |c| c.code);
            wrong.push(format!("{}: {first} with {probability:.2}", cause.code));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Findings drawn as each cause shows them, everything looked at: how often it comes first.
#[test]
fn a_cause_is_mostly_the_first_given_findings_drawn_from_it() {
    const DRAWS: u32 = 8;
    const LEAST_FIRST: f64 = 0.95;
    let catalogue = Catalogue::builtin().unwrap();
    let (mut first, mut asked) = (0.0, 0.0);
    let mut random = 1_u64;
    let mut draw = || {
        // xorshift64: the same draws on every computer.
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        f64::from(u32::try_from(random >> 32).unwrap()) / f64::from(u32::MAX)
    };
    for (at, cause) in catalogue.causes.iter().enumerate() {
        let favoured: Vec<Circumstance> =
            cause.given.iter().filter(|(_, factor)| *factor > 1.0).map(|(each, _)| *each).collect();
        let truth = Hypothesis::one(at);
        let blank = Model::new(&catalogue, &favoured, &[]);
        for _ in 0..DRAWS {
            let findings: Vec<Finding> = catalogue
                .findings
                .iter()
                .enumerate()
                .map(|(place, kind)| {
                    let there = draw() < blank.presence(truth, place);
                    if there { present(kind.code) } else { absent(kind.code) }
                })
                .collect();
            if !findings.iter().any(|each| matches!(each.state, State::Present(_))) {
                continue;
            }
            let beliefs = Beliefs::of(&Model::new(&catalogue, &favoured, &findings));
            let best = beliefs.marginal.iter().copied().enumerate();
            let best = best.max_by(|a, b| a.1.total_cmp(&b.1)).unwrap();
            first += f64::from(u8::from(best.0 == at));
            asked += 1.0;
        }
    }
    assert!(first / asked >= LEAST_FIRST, "{:.3}", first / asked);
}
