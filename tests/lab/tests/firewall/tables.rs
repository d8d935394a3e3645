//! Random rules of iptables and ebtables.

use std::{fmt::Write as _, fs};

use fastrand::Rng;
use vmkit_lab::{Lab, run};

const IP: &[&str] = &[
    "-p udp -m udp --dport 67",
    "-p udp -m udp --sport 67 --dport 68",
    "-p udp -m multiport --dports 53,67",
    "-p udp -m multiport ! --dports 53,68",
    "-p tcp -m tcp --dport 22",
    "-p tcp -m tcp --tcp-flags SYN,RST,ACK SYN",
    "! -p tcp",
    "-s 0.0.0.0/32",
    "! -s 192.168.77.0/24",
    "-d 255.255.255.255/32",
    "-s 192.168.77.50/32,192.168.77.1/32",
    "-m pkttype --pkt-type broadcast",
    "-m addrtype --dst-type BROADCAST",
    "-m conntrack --ctstate NEW",
    "-m conntrack --ctstate RELATED,ESTABLISHED",
    "-m conntrack ! --ctstate INVALID",
    "-m mark --mark 0x1/0x3",
    "-m comment --comment \"a b\"",
];
/// Conditions of FORWARD.
const FORWARD: &[&str] = &[
    "-i br0",
    "-i br+ -o br0",
    "! -i br0",
    "-o en1",
    "-m physdev --physdev-in tap0",
    "-m physdev --physdev-is-bridged",
    "-m physdev ! --physdev-is-bridged",
    "-m physdev --physdev-out en0",
];
const BRIDGE: &[&str] = &[
    "-p ARP",
    "-p IPv4",
    "-p IPv4 --ip-proto 17 --ip-dport 67",
    "-p IPv4 --ip-src 0.0.0.0",
    "-p IPv4 ! --ip-src 192.168.77.50",
    "-p ARP --arp-ip-src 192.168.77.50",
    "-p ARP --arp-op Request",
    "-s 52:54:00:00:00:01",
    "! -s 52:54:00:00:00:01",
    "-d Broadcast",
    "-d Multicast",
    "-i tap0",
    "-o tap+",
    "! -i tap0",
];

/// Loads one to three tables.
pub(crate) fn load(lab: &Lab, random: &mut Rng) {
    let mut text = String::new();
    if random.bool() {
        text += &mangle(random);
    }
    text += &filter(random);
    restore(lab, "iptables-nft-restore", &text);
    if random.bool() {
        restore(lab, "ebtables-nft-restore", &bridge(random));
    }
}

fn restore(lab: &Lab, program: &str, text: &str) {
    let file = lab.folder().join("tables");
    fs::write(&file, text).expect("a file");
    let mut command = lab.host().command("sh");
    command.args(["-c", &format!("{program} < {}", file.display())]);
    run(&mut command).unwrap_or_else(|error| panic!("{error}\n{text}"));
}

/// Marks packets, which other rules ask for.
fn mangle(random: &mut Rng) -> String {
    let option = IP[random.usize(..IP.len())];
    let mark = ["--set-xmark 0x1/0xffffffff", "--set-xmark 0x2/0x2", "--or-mark 0x1"];
    let mark = mark[random.usize(..mark.len())];
    format!(
        "*mangle\n:PREROUTING ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:INPUT ACCEPT [0:0]\n\
         :OUTPUT ACCEPT [0:0]\n:POSTROUTING ACCEPT [0:0]\n-A PREROUTING {option} -j MARK {mark}\nCOMMIT\n"
    )
}

fn filter(random: &mut Rng) -> String {
    let policy = |random: &mut Rng| if random.u8(..4) == 0 { "DROP" } else { "ACCEPT" };
    let mut text = "*filter\n".to_owned();
    for chain in ["INPUT", "FORWARD", "OUTPUT"] {
        let _ = writeln!(text, ":{chain} {} [0:0]", policy(random));
    }
    text += ":USER - [0:0]\n:LATER - [0:0]\n";
    for (chain, targets) in [
        ("FORWARD", &["ACCEPT", "DROP", "USER", "LATER", "RETURN"][..]),
        ("INPUT", &["ACCEPT", "DROP", "USER", "LATER", "RETURN"]),
        ("OUTPUT", &["ACCEPT", "DROP", "LATER"]),
        ("USER", &["ACCEPT", "DROP", "LATER", "RETURN"]),
        ("LATER", &["ACCEPT", "DROP", "RETURN"]),
    ] {
        for _ in 0..random.usize(..4) {
            let mut line = format!("-A {chain}");
            if chain == "FORWARD" && random.bool() {
                let _ = write!(line, " {}", FORWARD[random.usize(..FORWARD.len())]);
            }
            if random.u8(..3) > 0 {
                let _ = write!(line, " {}", IP[random.usize(..IP.len())]);
            }
            let jump = if random.u8(..5) == 0 && targets.contains(&"LATER") {
                "-g LATER".to_owned()
            } else {
                format!("-j {}", targets[random.usize(..targets.len())])
            };
            let _ = writeln!(text, "{line} {jump}");
        }
    }
    text + "COMMIT\n"
}

fn bridge(random: &mut Rng) -> String {
    let mut text = "*filter\n:INPUT ACCEPT\n:FORWARD ACCEPT\n:OUTPUT ACCEPT\n".to_owned();
    let end = ["ACCEPT", "DROP", "RETURN"][random.usize(..3)];
    let _ = writeln!(text, ":user {end}");
    for (chain, targets) in [
        ("FORWARD", &["ACCEPT", "DROP", "user", "CONTINUE"][..]),
        ("user", &["ACCEPT", "DROP", "RETURN"]),
    ] {
        for _ in 0..random.usize(1..4) {
            let option = BRIDGE[random.usize(..BRIDGE.len())];
            let target = targets[random.usize(..targets.len())];
            let _ = writeln!(text, "-A {chain} {option} -j {target}");
        }
    }
    text
}
