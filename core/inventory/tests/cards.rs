//! Network cards: where their MACs come from, and which one the recorded MAC belongs to.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod support;

use support::{Data, Fake, of};
use vmkit_inventory::{Depth, derived_mac};
use vmkit_model::MacSource;
use vmkit_types::{HostNetwork, Interface, InterfaceKind, Mac, NetworkMode, Reading, Unread};

const FILE_MAC: &str = "52:54:00:00:00:f1";
const LINE_MAC: &str = "52:54:00:00:00:11";

fn mac(text: &str) -> Mac {
    text.parse().unwrap()
}

#[test]
fn takes_the_mac_from_the_best_source_that_has_one() {
    let registered = r#""web":{"mac_address":"52:54:00:00:00:0e"}"#;
    let line = format!("-device virtio-net-pci,mac={LINE_MAC}");
    let broadcast = "-device virtio-net-pci,mac=ff:ff:ff:ff:ff:ff";
    let own = derived_mac("web").to_string();
    let table = [
        (Some(line.as_str()), FILE_MAC, registered, LINE_MAC, MacSource::CommandLine, 0),
        (None, FILE_MAC, registered, FILE_MAC, MacSource::MacFile, 0),
        (Some("-m 1"), FILE_MAC, registered, FILE_MAC, MacSource::MacFile, 0),
        (Some(broadcast), FILE_MAC, registered, FILE_MAC, MacSource::MacFile, 0),
        (None, "", registered, "52:54:00:00:00:0e", MacSource::Registry, 0),
        (None, "rubbish", registered, "52:54:00:00:00:0e", MacSource::Registry, 1),
        (None, "00:00:00:00:00:00", "", &own, MacSource::DerivedFromName, 1),
        (
            None,
            "01:00:5e:00:00:01",
            r#""web":{"mac_address":""}"#,
            &own,
            MacSource::DerivedFromName,
            1,
        ),
        (None, "", r#""web":{"mac_address":"null"}"#, &own, MacSource::DerivedFromName, 0),
    ];
    for (line, file, registry, expected, source, problems) in table {
        let data = Data::new();
        let directory = data.machine("web");
        data.registry(registry).write("vms/web/web.mac", format!("{file}\n"));
        let platform = match line {
            Some(line) => Fake::default().with(7, &Data::qemu(&directory, line)),
            None => Fake::default(),
        };
        let inventory = data.read(&platform, Depth::ProcessesOnly);
        let web = of(&inventory, "web");
        assert_eq!(
            web.cards.first.mac,
            Reading::Known(mac(expected)),
            "{line:?} {file} {registry}"
        );
        assert_eq!(web.cards.first.mac_source, Some(source), "{line:?} {file} {registry}");
        assert_eq!(inventory.problems.len(), problems, "{:?}", inventory.problems);
    }
}

#[test]
fn keeps_the_recorded_mac_beside_the_running_one() {
    let data = Data::new();
    let directory = data.machine("web");
    data.write("vms/web/web.mac", FILE_MAC);
    let line = format!("-netdev tap,id=n,ifname=tap3 -device e1000,netdev=n,mac={LINE_MAC}");
    let port = Interface {
        name: "tap3".to_owned(),
        mac: None,
        addresses: Vec::new(),
        kind: InterfaceKind::Tap,
        up: true,
        bridge: Some("br0".to_owned()),
    };
    let network = HostNetwork { interfaces: vec![port], routes: Vec::new() };
    let platform = Fake { network, ..Fake::default() }.with(7, &Data::qemu(&directory, &line));
    let inventory = data.read(&platform, Depth::ProcessesOnly);
    let web = of(&inventory, "web");
    assert_eq!(web.cards.first.mac, Reading::Known(mac(LINE_MAC)));
    assert_eq!(web.cards.first.recorded_mac, Reading::Known(mac(FILE_MAC)));
    let net = web.cards.first.net.clone().known().unwrap();
    assert_eq!(
        (net.mode, net.interface.as_deref(), net.port.as_deref()),
        (NetworkMode::Bridged, Some("br0"), Some("tap3"))
    );
}

/// MAC, source and recorded MAC of a card.
type CardRow = (Reading<Mac>, Option<MacSource>, Reading<Mac>);

#[test]
fn the_recorded_mac_belongs_to_the_card_that_runs_with_it() {
    let chosen = || Reading::Unknown(Unread::Failed("QEMU chose it".to_owned()));
    let known = |text: &str| Reading::Known(mac(text));
    let line = Some(MacSource::CommandLine);
    let file = Some(MacSource::MacFile);
    let table: [(String, Vec<CardRow>); 4] = [
        (
            format!("-nic user,mac={LINE_MAC} -nic tap,mac={FILE_MAC}"),
            vec![
                (known(LINE_MAC), line, Reading::Absent),
                (known(FILE_MAC), line, known(FILE_MAC)),
            ],
        ),
        (
            format!("-nic user -nic tap,mac={FILE_MAC}"),
            vec![(chosen(), None, Reading::Absent), (known(FILE_MAC), line, known(FILE_MAC))],
        ),
        (
            format!("-nic user -nic tap,mac={LINE_MAC}"),
            vec![
                (known(FILE_MAC), file, known(FILE_MAC)),
                (known(LINE_MAC), line, Reading::Absent),
            ],
        ),
        (
            "-nic user -nic tap".to_owned(),
            vec![(known(FILE_MAC), file, known(FILE_MAC)), (chosen(), None, Reading::Absent)],
        ),
    ];
    for (arguments, expected) in table {
        let data = Data::new();
        let directory = data.machine("web");
        data.write("vms/web/web.mac", FILE_MAC);
        let platform = Fake::default().with(7, &Data::qemu(&directory, &arguments));
        let inventory = data.read(&platform, Depth::ProcessesOnly);
        let cards = of(&inventory, "web").cards.all();
        let found: Vec<CardRow> = cards
            .map(|card| (card.mac.clone(), card.mac_source, card.recorded_mac.clone()))
            .collect();
        assert_eq!(found, expected, "{arguments}");
    }
}
