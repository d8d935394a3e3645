//! What each witness can know: the guest's word, addresses on no link, relays, and ties. Each row is a
//! lie or a doubt, the verdict on it, and why the address is not written.

#![expect(clippy::unwrap_used, reason = "a faulty table must end its test")]

mod common;

use vmkit_scoring::{Pick, Weights, score};

/// What is wrong; the network; the evidence; the verdict with the address; why it is not written, or
/// nothing.
type Row = (&'static str, &'static str, &'static [&'static str], &'static str, &'static str);

const CLAIMED: &str = "192.168.1.64 is claimed by the guest alone";
const NO_NETWORK: &str = "203.0.113.66 is in no network of this computer";
const OTHER_MAC: &str = "192.168.1.64 was seen with a MAC that is not the VM's";

const ROWS: &[Row] = &[
    (
        "agent and console agree on an address elsewhere",
        "lan",
        &["203.0.113.66 agent-address mac=web", "203.0.113.66 console-address"],
        "probable 203.0.113.66",
        NO_NETWORK,
    ),
    (
        "every channel of the guest agrees, on the link",
        "lan",
        &[
            "192.168.1.64 agent-address mac=web",
            "192.168.1.64 console-address",
            "192.168.1.64 dns-address",
            "192.168.1.64 ssh-ready",
        ],
        "probable 192.168.1.64",
        CLAIMED,
    ),
    (
        "a lease beside the guest's word is no sighting",
        "lan",
        &["192.168.1.64 agent-address mac=web", "192.168.1.64 lease-current mac=web"],
        "resolved 192.168.1.64",
        "the VM itself has not been seen at 192.168.1.64",
    ),
    (
        "a frame beside the guest's word",
        "lan",
        &["192.168.1.64 agent-address mac=web", "192.168.1.64 neighbour-reachable mac=web"],
        "resolved 192.168.1.64",
        "",
    ),
    (
        "the guest asked by ARP from an address elsewhere, which makes an entry",
        "lan",
        &["203.0.113.66 agent-address mac=web", "203.0.113.66 neighbour-stale mac=web if=en0"],
        "probable 203.0.113.66",
        NO_NETWORK,
    ),
    (
        "the network is unknown, and so are its links",
        "unknown",
        &["192.168.1.64 neighbour-reachable mac=web"],
        "resolved 192.168.1.64",
        "no link of this computer is known to lead to 192.168.1.64",
    ),
    (
        "a host key behind a VPN",
        "lan",
        &["10.99.3.3 ssh-host-key", "10.99.3.3 ssh-ready"],
        "resolved 10.99.3.3",
        "no link of this computer is known to lead to 10.99.3.3",
    ),
    (
        "a relay: the key answers from a stranger's MAC",
        "lan",
        &[
            "192.168.1.64 lease-current mac=web",
            "192.168.1.64 neighbour-other-mac mac=relay if=en0",
            "192.168.1.64 ssh-ready",
            "192.168.1.64 ssh-host-key",
        ],
        "probable 192.168.1.64",
        OTHER_MAC,
    ),
    (
        "a relay that holds several addresses, as a router with proxy ARP does",
        "lan",
        &[
            "192.168.1.64 lease-current mac=web",
            "192.168.1.64 neighbour-other-mac mac=relay if=en0",
            "192.168.1.64 ssh-ready",
            "192.168.1.64 ssh-host-key",
            "192.168.1.70 console-address",
            "192.168.1.70 neighbour-other-mac mac=relay if=en0",
        ],
        "probable 192.168.1.64",
        "another host was seen at 192.168.1.64",
    ),
    (
        "the key answers from the host's own Wi-Fi, which translates MACs",
        "lan",
        &[
            "192.168.1.64 neighbour-other-mac mac=Wi-Fi if=en0",
            "192.168.1.64 ssh-ready",
            "192.168.1.64 ssh-host-key",
        ],
        "resolved 192.168.1.64",
        "",
    ),
    (
        "a floating /32 beside the address with the network's prefix",
        "lan",
        &[
            "192.168.1.20 neighbour-reachable mac=web",
            "192.168.1.51 neighbour-reachable mac=web",
            "192.168.1.20 agent-address mac=web prefix=32",
            "192.168.1.51 agent-address mac=web prefix=24",
            "192.168.1.20 ssh-ready",
            "192.168.1.51 ssh-ready",
        ],
        "resolved 192.168.1.51",
        "",
    ),
    (
        "two addresses, one of them leased",
        "lan",
        &[
            "192.168.1.30 neighbour-reachable mac=web",
            "192.168.1.30 ssh-ready",
            "192.168.1.51 neighbour-reachable mac=web",
            "192.168.1.51 dhcp-ack mac=web",
            "192.168.1.51 ssh-ready",
        ],
        "resolved 192.168.1.51",
        "",
    ),
    (
        "two addresses that nothing tells apart",
        "lan",
        &[
            "192.168.1.30 neighbour-reachable mac=web",
            "192.168.1.30 ssh-ready",
            "192.168.1.51 neighbour-reachable mac=web",
            "192.168.1.51 ssh-ready",
        ],
        "resolved 192.168.1.30",
        "192.168.1.51 is as likely as 192.168.1.30, and nothing tells which one is its own",
    ),
    (
        "the guest's word for a second address makes no tie",
        "lan",
        &[
            "192.168.1.20 agent-address mac=web",
            "192.168.1.51 neighbour-reachable mac=web",
            "192.168.1.51 agent-address mac=web",
            "192.168.1.51 ssh-ready",
        ],
        "resolved 192.168.1.51",
        "",
    ),
];

fn pick(network: &str, lines: &[&str], weights: &Weights) -> (Pick, String) {
    let cases = [common::case("web bridged on=en0 up=3600")];
    let lines: Vec<String> = lines.iter().map(|line| format!("web {line}")).collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let all = common::evidence(&lines, &cases);
    let network = common::network(network);
    let mut picks = score(&cases, &all, network.as_ref(), common::now(), weights);
    let account = common::account(&cases, &picks).remove("web").unwrap();
    (picks.remove(0), format!("{}\n{}", account.0, account.1))
}

#[test]
fn only_what_the_host_saw_on_its_own_link_is_written() {
    let weights = Weights::builtin().unwrap();
    for (name, network, evidence, verdict, why) in ROWS {
        let (pick, account) = pick(network, evidence, &weights);
        assert_eq!(account.lines().next(), Some(*verdict), "{name}\n{account}");
        let found = pick.certain_address(&weights).err().map(|why| why.to_string());
        assert_eq!(found.unwrap_or_default(), *why, "{name}\n{account}");
    }
}

#[test]
fn what_is_not_resolved_gets_no_name_in_dns() {
    let weights = Weights::builtin().unwrap();
    for (name, network, evidence, verdict, _) in ROWS {
        let (pick, _) = pick(network, evidence, &weights);
        let served = !pick.resolved_addresses(&weights).is_empty();
        assert_eq!(served, verdict.starts_with("resolved"), "{name}");
    }
}

#[test]
fn the_guest_alone_sends_nobody_elsewhere() {
    let rows = [
        (&["203.0.113.66 agent-address mac=web", "203.0.113.66 console-address"][..], true),
        (&["203.0.113.66 lease-current mac=web", "203.0.113.66 console-address"], false),
        (&["192.168.1.64 console-address"], false),
        (&["203.0.113.66 ssh-ready"], false),
    ];
    let weights = Weights::builtin().unwrap();
    for (evidence, expected) in rows {
        let (pick, account) = pick("lan", evidence, &weights);
        assert_eq!(pick.leads_elsewhere(), expected, "{account}");
    }
}

#[test]
fn an_address_that_was_shown_before_is_not_kept_against_a_doubt() {
    // The evidence, the address that was shown before, and the verdict now.
    let (own, relayed) = ("192.168.1.51 neighbour-reachable mac=web", "192.168.1.64 ssh-host-key");
    let rows: [(&[&str], &str, &str); 3] = [
        // It is contested since.
        (
            &[
                own,
                "192.168.1.64 neighbour-other-mac mac=relay age=1",
                "192.168.1.64 ssh-ready",
                relayed,
            ],
            "192.168.1.64",
            "resolved 192.168.1.51",
        ),
        // The floating one was written once.
        (
            &[
                "192.168.1.20 neighbour-reachable mac=web prefix=32",
                "192.168.1.20 ssh-ready",
                "192.168.1.51 neighbour-reachable mac=web prefix=24",
                "192.168.1.51 ssh-ready",
            ],
            "192.168.1.20",
            "resolved 192.168.1.51",
        ),
        // Two that nothing tells apart: the one that was shown stays.
        (
            &[
                own,
                "192.168.1.51 ssh-ready",
                "192.168.1.64 neighbour-reachable mac=web",
                "192.168.1.64 ssh-ready",
            ],
            "192.168.1.64",
            "resolved 192.168.1.64",
        ),
    ];
    let weights = Weights::builtin().unwrap();
    for (evidence, previous, expected) in rows {
        let (mut pick, account) = pick("lan", evidence, &weights);
        pick.settle(Some(previous.parse().unwrap()), &weights);
        let address = pick.address.map(|address| address.to_string()).unwrap_or_default();
        assert_eq!(format!("{} {address}", pick.verdict.code()), expected, "{account}");
    }
}
