//! Machines with several network cards: whose address it is, and what excludes what.

mod common;

use common::Scenario;

#[test]
fn each_card_has_its_own_addresses() {
    for scenario in SCENARIOS {
        scenario.check();
    }
}

const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "the evidence names the MAC of the second card",
        network: "lan",
        machines: &["web bridged on=en0 and bridged on=en0 mac=x"],
        evidence: &["web 192.168.1.50 neighbour-reachable mac=x if=en0"],
        expected: &[("web: resolved 192.168.1.50", &["192.168.1.50 sure [] card 1"])],
    },
    Scenario {
        name: "a lease on the second MAC, as of a vagrant-libvirt machine with a private network",
        network: "two-bridges",
        machines: &["web bridged on=virbr0 and bridged on=virbr1 mac=x"],
        evidence: &[
            "web 192.168.39.7 lease-current mac=x",
            "web 192.168.39.7 neighbour-stale mac=x if=virbr1",
        ],
        expected: &[("web: resolved 192.168.39.7", &["sure [] card 1"])],
    },
    Scenario {
        name: "Lima: the user network first, a shared one second",
        network: "shared",
        machines: &["web user and shared on=bridge100 mac=x"],
        evidence: &[
            "web 10.0.2.15 agent-address mac=web",
            "web 192.168.65.4 agent-address mac=x",
            "web 192.168.65.4 ssh-ready",
        ],
        expected: &[(
            "web: probable 192.168.65.4",
            &[
                "192.168.65.4 sure [guest-claim-only] card 1 |",
                "[off-subnet guest-claim-only] card 0 doubt: this computer cannot reach a VM on QEMU's user network",
            ],
        )],
    },
    Scenario {
        name: "the user network first, a bridged one second, and the guest's words alone",
        network: "lan",
        machines: &["web user and bridged on=en0 mac=x"],
        evidence: &["web 10.0.2.15 console-address", "web 192.168.1.50 console-address"],
        expected: &[(
            "web: probable 192.168.1.50",
            &["192.168.1.50 sure [guest-claim-only] card 1"],
        )],
    },
    Scenario {
        name: "the user network alone leaves a note",
        network: "lan",
        machines: &["web user and user mac=x"],
        evidence: &["web 10.0.2.15 console-address"],
        expected: &[(
            "web: ambiguous -",
            &["note: this computer cannot reach a VM on QEMU's user network"],
        )],
    },
    Scenario {
        name: "an address on each card: both are the machine's",
        network: "two-bridges",
        machines: &["web bridged on=virbr0 and bridged on=virbr1 mac=x"],
        evidence: &[
            "web 192.168.122.7 lease-current mac=web",
            "web 192.168.122.7 neighbour-reachable mac=web if=virbr0",
            "web 192.168.39.7 lease-current mac=x",
            "web 192.168.39.7 neighbour-reachable mac=x if=virbr1",
            "web 192.168.39.7 ssh-ready",
        ],
        expected: &[(
            "web: resolved 192.168.39.7",
            &["192.168.39.7 sure [] card 1", "192.168.122.7 sure [] card 0"],
        )],
    },
    Scenario {
        name: "two leases on one card still exclude each other",
        network: "two-bridges",
        machines: &["web bridged on=virbr0 and bridged on=virbr1 mac=x"],
        evidence: &[
            "web 192.168.39.7 lease-current mac=x",
            "web 192.168.39.8 lease-current mac=x",
            "web 192.168.122.7 lease-current mac=web",
        ],
        expected: &[(
            "web: resolved 192.168.122.7",
            &["192.168.122.7 sure [] card 0", "192.168.39.7 open [] card 1"],
        )],
    },
    Scenario {
        name: "both cards answer for one address, as Linux does on one link",
        network: "lan",
        machines: &["web bridged on=en0 and bridged on=en0 mac=x"],
        evidence: &[
            "web 192.168.1.50 neighbour-reachable mac=web if=en0",
            "web 192.168.1.50 arp-reply mac=web if=en0",
            "web 192.168.1.50 arp-duplicate mac=x if=en0",
            "web 192.168.1.50 neighbour-other-mac mac=x if=en0",
        ],
        expected: &[(
            "web: resolved 192.168.1.50",
            &[
                "192.168.1.50 sure [] card 0",
                "not arp-duplicate: 52:54:00:00:00:78 is another network card of the VM itself",
                "not neighbour-other-mac: 52:54:00:00:00:78 is another network card",
            ],
        )],
    },
    Scenario {
        name: "both cards were seen at one address: it is the machine's, on either card",
        network: "lan",
        machines: &["web bridged on=en0 and bridged on=en0 mac=x"],
        evidence: &[
            "web 192.168.1.50 neighbour-reachable mac=web if=en0",
            "web 192.168.1.50 lease-current mac=x",
        ],
        expected: &[("web: resolved 192.168.1.50", &["192.168.1.50 sure [] |"])],
    },
    Scenario {
        name: "a card whose MAC is unknown may have any",
        network: "lan",
        machines: &["web bridged on=en0 and bridged on=en0 mac=unknown"],
        evidence: &["web 192.168.1.50 neighbour-reachable mac=q if=en0"],
        expected: &[("web: resolved 192.168.1.50", &["+neighbour-reachable"])],
    },
    Scenario {
        name: "the second card has the MAC of another machine",
        network: "lan",
        machines: &["web bridged on=en0 and bridged on=en0 mac=db", "db bridged on=en0"],
        evidence: &["db 192.168.1.50 neighbour-reachable mac=db if=en0"],
        expected: &[
            ("web: no-address -", &["note: the MAC 52:54:00:00:00:64 is also that of db"]),
            ("db: probable 192.168.1.50", &["[duplicate-mac]", "is also that of web"]),
        ],
    },
    Scenario {
        name: "no lease at the server of the second card's bridge counts against it",
        network: "two-bridges",
        machines: &["web user and bridged on=virbr1 mac=x"],
        evidence: &[
            "web 192.168.39.7 console-address",
            "web - lease-none if=virbr1",
            "web - lease-none if=virbr0",
        ],
        expected: &[(
            "web: probable 192.168.39.7",
            &["card 1 | +console-address | -lease-none", "not lease-none: the VM may not use"],
        )],
    },
];
