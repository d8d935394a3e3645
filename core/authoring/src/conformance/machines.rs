//! The machines and facts that a plugin is asked about.

use std::net::{IpAddr, Ipv4Addr};

use vmkit_types::{Fact, Mac, NetworkMode, Subject, SubjectCard};

/// How many machines a large batch has.
const MANY: usize = 1000;

/// Texts that do harm where they are used as something else.
const HOSTILE: [&str; 9] = [
    "",
    "\u{1b}]0;owned\u{7}\u{1b}[2J",
    "../../../../etc/passwd",
    "'; rm -rf / #$(reboot)`reboot`",
    "%s%s%n{}{0}\\x00",
    "\u{202e}\u{200b}ﬁ\u{0}",
    "-oProxyCommand=reboot",
    "[plugins]\nindex = \"x\"\r\n\r\n",
    "名前🖥",
];

/// An ordinary machine. Its candidate is this computer itself, so that nothing that is sent leaves it.
pub(super) fn machine(name: &str, number: usize) -> Subject {
    let [.., high, low] = u32::try_from(number).unwrap_or(u32::MAX).to_be_bytes();
    let mac = Mac::new([0x52, 0x54, 0, 0, high, low]);
    let card = SubjectCard {
        mac: Some(mac),
        mode: Some(NetworkMode::Bridged),
        interface: Some("br0".to_owned()),
        port: Some(format!("tap{number}")),
    };
    Subject {
        name: name.to_owned(),
        macs: vec![mac],
        cards: vec![card],
        hostname: Some(name.to_owned()),
        has_console: true,
        has_guest_agent: true,
        candidates: vec![IpAddr::V4(Ipv4Addr::LOCALHOST)],
        ..Subject::default()
    }
}

/// A thousand machines.
pub(super) fn many() -> Vec<Subject> {
    (0..MANY).map(|number| machine(&format!("vm-{number}"), number)).collect()
}

/// Machines whose names try to harm, and a very long one.
pub(super) fn hostile() -> Vec<Subject> {
    let long = "x".repeat(10_000);
    let names = HOSTILE.iter().copied().chain([long.as_str()]);
    let hostile = |(number, name): (usize, &str)| {
        let port = Some(name.to_owned());
        let mut machine = machine(name, number);
        machine.cards[0].port = port;
        machine
    };
    names.enumerate().map(hostile).collect()
}

/// What an ordinary network says.
pub(super) fn facts() -> Vec<Fact> {
    let rows = [
        ("gateway.address", "192.0.2.1"),
        ("gateway.name", "router.home"),
        ("http.status:/", "200"),
        ("http.title:/", "Router"),
        ("http.body:/", "<html><title>Router</title></html>"),
        ("uplink.kind", "wifi"),
        ("machine.mac", "52:54:00:00:00:01"),
    ];
    rows.map(|(key, value)| fact(key, value)).to_vec()
}

/// A thousand facts.
pub(super) fn many_facts() -> Vec<Fact> {
    let macs =
        (0..MANY).map(|number| fact("machine.mac", &machine("", number).macs[0].to_string()));
    facts().into_iter().chain(macs).collect()
}

/// Facts of a router that tries to harm. `pages`: what the plugin asks the gateway for.
pub(super) fn hostile_facts(pages: &[String]) -> Vec<Fact> {
    let long = "<title>".repeat(8 << 10);
    let texts = HOSTILE.iter().copied().chain([long.as_str(), "[[[[[[[{\"a\":", "%41%%%4"]);
    let of_page = |page: &str, text: &str| {
        ["http.body", "http.title", "http.header"].map(|key| fact(&format!("{key}:{page}"), text))
    };
    texts
        .flat_map(|text| {
            let pages = pages.iter().map(String::as_str).chain(["/"]);
            let mut facts: Vec<Fact> = pages.flat_map(|page| of_page(page, text)).collect();
            facts.extend(["gateway.name", "ssdp.model-name", "machine.mac"].map(|k| fact(k, text)));
            facts
        })
        .collect()
}

fn fact(key: &str, value: &str) -> Fact {
    Fact { key: key.to_owned(), value: value.to_owned() }
}
