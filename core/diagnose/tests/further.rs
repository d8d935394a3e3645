//! Which further steps could still change a diagnosis, and which test is proposed.

mod common;

use vmkit_diagnose::{Catalogue, Examined, Facts, Finding, Further, could_change, diagnose};
use vmkit_scoring::{Lack, Unchecked, Verdict};
use vmkit_types::{Reading, Unread};

const WIRED: &str = "mode:bridged uplink:ethernet platform:linux";

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

/// Calls this with a machine without an address, and with these findings: those that are present, and
/// the sources and codes without one.
fn scene<T>(
    given: &str,
    present: &str,
    absent: &str,
    examined: Option<Examined>,
    then: impl FnOnce(&Facts<'_>, &[Finding], &Catalogue) -> T,
) -> T {
    let catalogue = Catalogue::builtin().expect("the built-in catalogue");
    let (given, looked) = (words(given), words("machine interfaces bridge"));
    let present = words(present);
    let findings = common::findings(&catalogue, &present, &words(absent), &looked);
    let router = Reading::Unknown(Unread::NotTried);
    let verdict = Verdict::NoAddress;
    let scene = common::Scene { name: "web", given: &given, verdict, unchecked: None, router };
    scene.facts(|facts| {
        let examined = examined.map_or(Reading::Unknown(Unread::NotTried), Reading::Known);
        then(&Facts { examined, ..facts.clone() }, &findings, &catalogue)
    })
}

#[test]
fn takes_no_time_where_the_cause_is_known() {
    const SERVERS: &str = "test-host-unanswered test-machine-unanswered test-foreign-unanswered";
    let asked = "guest-port-silent guest-never-asks request-lost-in-host";
    // What is there, what is not, whether an offer test is worth its time, and a watch.
    let rows = [
        ("", "", true, true),
        ("port-not-in-bridge", "", false, false),
        ("uplink-down", "", false, false),
        // The port is blocked, or the guest's link is down.
        ("port-not-forwarding", "", false, true),
        ("machine-paused", "", false, false),
        ("machine-link-down", "", false, false),
        ("firewall-drops-bridged request-lost-in-host discover-unanswered", "", false, false),
        // Nobody is answered, and the guest has not asked yet: it will not be, either.
        (SERVERS, "test-broadcast-unanswered", false, false),
        // The guest asked and had no answer: the router, a filter or the server?
        ("discover-unanswered offer-never-arrives", asked, true, true),
    ];
    for (present, absent, by_test, by_watch) in rows {
        let worth = |step| {
            let present = format!("address-missing {present}");
            scene(WIRED, &present, absent, None, |facts, findings, catalogue| {
                let diagnosis = diagnose(facts, findings, catalogue);
                could_change(step, facts, findings, &diagnosis, catalogue)
            })
        };
        assert_eq!(worth(Further::OfferTest), by_test, "a test, with {present:?}");
        assert_eq!(worth(Further::Watch), by_watch, "a watch, with {present:?}");
    }
}

/// While a guest boots, a missing address does not count.
#[test]
fn takes_no_time_for_a_guest_that_will_ask_in_vain() {
    let rows = [
        ("port-not-in-bridge", true),
        ("uplink-down", true),
        ("machine-link-down", true),
        ("machine-paused", true),
        ("pool-exhausted", true),
        ("", false),
    ];
    for (present, is_decided) in rows {
        scene(WIRED, present, "", None, |facts, findings, catalogue| {
            let diagnosis = diagnose(facts, findings, catalogue);
            for step in [Further::OfferTest, Further::Watch] {
                let worth = could_change(step, facts, findings, &diagnosis, catalogue);
                let first = diagnosis.causes.first().map(|it| (it.code, it.probability));
                assert_eq!(worth, !is_decided, "{present}: {step:?} {first:?}");
            }
        });
    }
}

#[test]
fn proposes_no_test_that_was_just_done_and_no_sudo_to_root() {
    let examined = |privileged| Some(Examined { privileged, sent: true, unplugged: false });
    let shown = |examined| {
        let present = "address-missing discover-unanswered";
        scene(WIRED, present, "", examined, |facts, findings, catalogue| {
            let proposal = diagnose(facts, findings, catalogue).next_test.expect("a test");
            (proposal.id, proposal.command.join(" "))
        })
    };
    assert_eq!(shown(None), ("firewall-read", "sudo vm doctor web".to_owned()));
    assert_eq!(shown(examined(false)), ("firewall-read", "sudo vm doctor web".to_owned()));
    assert_eq!(shown(examined(true)), ("dhcp-differential", "vm doctor web --yes".to_owned()));
}

#[test]
fn a_healthy_machine_is_worth_no_further_step() {
    let catalogue = Catalogue::builtin().expect("the built-in catalogue");
    let given = words(WIRED);
    let router = Reading::Unknown(Unread::NotTried);
    let verdict = Verdict::Resolved;
    let scene = common::Scene { name: "web", given: &given, verdict, unchecked: None, router };
    let findings = common::findings(&catalogue, &[], &words("ssh-refused"), &[]);
    let diagnosis = scene.diagnose(&findings, &catalogue);
    assert!(diagnosis.healthy);
    scene.facts(|facts| {
        for step in [Further::OfferTest, Further::Watch] {
            assert!(!could_change(step, facts, &findings, &diagnosis, &catalogue));
        }
    });
}

/// macOS hides the neighbours, so that nobody knows whether the machine has an address.
#[test]
fn a_fault_is_named_where_the_address_could_not_be_looked_for() {
    let catalogue = Catalogue::builtin().expect("the built-in catalogue");
    let reason = "macOS may hide it from this program".to_owned();
    let unchecked = Unchecked { lack: Lack::All, reason: reason.clone(), hint: String::new() };
    let given = words("mode:bridged platform:macos");
    // What is there, and what is named.
    let rows = [
        ("machine-mac-shared", Some("vm-duplicate-mac")),
        ("offer-never-arrives", None),
        ("", None),
    ];
    for (present, named) in rows {
        let findings = common::findings(&catalogue, &words(present), &[], &words("machine"));
        let scene = common::Scene {
            name: "web",
            given: &given,
            verdict: Verdict::NotChecked,
            unchecked: Some(unchecked.clone()),
            router: Reading::Unknown(Unread::NotTried),
        };
        let diagnosis = scene.diagnose(&findings, &catalogue);
        assert_eq!(diagnosis.causes.first().map(|first| first.code), named, "{present}");
        let reason = named.is_none().then(|| reason.clone());
        assert_eq!((diagnosis.cannot_tell, diagnosis.healthy), (reason, false), "{present}");
    }
}
