//! Rule sets of real programs.

use std::{fmt::Write as _, path::PathBuf};

use vmkit_types::Mac;

use crate::filter::{
    DhcpKind, Ends, Packet, Passage, RuleSet, Way, json, rules::Rules, save, text,
};

fn file(name: &str) -> Option<String> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/rule-sets");
    std::fs::read_to_string(folder.join(name)).ok()
}

fn rule_set(name: &str) -> RuleSet {
    let text = file(&format!("{name}.txt")).expect("its text");
    RuleSet::read(&text, file(&format!("{name}.json")).as_deref(), Some(true))
}

/// The statements of all rules, without what the document and the text write differently.
fn shape(rules: &Rules) -> String {
    let mut shape = String::new();
    for (name, chain) in &rules.chains {
        let _ = writeln!(shape, "{name} {:?}", chain.base);
        for rule in &chain.rules {
            let _ = writeln!(shape, "    {:?} {:?}", rule.statements, rule.frames);
        }
    }
    shape
}

#[test]
fn the_document_says_what_the_text_says() {
    for name in ["ufw", "firewalld", "docker", "libvirt", "lxd", "libvirt-filter"] {
        let document = json::read(&file(&format!("{name}.json")).expect("a document"));
        let document = shape(&document.expect("a document of nft"));
        let text = shape(&text::read(&file(&format!("{name}.txt")).expect("a text")));
        for (document, text) in document.lines().zip(text.lines()) {
            // Of matches of iptables the document has the name alone.
            assert!(
                document == text || document.contains("Unknown"),
                "{name}:\n{document}\n{text}"
            );
        }
        assert_eq!(document.lines().count(), text.lines().count(), "{name}");
    }
}

/// What iptables says of its own tables, and what nftables says of them, has the same effect.
#[test]
fn both_tools_words_have_the_same_effect() {
    for name in ["ufw", "docker", "libvirt"] {
        let all = file(&format!("{name}.txt")).expect("a text");
        let (mut ours, _) = save::read(&all);
        let nftables = text::read(&all);
        ours.chains.retain(|name, _| nftables.chains.contains_key(name));
        for (chain, known) in &nftables.chains {
            let rules = ours.chains.get(chain).map_or(0, |chain| chain.rules.len());
            assert_eq!(rules, known.rules.len(), "{name} {chain}");
        }
    }
}

fn said(passage: &Passage) -> String {
    match passage {
        Passage::Passes { translated: Some(true) } => "translated".to_owned(),
        Passage::Passes { .. } => "passes".to_owned(),
        Passage::Drops { rule } => format!("drops: {}", rule.text),
        Passage::DropsSome { rule, .. } => format!("drops some: {}", rule.text),
        Passage::Unknown { rule } => format!("unknown: {}", rule.text),
    }
}

/// Rule set, packet, and what becomes of it.
#[test]
fn judges_the_packets_in_question() {
    let own: Mac = "52:54:00:00:00:01".parse().expect("a MAC");
    let bridged = |name: &str, port: &str| {
        let way = Way::bridged("br0", Some(port), Some("enp1s0"));
        said(&rule_set(name).passage(&Packet::discover(Some(own)), &way))
    };
    let server = |name: &str, bridge: &str| {
        let way = Way::to_host(bridge, Some("tap0"), false);
        said(&rule_set(name).passage(&Packet::discover(Some(own)), &way))
    };
    let answered = |name: &str, bridge: &str| {
        let offer = Packet::reply(DhcpKind::Offer, Some(own), None, false);
        said(&rule_set(name).passage(&offer, &Way::from_host(bridge, Some("tap0"), false)))
    };
    let routed = |name: &str, bridge: &str, source: &str| {
        let ends = Ends {
            from: Some(own),
            source: source.parse().ok(),
            destination: "9.9.9.9".parse().ok(),
            to: None,
        };
        let way = Way::routed_out(bridge, Some("tap0"), "enp1s0");
        said(&rule_set(name).passage(&Packet::connection(ends, 443), &way))
    };
    let rows = [
        (bridged("ufw", "tap0"), "drops: ip filter chain FORWARD: policy drop"),
        (server("ufw", "br0"), "drops: [0:0] -A ufw-skip-to-policy-input -j DROP"),
        (answered("ufw", "br0"), "passes"),
        (bridged("firewalld", "tap0"), "passes"),
        (server("firewalld", "br0"), "drops: reject with icmpx admin-prohibited"),
        (bridged("docker", "tap0"), "drops: ip filter chain FORWARD: policy drop"),
        (server("docker", "br0"), "passes"),
        (routed("docker", "docker0", "172.17.0.2"), "translated"),
        (bridged("libvirt", "tap0"), "passes"),
        (server("libvirt", "virbr0"), "passes"),
        (answered("libvirt", "virbr0"), "passes"),
        (routed("libvirt", "virbr0", "192.168.122.50"), "translated"),
        (
            routed("libvirt", "virbr1", "192.168.123.50"),
            "drops: [0:0] -A LIBVIRT_FWO -i virbr1 -j REJECT --reject-with icmp-port-unreachable",
        ),
        (routed("libvirt", "virbr2", "192.168.124.50"), "passes"),
        (server("lxd", "lxdbr0"), "passes"),
        (routed("lxd", "lxdbr0", "10.84.120.50"), "translated"),
        (bridged("libvirt-filter", "vnet0"), "passes"),
        (bridged("kube-proxy", "tap0"), "passes"),
        (server("kube-proxy", "br0"), "passes"),
    ];
    for (place, (found, expected)) in rows.iter().enumerate() {
        assert_eq!(found, expected, "row {place}");
    }
    let mut wrong = Packet::discover("52:54:00:00:00:02".parse().ok());
    let way = Way::bridged("br0", Some("vnet0"), Some("enp1s0"));
    assert_eq!(
        said(&rule_set("libvirt-filter").passage(&wrong, &way)),
        "drops: [0:0] -A J-vnet0-mac -j DROP"
    );
    wrong = Packet::arp_request(Some(own), "192.168.50.78".parse().ok(), None);
    assert_eq!(
        said(&rule_set("libvirt-filter").passage(&wrong, &way)),
        "drops: [0:0] -A J-vnet0-arp-ip -j DROP"
    );
}
