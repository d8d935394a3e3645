//! Which hub this is, what its list says about the machine, and what to set.

mod common;

use common::{DEVICES, Facts, LISTED, MACHINE, OWL};

const OWL_PAGE: &str = "/cgi/cgi_owl.js";
const LIST_PAGE: &str = "/cgi/cgi_basicMyDevice.js";

fn at_home() -> Facts {
    Facts::default().with("gateway.address", "192.168.1.254")
}

fn with_owl(owl: &str) -> Facts {
    at_home().page(OWL_PAGE, 200, owl)
}

fn other_model(owl: &str) -> String {
    owl.replace("'SmartHub2'", "'SmartHub3'")
}

#[test]
fn recognises_the_hub_as_surely_as_the_clues_allow() {
    let rows: Vec<(&str, Facts, std::ops::RangeInclusive<u16>, &str)> = vec![
        ("all it says of itself", with_owl(OWL), 980..=990, "says model_name SmartHub2"),
        (
            "on another network",
            Facts::default().with("gateway.address", "10.1.8.254").page(
                OWL_PAGE,
                200,
                &OWL.replace("192%2E168%2E1%2E254", "10%2E1%2E8%2E254"),
            ),
            980..=990,
            "says product_id 55661",
        ),
        (
            "an owner's name for it",
            with_owl(&OWL.replace("Smart%20Hub%202", "Basil")),
            980..=990,
            "says model_name SmartHub2",
        ),
        (
            "a help desk that mentions a sibling",
            with_owl(OWL).page("/cgi/cgi_helpdesk.js", 200, "'Moving to an EE Smart Hub?'"),
            980..=990,
            "says model_name SmartHub2",
        ),
        (
            "the help desk alone",
            at_home().page("/cgi/cgi_helpdesk.js", 200, "var product_name='HomeHub6DX';"),
            840..=870,
            "HomeHub6DX",
        ),
        (
            "hints alone stay hints",
            at_home()
                .with("gateway.name", "smarthub.home")
                .with("gateway.mac", "44:fe:3b:10:20:30")
                .page(LIST_PAGE, 200, DEVICES),
            300..=450,
            "it is named smarthub.home",
        ),
    ];
    for (what, facts, expected, because) in rows {
        let answer = facts.answer("bt-smart-hub-2").unwrap_or_else(|| panic!("{what}: nothing"));
        assert!(expected.contains(&answer.permille), "{what}: {answer:?}");
        assert_eq!(answer.title, "BT Smart Hub 2");
        assert!(answer.because.iter().any(|line| line.contains(because)), "{what}: {answer:?}");
    }
}

#[test]
fn recognises_no_other_router_as_the_hub() {
    let rows: Vec<(&str, Facts)> = vec![
        ("the address, which many have", at_home()),
        ("the address and the maker", at_home().with("gateway.mac", "44:fe:3b:10:20:30")),
        (
            "an earlier hub",
            at_home().with("gateway.name", "bthub.home").with("gateway.mac", "24:20:c7:10:20:30"),
        ),
        ("a later hub", with_owl(&other_model(OWL))),
        ("EE's firmware", with_owl(&OWL.replace("07094%2DBT%20", "07094%2DEE%20"))),
        ("Plusnet's firmware", with_owl(&OWL.replace("07094%2DBT%20", "07094%2DPN"))),
        (
            "EE's help desk",
            at_home()
                .with("gateway.name", "smarthub.home")
                .page("/cgi/cgi_helpdesk.js", 200, "var n='EE%20Smart%20Hub';")
                .page(LIST_PAGE, 200, DEVICES),
        ),
        (
            "Plusnet's first page",
            at_home().with("http.title:/", "Plusnet Hub Manager").page(LIST_PAGE, 200, DEVICES),
        ),
        ("a page that was refused", at_home().page(OWL_PAGE, 403, OWL)),
        ("a login page", at_home().page(OWL_PAGE, 200, "<html><title>Login</title></html>")),
        ("nothing at all", Facts::default()),
    ];
    for (what, facts) in rows {
        let advice = facts.advice();
        assert!(advice.is_empty(), "{what}: {advice:?}");
    }
}

/// An entry of the list as a hub writes it.
fn entry(activity: u8, last: &str) -> String {
    format!(
        "known_device_list=[{{mac:'52%3A54%3A00%3A4B%3A5E%3A57',activity:'{activity}',\
         time_last_active:'{last}'}},null];"
    )
}

#[test]
fn reports_on_machines_only_from_a_readable_device_list() {
    let cut = LISTED.find("52%3A54").unwrap();
    let rows: Vec<(&str, u16, String, Option<&str>)> = vec![
        ("it has the machine", 200, LISTED.to_owned(), Some("listed")),
        ("it lacks the machine", 200, DEVICES.to_owned(), Some("not-listed")),
        ("it was refused", 403, "Forbidden".to_owned(), None),
        ("it was refused with a list", 403, LISTED.to_owned(), None),
        ("it is cut off before the machine", 200, LISTED[..cut].to_owned(), None),
        ("it is cut off behind the machine", 200, LISTED.replace("null];", ""), Some("listed")),
        (
            "it is empty, though this computer is there",
            200,
            "known_device_list=[null];".into(),
            None,
        ),
        ("it is a login page", 200, "<html></html>".to_owned(), None),
        (
            "active, the clock is wrong",
            200,
            entry(1, "1981%2F10%2F01%2000%3A01%3A09"),
            Some("listed"),
        ),
        ("asleep, lately here", 200, entry(0, "2026%2F11%2F23%2010%3A00%3A00"), Some("listed")),
        ("asleep, here last year", 200, entry(0, "2025%2F11%2F23%2010%3A00%3A00"), None),
        ("asleep, it does not tell since when", 200, entry(0, "NA"), Some("listed")),
        (
            "it is blocked",
            200,
            entry(1, "NA").replace("activity:", "blocked:'1',activity:"),
            Some("blocked"),
        ),
    ];
    for (what, status, list, expected) in rows {
        let facts = with_owl(OWL).with("machine.mac", MACHINE).page(LIST_PAGE, status, &list);
        let ids = ["listed", "not-listed", "blocked"];
        let mut advice = facts.advice();
        advice.retain(|answer| ids.contains(&answer.id.as_str()));
        let found: Vec<_> = advice.iter().map(|answer| answer.id.as_str()).collect();
        assert_eq!(found, expected.into_iter().collect::<Vec<_>>(), "{what}");
        assert!(
            advice.iter().all(|answer| answer.mac.as_deref() == Some(MACHINE)),
            "{what}: {advice:?}"
        );
    }
}

#[test]
fn reports_on_each_machine() {
    let facts = at_home()
        .with("machine.mac", MACHINE)
        .with("machine.mac", "52:54:00:00:00:02")
        .with("machine.mac", "no mac")
        .page(LIST_PAGE, 200, LISTED);
    let found: Vec<_> = facts.advice().into_iter().map(|answer| (answer.id, answer.mac)).collect();
    let expected = [("listed", MACHINE), ("not-listed", "52:54:00:00:00:02")];
    assert_eq!(found[..2], expected.map(|(id, mac)| (id.to_owned(), Some(mac.to_owned()))));
}

#[test]
fn the_remedy_covers_both_menus_and_the_test_that_confirms_it() {
    let facts = Facts::default()
        .with("gateway.address", "10.1.8.254")
        .with("uplink.kind", "wifi")
        .page(OWL_PAGE, 200, OWL);
    let answer = facts.answer("bt-smart-setup-mode-2").unwrap();
    assert!((500..=560).contains(&answer.permille), "{answer:?}");
    assert!(answer.because[0].starts_with("reported by users"), "{answer:?}");
    let order = [
        "Before the change, note what the DHCP test says",
        "Open http://10.1.8.254 ",
        "Advanced Settings → Firewall (or similar) → Smart Setup: change Mode 1 to Mode 2",
        "If Smart Setup is an On/Off switch",
        "sibling hubs have Mode 1 under Advanced Settings → Wireless → Wireless mode",
        "Reconnect",
        "After the change, test again",
    ];
    assert_eq!(answer.commands, 6, "`vm doctor` and `--yes` before and after");
    assert_eq!(answer.steps.len(), order.len());
    for (step, expected) in answer.steps.iter().zip(order) {
        assert!(step.contains(expected), "{step}");
        assert!(step.len() <= 300, "cut by the host: {step}");
    }
}

#[test]
fn a_remedy_is_as_sure_as_the_hub_and_the_reports() {
    let rows = [
        ("Wi-Fi", with_owl(OWL).with("uplink.kind", "wifi"), Some(544)),
        ("by cable", with_owl(OWL).with("uplink.kind", "ethernet"), Some(198)),
        ("hints", at_home().with("gateway.name", "smarthub.home"), None),
    ];
    for (what, facts, expected) in rows {
        let answer = facts.answer("bt-smart-setup-mode-2").map(|answer| answer.permille);
        assert_eq!(answer, expected, "{what}");
    }
}
