//! Parses `nft list ruleset`.

use vmkit_types::Mac;

use crate::{
    DropRule, Drops,
    rule::{Conditions, Hook},
};

/// The chain being read.
#[expect(clippy::struct_excessive_bools, reason = "each is one property of a chain")]
struct Chain {
    name: String,
    hook: Hook,
    /// The chain sees frames between a bridge's ports, not only those of this computer.
    sees_forwarded: bool,
    /// The chain sees bridged frames only if the kernel passes them to the IP filter.
    of_ip: bool,
    accepted: Vec<String>,
    accepts_all: bool,
    policy_drops: bool,
}

/// The rules and policies that drop. `bridged_filtered`: bridged frames pass the IP filter.
pub(crate) fn drops(text: &str, bridged_filtered: Option<bool>) -> Vec<DropRule> {
    let mut found = Vec::new();
    let mut family = String::new();
    let mut chain: Option<Chain> = None;
    for line in text.lines().map(str::trim) {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            ["table", kind, _, "{"] => (family, chain) = ((*kind).to_owned(), None),
            ["chain", name, "{"] => {
                chain = Some(Chain {
                    name: (*name).to_owned(),
                    hook: Hook::Other,
                    sees_forwarded: false,
                    of_ip: false,
                    accepted: Vec::new(),
                    accepts_all: false,
                    policy_drops: false,
                });
            }
            ["type", _, "hook", hook, ..] => {
                if let Some(chain) = &mut chain {
                    (chain.hook, chain.of_ip) = place(&family, hook);
                    chain.sees_forwarded = !matches!(*hook, "input" | "output");
                    chain.policy_drops = line.contains("policy drop");
                }
            }
            ["}"] => found.extend(chain.take().and_then(|c| policy(&c, &family, bridged_filtered))),
            _ => {
                if let Some(chain) = &mut chain {
                    found.extend(rule(chain, &words, line, bridged_filtered));
                }
            }
        }
    }
    found
}

fn place(family: &str, hook: &str) -> (Hook, bool) {
    match (family, hook) {
        (
            "bridge" | "netdev",
            "input" | "output" | "forward" | "prerouting" | "postrouting" | "ingress" | "egress",
        )
        | ("arp", _) => (Hook::Bridge, false),
        ("ip" | "inet", "forward") => (Hook::IpForward, true),
        ("ip" | "inet", "input") => (Hook::IpInput, true),
        ("ip" | "inet", "prerouting" | "postrouting") => (Hook::Other, true),
        _ => (Hook::Other, false),
    }
}

/// Whether this chain sees bridged frames.
fn sees_bridged(chain: &Chain, bridged_filtered: Option<bool>) -> bool {
    chain.hook != Hook::IpForward || bridged_filtered != Some(false)
}

fn policy(chain: &Chain, family: &str, bridged_filtered: Option<bool>) -> Option<DropRule> {
    let forwards = match chain.hook {
        Hook::Bridge => chain.sees_forwarded,
        Hook::IpForward => true,
        Hook::IpInput | Hook::Other => false,
    };
    let drops = chain.policy_drops
        && forwards
        && !chain.accepts_all
        && sees_bridged(chain, bridged_filtered);
    let text = format!("{family} chain {}: policy drop", chain.name);
    drops.then(|| Conditions::default().dropping(chain.hook, &text, &chain.accepted)).flatten()
}

fn rule(
    chain: &mut Chain,
    words: &[&str],
    line: &str,
    bridged_filtered: Option<bool>,
) -> Option<DropRule> {
    let conditions = conditions(words);
    if words.contains(&"accept") {
        match conditions.accepting() {
            Some(Some(interface)) => chain.accepted.push(interface),
            Some(None) => chain.accepts_all = true,
            None => {}
        }
        return None;
    }
    let drops = words.iter().any(|word| matches!(*word, "drop" | "reject"));
    if !drops || chain.accepts_all || !sees_bridged(chain, bridged_filtered) {
        return None;
    }
    let rule = conditions.dropping(chain.hook, line, &chain.accepted)?;
    // An IP filter sees no ARP.
    (!chain.of_ip || rule.drops != Drops::Arp).then_some(rule)
}

fn conditions(words: &[&str]) -> Conditions {
    let mut read = Conditions::default();
    let mut rest = words;
    while let [first, tail @ ..] = rest {
        let used = match (*first, tail) {
            ("iifname" | "iif", [name, ..]) => set(&mut read.input, name),
            ("oifname" | "oif", [name, ..]) => set(&mut read.output, name),
            ("ether", ["saddr", "!=", mac, ..]) => parsed(&mut read.other_than_source_mac, mac, 3),
            ("ether", ["saddr", mac, ..]) => parsed(&mut read.source_mac, mac, 2),
            ("ether", ["daddr", "ff:ff:ff:ff:ff:ff", ..]) => {
                read.to_broadcast = true;
                2
            }
            ("ether", ["type", "arp", ..])
            | ("meta", ["protocol", "arp", ..])
            | ("arp", [_, _, ..]) => {
                read.arp = true;
                2
            }
            ("ether", ["type", "ip", ..])
            | ("meta", ["protocol", "ip", ..] | ["l4proto", "udp", ..])
            | ("ip", ["protocol", "udp", ..]) => 2,
            ("udp", ["dport", port, ..]) => parsed(&mut read.to_port, port, 2),
            ("udp", ["sport", port, ..]) => parsed(&mut read.from_port, port, 2),
            ("tcp", ["dport", port, ..]) => parsed(&mut read.to_tcp_port, port, 2),
            // The 48 bits from octet 36 of a UDP datagram are the client's hardware address.
            ("@th,288,48", ["!=", value, ..]) => {
                read.other_than_chaddr = mac(value);
                2
            }
            // Octet 250 is the value of option 53 if that option is the first.
            ("@th,2000,8", [value, ..]) => {
                read.dhcp_kind = number(value);
                1
            }
            ("numgen", ["random", "mod", _, "<" | "<=" | ">" | ">=" | "0-", _, ..]) => {
                read.at_random = true;
                5
            }
            ("numgen", [..]) => {
                read.at_random = true;
                tail.iter().take_while(|word| !is_statement(word)).count()
            }
            ("counter", ["packets", packets, "bytes", _, ..]) => {
                read.frames = packets.parse().ok();
                4
            }
            (word, _) if is_statement(word) => 0,
            _ => {
                read.others = true;
                0
            }
        };
        rest = &tail[used.min(tail.len())..];
    }
    read
}

fn is_statement(word: &str) -> bool {
    matches!(word, "counter" | "drop" | "reject" | "accept" | "log" | "comment" | "return")
}

fn set(place: &mut Option<String>, name: &str) -> usize {
    *place = Some(name.trim_matches('"').to_owned());
    1
}

fn parsed<T: std::str::FromStr>(place: &mut Option<T>, word: &str, used: usize) -> usize {
    *place = word.parse().ok();
    used
}

fn number(word: &str) -> Option<u64> {
    let hexadecimal = word.strip_prefix("0x").map(|digits| u64::from_str_radix(digits, 16).ok());
    hexadecimal.unwrap_or_else(|| word.parse().ok())
}

fn mac(word: &str) -> Option<Mac> {
    let [_, _, octets @ ..] = number(word)?.to_be_bytes();
    Some(Mac::new(octets))
}
