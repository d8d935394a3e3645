//! Every misbehaviour of an advice plugin ends as one clear status within bounds, and the others
//! answer.
#![cfg(target_os = "linux")]

use vmkit_contract::Tree;
use vmkit_host::Advised;
use vmkit_types::{Advice, AdviceKind, Fact, MacStatus, Step, Witness, Word};

/// The plugin's behaviour; status; a part of the message; number of kept pieces of advice.
type Row = (&'static str, &'static str, &'static str, usize);

const ROWS: &[Row] = &[
    ("well", "ok", "", 1),
    ("panic", "crashed", "panicked: panic on demand", 0),
    ("abort", "crashed", "an abort (SIGABRT)", 0),
    ("exit", "crashed", "its process ended by itself with status 0", 0),
    ("hang", "timeout", "its call took longer than 4000 ms", 0),
    // Either the plugin reports the deadline itself, or it is killed first.
    ("dawdle", "timeout", "", 0),
    ("flood-log", "error", "it logged more than 1000 lines", 0),
    ("open", "denied", "an advice source is given facts and no files", 0),
    ("fail", "error", "failing \\x1b[31m", 0),
    ("lie", "ok", "", 1),
];

fn advise(how: &str, facts: &[Fact]) -> Advised {
    let tree = Tree::with(&["contract-misadvise", "advice-routers"]);
    let tree = if ["hang", "dawdle"].contains(&how) { tree.impatient() } else { tree };
    tree.advise(facts, &[("misadvise", &format!("{{\"how\": {how:?}}}"))])
}

fn fact(key: &str, value: &str) -> Fact {
    Fact { key: key.to_owned(), value: value.to_owned() }
}

#[test]
fn every_misbehaviour_has_one_clear_status_and_others_answer() {
    let mut wrong = Vec::new();
    for (how, status, message, kept) in ROWS {
        let advised = advise(how, &[fact("ssdp.manufacturer", "MikroTik")]);
        let own: Vec<_> = advised.outcomes.iter().filter(|each| each.id == "misadvise").collect();
        let got = own[0].message.as_deref().unwrap_or("");
        let advice = advised.advice.iter().filter(|item| item.plugin == "misadvise").count();
        let fits = own.len() == 1 && own[0].status.code() == *status && got.contains(message);
        if !fits || advice != *kept {
            wrong.push(format!("{how:?}: {}, {got:?}, {advice} kept", own[0].status.code()));
        }
        let others = advised.advice.iter().any(|item| item.advice.id == "mikrotik");
        assert!(others, "{how}: the others answer: {:?}", advised.outcomes);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn limits_the_length_of_texts_and_the_range_of_numbers() {
    for how in ["oversized", "lie"] {
        let advised = advise(how, &[]);
        for item in advised.advice.iter().map(|item| &item.advice) {
            assert!((0.0..=1.0).contains(&item.confidence), "{how}: {}", item.confidence);
            assert!(item.because.len() <= 24 && item.steps.len() <= 24, "{how}");
            let steps = item.steps.iter().map(|step| &step.text);
            let texts = item.because.iter().chain(steps).chain([&item.id, &item.title]);
            assert!(texts.map(String::len).all(|length| length <= 300), "{how}");
        }
        assert!(advised.advice.len() <= 64, "{how}: {}", advised.advice.len());
        assert_eq!(advised.outcomes.len(), 2, "{how}: one line for each plugin");
    }
}

#[test]
fn a_plugin_gets_only_the_pages_it_declares() {
    let facts = [
        fact("gateway.address", "192.168.1.254"),
        fact("http.status:/declared", "200"),
        fact("http.header:/declared:server", "hub"),
        fact("http.body:/declared", "its own"),
        fact("http.body:/cgi/cgi_basicMyDevice.js", "who is at home"),
        fact("http.header:/other:server", "hub"),
    ];
    let keys: Vec<_> = facts[..4].iter().map(|fact| fact.key.clone()).collect();
    assert_eq!(own(&advise("well", &facts)).because, keys);
}

#[test]
fn built_in_plugins_declare_only_pages_that_were_reviewed() {
    let tree = Tree::with(&["advice-routers", "advice-bt-smart-hub-2", "contract-misadvise"]);
    let mut pages = tree.gateway_pages();
    assert!(pages.len() > 10, "{pages:?}");
    pages.retain(|(_, path)| !vmkit_gateway::is_reviewed(path));
    assert_eq!(pages, [("misadvise".to_owned(), "/declared".to_owned())]);
}

#[test]
fn a_witness_and_a_command_arrive_as_data() {
    let mac = "52:54:00:00:00:01";
    let advised = advise("witness", &[fact("machine.mac", mac)]);
    let advice = own(&advised);
    let witness = Witness { mac: mac.parse().unwrap(), seen: MacStatus::NotListed };
    assert_eq!(advice.kind, AdviceKind::Witness(witness));
    let words = ["vm".into(), Word::MachineName, "a b".into()];
    assert_eq!(advice.steps, [Step::new("Test it").with_command(words)]);
}

/// The first advice of the misbehaving plugin.
fn own(advised: &Advised) -> &Advice {
    let mut own = advised.advice.iter().filter(|item| item.plugin == "misadvise");
    &own.next().expect("advice of the plugin").advice
}

/// The most pages a manifest may declare, each of the longest length and of bytes that take six in a
/// frame: the host drops pages that would make the frame too long.
#[test]
fn a_plugin_answers_despite_hostile_pages() {
    let body = "\u{1}".repeat(256 << 10);
    let mut facts: Vec<Fact> = (0..16).map(|_| fact("http.body:/declared", &body)).collect();
    facts.push(fact("ssdp.manufacturer", "MikroTik"));
    facts.push(fact("dhcp.domain", &body));
    let advised = advise("well", &facts);
    for outcome in &advised.outcomes {
        assert_eq!(outcome.status.code(), "ok", "{outcome:?}");
    }
    assert!(advised.advice.iter().any(|item| item.advice.id == "mikrotik"));
}
