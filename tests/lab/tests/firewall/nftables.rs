//! Random rules of nftables.

use std::fmt::Write as _;

use fastrand::Rng;

/// Chains to jump to, of each table. A chain jumps to later ones only.
const CHAINS: usize = 3;

/// Conditions for all families, those of IP and the bridge, and those of the bridge alone.
const ALL: &[&str] = &[
    "udp dport 67",
    "udp dport 68",
    "udp sport 67",
    "udp dport { 53, 67-68 }",
    "udp dport != { 53, 67 }",
    "udp dport 60-67",
    "udp dport @ports",
    "tcp dport 22",
    "tcp dport != 22",
    "tcp flags & (syn | ack) == syn",
    "th dport 67",
    "ip saddr 0.0.0.0",
    "ip saddr 192.168.77.0/24",
    "ip saddr != 192.168.77.50",
    "ip daddr 255.255.255.255",
    "ip daddr { 10.0.0.0/8, 224.0.0.0/4 }",
    "ip protocol udp",
    "meta l4proto tcp",
    "meta l4proto { udp, icmp }",
    "meta pkttype broadcast",
    "meta mark 0x1",
    "meta mark & 0x3 == 0x1",
    "meta mark set 0x1",
    "meta mark set meta mark | 0x2",
    "@th,288,48 0x525400000001",
    "@th,2000,8 0x2",
    "ip saddr . udp dport { 0.0.0.0 . 67, 192.168.77.1 . 68 }",
];
const BRIDGE: &[&str] = &[
    "ether type arp",
    "arp operation request",
    "arp saddr ip 192.168.77.50",
    "arp saddr ip != 192.168.77.50",
    "ether saddr 52:54:00:00:00:01",
    "ether saddr != 52:54:00:00:00:01",
    "ether saddr { 52:54:00:00:00:01, 52:54:00:00:00:02 }",
    "ether daddr ff:ff:ff:ff:ff:ff",
    "ether daddr & 01:00:00:00:00:00 == 01:00:00:00:00:00",
    "ether saddr . ether type { 52:54:00:00:00:01 . arp }",
];
const IP: &[&str] = &[
    "ct state new",
    "ct state established,related",
    "ct state { new, untracked }",
    "fib daddr type broadcast",
];
const HOOKS: &[&str] = &["prerouting", "input", "forward", "output", "postrouting"];

/// One to three tables.
pub(crate) fn rules(random: &mut Rng) -> String {
    let mut text = String::new();
    for number in 0..random.usize(1..4) {
        let family = ["bridge", "bridge", "ip", "inet"][random.usize(..4)];
        let _ = writeln!(text, "table {family} t{number} {{");
        text +=
            " set ports {\n type inet_service\n flags interval\n elements = { 67-68, 123 }\n }\n";
        for chain in (0..CHAINS).rev() {
            let _ = writeln!(text, " chain c{chain} {{");
            text += &lines(random, family, "", chain + 1);
            text += " }\n";
        }
        for base in 0..random.usize(1..3) {
            let hook = HOOKS[random.usize(..HOOKS.len())];
            let policy = if random.u8(..5) == 0 { "drop" } else { "accept" };
            let priority = random.i32(-5..5);
            let _ = writeln!(
                text,
                " chain base{base} {{\n type filter hook {hook} priority {priority}; policy {policy};"
            );
            text += &lines(random, family, hook, 0);
            text += " }\n";
        }
        text += "}\n";
    }
    text
}

/// The rules of a chain, with jumps to chains from this one on.
fn lines(random: &mut Rng, family: &str, hook: &str, first: usize) -> String {
    let mut text = String::new();
    for _ in 0..random.usize(..5) {
        let mut line = String::new();
        if random.u8(..3) == 0 {
            line += interface(random, hook);
            line.push(' ');
        }
        for _ in 0..random.usize(..3) {
            line += condition(random, family);
            line.push(' ');
        }
        if random.bool() {
            line += "counter ";
        }
        line += &verdict(random, first);
        let _ = writeln!(text, "  {line}");
    }
    text
}

fn condition(random: &mut Rng, family: &str) -> &'static str {
    let own = if family == "bridge" { BRIDGE } else { IP };
    let place = random.usize(..ALL.len() + own.len());
    ALL.get(place).copied().unwrap_or_else(|| own[place - ALL.len()])
}

fn interface(random: &mut Rng, hook: &str) -> &'static str {
    let inputs = [
        "iifname \"tap0\"",
        "iifname != \"tap0\"",
        "iifname { \"tap0\", \"br0\" }",
        "iifname \"en*\"",
        "iifname \"br0\"",
    ];
    let outputs = ["oifname \"en0\"", "oifname != \"en0\"", "oifname \"tap*\"", "oifname \"br0\""];
    match hook {
        "forward" | "" if random.bool() => outputs[random.usize(..outputs.len())],
        "output" | "postrouting" => outputs[random.usize(..outputs.len())],
        _ => inputs[random.usize(..inputs.len())],
    }
}

fn verdict(random: &mut Rng, first: usize) -> String {
    let chain = |random: &mut Rng| random.usize(first..CHAINS.max(first + 1));
    let jumps = first < CHAINS;
    match random.u8(..12) {
        0..3 => "drop".to_owned(),
        3..6 => "accept".to_owned(),
        6 => "return".to_owned(),
        7..9 if jumps => format!("jump c{}", chain(random)),
        9 if jumps => format!("goto c{}", chain(random)),
        10 if jumps => {
            format!("udp dport vmap {{ 67 : jump c{}, 68 : drop, 53 : accept }}", chain(random))
        }
        11 => "iifname vmap { \"tap0\" : accept, \"tap9\" : drop, \"en0\" : continue }".to_owned(),
        _ => "counter".to_owned(),
    }
}
