//! Addresses that are not what they seem.

use crate::row::{
    ANOTHER_MAC_RECORDED,
    Act::{Clone, EndClient, Filter, Join, On, Run, StopServer},
    Client, Copied, LINUX, Row, Then, WIRED, WITH_CLIENT_ID, Where,
};

pub(crate) const ROWS: &[Row] = &[
    Row {
        name: "duplicate-address",
        breaks: &[
            Join,
            On(Where::Other, "ip address add 192.168.77.50/24 dev eth0"),
            On(
                Where::Other,
                "busybox arping -q -U -c 1 -I eth0 -s 192.168.77.50 192.168.77.50 || true",
            ),
        ],
        then: Then::Nothing,
        causes: &["address-conflict"],
        ..WIRED
    },
    Row {
        name: "address-taken-while-away",
        client: Client::Udhcpc("-a"),
        setting: &[Join],
        breaks: &[
            EndClient,
            On(Where::Other, "ip address add 192.168.77.50/24 dev eth0"),
            StopServer,
            Run(
                Where::Router,
                "$DHCP_SERVER --interface=rt0 --dhcp-range=192.168.77.50,192.168.77.50,1h --dhcp-host=$HOST_MAC,192.168.77.10 --dhcp-leasefile=one.leases",
            ),
        ],
        causes: &["address-conflict"],
        options: &["--yes", "--wait", "14"],
        may: &["dhcp-pool-exhausted"],
        ..WIRED
    },
    Row {
        name: "arp-filtered",
        breaks: &[Filter(Where::Host, "bridge output", "oifname tap1 ether type arp counter drop")],
        then: Then::Reboot,
        causes: &["arp-filtered"],
        options: &["--yes", "--wait", "8"],
        ..WIRED
    },
    Row {
        name: "isolated-port",
        setting: &[Clone(Copied::Nothing)],
        breaks: &[On(
            Where::Host,
            "bridge link set dev tap1 isolated on; bridge link set dev tap2 isolated on",
        )],
        then: Then::Nothing,
        causes: &["client-isolation"],
        ..WIRED
    },
    Row {
        name: "same-mac-twice",
        breaks: &[Clone(Copied::Mac)],
        then: Then::Nothing,
        causes: &["vm-duplicate-mac"],
        may: &["address-conflict", "guest-duplicate-client-id"],
        ..WIRED
    },
    Row {
        name: "same-client-identifier-twice",
        client: Client::Udhcpc(WITH_CLIENT_ID),
        breaks: &[Clone(Copied::ClientId)],
        then: Then::Reboot,
        causes: &["guest-duplicate-client-id"],
        may: &["address-conflict"],
        options: &["--yes", "--wait", "8"],
        ..WIRED
    },
    Row {
        name: "hosts-file-is-old",
        breaks: &[On(Where::Host, "echo 192.168.77.99 web > hosts")],
        then: Then::Nothing,
        causes: &["stale-hosts"],
        ..WIRED
    },
    Row {
        name: "registered-with-another-mac",
        breaks: &[On(Where::Host, ANOTHER_MAC_RECORDED)],
        then: Then::Nothing,
        causes: &["vm-registry-mac-mismatch"],
        ..LINUX
    },
];
