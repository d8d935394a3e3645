//! Verdict, address, flags and reasons of whole cases, most of them troubles that others had.

mod common;

use common::Scenario;

#[test]
fn single_signals_have_the_odds_of_the_table() {
    let rows = [
        ("neighbour-reachable mac=web", "resolved 192.168.1.64", "192.168.1.64 0.990 []"),
        ("neighbour-stale mac=web", "probable 192.168.1.64", "192.168.1.64 0.889 [stale]"),
        ("console-address", "resolved 192.168.1.64", "192.168.1.64 0.938 [guest-claim-only]"),
        ("neighbour-cached mac=web", "resolved 192.168.1.64", "192.168.1.64 0.968 []"),
        ("lease-expired", "probable 192.168.1.64", "192.168.1.64 0.667 [stale]"),
        ("dns-address", "probable 192.168.1.64", "192.168.1.64 0.800 []"),
        (
            "ssh-ready",
            "no-address -",
            "struck out: nothing that counts ties it to the machine | ssh-ready +1.10",
        ),
        (
            "neighbour-reachable mac=web age=60",
            "resolved 192.168.1.64",
            "neighbour-reachable +2.30",
        ),
        ("neighbour-stale mac=web age=600", "probable 192.168.1.64", "neighbour-stale +1.04"),
        ("from-tomorrow", "no-address -", "not from-tomorrow: its kind has no weight"),
        ("neighbour-reachable mac=other", "no-address -", "is not the machine's MAC"),
    ];
    for (signal, verdict, line) in rows {
        let lines = [format!("web 192.168.1.64 {signal}")];
        let cases = [common::case("web bridged")];
        let evidence = common::evidence(&lines.each_ref().map(String::as_str), &cases);
        let weights = vmkit_scoring::Weights::builtin().unwrap();
        let network = common::network("lan");
        let picks =
            vmkit_scoring::score(&cases, &evidence, network.as_ref(), common::now(), &weights);
        let (found, text) = &common::account(&cases, &picks)["web"];
        assert_eq!(found, verdict, "{signal}\n{text}");
        assert!(text.contains(line), "{signal} lacks {line:?}\n{text}");
    }
}

#[test]
fn troubles_that_others_had() {
    for scenario in TROUBLES {
        scenario.check();
    }
}

#[test]
fn the_rules_of_ranges_modes_and_boots() {
    for scenario in RULES {
        scenario.check();
    }
}

#[test]
fn several_machines_at_one_address_or_with_one_mac() {
    for scenario in DUPLICATES {
        scenario.check();
    }
}

const TROUBLES: &[Scenario] = &[
    Scenario {
        name: "a lease of one shared network and ARP on another (tart#172)",
        network: "shared",
        machines: &["web shared on=bridge100", "off off"],
        evidence: &[
            "web 192.168.64.34 lease-current mac=web",
            "web 192.168.65.4 neighbour-cached mac=web if=bridge100",
            "off 192.168.65.9 neighbour-stale mac=off",
        ],
        expected: &[
            (
                "web: resolved 192.168.65.4",
                &["192.168.64.34 0.031 [off-subnet] doubt -3.00: the host has no shared network"],
            ),
            ("off: not-running -", &[]),
        ],
    },
    Scenario {
        name: "a shared run, then a bridged one: the lease file keeps the old address (tart#472)",
        network: "lan",
        machines: &["web bridged on=en0"],
        evidence: &["web 192.168.64.34 lease-current mac=web"],
        expected: &[(
            "web: no-address -",
            &["struck out: nothing that counts", "a lease of the shared network says nothing"],
        )],
    },
    Scenario {
        name: "only an expired lease (vagrant-libvirt#674)",
        network: "shared",
        machines: &["web shared on=bridge100"],
        evidence: &["web 192.168.65.4 lease-expired mac=web"],
        expected: &[("web: probable 192.168.65.4", &["192.168.65.4 0.667 [stale]"])],
    },
    Scenario {
        name: "two addresses at one MAC, the old one silent (multipass#3772)",
        network: "shared",
        machines: &["web shared on=bridge100 up=3600"],
        evidence: &[
            "web 192.168.65.36 neighbour-stale mac=web if=bridge100",
            "web 192.168.65.37 neighbour-stale mac=web if=bridge100",
            "web 192.168.65.36 ssh-unreachable",
            "web 192.168.65.37 ssh-ready",
        ],
        expected: &[(
            "web: resolved 192.168.65.37",
            &["192.168.65.37 0.945 []", "ssh-unreachable -3.00 | neighbour-stale +2.08"],
        )],
    },
    Scenario {
        name: "incomplete on one interface, found on another (multipass#4383)",
        network: "shared",
        machines: &["web shared on=bridge100"],
        evidence: &[
            "web 192.168.65.4 neighbour-cached mac=web if=bridge100",
            "web 192.168.65.4 neighbour-failed if=en0",
        ],
        expected: &[(
            "web: resolved 192.168.65.4",
            &["not neighbour-failed: the address was found on another interface"],
        )],
    },
    Scenario {
        name: "the agent lists a second network (cockpit-machines#729)",
        network: "lan",
        machines: &["web bridged on=en0"],
        evidence: &[
            "web 192.168.2.2 agent-address mac=other",
            "web 192.168.1.13 agent-address mac=web",
            "web 172.17.0.1 agent-address mac=docker",
        ],
        expected: &[(
            "web: resolved 192.168.1.13",
            &["192.168.2.2 0.000 [off-subnet]", "172.17.0.1 0.000 [host]"],
        )],
    },
    Scenario {
        name: "the container bridge inside the guest (open-vm-tools#100)",
        network: "unknown",
        machines: &["web bridged"],
        evidence: &["web 172.17.0.1 console-address", "web 192.168.1.64 neighbour-stale mac=web"],
        expected: &[(
            "web: probable 192.168.1.64",
            &["172.17.0.1 0.077 [guest-claim-only] doubt -3.00: it is in the range of Docker's"],
        )],
    },
    Scenario {
        name: "fe80 comes first (minikube#3963)",
        network: "lan",
        machines: &["web bridged"],
        evidence: &[
            "web fe80::1 neighbour-reachable mac=web",
            "web 2001:db8::5 neighbour-reachable mac=web",
            "web 192.168.1.64 neighbour-reachable mac=web",
        ],
        expected: &[(
            "web: resolved 192.168.1.64",
            &["192.168.1.64 0.990 []\u{20}|", "2001:db8::5 0.943", "fe80::1 0.047 [link-local]"],
        )],
    },
    Scenario {
        name: "the right address, but the host may not reach it (multipass#3766)",
        network: "shared",
        machines: &["web shared on=bridge100 up=600"],
        evidence: &[
            "web 192.168.65.4 neighbour-reachable mac=web",
            "web 192.168.65.4 ssh-unreachable",
        ],
        expected: &[(
            "web: resolved 192.168.65.4",
            &["not ssh-unreachable: the machine's MAC was just seen there"],
        )],
    },
    Scenario {
        name: "every dotted quad of a console: network and router before the machine's own",
        network: "lan",
        machines: &["web bridged up=60"],
        evidence: &[
            "web 192.168.1.0 console-address",
            "web 192.168.1.1 console-address",
            "web 192.168.1.1 ssh-ready",
            "web 192.168.1.255 console-address",
            "web 192.168.1.50 console-address",
            "web 192.168.1.20 console-address",
        ],
        expected: &[(
            "web: resolved 192.168.1.50",
            &[
                "192.168.1.0 0.000 [guest-claim-only] struck out: the address of a whole network",
                "192.168.1.1 0.000 [gateway guest-claim-only] struck out: the address of the gate",
                "192.168.1.20 0.000 [host guest-claim-only] struck out: an address of this comp",
                "192.168.1.255 0.000 [guest-claim-only] struck out: a broadcast address",
            ],
        )],
    },
];

const RULES: &[Scenario] = &[
    Scenario {
        name: "rebooted to a new lease, the old one still STALE and silent",
        network: "lan",
        machines: &["web bridged on=en0 up=120"],
        evidence: &[
            "web 192.168.1.50 neighbour-stale mac=web if=en0",
            "web 192.168.1.50 ssh-unreachable",
            "web 192.168.1.51 console-address",
            "web 192.168.1.51 neighbour-reachable mac=web if=en0",
            "web 192.168.1.51 ssh-ready",
        ],
        expected: &[("web: resolved 192.168.1.51", &["192.168.1.50 0.000 [stale]"])],
    },
    Scenario {
        name: "evidence of the boot before counts for nothing",
        network: "lan",
        machines: &["web bridged on=en0 up=60"],
        evidence: &[
            "web 192.168.1.50 neighbour-stale mac=web age=90",
            "web 192.168.1.51 neighbour-stale mac=web age=61",
            "web 192.168.1.50 ssh-ready",
        ],
        expected: &[(
            "web: probable 192.168.1.51",
            &["struck out: nothing that counts", "not neighbour-stale: seen 30 s before this boot"],
        )],
    },
    Scenario {
        name: "the guest gave itself an address",
        network: "lan",
        machines: &["web bridged on=en0"],
        evidence: &[
            "web 169.254.3.4 neighbour-reachable mac=web",
            "web 169.254.3.4 console-address",
            "web - console-no-lease",
        ],
        expected: &[(
            "web: no-address -",
            &["[link-local] doubt -3.00: the guest gave it to itself", "console-no-lease -0.69"],
        )],
    },
    Scenario {
        name: "no evidence at all",
        network: "lan",
        machines: &["web"],
        evidence: &["web - console-phase", "web - unread"],
        expected: &[("web: no-address -", &["none 1.000"])],
    },
    Scenario {
        name: "an address of the host's shared network for a bridged machine",
        network: "unknown",
        machines: &["web bridged"],
        evidence: &["web 192.168.105.7 neighbour-reachable mac=web"],
        expected: &[(
            "web: probable 192.168.105.7",
            &["doubt -3.00: it is in the shared network of socket_vmnet, and the machine is bri"],
        )],
    },
    Scenario {
        name: "a LAN that happens to be 192.168.64.0/24",
        network: "nat-lan",
        machines: &["web bridged on=en5"],
        evidence: &["web 192.168.64.9 lease-current mac=web"],
        expected: &[("web: resolved 192.168.64.9", &["lease-current +3.00"])],
    },
    Scenario {
        name: "a LAN address for a machine on the shared network",
        network: "shared",
        machines: &["web shared on=bridge100"],
        evidence: &["web 192.168.1.64 console-address"],
        expected: &[("web: ambiguous -", &["it is on the LAN, and the machine is on a shared"])],
    },
    Scenario {
        name: "QEMU's user network",
        network: "lan",
        machines: &["web user"],
        evidence: &["web 10.0.2.15 console-address"],
        expected: &[("web: ambiguous -", &["note: on QEMU's user network the host cannot reach"])],
    },
    Scenario {
        name: "one origin tells its fact three times",
        network: "lan",
        machines: &["web bridged"],
        evidence: &[
            "web 192.168.1.64 dhcp-ack mac=web",
            "web 192.168.1.64 lease-current mac=web",
            "web 192.168.1.64 dns-address",
        ],
        expected: &[(
            "web: resolved 192.168.1.64",
            // ln 200 + 0.3 · (ln 20 + ln 4) is above the cap of ln 300.
            &["192.168.1.64 0.997 [] | dhcp-ack +4.57 | lease-current +0.78 | dns-address +0.36"],
        )],
    },
    Scenario {
        name: "the neighbour table is read again, and the entry has failed",
        network: "lan",
        machines: &["web bridged"],
        evidence: &[
            "web 192.168.1.64 neighbour-stale mac=web if=en0 received=1",
            "web 192.168.1.64 neighbour-failed if=en0",
            "web 192.168.1.65 neighbour-stale mac=web if=en0 received=1",
            "web 192.168.1.65 neighbour-reachable mac=web if=en0",
        ],
        expected: &[(
            "web: resolved 192.168.1.65",
            &[
                "192.168.1.65 0.990 [] | neighbour-reachable +4.61 | not neighbour-stale: the sam",
                "192.168.1.64 0.000 [] struck out: nothing that counts ties it to the machine",
            ],
        )],
    },
    Scenario {
        name: "a source that repeats itself",
        network: "lan",
        machines: &["web bridged"],
        evidence: &[
            "web 192.168.1.64 console-address",
            "web 192.168.1.64 console-address age=9",
            "web 192.168.1.64 console-address age=5",
        ],
        expected: &[(
            "web: resolved 192.168.1.64",
            &["0.938", "not console-address: the same source has said something newer"],
        )],
    },
    Scenario {
        name: "somebody else answers there",
        network: "lan",
        machines: &["web bridged"],
        evidence: &[
            "web 192.168.1.64 console-address",
            "web 192.168.1.64 neighbour-other-mac mac=printer",
        ],
        expected: &[("web: no-address -", &["[mac-mismatch guest-claim-only]", "none 0.870"])],
    },
    Scenario {
        name: "a host that translates MACs answers for all",
        network: "lan",
        machines: &["web bridged", "db bridged"],
        evidence: &[
            "web 192.168.1.64 console-address",
            "web 192.168.1.64 neighbour-other-mac mac=host",
            "db 192.168.1.65 console-address",
            "db 192.168.1.65 neighbour-other-mac mac=host",
        ],
        expected: &[
            ("web: resolved 192.168.1.64", &["answers for several addresses"]),
            ("db: resolved 192.168.1.65", &["[guest-claim-only]"]),
        ],
    },
    Scenario {
        name: "silence of a machine that has just been started",
        network: "lan",
        machines: &["web bridged up=10"],
        evidence: &["web 192.168.1.64 console-address", "web 192.168.1.64 arp-silent"],
        expected: &[(
            "web: resolved 192.168.1.64",
            &["not arp-silent: the machine may not have been up yet"],
        )],
    },
    Scenario {
        name: "only IPv6",
        network: "lan",
        machines: &["web bridged"],
        evidence: &[
            "web 2001:db8::5 neighbour-reachable mac=web",
            "web 169.254.3.4 neighbour-stale mac=web",
        ],
        expected: &[("web: resolved 2001:db8::5", &["0.990 [off-subnet]"])],
    },
    Scenario {
        name: "an IPv4 address written inside IPv6 is one candidate",
        network: "lan",
        machines: &["web bridged"],
        evidence: &["web ::ffff:192.168.1.64 dns-address", "web 192.168.1.64 console-address"],
        expected: &[("web: resolved 192.168.1.64", &["192.168.1.64 0.984 []"])],
    },
];

const DUPLICATES: &[Scenario] = &[
    Scenario {
        name: "clones of one machine-id lease one address (tart#1097, lxd#7180)",
        network: "shared",
        machines: &["web shared on=bridge100", "db shared on=bridge100"],
        evidence: &[
            "web 192.168.65.4 lease-current mac=web",
            "db 192.168.65.4 lease-current mac=db",
        ],
        expected: &[
            (
                "web: ambiguous -",
                &["0.476 [duplicate-ip]", "note: 192.168.65.4 is also held by db"],
            ),
            ("db: ambiguous -", &["0.476 [duplicate-ip]", "also held by web"]),
        ],
    },
    Scenario {
        name: "one of two clones answers: still not resolved",
        network: "shared",
        machines: &["web shared on=bridge100", "db shared on=bridge100"],
        evidence: &[
            "web 192.168.65.4 lease-current mac=web",
            "web 192.168.65.4 neighbour-reachable mac=web",
            "db 192.168.65.4 lease-current mac=db",
            "db 192.168.65.4 neighbour-other-mac mac=web",
        ],
        expected: &[
            ("web: probable 192.168.65.4", &["[duplicate-ip]", "note: 192.168.65.4 is also held"]),
            (
                "db: no-address -",
                &["[duplicate-ip mac-mismatch]", "answers with 52:54:00:00:00:77, the MAC of web"],
            ),
        ],
    },
    Scenario {
        name: "a guest that claims another machine's address takes nothing from it",
        network: "lan",
        machines: &["web bridged", "evil bridged"],
        evidence: &[
            "web 192.168.1.64 neighbour-reachable mac=web",
            "evil 192.168.1.64 console-address",
            "evil 192.168.1.64 neighbour-other-mac mac=web",
        ],
        expected: &[
            ("web: resolved 192.168.1.64", &["0.990 []"]),
            ("evil: no-address -", &["the MAC of web"]),
        ],
    },
    Scenario {
        name: "every machine has one MAC (multipass#28)",
        network: "lan",
        machines: &["web bridged", "db bridged mac=web", "off mac=web off"],
        evidence: &[
            "web 192.168.1.64 neighbour-reachable mac=web",
            "db 192.168.1.64 neighbour-reachable mac=web",
        ],
        expected: &[
            ("web: ambiguous -", &["[duplicate-mac]", "52:54:00:00:00:77 is also that of db"]),
            ("db: ambiguous -", &["[duplicate-mac]", "is also that of web"]),
            ("off: not-running -", &[]),
        ],
    },
    Scenario {
        name: "one MAC, and only one of the two has an address",
        network: "lan",
        machines: &["web bridged", "db bridged mac=web"],
        evidence: &["web 192.168.1.64 neighbour-reachable mac=web"],
        expected: &[
            ("web: probable 192.168.1.64", &["0.990 [duplicate-mac]"]),
            ("db: no-address -", &["note: the MAC 52:54:00:00:00:77 is also that of web"]),
        ],
    },
];
