//! Network cards: where their MACs come from, and which one the recorded MAC belongs to.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod support;

use std::collections::HashSet;
use support::{Data, Fake, of};

use vmkit_inventory::{Depth, Monitors, derived_mac, with_listings};
use vmkit_model::{Listing, MacSource};
use vmkit_platform::HeldPort;
use vmkit_types::{
    HostNetwork, Interface, InterfaceKind, ListedMachine, Mac, NetworkMode, Reading, SubjectCard,
    Unread,
};

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

#[test]
fn names_the_port_that_qemu_was_handed_as_a_descriptor() {
    let interface = |name: &str, bridge: Option<&str>| Interface {
        name: name.to_owned(),
        mac: None,
        addresses: Vec::new(),
        kind: InterfaceKind::Tap,
        up: true,
        bridge: bridge.map(str::to_owned),
    };
    let interfaces = vec![
        interface("vmtap0", Some("br0")),
        interface("vmtap1", Some("vmkit0")),
        interface("macvtap0", None),
    ];
    let network = HostNetwork { interfaces, routes: Vec::new() };
    let rows = [
        ("fd=9", ("vmtap0", None), (NetworkMode::Bridged, Some("br0"), Some("vmtap0"))),
        ("fd=9", ("vmtap1", None), (NetworkMode::Shared, Some("vmkit0"), Some("vmtap1"))),
        (
            "fd=9",
            ("macvtap0", Some("eth0")),
            (NetworkMode::Bridged, Some("eth0"), Some("macvtap0")),
        ),
        ("fd=8", ("vmtap0", None), (NetworkMode::Bridged, None, None)),
        ("ifname=tap3", ("vmtap0", None), (NetworkMode::Bridged, None, Some("tap3"))),
    ];
    for (option, (name, uplink), expected) in rows {
        let data = Data::new();
        let directory = data.machine("web");
        let line = format!("-netdev tap,id=n,{option} -device e1000,netdev=n,mac={LINE_MAC}");
        let (name, uplink) = (name.to_owned(), uplink.map(str::to_owned));
        let ports = vec![(7, HeldPort { descriptor: 9, name, uplink })];
        let fake = Fake { network: network.clone(), ports, ..Fake::default() };
        let inventory =
            data.read(&fake.with(7, &Data::qemu(&directory, &line)), Depth::ProcessesOnly);
        let net = of(&inventory, "web").cards.first.net.clone().known().unwrap();
        let found = (net.mode, net.interface.as_deref(), net.port.as_deref());
        assert_eq!(found, expected, "{option}");
    }
}

#[test]
fn names_the_port_of_a_machine_that_a_manager_lists() {
    let data = Data::new();
    let line = format!(
        "qemu-system-x86_64 -netdev tap,id=n,fd=9 -device e1000,netdev=n,mac={LINE_MAC} -netdev \
         tap,id=m,fd=10 -device e1000,netdev=m,mac={FILE_MAC}"
    );
    let ports = vec![
        (
            7,
            HeldPort {
                descriptor: 9,
                name: "macvtap0".to_owned(),
                uplink: Some("eth0".to_owned()),
            },
        ),
        (7, HeldPort { descriptor: 10, name: "tap8".to_owned(), uplink: None }),
    ];
    let platform = Fake { ports, ..Fake::default() }.with(7, &line);
    // A plugin lists a card whose port it does not know without a mode; the other one it does know.
    let unknown = SubjectCard { mac: Some(mac(LINE_MAC)), mode: None, interface: None, port: None };
    let known = SubjectCard {
        mac: Some(mac(FILE_MAC)),
        mode: Some(NetworkMode::Bridged),
        interface: Some("br7".to_owned()),
        port: Some("vnet7".to_owned()),
    };
    let mut listed = ListedMachine::new("1", "web");
    listed.pid = Reading::Known(7);
    listed.cards = Reading::Known(vec![unknown, known]);
    let listings = [Listing {
        manager: "libvirt".into(),
        machines: vec![listed],
        bundled: true,
        unproven: HashSet::new(),
    }];
    let of_directory = (data.read(&platform, Depth::ProcessesOnly), Monitors::default());
    let (inventory, _) = with_listings(of_directory, &listings, &platform, None);
    let cards = &of(&inventory, "web").cards;
    let found: Vec<_> = cards.all().map(vmkit_model::Card::to_subject).collect();
    let names: Vec<_> =
        found.iter().map(|card| (card.interface.as_deref(), card.port.as_deref())).collect();
    assert_eq!(names, [(Some("eth0"), Some("macvtap0")), (Some("br7"), Some("vnet7"))]);
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
