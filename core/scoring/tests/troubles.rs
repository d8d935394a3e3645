//! Troubles that others had, as whole cases: verdict, address, flags and reasons of each.

mod common;

use common::Scenario;

#[test]
fn resolves_cases_that_other_tools_got_wrong() {
    for scenario in TROUBLES {
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
                &["192.168.64.34 unlikely [off-subnet] doubt: this computer has no shared network"],
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
            &["struck out: no counted evidence", "a lease of the shared network says nothing"],
        )],
    },
    Scenario {
        name: "only an expired lease (vagrant-libvirt#674)",
        network: "shared",
        machines: &["web shared on=bridge100"],
        evidence: &["web 192.168.65.4 lease-expired mac=web"],
        expected: &[("web: probable 192.168.65.4", &["192.168.65.4 likely [stale]"])],
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
            &["192.168.65.37 sure []", "+neighbour-stale | -ssh-unreachable"],
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
            "web: probable 192.168.1.13",
            &["192.168.2.2 unlikely [off-subnet]", "172.17.0.1 unlikely [host]"],
        )],
    },
    Scenario {
        name: "the container bridge inside the guest (open-vm-tools#100)",
        network: "unknown",
        machines: &["web bridged"],
        evidence: &["web 172.17.0.1 console-address", "web 192.168.1.64 neighbour-stale mac=web"],
        expected: &[(
            "web: resolved 192.168.1.64",
            &["172.17.0.1 unlikely [guest-claim-only] doubt: it is in the range of Docker's"],
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
            &["192.168.1.64 sure []\u{20}|", "2001:db8::5 sure", "fe80::1 likely [link-local]"],
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
            &["not ssh-unreachable: the VM's MAC was just seen there"],
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
            "web: probable 192.168.1.50",
            &[
                "192.168.1.0 unlikely [guest-claim-only] struck out: the address of a whole network",
                "192.168.1.1 unlikely [gateway guest-claim-only] struck out: the address of the gate",
                "192.168.1.20 unlikely [host guest-claim-only] struck out: an address of this comp",
                "192.168.1.255 unlikely [guest-claim-only] struck out: a broadcast address",
            ],
        )],
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
            ("web: ambiguous -", &["open [duplicate-ip]", "note: 192.168.65.4 is also held by db"]),
            ("db: ambiguous -", &["open [duplicate-ip]", "also held by web"]),
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
            ("web: resolved 192.168.1.64", &["sure []"]),
            ("evil: no-address -", &["the MAC of web"]),
        ],
    },
    Scenario {
        name: "a guest whose agent claims another machine's address takes nothing from it either",
        network: "lan",
        machines: &["web bridged", "evil bridged"],
        evidence: &[
            "web 192.168.1.64 neighbour-reachable mac=web",
            "web 192.168.1.64 ssh-ready",
            "evil 192.168.1.64 agent-address mac=evil",
        ],
        expected: &[
            ("web: resolved 192.168.1.64", &["192.168.1.64 sure []"]),
            ("evil: ambiguous -", &["[duplicate-ip guest-claim-only]", "is also held by web"]),
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
        name: "two machines and a stopped one have one host name",
        network: "lan",
        machines: &[
            "web bridged host-name=ubuntu",
            "db bridged host-name=ubuntu",
            "off host-name=ubuntu off",
        ],
        evidence: &["web 192.168.1.64 neighbour-reachable mac=web"],
        expected: &[
            ("web: resolved 192.168.1.64", &["note: its host name ubuntu is also that of db"]),
            ("db: no-address -", &["note: its host name ubuntu is also that of web"]),
            ("off: not-running -", &[]),
        ],
    },
    Scenario {
        name: "one MAC, and only one of the two has an address",
        network: "lan",
        machines: &["web bridged", "db bridged mac=web"],
        evidence: &["web 192.168.1.64 neighbour-reachable mac=web"],
        expected: &[
            ("web: probable 192.168.1.64", &["sure [duplicate-mac]"]),
            ("db: no-address -", &["note: the MAC 52:54:00:00:00:77 is also that of web"]),
        ],
    },
];
