//! What `vm net` shows: whole outputs, and nothing that steers a terminal.

mod common;

use std::path::Path;

use common::{compare, net, terminal, text};
use vmkit_report::Networks;
use vmkit_types::{HostNetwork, Reading, Unread};

fn golden(name: &str, found: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    compare(&file, found, "UPDATE_GOLDEN");
}

#[test]
fn writes_the_recommendation_the_modes_and_the_adapters() {
    let (wired, wifi) = (net::wired(), net::wifi());
    let unasked = Reading::Unknown(Unread::NotTried);
    let wired = Networks { machine: None, router: unasked, ..net::networks(&wired) };
    golden("net-wired.txt", &text(|out| wired.write_text(out, terminal(80))));
    let wifi = net::networks(&wifi);
    golden("net-wifi.txt", &text(|out| wifi.write_text(out, terminal(80))));
    golden("net.json", &text(|out| wifi.write_json(out)));
}

#[test]
fn fits_eighty_columns() {
    for network in [net::wired(), net::wifi(), HostNetwork::default()] {
        let shown = text(|out| net::networks(&network).write_text(out, terminal(80)));
        let widest = shown.lines().map(|line| line.chars().count()).max();
        assert!(widest <= Some(80), "{shown}");
    }
}

#[test]
fn no_name_of_an_interface_or_a_router_controls_the_terminal() {
    const HOSTILE: &str = "x\x1b[2J\x1b]0;t\x07\r\n\u{9b}31m\u{7f}\u{202e}\u{2028}\0";
    let mut network = net::wifi();
    network.interfaces[1].name = HOSTILE.to_owned();
    network.interfaces[0].name = HOSTILE.to_owned();
    network.interfaces[1].bridge = Some(HOSTILE.to_owned());
    let mut networks = net::networks(&network);
    networks.machine = Some(HOSTILE);
    if let Reading::Known(router) = &mut networks.router {
        (router.name, router.report) = (HOSTILE.to_owned(), Some(HOSTILE.to_owned()));
    }
    for said in
        [text(|out| networks.write_text(out, terminal(80))), text(|out| networks.write_json(out))]
    {
        let steers = |c: char| {
            c.is_control() && c != '\n' || ('\u{2000}'..'\u{2100}').contains(&c) && c != '…'
        };
        assert!(!said.contains(steers), "{said:?}");
    }
}
