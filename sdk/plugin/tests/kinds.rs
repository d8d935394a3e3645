//! A sample of every kind of plugin, called over the foreign interface in one process.

#![allow(clippy::unwrap_used, reason = "a test says what it expects by failing")]

use serde::Deserialize;
use vmkit_plugin::{
    Advice, AdviceKind, AdviceSource, Cx, ErrorCode, Fact, Inventory, Kind, ListedMachine, Mac,
    MacStatus, MachineState, Observation, Plugin, ProcessAnswer, Reading, Result, Signal, Stage,
    Step, Subject, Unread, Witness, Word,
};
use vmkit_testkit::FakeHost;

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Config {
    panic: bool,
}

struct Sample(Config);

impl Plugin for Sample {
    type Config = Config;
    fn new(config: Config) -> Result<Self> {
        Ok(Self(config))
    }
}

impl Signal for Sample {
    fn observe(&self, vms: &[Subject], cx: &Cx<'_>) -> Result<()> {
        assert!(!self.0.panic, "as configured");
        tracing::info!(vms = vms.len(), "observing");
        for (index, vm) in vms.iter().enumerate() {
            cx.check()?;
            let address = vm.candidates.first().copied().unwrap_or([192, 168, 1, 9].into());
            cx.emit(Observation::new(index, Kind::NeighbourReachable, "seen").at(address))?;
            for card in &vm.cards {
                cx.emit(Observation::new(index, Kind::ConsolePhase, card.to_string()))?;
            }
        }
        Ok(())
    }
}

/// The MAC of the machine that the inventory lists.
const MAC: Mac = Mac::new([0x52, 0x54, 0, 1, 2, 3]);

impl Inventory for Sample {
    fn list(&self, cx: &Cx<'_>) -> Result<Vec<ListedMachine>> {
        let mut machine = ListedMachine::new("1", "web");
        machine.state = Reading::Known(MachineState::Running);
        machine.cards = Reading::Known(vec!["52:54:0:1:2:3 bridged br0 -".parse().unwrap()]);
        machine.hostname = cx.read_file("/etc/web.conf", 100).map(|bytes| bytes.len().to_string());
        machine.pid = cx.processes()?.first().map_or(Reading::Absent, |it| Reading::Known(it.pid));
        Ok(vec![machine])
    }
}

impl AdviceSource for Sample {
    fn advise(&self, facts: &[Fact], _: &Cx<'_>) -> Result<Vec<Advice>> {
        Ok(vec![Advice {
            kind: AdviceKind::Witness(Witness { mac: MAC, seen: MacStatus::Listed }),
            id: "hub".into(),
            title: "Hub".into(),
            confidence: 0.98,
            because: facts.iter().map(|fact| fact.key.clone()).collect(),
            steps: vec![Step::new("Test").with_command(["vm".into(), Word::MachineName])],
        }])
    }
}

vmkit_plugin::export!(
    manifest = "plugin.json",
    signal = Sample,
    inventory = Sample,
    advice = Sample,
);

fn two_machines() -> [Subject; 2] {
    let web = Subject { name: "web".into(), ..Subject::default() };
    let mut db = Subject { name: "db".into(), ..Subject::default() };
    db.candidates = vec!["10.0.0.7".parse().unwrap()];
    [web, db]
}

#[test]
fn a_signal_reports_and_logs() {
    let report = FakeHost::new().at_stage(Stage::Confirm).observe::<Sample>("{}", &two_machines());
    assert_eq!(report.result, Ok(()));
    assert_eq!(
        report.lines(),
        ["0 neighbour-reachable 192.168.1.9 seen", "1 neighbour-reachable 10.0.0.7 seen"]
    );
    assert_eq!(report.log[0].message, "observing vms=2");
}

#[test]
fn a_signal_sees_every_card() {
    let cards = ["52:54:00:00:00:01 user - -", "- bridged br0 tap0"];
    let subject = Subject {
        cards: cards.iter().map(|text| text.parse().unwrap()).collect(),
        ..Subject::default()
    };
    let report = FakeHost::new().observe::<Sample>("{}", &[subject]);
    let said: Vec<&str> = report.observations[1..].iter().map(|it| it.says.as_str()).collect();
    assert_eq!(said, cards);
}

#[test]
fn a_panic_becomes_an_error_with_its_message() {
    let report = FakeHost::new().observe::<Sample>(r#"{"panic":true}"#, &two_machines());
    assert_eq!(report.result.unwrap_err().message, "panicked: as configured");
}

#[test]
fn a_cancelled_call_ends_at_the_next_check() {
    let report = FakeHost::new().cancelling_after(1).observe::<Sample>("{}", &two_machines());
    assert_eq!(report.observations.len(), 1);
    assert_eq!(report.result.unwrap_err().code, ErrorCode::Cancelled);
}

#[test]
fn reports_a_mistyped_configuration() {
    let error = FakeHost::new().observe::<Sample>(r#"{"pnic":true}"#, &[]).result.unwrap_err();
    assert_eq!(error.code, ErrorCode::Configuration);
    assert!(error.message.contains("pnic"), "{error}");
}

#[test]
fn inventory_and_advice_cross_the_same_way() {
    let process =
        ProcessAnswer { pid: 42, user: None, directory: None, arguments: vec!["qemu".to_owned()] };
    let host = FakeHost::new().with_process(process).with_tree("/nonexistent");
    let machine = host.list::<Sample>("{}").unwrap().remove(0);
    assert_eq!(machine.state, Reading::Known(MachineState::Running));
    assert_eq!(machine.cards.known().unwrap()[0].mac, Some(MAC));
    assert_eq!((machine.hostname, machine.pid), (Reading::Absent, Reading::Known(42)));
    assert_eq!(machine.username, Reading::Unknown(Unread::NotTried));
    let fact = Fact { key: "gateway.address".into(), value: "192.168.1.254".into() };
    let advice = FakeHost::new().advise::<Sample>("{}", &[fact]).unwrap();
    assert_eq!(advice[0].confidence_permille, 980);
    assert_eq!(advice[0].because[0].as_str(), "gateway.address");
    assert_eq!(advice[0].steps[0].as_str(), "Test");
    let ext = advice[0].ext.iter().map(|each| (each.key.as_str(), each.value.as_str()));
    let expected = [
        ("step-word", "0 vm"),
        ("step-machine-name", "0"),
        ("witness-mac", "52:54:00:01:02:03"),
        ("witness-seen", "listed"),
    ];
    assert_eq!(ext.collect::<Vec<_>>(), expected);
}
