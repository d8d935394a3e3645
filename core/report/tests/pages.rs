//! The pages of `vm doctor`, kept in tests/golden/pages, which the browser's tests open.

mod common;

use std::path::Path;

use common::{
    compare,
    doctor::{ailing, at_rest, booting, doctor, healthy, ignored, puzzling},
    picks, text, world,
};
use vmkit_dhcp::{Ladder, Offer, TestCase, TestResult, Traffic};
use vmkit_diagnose::{
    Catalogue, FindingCode, Fix, FixOutcome, Hop, Passage, Place, Reach, Spot, StationKind, Ways,
};
use vmkit_inside::Way;
use vmkit_model::Power;
use vmkit_report::{Doctor, DoctorVm};
use vmkit_scoring::{Pick, Verdict};
use vmkit_types::Reading;

const HOSTILE: &str = "</script><script>hostile=1</script><img src=x onerror=hostile=1>\
                       <b data-hostile>\"'&amp;\x1b[2J\r\n\u{202e}\u{200b}\u{2066}\u{9b}31m\0";

fn page(doctor: &Doctor<'_>) -> String {
    text(|out| doctor.write_html(out))
}

fn golden(name: &str, doctor: &Doctor<'_>) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/pages").join(name);
    compare(&file, &page(doctor), "UPDATE_GOLDEN");
}

/// Requests that nobody answers, seen at the port and the uplink.
fn ladder() -> Ladder {
    let bytes = include_bytes!("../../../sdk/dhcp/tests/data/mac-nat-guest.pcap");
    let (traffic, fault) = Traffic::read(&bytes[..]);
    assert_eq!(fault, Ok(()));
    let macs = [traffic.exchanges[0].chaddr];
    Ladder::of(Some(&traffic), Some(&Traffic::default()), &macs, 40)
}

fn offer_test() -> Vec<TestResult> {
    let offer = Offer {
        server: Some([192, 168, 1, 254].into()),
        yiaddr: Some([192, 168, 1, 77].into()),
        ..Offer::default()
    };
    let result = |case, chaddr: &str, offers: &[Offer]| TestResult {
        case,
        chaddr: Some(chaddr.parse().expect("a MAC")),
        sent: 3,
        answered: u32::from(!offers.is_empty()),
        waited: None,
        offers: offers.to_vec(),
    };
    vec![
        result(TestCase::Host, "3c:00:00:00:00:01", &[offer]),
        result(TestCase::Machine, "52:54:00:4b:5e:57", &[]),
        result(TestCase::Foreign, "02:00:00:00:00:99", &[]),
    ]
}

/// The router drops what the VM asks, with all that there is to see of it.
fn watched(catalogue: &Catalogue, name: &str, says: &str) -> DoctorVm {
    let vm = ailing(catalogue, name, says);
    let inside = Reading::Known(Way::GuestAgent);
    DoctorVm { ladder: Reading::Known(ladder()), test: Reading::Known(offer_test()), inside, ..vm }
}

/// A machine whose frames stop between its port and the bridge, or somewhere on the way back.
fn stopped(catalogue: &Catalogue, name: &str, ways: Ways) -> DoctorVm {
    let mut vm = ailing(catalogue, name, "");
    let stop = &mut vm.path.stops[0];
    let spot = Spot::Station;
    (stop.place, stop.reach, stop.says) = if ways == Ways::Out {
        let place = Place::Between(spot(StationKind::Port), spot(StationKind::Bridge));
        let says = "the port is not in the bridge".to_owned();
        vm.path.hops[1].out = Passage::Stops(says.clone());
        (place, Reach::Hops { first: 1, last: 1, ways }, says)
    } else {
        let says = "the ACK is lost".to_owned();
        (Place::Somewhere(ways), Reach::Hops { first: 0, last: 4, ways }, says)
    };
    vm
}

fn fix() -> Fix {
    Fix {
        vm: "web".to_owned(),
        cause: "host-port-not-bridged",
        remedy: "join-bridge".to_owned(),
        title: "Put the port into the bridge".to_owned(),
        commands: vec!["ip link set tap0 master br0".to_owned()],
        outcome: FixOutcome::NotFixed,
        measures: FindingCode::PortNotInBridge,
        says: "the port is still in no bridge".to_owned(),
        output: String::new(),
        exit_status: Some(0),
        undo: "ip link set tap0 nomaster".to_owned(),
    }
}

#[test]
fn pages_are_as_they_were_looked_at() {
    let catalogue = Catalogue::builtin().unwrap();
    let evidence = world();
    let pick = || picks(&evidence).swap_remove(0);
    let well = |name: &str| {
        let mut vm = healthy(&catalogue, name, pick());
        for hop in vm.path.hops.iter_mut().take(2) {
            let passes = || Passage::Passes("its SSH server answers".to_owned());
            *hop = Hop { out: passes(), back: passes() };
        }
        vm
    };
    let pages = [
        ("none.html", vec![]),
        ("healthy.html", vec![well("db")]),
        ("one-cause.html", vec![watched(&catalogue, "web", "")]),
        ("hop.html", vec![stopped(&catalogue, "web", Ways::Out)]),
        ("somewhere.html", vec![stopped(&catalogue, "web", Ways::Back)]),
        ("cannot-tell.html", vec![puzzling(&catalogue, "web")]),
        ("ignored.html", vec![ignored(&catalogue, "web", "")]),
        ("booting.html", vec![booting(&catalogue, "web", pick(), "")]),
        (
            "several.html",
            vec![
                well("db"),
                watched(&catalogue, "web", ""),
                at_rest(&catalogue, "old", Power::Stopped),
                ignored(&catalogue, "test", ""),
                puzzling(&catalogue, "zoo"),
            ],
        ),
    ];
    for (name, vms) in pages {
        golden(name, &doctor(&catalogue, vms, ""));
    }
    let mut fixed = doctor(&catalogue, vec![stopped(&catalogue, "web", Ways::Out)], "");
    fixed.fixes.push(fix());
    golden("fixed.html", &fixed);
}

/// Names and messages are those of guests and networks, and may hold anything.
#[test]
fn no_text_becomes_markup_or_steers_a_reader() {
    let catalogue = Catalogue::builtin().unwrap();
    let mut vm = watched(&catalogue, HOSTILE, HOSTILE);
    vm.diagnosis.causes[0].remedies[0].command.push(HOSTILE.replace('\0', ""));
    let nothing = Pick { verdict: Verdict::NoAddress, ..Pick::not_checked() };
    let vms = vec![
        vm,
        booting(&catalogue, HOSTILE, nothing, HOSTILE),
        ignored(&catalogue, HOSTILE, HOSTILE),
    ];
    let mut hostile = doctor(&catalogue, vms, HOSTILE);
    hostile.fixes.push(Fix { vm: HOSTILE.to_owned(), says: HOSTILE.to_owned(), ..fix() });
    golden("hostile.html", &hostile);
    let found = page(&hostile);
    assert_eq!(found.matches("<script").count(), 1, "its own");
    assert!(!found.contains("<img") && !found.contains("<b "), "{found}");
    let steers = |c: char| {
        c.is_control() && c != '\n'
            || matches!(c, '\u{202e}' | '\u{200b}' | '\u{2066}' | '\u{2028}')
    };
    assert!(!found.contains(steers), "{found:?}");
}

#[test]
fn a_page_names_nothing_that_a_browser_would_load() {
    let catalogue = Catalogue::builtin().unwrap();
    let found = page(&doctor(&catalogue, vec![watched(&catalogue, "web", "")], ""));
    for loads in ["http://", "https://", "src=", "@import", "url(", "<link", "href=\"//"] {
        assert!(!found.contains(loads), "{loads}");
    }
    for part in ["default-src 'none'", "script-src 'sha256-", "style-src 'sha256-"] {
        assert!(found.contains(part), "{part}");
    }
    assert!(!found.contains("unsafe-inline"));
}
