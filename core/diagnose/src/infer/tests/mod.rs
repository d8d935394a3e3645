mod drawn;

use super::*;
use crate::{Catalogue, Finding, FindingCode, State, circumstance::Circumstance, weigh::weights};

fn present(code: FindingCode) -> Finding {
    Finding { code, state: State::Present(String::new()) }
}

fn absent(code: FindingCode) -> Finding {
    Finding { code, state: State::Absent(String::new()) }
}

#[test]
fn probabilities_of_all_hypotheses_add_up() {
    let catalogue = Catalogue::builtin().unwrap();
    let model = Model::new(
        &catalogue,
        &[],
        &[present(FindingCode::AddressMissing), absent(FindingCode::UplinkDown)],
    );
    let beliefs = Beliefs::of(&model);
    let total: f64 = beliefs.hypotheses.iter().map(|(_, probability)| probability).sum();
    assert!((total - 1.0).abs() < 1e-9, "{total}");
    assert!(beliefs.marginal.iter().all(|each| (0.0..=1.0).contains(each)));
}

#[test]
fn an_unobserved_finding_changes_nothing() {
    let catalogue = Catalogue::builtin().unwrap();
    let seen = [present(FindingCode::AddressMissing)];
    let unseen = Finding {
        code: FindingCode::UplinkDown,
        state: State::NotObserved(vmkit_types::Unread::NotTried),
    };
    let with = Beliefs::of(&Model::new(&catalogue, &[], &[seen[0].clone(), unseen]));
    let without = Beliefs::of(&Model::new(&catalogue, &[], &seen));
    assert_eq!(with.marginal, without.marginal);
}

#[test]
fn a_cause_explains_a_finding_away() {
    let catalogue = Catalogue::builtin().unwrap();
    let place = |code: &str| catalogue.causes.iter().position(|c| c.code == code).unwrap();
    let silent = present(FindingCode::TestHostUnanswered);
    let alone = Beliefs::of(&Model::new(&catalogue, &[], std::slice::from_ref(&silent)));
    let explained = [silent, present(FindingCode::UplinkDown)];
    let model = Model::new(&catalogue, &[], &explained);
    let beliefs = Beliefs::of(&model);
    let server = place("dhcp-no-server");
    assert!(alone.marginal[server] > 10.0 * beliefs.marginal[server]);
    // With the uplink down, silence says almost nothing about the server.
    let silence = FindingCode::TestHostUnanswered;
    let weight = weights(&model, &beliefs, server);
    let weight = weight.iter().find(|each| each.finding == silence).unwrap();
    assert!(weight.decibans.abs() < 1.0, "{}", weight.decibans);
}

#[test]
fn a_finding_that_a_cause_cannot_produce_weighs_the_change_of_its_odds() {
    let catalogue = Catalogue::builtin().unwrap();
    let findings = [FindingCode::TestMachineUnanswered, FindingCode::TestForeignUnanswered]
        .map(present)
        .to_vec();
    let cause = "router-drops-foreign-chaddr";
    let cause = catalogue.causes.iter().position(|each| each.code == cause).unwrap();
    let decibans = |findings: &[Finding]| {
        let beliefs = Beliefs::of(&Model::new(&catalogue, &[], findings));
        let probability = beliefs.marginal[cause];
        10.0 * (probability / (1.0 - probability)).log10()
    };
    let answered = [findings.clone(), vec![absent(FindingCode::TestHostUnanswered)]].concat();
    let model = Model::new(&catalogue, &[], &answered);
    let weights = weights(&model, &Beliefs::of(&model), cause);
    let place = FindingCode::TestHostUnanswered;
    let weight = weights.iter().find(|each| each.finding == place).unwrap().decibans;
    let change = decibans(&answered) - decibans(&findings);
    assert!(weight > 3.0 && (weight - change).abs() < 1e-3, "{weight} {change}");
}
