//! The rules of the table, of ranges, modes and boots: verdict, address, flags and reasons.

#![expect(clippy::unwrap_used, reason = "a faulty table must end its test")]

mod common;

use common::Scenario;
use vmkit_scoring::{Weights, score};

/// The ratio that the table gives to this kind, cut to the cap of its group, as a logarithm.
fn of_table(table: &toml::Table, code: &str) -> f64 {
    let row = &table["kinds"][code];
    let group = &table["groups"][row["group"].as_str().unwrap()];
    number(&row["lr"]).min(number(&group["cap"])).ln()
}

fn number(value: &toml::Value) -> f64 {
    let whole = || value.as_integer().and_then(|number| i32::try_from(number).ok());
    value.as_float().or_else(|| whole().map(f64::from)).unwrap()
}

#[test]
fn single_signals_have_the_odds_of_the_table() {
    let table: toml::Table = include_str!("../weights.toml").parse().unwrap();
    let temperature = number(&table["temperature"]);
    let rows = [
        ("neighbour-reachable mac=web", 1.0, ""),
        ("neighbour-stale mac=web", 1.0, "stale"),
        ("neighbour-cached mac=web", 1.0, ""),
        ("console-address", 1.0, "guest-claim-only"),
        ("lease-expired", 1.0, "stale"),
        ("dns-address", 1.0, "guest-claim-only"),
        ("neighbour-reachable mac=web age=60", 0.5, ""),
        ("neighbour-stale mac=web age=600", 0.5, "stale"),
    ];
    for (signal, left, flags) in rows {
        let lines = [format!("web 192.168.1.64 {signal}")];
        let cases = [common::case("web bridged")];
        let evidence = common::evidence(&lines.each_ref().map(String::as_str), &cases);
        let (weights, network) = (Weights::builtin().unwrap(), common::network("lan"));
        let picks = score(&cases, &evidence, network.as_ref(), common::now(), &weights);
        let candidate = &picks[0].candidates[0];
        let code = signal.split_whitespace().next().unwrap();
        let logit = of_table(&table, code) * left / temperature;
        let expected = 1.0 / (1.0 + (-logit).exp());
        let found = candidate.probability;
        assert!((found - expected).abs() < 1e-9, "{signal}: {found} {expected}");
        let codes: Vec<_> = candidate.flags.iter().map(|flag| flag.code()).collect();
        assert_eq!(codes.join(" "), flags, "{signal}");
    }
}

#[test]
fn says_why_a_signal_does_not_count() {
    let rows = [
        ("ssh-ready", "struck out: no counted evidence ties it to the VM | +ssh-ready"),
        ("from-tomorrow", "not from-tomorrow: its kind has no weight"),
        ("neighbour-reachable mac=other", "is not the VM's MAC"),
    ];
    for (signal, line) in rows {
        let lines = [format!("web 192.168.1.64 {signal}")];
        let cases = [common::case("web bridged")];
        let evidence = common::evidence(&lines.each_ref().map(String::as_str), &cases);
        let (weights, network) = (Weights::builtin().unwrap(), common::network("lan"));
        let picks = score(&cases, &evidence, network.as_ref(), common::now(), &weights);
        let (found, text) = &common::account(&cases, &picks)["web"];
        assert_eq!(found, "no-address -", "{signal}\n{text}");
        assert!(text.contains(line), "{signal} lacks {line:?}\n{text}");
    }
}

#[test]
fn applies_the_rules_of_ranges_modes_and_boots() {
    for scenario in RULES {
        scenario.check();
    }
}

const RULES: &[Scenario] = &[
    Scenario {
        name: "a second look at the neighbour table tells the same, of a little earlier",
        network: "lan",
        machines: &["web bridged on=en0 up=120"],
        evidence: &[
            "web 192.168.1.50 neighbour-reachable mac=web if=en0 age=0 received=1",
            "web 192.168.1.50 neighbour-reachable mac=web if=en0 age=2 received=0",
        ],
        expected: &[("web: resolved 192.168.1.50", &["not neighbour-reachable: the same source"])],
    },
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
        expected: &[("web: resolved 192.168.1.51", &["192.168.1.50 unlikely [stale]"])],
    },
    Scenario {
        name: "evidence of the boot before counts for nothing",
        network: "lan",
        machines: &["web bridged on=en0 up=60"],
        evidence: &[
            "web 192.168.1.50 neighbour-stale mac=web age=90",
            "web 192.168.1.51 neighbour-stale mac=web age=61",
        ],
        expected: &[(
            "web: resolved 192.168.1.51",
            &["struck out: no counted evidence", "not neighbour-stale: seen 30 s before this boot"],
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
            &["[link-local] doubt: the guest gave it to itself", "-console-no-lease"],
        )],
    },
    Scenario {
        name: "no evidence at all",
        network: "lan",
        machines: &["web"],
        evidence: &["web - console-phase", "web - unread"],
        expected: &[("web: no-address -", &["none sure"])],
    },
    Scenario {
        name: "an address of the host's shared network for a bridged machine",
        network: "unknown",
        machines: &["web bridged"],
        evidence: &["web 192.168.105.7 neighbour-reachable mac=web"],
        expected: &[(
            "web: probable 192.168.105.7",
            &["doubt: it is in the shared network of socket_vmnet, and the VM is bri"],
        )],
    },
    Scenario {
        name: "a lease of the host's own network, whatever its range, for a bridged machine",
        network: "shared",
        machines: &["web bridged on=en0"],
        evidence: &["web 192.168.65.4 lease-current mac=web", "web 192.168.65.4 dns-address"],
        expected: &[(
            "web: no-address -",
            &["it is on bridge100, and the VM is bridged elsewhere", "not lease-current: a le"],
        )],
    },
    Scenario {
        name: "two answer for one address: not resolved, whatever else speaks for it",
        network: "lan",
        machines: &["web bridged on=en0", "db bridged on=en0"],
        evidence: &[
            "web 192.168.1.64 arp-reply mac=web if=en0",
            "web 192.168.1.64 neighbour-other-mac mac=printer if=en0",
            "web 192.168.1.64 console-address",
            "db 192.168.1.65 neighbour-other-mac mac=router if=en0 age=600",
            "db 192.168.1.65 arp-reply mac=db if=en0",
        ],
        expected: &[
            ("web: probable 192.168.1.64", &["[mac-mismatch]"]),
            ("db: resolved 192.168.1.65", &["+arp-reply"]),
        ],
    },
    Scenario {
        name: "the host key answers from the MAC of a bridge that translates, or of a relay",
        network: "lan",
        machines: &["web bridged on=en0"],
        evidence: &[
            "web 192.168.1.64 neighbour-other-mac mac=host if=en0 age=20",
            "web 192.168.1.64 ssh-host-key",
        ],
        expected: &[("web: probable 192.168.1.64", &["[mac-mismatch]"])],
    },
    Scenario {
        name: "a LAN that happens to be 192.168.64.0/24",
        network: "nat-lan",
        machines: &["web bridged on=en5"],
        evidence: &["web 192.168.64.9 lease-current mac=web"],
        expected: &[("web: resolved 192.168.64.9", &["+lease-current"])],
    },
    Scenario {
        name: "a LAN address for a machine on the shared network",
        network: "shared",
        machines: &["web shared on=bridge100"],
        evidence: &["web 192.168.1.64 console-address"],
        expected: &[("web: ambiguous -", &["it is on the LAN, and the VM is on a shared"])],
    },
    Scenario {
        name: "QEMU's user network",
        network: "lan",
        machines: &["web user"],
        evidence: &["web 10.0.2.15 console-address"],
        expected: &[(
            "web: ambiguous -",
            &["note: this computer cannot reach a VM on QEMU's user network"],
        )],
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
            // ln 200 + 0.3 · (ln 9 + ln 4) is above the cap of ln 300.
            &["192.168.1.64 sure [] | +dhcp-ack | +lease-current | +dns-address"],
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
                "192.168.1.65 sure [] | +neighbour-reachable | not neighbour-stale: the sam",
                "192.168.1.64 unlikely [] struck out: no counted evidence ties it to the VM",
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
            "web: probable 192.168.1.64",
            &["sure", "not console-address: the same source reported something newer"],
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
        expected: &[("web: no-address -", &["[mac-mismatch guest-claim-only]", "none likely"])],
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
            ("web: probable 192.168.1.64", &["answers for several addresses"]),
            ("db: probable 192.168.1.65", &["[guest-claim-only]"]),
        ],
    },
    Scenario {
        name: "silence of a machine that has just been started",
        network: "lan",
        machines: &["web bridged up=10"],
        evidence: &["web 192.168.1.64 console-address", "web 192.168.1.64 arp-silent"],
        expected: &[(
            "web: probable 192.168.1.64",
            &["not arp-silent: the VM may still have been booting"],
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
        expected: &[("web: probable 2001:db8::5", &["sure [off-subnet]"])],
    },
    Scenario {
        name: "an IPv4 address written inside IPv6 is one candidate",
        network: "lan",
        machines: &["web bridged"],
        evidence: &["web ::ffff:192.168.1.64 dns-address", "web 192.168.1.64 console-address"],
        expected: &[("web: probable 192.168.1.64", &["192.168.1.64 sure [guest-claim-only]"])],
    },
    Scenario {
        name: "no lease here, and the router leases: a cached entry and a silent SSH port are enough",
        network: "lan",
        machines: &["web bridged on=en0"],
        evidence: &[
            "web - lease-none",
            "web 192.168.1.176 neighbour-cached mac=web if=en0 age=600",
            "web 192.168.1.176 ssh-timeout",
        ],
        expected: &[(
            "web: probable 192.168.1.176",
            &["not lease-none: the VM may not use a DHCP server of this computer"],
        )],
    },
    Scenario {
        name: "no lease of the shared network counts where the machine is on it",
        network: "shared",
        machines: &["web shared on=bridge100"],
        evidence: &["web - lease-none", "web 192.168.65.4 dns-address"],
        expected: &[("web: probable 192.168.65.4", &["| -lease-none"])],
    },
    Scenario {
        name: "no lease of a bridge counts on that bridge alone",
        network: "shared",
        machines: &["web shared on=bridge100", "db bridged on=en0", "zoo"],
        evidence: &[
            "web - lease-none if=bridge100",
            "web 192.168.65.4 neighbour-reachable mac=web if=bridge100",
            "db - lease-none if=bridge100",
            "db 192.168.1.5 neighbour-reachable mac=db if=en0",
            "zoo - lease-none if=bridge100",
            "zoo 192.168.1.6 neighbour-reachable mac=zoo if=en0",
        ],
        expected: &[
            ("web: resolved 192.168.65.4", &["| -lease-none"]),
            ("db: resolved 192.168.1.5", &["not lease-none: the VM may not use a DHCP server"]),
            ("zoo: resolved 192.168.1.6", &["not lease-none: the VM may not use a DHCP server"]),
        ],
    },
];
