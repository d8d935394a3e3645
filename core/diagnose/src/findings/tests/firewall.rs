//! The firewall's rules, and what they do to the machine's packets.

use vmkit_model::Platform;
use vmkit_survey::{firewall, forwarding, listeners};
use vmkit_types::NetworkMode;

use super::{CATALOGUE, Scene, scene::VM};
use crate::{
    Attachment, State,
    circumstance::{Circumstance, circumstances},
    findings,
    packets::{Family, dropping_family},
};

/// The firewall's findings: the present ones, then after `?` those that are not known.
fn judged(scene: &Scene) -> String {
    scene.facts(|facts| {
        let all: Vec<_> = findings(facts, &CATALOGUE)
            .into_iter()
            .filter(|finding| {
                let code = finding.code.code();
                ["firewall-", "forwarding-", "translation-"]
                    .iter()
                    .any(|start| code.starts_with(start))
            })
            .collect();
        let codes = |wanted: fn(&State) -> bool| {
            let found = all.iter().filter(|finding| wanted(&finding.state));
            let codes = found.map(|finding| shortened(finding.code.code()));
            codes.collect::<Vec<_>>().join(" ")
        };
        let present = codes(|state| matches!(state, State::Present(_)));
        let why =
            |state: &State| matches!(state, State::NotObserved(why) if !why.detail().is_empty());
        let unknown = codes(why);
        if unknown.is_empty() {
            present
        } else {
            format!("{present} ? {unknown}").trim().to_owned()
        }
    })
}

fn shortened(code: &'static str) -> &'static str {
    if code == "firewall-drops-forwarded" { code } else { code.trim_start_matches("firewall-") }
}

fn bridged(text: &str) -> Scene {
    let mut scene = Scene::at_home();
    scene.survey.firewall = firewall(text.as_bytes(), None);
    scene
}

fn shared(text: &str) -> Scene {
    let mut scene = bridged(text);
    scene.machine.mode = Some(NetworkMode::Shared);
    scene
}

/// A chain of the bridge family.
fn chain(hook: &str, rules: &str) -> String {
    format!(
        "table bridge t {{\n chain c {{\n type filter hook {hook} priority 0; policy accept;\n {rules}\n }}\n}}\n"
    )
}

const FILTERED: &str = "net.bridge.bridge-nf-call-iptables = 1\n";

#[test]
fn tells_rules_for_frames_from_rules_for_ip() {
    let ip =
        "table ip t {\n chain c {\n type filter hook forward priority 0; policy drop;\n }\n}\n";
    let rows = [
        (chain("forward", "drop"), Some(Family::Frames)),
        (format!("{FILTERED}{ip}"), Some(Family::Ip)),
        (chain("forward", "udp dport 68 drop"), None),
    ];
    for (rules, expected) in rows {
        let family = bridged(&rules).facts(|facts| dropping_family(facts, &Attachment::of(facts)));
        assert_eq!(family, expected, "{rules}");
    }
}

#[test]
fn finds_rules_that_drop_the_machines_frames() {
    let foreign = "ether saddr != aa:aa:aa:aa:aa:aa drop";
    let of_bridge = "iifname \"br0\" oifname \"br0\" accept";
    let rows = [
        (chain("forward", "udp dport 67 counter packets 3 bytes 9 drop"), "drops-dhcp-requests"),
        (chain("forward", "udp dport 67 counter packets 0 bytes 0 drop"), ""),
        (chain("forward", "iifname \"tap9\" udp dport 67 drop"), ""),
        // What comes from this computer does not pass a machine's requests or replies.
        (chain("input", "udp dport 67 drop"), ""),
        (chain("output", "udp sport 67 drop"), ""),
        (chain("forward", "udp sport 67 drop"), "drops-dhcp-replies"),
        (chain("forward", "udp sport 67 @th,2000,8 0x5 drop"), "drops-dhcp-replies"),
        // The server's MAC is not known, so neither is what becomes of its replies.
        (chain("forward", foreign), "drops-foreign-mac ? drops-dhcp-replies drops-broadcast"),
        (
            chain("forward", &foreign.replace("aa:aa:aa:aa:aa:aa", VM)),
            "? drops-dhcp-replies drops-arp drops-broadcast",
        ),
        (chain("forward", &format!("iifname \"tap0\" ether saddr {VM} drop")), "drops-foreign-mac"),
        (chain("forward", "ether type arp drop"), "drops-arp"),
        (chain("forward", "ether daddr ff:ff:ff:ff:ff:ff drop"), "drops-arp drops-broadcast"),
        (chain("forward", "numgen random mod 100 < 60 drop"), "drops-at-random"),
        (chain("output", "tcp dport 22 counter drop"), "drops-ssh"),
        (chain("forward", "ip saddr 10.0.0.1 drop"), "? drops-dhcp-replies drops-broadcast"),
        (
            chain("forward", "limit rate 10/second accept\n drop"),
            "? drops-bridged drops-dhcp-requests drops-dhcp-replies drops-arp drops-foreign-mac drops-broadcast",
        ),
        (
            chain("forward", "meta skuid 0 udp dport 67 drop"),
            "? drops-bridged drops-dhcp-requests drops-foreign-mac drops-broadcast",
        ),
        (
            format!(
                "table ip filter {{\n chain FORWARD {{\n type filter hook forward priority filter; policy drop;\n }}\n}}\n{FILTERED}"
            ),
            "drops-bridged",
        ),
        (
            format!(
                "table ip filter {{\n chain FORWARD {{\n type filter hook forward priority filter; policy drop;\n {of_bridge}\n }}\n}}\n{FILTERED}"
            ),
            "",
        ),
    ];
    for (text, expected) in rows {
        assert_eq!(judged(&bridged(&text)), expected, "{text}");
    }
}

/// What a rule of a chain means depends on who jumps there, and on the rules before.
#[test]
fn follows_jumps_sets_and_maps() {
    let docker = |user: &str| {
        format!(
            "*filter\n:FORWARD DROP [7:2394]\n:DOCKER-USER - [0:0]\n:DOCKER-FORWARD - [0:0]\n\
             -A FORWARD -j DOCKER-USER\n-A FORWARD -j DOCKER-FORWARD\n{user}\n\
             -A DOCKER-FORWARD -i docker0 -j ACCEPT\nCOMMIT\n{FILTERED}"
        )
    };
    let jump = |rules: &str, inner: &str| {
        format!(
            "table bridge t {{\n set ports {{\n type inet_service\n flags interval\n elements = {{ 53, 67-68,\n 123 }}\n }}\n \
             chain inner {{\n {inner}\n }}\n chain c {{\n type filter hook forward priority filter; policy accept;\n {rules}\n }}\n}}\n"
        )
    };
    let rows = [
        (docker(""), "drops-bridged"),
        (docker("-A DOCKER-USER -j RETURN"), "drops-bridged"),
        (docker("-A DOCKER-USER -i br0 -o br0 -j ACCEPT"), ""),
        (docker("-A DOCKER-USER -m physdev --physdev-is-bridged -j ACCEPT"), ""),
        (docker("-A DOCKER-USER -i br+ -m comment --comment \"let it pass\" -j ACCEPT"), ""),
        (docker("-A DOCKER-USER -i br1 -j ACCEPT"), "drops-bridged"),
        (docker("-A DOCKER-USER -m set --match-set lan src -j ACCEPT"), "? drops-bridged drops-dhcp-requests drops-dhcp-replies drops-foreign-mac drops-broadcast"),
        (docker("-A DOCKER-USER -i br0 -j ACCEPT").replace("call-iptables = 1", "call-iptables = 0"), ""),
        (jump("iifname \"tap0\" jump inner", "reject"), "drops-bridged"),
        (jump("iifname \"tap0\" jump inner", "udp dport 67 return\n drop"), "drops-arp"),
        (jump("iifname \"tap9\" jump inner", "drop"), ""),
        (jump("udp dport @ports drop", ""), "drops-dhcp-requests drops-dhcp-replies"),
        (jump("udp dport { 53, 123 } drop", ""), ""),
        (jump("iifname vmap { \"tap0\" : jump inner, \"tap9\" : drop }", "udp dport 67 drop"), "drops-dhcp-requests"),
        (jump("ether saddr . udp dport vmap { 52:54:00:00:00:01 . 67 : drop }", ""), "drops-foreign-mac"),
        (jump("udp dport 67 goto inner\n udp dport 67 drop", "accept"), ""),
        (jump("udp dport 67 meta mark set 0x7\n meta mark 0x7 drop", ""), "drops-dhcp-requests"),
        (
            jump("ether type ip ip saddr != 192.168.1.77 drop", ""),
            "drops-bridged ? drops-dhcp-replies drops-broadcast",
        ),
        (
            "# Generated by ebtables-nft-save\n*filter\n:FORWARD ACCEPT\n:tap0-out ACCEPT\n-A FORWARD -i tap0 -j tap0-out\n\
             -A tap0-out -s ! 52:54:0:0:0:9 -j DROP\n".to_owned(),
            "drops-foreign-mac",
        ),
        (
            "*nat\n:PREROUTING ACCEPT\n:libvirt-I-tap0 ACCEPT\n:I-tap0-mac ACCEPT\n-A PREROUTING -i tap0 -j libvirt-I-tap0\n\
             -A libvirt-I-tap0 -j I-tap0-mac\n-A I-tap0-mac -s 52:54:0:0:0:1 -j RETURN\n-A I-tap0-mac -j DROP\n".to_owned(),
            "",
        ),
    ];
    for (text, expected) in rows {
        assert_eq!(judged(&bridged(&text)), expected, "{text}");
    }
}

#[test]
fn finds_rules_before_this_computers_own_server() {
    let input = |rules: &str| {
        format!("*filter\n:INPUT DROP [41:13448]\n-A INPUT -i lo -j ACCEPT\n{rules}\nCOMMIT\n")
    };
    let rows = [
        (input(""), "blocks-dhcp-server"),
        (input("-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT"), "blocks-dhcp-server"),
        (input("-A INPUT -i br0 -p udp -m udp --dport 67 -j ACCEPT\n-A INPUT -p tcp -j ACCEPT"), ""),
        (input("-A INPUT -i br0 -p udp -m multiport --dports 53,67 -j ACCEPT\n-A INPUT -p tcp -j ACCEPT"), ""),
        (
            "table inet f {\n chain c {\n type filter hook input priority 0; policy accept;\n iifname \"br0\" udp dport 67 counter packets 2 bytes 9 drop\n }\n}\n".to_owned(),
            "blocks-dhcp-server",
        ),
        (chain("input", "udp dport 67 drop"), "blocks-dhcp-server"),
    ];
    for (text, expected) in rows {
        assert_eq!(judged(&shared(&text)), expected, "{text}");
    }
    // An ACCEPT of iptables overrides no other table, so that it is advised for its own alone.
    let drops = "table inet f {\n chain c {\n type filter hook input priority 0; policy accept;\n udp dport 67 drop\n }\n}\n";
    let drop_of = |text: &str| {
        shared(text).facts(|facts| {
            [Circumstance::ServerDropOfIptables, Circumstance::ServerDropOfOthers]
                .map(|each| circumstances(facts).contains(&each))
        })
    };
    assert_eq!(drop_of(&input("")), [true, false]);
    assert_eq!(drop_of(drops), [false, true]);
    // A server that reads frames itself sees them before the IP filter does.
    let mut raw = shared(&input("-A INPUT -p tcp -j ACCEPT"));
    let listener = b"UNCONN 0 0 0.0.0.0:67 0.0.0.0:* users:((\"dhcpd\",pid=8,fd=7))\n";
    raw.survey.listeners = vmkit_types::Reading::Known(listeners(listener));
    assert_eq!(judged(&raw), "");
}

/// Forwarding, rules, and the findings about the way beyond the machine's network.
#[test]
fn finds_what_closes_the_way_beyond_the_machines_network() {
    let masquerade = "table ip n {\n chain p {\n type nat hook postrouting priority srcnat; policy accept;\n \
                      ip saddr 192.168.1.0/24 ip daddr != 192.168.1.0/24 masquerade\n }\n}\n";
    let forward = |rules: &str| {
        format!(
            "{masquerade}table inet f {{\n chain c {{\n type filter hook forward priority 0; policy accept;\n {rules}\n }}\n}}\n"
        )
    };
    let libvirt = |rules: &str| {
        format!(
            "*filter\n:FORWARD ACCEPT [0:0]\n:LIBVIRT_FWO - [0:0]\n-A FORWARD -j LIBVIRT_FWO\n{rules}\nCOMMIT\n"
        )
    };
    let rows = [
        (true, masquerade.to_owned(), ""),
        (false, masquerade.to_owned(), "forwarding-off"),
        (true, String::new(), "translation-missing"),
        (false, String::new(), "forwarding-off translation-missing"),
        (true, forward("iifname \"virbr0\" drop"), "firewall-drops-forwarded"),
        (
            true,
            forward(
                "oifname \"virbr0\" ct state established,related accept\n oifname \"virbr0\" drop",
            ),
            "",
        ),
        (
            true,
            forward(
                "ct state established,related accept\n iifname \"virbr0\" tcp dport 443 accept\n drop",
            ),
            "",
        ),
        (true, forward("meta skgid 0 drop"), "? translation-missing firewall-drops-forwarded"),
        // An isolated network, and one that is routed on purpose.
        (
            true,
            libvirt("-A LIBVIRT_FWO -i virbr0 -j REJECT --reject-with icmp-port-unreachable"),
            "",
        ),
        (
            false,
            libvirt("-A LIBVIRT_FWO -i virbr0 -j REJECT --reject-with icmp-port-unreachable"),
            "",
        ),
        (true, libvirt("-A LIBVIRT_FWO -s 192.168.1.0/24 -i virbr0 -j ACCEPT"), ""),
    ];
    for (forwards, text, expected) in rows {
        let mut scene = shared(&text)
            .interface("en0", |en0| en0.bridge = None)
            .interface("tap0", |tap| tap.bridge = Some("virbr0".to_owned()))
            .interface("br0", |br0| br0.name = "virbr0".to_owned());
        if let vmkit_types::Reading::Known(network) = &mut scene.network {
            network.routes[0].interface = "en0".to_owned();
        }
        scene.survey.forwarding =
            forwarding(format!("net.ipv4.ip_forward = {}\n", u8::from(forwards)).as_bytes());
        assert_eq!(judged(&scene), expected, "{text}");
        // Nobody knows whether a bridge of a person's own is to lead anywhere.
        let scene = scene.interface("virbr0", |br| br.name = "mine".to_owned());
        let scene = scene.interface("tap0", |tap| tap.bridge = Some("mine".to_owned()));
        assert!(!judged(&scene).contains("forward"), "{text}");
    }
}

/// That the list allows bootpd does not show that it is let through.
#[test]
fn an_allowing_application_firewall_refutes_nothing() {
    let rows = [
        (
            "Firewall is enabled. (State = 1)\n1 : /usr/libexec/bootpd \n (Allow incoming connections)\n",
            "? blocks-dhcp-server",
        ),
        (
            "Firewall is enabled. (State = 1)\n1 : /usr/libexec/bootpd \n (Block incoming connections)\n",
            "blocks-dhcp-server",
        ),
        ("Firewall is enabled. (State = 2)\n", "blocks-dhcp-server"),
        ("Firewall is disabled. (State = 0)\n", ""),
        ("Firewall is enabled. (State = 1)\n", "? blocks-dhcp-server"),
    ];
    for (text, expected) in rows {
        let mut scene = shared(text);
        scene.platform = Platform::MacOs;
        assert_eq!(judged(&scene), expected, "{text}");
    }
}

/// Only what was read is said: the rest of its state may have been refused.
#[test]
fn an_application_firewall_that_was_not_read_is_not_said_to_be_on() {
    let rows = [
        ("Firewall is enabled. (State = 1)\n", "the application firewall is on"),
        (
            "Firewall has block all state set to disabled.\n",
            "whether the application firewall is on",
        ),
    ];
    for (text, start) in rows {
        let mut scene = shared(text);
        scene.platform = Platform::MacOs;
        let why = scene.facts(|facts| {
            let all = findings(facts, &CATALOGUE);
            let code = "firewall-blocks-dhcp-server";
            let own = all.into_iter().find(|finding| finding.code.code() == code);
            match own.map(|finding| finding.state) {
                Some(State::NotObserved(why)) => why.to_string(),
                other => panic!("{other:?}"),
            }
        });
        assert!(why.starts_with(start), "{why}");
    }
}
