//! The parts of a diagnosis other than its ranking: evidence, remedies and consequences.

mod common;

use vmkit_diagnose::{
    Catalogue, Diagnosis, Finding, FindingCode, IgnoreRule, Machine, Process, Router, Scope, State,
    diagnose,
};
use vmkit_model::Evidence;
use vmkit_scoring::Verdict;
use vmkit_types::{Advice, AdviceKind, Kind, Observation, Reading, Step, Unread, Word};

const WIFI: &str = "mode:bridged uplink:wifi platform:macos";
const ROUTER_DROPS: &str = "address-missing address-link-local discover-unanswered \
                            offer-never-arrives test-machine-unanswered test-foreign-unanswered";
const ROUTER_ANSWERS: &str = "foreign-mac-on-air request-lost-in-host test-host-unanswered";

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

fn diagnosis(name: &str, given: &str, findings: &[Finding], router: Option<&Router>) -> Diagnosis {
    let catalogue = Catalogue::builtin().expect("the built-in catalogue");
    let given = words(given);
    let router = router.map_or(Reading::Unknown(Unread::NotTried), Reading::Known);
    let verdict = Verdict::NoAddress;
    let scene = common::Scene { name, given: &given, verdict, unchecked: None, router };
    scene.diagnose(findings, &catalogue)
}

fn router_drops() -> Vec<Finding> {
    let catalogue = Catalogue::builtin().expect("the built-in catalogue");
    common::findings(&catalogue, &words(ROUTER_DROPS), &words(ROUTER_ANSWERS), &words("machine"))
}

#[test]
fn evidence_lists_findings_for_and_against_a_cause() {
    let mut findings = router_drops();
    let seen = |code, state| Finding { code, state };
    let (test, router) =
        (FindingCode::TestMachineUnanswered, FindingCode::RouterKnownToDropBridged);
    findings.retain(|each| ![test, router].contains(&each.code));
    findings.push(seen(test, State::Present("3 tries\x1b[2J".into())));
    findings.push(seen(router, State::Absent("a Fritz!Box".into())));
    let got = diagnosis("web", WIFI, &findings, None);
    let cause = &got.causes[0];
    assert_eq!(cause.code, "router-drops-foreign-chaddr");
    assert!(got.cannot_tell.is_none() && !got.healthy);
    let test =
        cause.evidence_for.iter().find(|each| each.code == FindingCode::TestMachineUnanswered);
    let test = test.unwrap();
    assert!(test.decibans > 15.0, "{}", test.decibans);
    let answered =
        cause.evidence_for.iter().find(|each| each.code == FindingCode::TestHostUnanswered);
    let answered = answered.expect("a finding that excludes other causes supports this one");
    assert_eq!(answered.text, "a server answers a DISCOVER with this computer's hardware address");
    assert!(test.text.ends_with("hardware address: 3 tries\\x1b[2J"), "{}", test.text);
    let sorted = cause.evidence_for.windows(2).all(|pair| pair[0].decibans >= pair[1].decibans);
    assert!(sorted);
    let against: Vec<_> = cause.evidence_against.iter().map(|each| each.code).collect();
    assert_eq!(against, [FindingCode::RouterKnownToDropBridged]);
    assert!(cause.evidence_against[0].decibans < -1.0);
    assert_eq!(got.unexplained, []);
}

#[test]
fn remedies_name_the_interfaces_of_this_computer() {
    let got = diagnosis("web", WIFI, &router_drops(), None);
    let remedies = &got.causes[0].remedies;
    let ids: Vec<&str> = remedies.iter().map(|remedy| remedy.id.as_str()).collect();
    assert_eq!(ids, ["use-shared-mode", "use-ethernet", "router-setting"]);
    let line = |at: usize| remedies[at].command_lines().into_iter().next();
    assert_eq!(line(0).unwrap(), "vm restart web --net shared");
    assert_eq!(line(1).unwrap(), "vm restart web --net bridged --bridge en7");
    assert_eq!(line(2), None);
    assert!(remedies[2].steps[0].contains("http://192.168.1.254"), "{:?}", remedies[2].steps);
    assert!(
        remedies
            .iter()
            .all(|each| each.measures == FindingCode::AddressMissing && !each.undo.is_empty())
    );
}

fn router_with(steps: Vec<Step>) -> Router {
    let remedy = Advice {
        kind: AdviceKind::Remedy,
        id: "bt-smart-setup-mode-2".into(),
        title: "Smart Setup: Mode 1 to Mode 2".into(),
        steps,
        confidence: 0.7,
        because: vec!["users report it".into()],
    };
    Router { remedies: vec![remedy], ..Router::default() }
}

#[test]
fn advice_for_this_router_replaces_the_general_remedy() {
    let steps = ["Advanced Settings\x1b]0;x\x07", "Firewall"].map(Step::new).to_vec();
    let got = diagnosis("web", WIFI, &router_drops(), Some(&router_with(steps)));
    let remedies = &got.causes[0].remedies;
    assert!(remedies.iter().all(|remedy| remedy.id != "router-setting"));
    let advice = remedies.iter().find(|remedy| remedy.scope == Scope::Router).unwrap();
    assert_eq!(advice.id, "bt-smart-setup-mode-2");
    assert_eq!(advice.steps, ["Advanced Settings\\x1b]0;x\\x07", "Firewall"]);
}

#[test]
fn commands_of_advice_are_quoted_or_dropped() {
    let rows: &[(&str, &[Word], &str)] = &[
        ("web", &["vm".into(), "doctor".into(), Word::MachineName], "Test it: vm doctor web"),
        ("a b", &["vm".into(), Word::MachineName, "$HOME".into()], "Test it: vm 'a b' '$HOME'"),
        ("--yes", &["vm".into(), Word::MachineName], "Test it"),
        ("web", &["vm".into(), "\x1b[2J".into()], "Test it"),
        ("web", &[], "Test it"),
    ];
    for (name, command, expected) in rows {
        let step = Step::new("Test it").with_command(command.iter().cloned());
        let got = diagnosis(name, WIFI, &router_drops(), Some(&router_with(vec![step])));
        let remedies = &got.causes[0].remedies;
        let advice = remedies.iter().find(|each| each.id == "bt-smart-setup-mode-2").unwrap();
        assert_eq!(advice.steps, [*expected]);
    }
}

#[test]
fn a_hostile_name_never_becomes_a_command() {
    let shown = |name: &str| {
        let got = diagnosis(name, WIFI, &router_drops(), None);
        got.causes[0].remedies.iter().find(|each| each.id == "use-shared-mode").cloned().unwrap()
    };
    for name in ["--net=host", "a\nrm -rf /", "a\u{202e}b", "\x1b[2J"] {
        assert!(shown(name).command_lines().is_empty(), "{name:?}");
    }
    for name in ["a; rm -rf $HOME", "it's", "`id`", "a b"] {
        let remedy = shown(name);
        let words = shlex::split(&remedy.command_lines()[0]).unwrap();
        assert_eq!(words, ["vm", "restart", name, "--net", "shared"]);
    }
}

#[test]
fn consequences_are_folded_and_other_causes_are_shown() {
    let catalogue = Catalogue::builtin().expect("the built-in catalogue");
    let down = words(
        "address-missing uplink-down test-host-unanswered test-machine-unanswered \
                      test-foreign-unanswered web-hijacked",
    );
    let findings = common::findings(&catalogue, &down, &[], &words("machine"));
    let got = diagnosis("web", "mode:bridged uplink:ethernet platform:linux", &findings, None);
    let codes: Vec<&str> = got.causes.iter().map(|cause| cause.code).collect();
    assert_eq!(codes[..2], ["host-uplink-down", "captive-portal"]);
    assert!(!codes.contains(&"dhcp-no-server"), "{codes:?}");
    let mut both = got.together.unwrap();
    both.sort_unstable();
    assert_eq!(both, ["captive-portal", "host-uplink-down"]);
}

#[test]
fn an_unclear_diagnosis_has_a_test_and_at_most_two_causes() {
    let catalogue = Catalogue::builtin().expect("the built-in catalogue");
    let findings = common::findings(&catalogue, &words("address-missing"), &[], &[]);
    let got = diagnosis("web", WIFI, &findings, None);
    assert!(got.cannot_tell.is_some() && got.causes.len() <= 2 && !got.healthy);
    let test = got.next_test.unwrap();
    assert!(test.gain_bits > 0.3 && test.command.contains(&"web".to_owned()), "{test:?}");
}

/// What is seen, what the rule is, and what is left: the health, the ignored and the other causes.
type Ignoring<'a> = (&'a str, &'a str, bool, &'a [&'a str], Option<&'a str>);

#[test]
fn ignores_only_a_named_cause_of_this_machine_that_explains_everything() {
    let catalogue = Catalogue::builtin().expect("the built-in catalogue");
    let down = "address-missing uplink-down test-host-unanswered test-machine-unanswered \
                test-foreign-unanswered";
    let both = format!("{down} web-hijacked");
    let shared = format!("{down} machine-mac-shared");
    let rows: &[Ignoring<'_>] = &[
        (down, "web:host-uplink-down", true, &["host-uplink-down"], None),
        (down, "vm-toolkit/web:host-uplink-down", true, &["host-uplink-down"], None),
        (down, "*:host-uplink-down", true, &["host-uplink-down"], None),
        (down, "db:host-uplink-down", false, &[], Some("host-uplink-down")),
        (down, "web:captive-portal", false, &[], Some("host-uplink-down")),
        (&both, "web:host-uplink-down", false, &["host-uplink-down"], Some("captive-portal")),
        (&shared, "web:host-uplink-down", false, &["host-uplink-down"], Some("vm-duplicate-mac")),
        ("address-missing", "web:dhcp-no-server", false, &[], None),
    ];
    for (present, entry, healthy, ignored, first) in rows {
        let findings = common::findings(&catalogue, &words(present), &[], &words("machine"));
        let given = "mode:bridged uplink:ethernet platform:linux";
        let got = diagnosis("web", given, &findings, None);
        let rule = IgnoreRule::parse(entry, &catalogue).expect("a rule");
        let names = ["web", "vm-toolkit/web"];
        let got = got.without_ignored(&[rule], &names, &findings, &catalogue);
        let codes: Vec<&str> = got.ignored.iter().map(|suspect| suspect.code).collect();
        let left = got.causes.first().filter(|_| got.cannot_tell.is_none());
        let left = left.map(|suspect| suspect.code);
        assert_eq!((got.healthy, codes.as_slice(), left), (*healthy, *ignored, *first), "{entry}");
        let folds_back = got.together.is_none_or(|both| both.iter().all(|it| !codes.contains(it)));
        assert!(folds_back, "{:?}", got.together);
    }
}

#[test]
fn a_fault_that_no_ignored_cause_explains_is_still_a_problem() {
    let catalogue = Catalogue::builtin().expect("the built-in catalogue");
    let findings =
        common::findings(&catalogue, &words("ssh-refused hosts-file-outdated"), &[], &[]);
    let mut got = diagnosis("web", "mode:bridged", &findings, None);
    got.causes.retain(|suspect| suspect.code == "guest-ssh-not-listening");
    let rule = IgnoreRule::parse("*:guest-ssh-not-listening", &catalogue).expect("a rule");
    let got = got.without_ignored(&[rule], &["web"], &findings, &catalogue);
    assert!(!got.healthy, "{got:?}");
    let why = got.cannot_tell.expect("what is left has no cause");
    assert!(why.contains("apart from what is ignored"), "{why}");
}

#[test]
fn an_entry_that_is_no_rule_is_named() {
    let catalogue = Catalogue::builtin().expect("the built-in catalogue");
    let rows = [
        ("guest-no-nic", "`guest-no-nic`, which is not of the form VM:CODE"),
        (":guest-no-nic", "`:guest-no-nic`, which is not"),
        ("web:guest-nonic", "`web:guest-nonic`: there is no cause `guest-nonic`"),
        ("web:*", "`web:*`: there is no cause `*`"),
        ("a\u{1b}[2J:x", "`a\\x1b[2J:x`"),
    ];
    for (entry, expected) in rows {
        let error = IgnoreRule::parse(entry, &catalogue).expect_err(entry).to_string();
        assert!(error.contains(expected), "{error}");
    }
    assert!(IgnoreRule::parse("a:b:guest-no-nic", &catalogue).is_ok());
}

/// The test that is proposed for a machine in this state, with these findings and an observation of this kind.
fn proposed(
    process: Process,
    present: &str,
    absent: &str,
    seen: Option<Kind>,
) -> Option<&'static str> {
    let catalogue = Catalogue::builtin().expect("the built-in catalogue");
    let given = words("mode:bridged uplink:ethernet platform:linux");
    let findings = common::findings(&catalogue, &words(present), &words(absent), &[]);
    let router = Reading::Unknown(Unread::NotTried);
    let verdict = Verdict::NoAddress;
    let scene = common::Scene { name: "web", given: &given, verdict, unchecked: None, router };
    scene.facts(|facts| {
        let machine = Machine { process: Reading::Known(process), ..facts.machine.clone() };
        let mut facts = facts.clone();
        facts.machine = &machine;
        let seen = seen.map(|kind| Evidence {
            id: 0,
            plugin: "signal".into(),
            received_at: facts.now,
            observation: Observation::new(0, kind, "it says so").into(),
        });
        facts.evidence = seen.iter().collect();
        diagnose(&facts, &findings, &catalogue).next_test.map(|test| test.id)
    })
}

#[test]
fn a_guest_that_does_nothing_is_not_watched() {
    let of_guest =
        ["arp-probe", "ssh-probe", "ping", "provoke", "capture-uplink", "capture-guest-port"];
    let waits = |test: Option<&str>| test.is_some_and(|test| of_guest.contains(&test));
    let silent = "address-missing guest-port-silent";
    let read = "machine-not-running machine-link-down boot-stopped-early guest-driver-absent \
                port-not-in-bridge port-not-forwarding";
    let running = proposed(Process::Running, silent, read, None);
    assert!(waits(running), "{running:?}");
    for process in [Process::Paused, Process::Stopped, Process::Crashed] {
        let test = proposed(process, silent, read, None);
        assert!(!waits(test), "{test:?}");
    }
}

#[test]
fn a_console_log_that_was_read_is_not_read_again() {
    let silent = "address-missing guest-port-silent";
    let machine = "machine-not-running machine-paused machine-link-down port-not-in-bridge \
                   port-not-forwarding port-isolated uplink-down port-still-learning";
    let rows = [("", true), ("boot-stopped-early", false), ("guest-sees-no-network-card", false)];
    for (seen, expected) in rows {
        let test = proposed(Process::Running, silent, &format!("{machine} {seen}"), None);
        assert_eq!(test == Some("console-read"), expected, "{seen}: {test:?}");
    }
}

#[test]
fn a_probe_that_was_made_is_not_made_again() {
    let present = "address-not-reached";
    let absent = "machine-not-running machine-paused machine-link-down boot-stopped-early \
                  kernel-panic port-not-in-bridge port-not-forwarding ssh-refused ssh-filtered \
                  address-host-key-differs";
    let rows = [(None, true), (Some(Kind::ArpSilent), false), (Some(Kind::LeaseNone), true)];
    for (seen, expected) in rows {
        let test = proposed(Process::Running, present, absent, seen.clone());
        assert_eq!(test == Some("arp-probe"), expected, "{seen:?}: {test:?}");
    }
}
