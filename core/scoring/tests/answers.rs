//! Who answered a probe, whom a host key names, and addresses that a machine has side by side.

mod common;

use common::Scenario;
use vmkit_scoring::{Weights, score};

#[test]
fn an_answer_comes_from_the_mac_of_the_table() {
    for scenario in ANSWERS {
        scenario.check();
    }
}

#[test]
fn a_host_key_decides() {
    for scenario in KEYS {
        scenario.check();
    }
}

#[test]
fn addresses_side_by_side() {
    for scenario in SIDE_BY_SIDE {
        scenario.check();
    }
}

#[test]
fn what_may_be_written_was_seen_on_the_machine_alone() {
    let rows: [(&[&str], bool); 7] = [
        (&["neighbour-reachable mac=web", "ssh-ready"], true),
        (&["neighbour-stale mac=web", "console-address", "icmp-reply"], true),
        (&["neighbour-stale mac=web", "console-address", "lease-current mac=web"], false),
        (&["console-address", "dns-address", "lease-current mac=web", "ssh-ready"], false),
        (&["arp-reply mac=web", "ssh-ready", "arp-duplicate mac=printer"], false),
        (&["ssh-host-key", "ssh-ready"], true),
        (&["ssh-host-key", "neighbour-other-mac mac=printer"], false),
    ];
    for (signals, expected) in rows {
        let cases = [common::case("web bridged on=en0 up=600")];
        let lines: Vec<_> = signals.iter().map(|it| format!("web 192.168.1.64 {it}")).collect();
        let all = common::evidence(&lines.iter().map(String::as_str).collect::<Vec<_>>(), &cases);
        let (weights, network) = (Weights::builtin().unwrap(), common::network("lan"));
        let picks = score(&cases, &all, network.as_ref(), common::now(), &weights);
        let account = common::account(&cases, &picks);
        assert_eq!(picks[0].may_be_written(&weights), expected, "{signals:?} {account:?}");
    }
}

const ANSWERS: &[Scenario] = &[
    Scenario {
        name: "a STALE entry of the boot before, and somebody answers: the machine, by its MAC",
        network: "lan",
        machines: &["web bridged on=en0 up=60"],
        evidence: &[
            "web 192.168.1.50 neighbour-stale mac=web age=900 if=en0",
            "web 192.168.1.50 icmp-reply",
        ],
        expected: &[("web: resolved 192.168.1.50", &["sure [] | +neighbour-stale"])],
    },
    Scenario {
        name: "the guest's word, its lease and its name, and another MAC answers there",
        network: "lan",
        machines: &["web bridged on=en0 up=3600"],
        evidence: &[
            "web 192.168.1.50 console-address",
            "web 192.168.1.50 lease-current mac=web",
            "web 192.168.1.50 dns-address",
            "web 192.168.1.50 neighbour-other-mac mac=printer age=900 if=en0",
            "web 192.168.1.50 icmp-reply",
        ],
        expected: &[("web: no-address -", &["[mac-mismatch] | -neighbour-other-mac"])],
    },
    Scenario {
        name: "an entry that has no age, of a machine that has been up for less than it is kept",
        network: "shared",
        machines: &["web shared on=bridge100 up=30", "db shared on=bridge100 up=86400"],
        evidence: &[
            "web 192.168.65.4 neighbour-cached mac=web if=bridge100",
            "web 192.168.65.4 ssh-timeout",
            "db 192.168.65.5 neighbour-cached mac=db if=bridge100",
            "db 192.168.65.5 ssh-timeout",
        ],
        expected: &[
            ("web: no-address -", &["+neighbour-cached"]),
            ("db: resolved 192.168.65.5", &["+neighbour-cached | -ssh-timeout"]),
        ],
    },
    Scenario {
        name: "the host's Wi-Fi card stands for the machines bridged with it",
        network: "lan",
        machines: &["db bridged on=en0"],
        evidence: &[
            "db 192.168.1.64 console-address",
            "db 192.168.1.64 neighbour-other-mac mac=Wi-Fi if=en0",
            "db 192.168.1.64 ssh-ready",
        ],
        expected: &[(
            "db: probable 192.168.1.64",
            &["not neighbour-other-mac: 52:54:00:00:00:57 is the MAC of this computer's Wi-Fi"],
        )],
    },
    Scenario {
        name: "the guest gave itself an address: a lease that it does not name is of before",
        network: "shared",
        machines: &["web shared on=bridge100 up=600", "db shared on=bridge100 up=600"],
        evidence: &[
            "web 169.254.7.7 console-address",
            "web 192.168.65.4 lease-current mac=web",
            "db 169.254.7.8 console-address",
            "db 192.168.65.5 console-address",
            "db 192.168.65.5 lease-current mac=db",
        ],
        expected: &[
            (
                "web: no-address -",
                &["192.168.65.4 open [] doubt: DHCP failed: the guest gave itself 169.254"],
            ),
            ("db: resolved 192.168.65.5", &["192.168.65.5 sure [] | +"]),
        ],
    },
    Scenario {
        name: "the guest names an address in no network of the interface that it is bridged with",
        network: "lan",
        machines: &["web bridged on=en0"],
        evidence: &["web 192.168.77.4 console-address"],
        expected: &[(
            "web: ambiguous -",
            &["[off-subnet guest-claim-only] doubt: it is in no network of en0, which the VM"],
        )],
    },
];

const KEYS: &[Scenario] = &[
    Scenario {
        name: "another host key where nothing but the guest's word and its lease speak",
        network: "lan",
        machines: &["web bridged on=en0"],
        evidence: &[
            "web 192.168.1.64 console-address",
            "web 192.168.1.64 lease-current mac=web",
            "web 192.168.1.64 ssh-ready",
            "web 192.168.1.64 ssh-other-host-key",
        ],
        expected: &[("web: no-address -", &["| -ssh-other-host-key"])],
    },
    Scenario {
        name: "the machine's MAC with another key: installed anew, or a clone; never resolved",
        network: "lan",
        machines: &["web bridged on=en0"],
        evidence: &[
            "web 192.168.1.64 arp-reply mac=web if=en0",
            "web 192.168.1.64 agent-address mac=web",
            "web 192.168.1.64 ssh-ready",
            "web 192.168.1.64 ssh-other-host-key",
        ],
        expected: &[("web: probable 192.168.1.64", &["-ssh-other-host-key"])],
    },
    Scenario {
        name: "two answer ARP, and the key is the machine's",
        network: "lan",
        machines: &["web bridged on=en0"],
        evidence: &[
            "web 192.168.1.64 arp-reply mac=web if=en0",
            "web 192.168.1.64 arp-duplicate mac=printer if=en0",
            "web 192.168.1.64 ssh-ready",
            "web 192.168.1.64 ssh-host-key",
        ],
        expected: &[("web: resolved 192.168.1.64", &["[duplicate-ip]"])],
    },
    Scenario {
        name: "the key is the machine's, and the MAC is its clone's: clones may have one key",
        network: "lan",
        machines: &["web bridged on=en0", "copy bridged on=en0"],
        evidence: &[
            "web 192.168.1.64 lease-current mac=web",
            "web 192.168.1.64 neighbour-other-mac mac=copy if=en0",
            "web 192.168.1.64 ssh-host-key",
        ],
        expected: &[("web: probable 192.168.1.64", &["[mac-mismatch]", "the MAC of copy"])],
    },
    Scenario {
        name: "a new key tells nothing",
        network: "lan",
        machines: &["web bridged on=en0"],
        evidence: &["web 192.168.1.64 console-address", "web 192.168.1.64 ssh-new-host-key"],
        expected: &[("web: probable 192.168.1.64", &["+console-address"])],
    },
];

const SIDE_BY_SIDE: &[Scenario] = &[
    Scenario {
        name: "both addresses of a card answer: either leads to the machine",
        network: "lan",
        machines: &["web bridged on=en0"],
        evidence: &[
            "web 192.168.1.64 neighbour-stale mac=web if=en0",
            "web 192.168.1.64 ssh-ready",
            "web 192.168.1.65 neighbour-stale mac=web if=en0",
            "web 192.168.1.65 ssh-ready",
        ],
        expected: &[("web: resolved 192.168.1.64", &["192.168.1.65 sure []"])],
    },
    Scenario {
        name: "of IPv6 the farthest reaching comes first; a link-local one needs its interface",
        network: "lan",
        machines: &["web bridged on=en0", "db bridged on=en0"],
        evidence: &[
            "web fe80::5 agent-address mac=web",
            "web fd00::5 agent-address mac=web",
            "web 2001:db8::5 neighbour-reachable mac=web",
            "db fe80::6 neighbour-reachable mac=db",
        ],
        expected: &[
            ("web: probable 2001:db8::5", &["\n2001:db8::5 sure [off-subnet]", "\nfd00::5 sure"]),
            ("db: no-address -", &["fe80::6 likely [link-local]"]),
        ],
    },
    Scenario {
        name: "IPv4 comes before IPv6, be it less certain",
        network: "lan",
        machines: &["web bridged on=en0"],
        evidence: &["web 2001:db8::5 agent-address mac=web", "web 192.168.1.64 console-address"],
        expected: &[("web: probable 192.168.1.64", &["2001:db8::5 sure"])],
    },
];
