mod drawn;

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
    let unseen =
        Finding { code: "uplink-down", state: State::NotObserved(vmkit_types::Unread::NotTried) };
    let with = Beliefs::of(&Model::new(&catalogue, &[], &[seen[0].clone(), unseen]));
    let without = Beliefs::of(&Model::new(&catalogue, &[], &seen));
    assert_eq!(with.marginal, without.marginal);
}

#[test]
fn a_cause_that_explains_a_finding_takes_it_from_the_others() {
    let catalogue = Catalogue::builtin().unwrap();
    let place = |code: &str| catalogue.causes.iter().position(|c| c.code == code).unwrap();
    let silent = present("test-host-unanswered");
    let alone = Beliefs::of(&Model::new(&catalogue, &[], std::slice::from_ref(&silent)));
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
