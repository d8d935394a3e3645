//! What asking by ARP decides: one holder, several, and nobody.

mod common;

use common::Scenario;

#[test]
fn decides_by_who_answers() {
    for scenario in SCENARIOS {
        scenario.check();
    }
}

const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "the machine alone answers",
        network: "lan",
        machines: &["web bridged on=en0 up=120"],
        evidence: &["web 192.168.1.50 arp-reply mac=web if=en0", "web 192.168.1.50 ssh-timeout"],
        expected: &[("web: resolved 192.168.1.50", &["+arp-reply"])],
    },
    Scenario {
        name: "the machine and a stranger answer",
        network: "lan",
        machines: &["web bridged on=en0 up=120"],
        evidence: &[
            "web 192.168.1.50 neighbour-reachable mac=web if=en0",
            "web 192.168.1.50 arp-reply mac=web if=en0",
            "web 192.168.1.50 arp-duplicate mac=q if=en0",
            "web 192.168.1.50 ssh-ready",
        ],
        expected: &[(
            "web: probable 192.168.1.50",
            &["[duplicate-ip]", "note: 192.168.1.50 is also answered for by 52:54:00:00:00:71"],
        )],
    },
    Scenario {
        name: "a stranger answered beside it, long ago",
        network: "lan",
        machines: &["web bridged on=en0 up=900"],
        evidence: &[
            "web 192.168.1.50 neighbour-reachable mac=web if=en0",
            "web 192.168.1.50 arp-duplicate mac=q if=en0 age=120",
        ],
        expected: &[("web: resolved 192.168.1.50", &["192.168.1.50 sure []"])],
    },
    Scenario {
        name: "a router answers for all by proxy ARP, beside the machine",
        network: "lan",
        machines: &["web bridged on=en0 up=120"],
        evidence: &[
            "web 192.168.1.50 arp-reply mac=web if=en0",
            "web 192.168.1.50 arp-duplicate mac=q if=en0",
            "web 192.168.1.50 neighbour-other-mac mac=q if=en0 from=arp",
            "web 192.168.1.51 neighbour-other-mac mac=q if=en0 from=arp",
        ],
        expected: &[(
            "web: resolved 192.168.1.50",
            &["not arp-duplicate: 52:54:00:00:00:71 answers for several addresses"],
        )],
    },
    Scenario {
        name: "the table has many addresses on the MAC that answers for a single machine",
        network: "lan",
        machines: &["web bridged on=en0 up=120"],
        evidence: &[
            "web 192.168.1.50 arp-reply mac=web if=en0",
            "web 192.168.1.50 neighbour-other-mac mac=q if=en0 from=arp addresses=4",
        ],
        expected: &[(
            "web: resolved 192.168.1.50",
            &["not neighbour-other-mac: 52:54:00:00:00:71 answers for several addresses"],
        )],
    },
    Scenario {
        name: "only a stranger answers",
        network: "lan",
        machines: &["web bridged on=en0 up=120"],
        evidence: &[
            "web 192.168.1.50 console-address",
            "web 192.168.1.50 ssh-ready",
            "web 192.168.1.50 neighbour-other-mac mac=q if=en0 from=arp-probe",
        ],
        expected: &[("web: no-address -", &["[mac-mismatch guest-claim-only]"])],
    },
    Scenario {
        name: "two machines at one address, each with its own answer",
        network: "lan",
        machines: &["web bridged on=en0 up=120", "db bridged on=en0 up=120"],
        evidence: &[
            "web 192.168.1.50 arp-reply mac=web if=en0",
            "web 192.168.1.50 arp-duplicate mac=db if=en0",
            "db 192.168.1.50 arp-reply mac=db if=en0",
            "db 192.168.1.50 arp-duplicate mac=web if=en0",
        ],
        expected: &[
            ("web: ambiguous -", &["[duplicate-ip]", "is also held by db"]),
            ("db: ambiguous -", &["[duplicate-ip]", "is also held by web"]),
        ],
    },
    Scenario {
        name: "nobody answers, and the machine is up",
        network: "lan",
        machines: &["web bridged on=en0 up=120"],
        evidence: &["web 192.168.1.50 lease-current mac=web", "web 192.168.1.50 arp-silent if=en0"],
        expected: &[("web: ambiguous -", &["-arp-silent"])],
    },
    Scenario {
        name: "nobody answers, and the machine is still booting",
        network: "lan",
        machines: &["web bridged on=en0 up=10"],
        evidence: &["web 192.168.1.50 lease-current mac=web", "web 192.168.1.50 arp-silent if=en0"],
        expected: &[(
            "web: resolved 192.168.1.50",
            &["not arp-silent: the VM may still have been booting"],
        )],
    },
];
