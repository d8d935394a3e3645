//! Rules in the words of each tool, and what they do to a DISCOVER.

use super::{Packet, Passage, RuleSet, Way};

mod real;
mod work;

const OWN: &str = "52:54:00:00:00:01";

/// What becomes of a DISCOVER from tap0 to en0, both in br0. `Drops` and the others name the rule.
fn discover(text: &str, document: Option<&str>) -> String {
    let rules = RuleSet::read(text, document, Some(true));
    let packet = Packet::discover(OWN.parse().ok());
    match rules.passage(&packet, &Way::bridged("br0", Some("tap0"), Some("en0"))) {
        Passage::Passes { .. } => "passes".to_owned(),
        Passage::Drops { rule } => format!("drops: {}", rule.text),
        Passage::DropsSome { rule, by_chance: true } => format!("by chance: {}", rule.text),
        Passage::DropsSome { rule, .. } => format!("by rate: {}", rule.text),
        Passage::Unknown { rule } => format!("unknown: {}", rule.text),
    }
}

/// Rules of a chain at the bridge's forward hook, and what becomes of the packet.
#[test]
fn understands_the_conditions_of_nftables() {
    let rows = [
        ("udp dport 67 drop", "drops: udp dport 67 drop"),
        ("udp dport 60-70 drop", "drops: udp dport 60-70 drop"),
        ("udp dport { 53, 67-68 } drop", "drops: udp dport { 53, 67-68 } drop"),
        ("udp dport != { 53, 67-68 } drop", "passes"),
        ("tcp dport 67 drop", "passes"),
        ("tcp dport != 67 drop", "passes"),
        ("th dport 67 drop", "drops: th dport 67 drop"),
        (
            "ip saddr 0.0.0.0 ip daddr 255.255.255.255 drop",
            "drops: ip saddr 0.0.0.0 ip daddr 255.255.255.255 drop",
        ),
        ("ip saddr 10.0.0.0/8 drop", "passes"),
        ("ip saddr 0.0.0.0/0 drop", "drops: ip saddr 0.0.0.0/0 drop"),
        ("ip protocol udp drop", "drops: ip protocol udp drop"),
        ("meta l4proto { tcp, udp } drop", "drops: meta l4proto { tcp, udp } drop"),
        ("meta l4proto tcp drop", "passes"),
        ("ether type arp drop", "passes"),
        (
            "ether daddr & 01:00:00:00:00:00 == 01:00:00:00:00:00 drop",
            "drops: ether daddr & 01:00:00:00:00:00 == 01:00:00:00:00:00 drop",
        ),
        ("meta pkttype broadcast drop", "drops: meta pkttype broadcast drop"),
        ("iifname \"tap*\" drop", "drops: iifname \"tap*\" drop"),
        ("iifname != \"tap0\" drop", "passes"),
        (
            "iifname { \"tap0\", \"tap1\" } oifname \"en0\" drop",
            "drops: iifname { \"tap0\", \"tap1\" } oifname \"en0\" drop",
        ),
        ("meta ibrname \"br0\" drop", "drops: meta ibrname \"br0\" drop"),
        ("@th,288,48 0x525400000001 drop", "drops: @th,288,48 0x525400000001 drop"),
        ("@th,2000,8 0x5 drop", "passes"),
        ("ct state established,related accept comment \"udp dport 67 drop\"", "passes"),
        ("ct state new drop", "drops: ct state new drop"),
        ("ct state { established, related } accept\n drop", "drops: drop"),
        ("meta mark & 0xff == 0x1 drop", "passes"),
        (
            "meta mark set meta mark | 0x10\n meta mark & 0x10 == 0x10 drop",
            "drops: meta mark & 0x10 == 0x10 drop",
        ),
        ("log prefix \"drop \" level info\n counter packets 5 bytes 9 accept\n drop", "passes"),
        ("limit rate 5/second burst 5 packets accept\n drop", "by rate: drop"),
        ("limit rate 3/minute log prefix \"[x] \"", "passes"),
        ("numgen random mod 100 < 60 drop", "by chance: numgen random mod 100 < 60 drop"),
        ("meta skuid 0 drop", "unknown: meta skuid 0 drop"),
        ("ip ttl 1 drop", "unknown: ip ttl 1 drop"),
        ("meta skuid 0 accept\n drop", "unknown: meta skuid 0 accept"),
        ("meta skuid 0 drop\n drop", "drops: drop"),
        ("tcp flags & (fin | syn | rst | ack) == syn drop", "passes"),
        ("reject with icmp port-unreachable", "drops: reject with icmp port-unreachable"),
        ("jump nowhere", "unknown: jump nowhere"),
        ("queue to 1", "unknown: queue to 1"),
        (
            "ether saddr set 02:00:00:00:00:01 ether saddr 02:00:00:00:00:01 drop",
            "drops: ether saddr set 02:00:00:00:00:01 ether saddr 02:00:00:00:00:01 drop",
        ),
        ("xt match \"comment\" drop", "drops: xt match \"comment\" drop"),
        ("xt match \"string\" drop", "unknown: xt match \"string\" drop"),
        ("xt target \"LOG\"", "passes"),
        ("xt target \"STRANGE\"", "unknown: xt target \"STRANGE\""),
    ];
    for (rules, expected) in rows {
        let text = format!(
            "table bridge t {{\n chain c {{\n type filter hook forward priority filter; policy accept;\n {rules}\n }}\n}}\n"
        );
        assert_eq!(discover(&text, None), expected, "{rules}");
    }
}

/// Options of a rule in FORWARD, and what becomes of the packet.
#[test]
fn understands_the_options_of_iptables() {
    let rows = [
        ("-p udp -m udp --dport 67", true),
        ("-p udp -m udp --sport 68 --dport 67:68", true),
        ("-p udp -m multiport --dports 53,67", true),
        ("-p tcp -m tcp --dport 67", false),
        ("! -p tcp", true),
        ("-p all", true),
        ("-i br0 -o br0", true),
        ("-i br+ ! -o docker0", true),
        ("-i tap0", false),
        ("-m physdev --physdev-in tap0 --physdev-out en0", true),
        ("-m physdev --physdev-in tap+ --physdev-is-bridged", true),
        ("-m physdev ! --physdev-is-bridged", false),
        ("-s 0.0.0.0/32 -d 255.255.255.255/32", true),
        ("-s 10.0.0.0/255.0.0.0", false),
        ("! -s 10.0.0.0/8,192.168.0.0/16", true),
        ("-m mac --mac-source 52:54:00:00:00:01", true),
        ("-m mac ! --mac-source 52:54:00:00:00:01", false),
        ("-m conntrack --ctstate NEW,INVALID", true),
        ("-m conntrack ! --ctstate RELATED,ESTABLISHED", true),
        ("-m state --state ESTABLISHED", false),
        ("-m pkttype --pkt-type broadcast", true),
        ("-m addrtype --dst-type BROADCAST", true),
        ("-m addrtype --dst-type LOCAL", false),
        ("-m mark --mark 0x0/0xff", true),
        ("-m comment --comment \"all -p tcp\"", true),
        ("-p icmp -m icmp --icmp-type 8", false),
    ];
    for (options, drops) in rows {
        let rule = format!("-A FORWARD {options} -j DROP");
        let text = format!("*filter\n:FORWARD ACCEPT [0:0]\n[4:99] {rule}\nCOMMIT\n");
        let expected = if drops { format!("drops: [4:99] {rule}") } else { "passes".to_owned() };
        assert_eq!(discover(&text, None), expected, "{options}");
    }
    for (options, expected) in [
        ("-m string --string x --algo bm", "unknown"),
        ("-m set --match-set lan src", "unknown"),
        ("-m statistic --mode random --probability 0.5", "by chance"),
        ("-m limit --limit 5/sec", "by rate"),
    ] {
        let text =
            format!("*filter\n:FORWARD ACCEPT [0:0]\n-A FORWARD {options} -j DROP\nCOMMIT\n");
        assert!(
            discover(&text, None).starts_with(expected),
            "{options}: {}",
            discover(&text, None)
        );
    }
}

/// Tables of both tools: what one drops is dropped, but a table that nftables lists for iptables is read
/// in the words of iptables.
#[test]
fn puts_the_tools_together() {
    let nft = "table ip filter {\n chain FORWARD {\n type filter hook forward priority filter; policy accept;\n xt match \"mac\" drop\n }\n}\n";
    let through = "# Generated by iptables-save v1.8.9 (nf_tables) on Sat Nov 28 06:00:00 2026\n*filter\n:FORWARD ACCEPT [0:0]\n-A FORWARD -m mac --mac-source 02:00:00:00:00:09 -j DROP\nCOMMIT\n";
    let legacy = "# Generated by iptables-save v1.8.7 on Sat Nov 28 06:00:00 2026\n*filter\n:FORWARD DROP [3:99]\nCOMMIT\n";
    assert_eq!(discover(nft, None), "unknown: xt match \"mac\" drop");
    assert_eq!(discover(&format!("{nft}{through}"), None), "passes");
    assert_eq!(
        discover(&format!("{nft}{through}{legacy}"), None),
        "drops: ip filter chain FORWARD: policy drop"
    );
}

/// Whatever a program prints.
#[test]
fn survives_strange_texts() {
    for text in [
        "table bridge t {\nchain c {\ntype filter hook forward priority 0; policy drop;\n",
        "table bridge t {\nset s {\nelements = { 1, 2\n",
        "*filter\n-A\n-A FORWARD\n:X\n-P FORWARD\n[1:2] -A \n-A FORWARD -j\n-A FORWARD -i\n-A FORWARD ! !\n",
        "table bridge t {\nchain c {\n( ( ( vmap { : , } set / . . | & ^ @th,1 @ct\n}\n}\n",
        "table bridge t {\nchain a {\ntype filter hook forward priority 0; policy accept;\njump a\ngoto a\n}\n}\n",
    ] {
        drop(discover(text, None));
        drop(discover(text, Some(text)));
    }
    let nested = format!("udp dport {} drop", "(".repeat(100_000));
    let jumps = "jump a\n".repeat(2000);
    let masked = format!("meta mark {} drop", "& meta mark ".repeat(100_000));
    for rules in [nested, masked, jumps] {
        let text = format!(
            "table bridge t {{\nchain a {{\ntype filter hook forward priority 0; policy accept;\n{rules}\n}}\n}}\n"
        );
        let said = discover(&text, None);
        assert!(said.starts_with("unknown: "), "{}: {said}", &rules[..40]);
    }
}
