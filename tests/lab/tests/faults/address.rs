//! Addresses that are not what they seem.

use crate::row::{
    ANOTHER_MAC_RECORDED,
    Act::{Clone, EndClient, Filter, Join, JoinBeyond, On, Run, StopServer},
    Client, Copied, LINUX, Row, Then, WIRED, WITH_CLIENT_ID, WITH_MACHINE_ID, Where,
};

/// A client that asks for an address again as soon as it has one, and uses none.
const ASKS_AGAIN_AND_AGAIN: &str =
    "sh -c 'while :; do udhcpc -n -q -i eth0 -t 3 -T 1 -s /bin/true; sleep 1; done'";
/// The same with the client identifier of a clone.
const CLONE_ASKS_AGAIN_AND_AGAIN: &str = "sh -c 'while :; do udhcpc -n -q -i eth0 -t 3 -T 1 -s /bin/true -C -x 0x3d:ff00000001c10e; sleep 1; done'";

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
        after: &[
            Run(Where::Copy, CLONE_ASKS_AGAIN_AND_AGAIN),
            Run(Where::Guest, CLONE_ASKS_AGAIN_AND_AGAIN),
        ],
        causes: &["guest-duplicate-client-id"],
        may: &["address-conflict"],
        options: &["--yes", "--wait", "8"],
        ..WIRED
    },
    Row {
        name: "one-server-gives-one-address-twice",
        breaks: &[
            StopServer,
            Run(
                Where::Router,
                "$DHCP_SERVER --interface=rt0 --dhcp-range=192.168.77.100,192.168.77.199,1h --dhcp-host=$VM_MAC,$COPY_MAC,192.168.77.50 --dhcp-leasefile=twice.leases",
            ),
            Clone(Copied::Address),
        ],
        after: &[Run(Where::Copy, ASKS_AGAIN_AND_AGAIN), Run(Where::Guest, ASKS_AGAIN_AND_AGAIN)],
        causes: &["dhcp-gives-address-twice"],
        may: &["address-conflict"],
        options: &["--yes", "--wait", "8"],
        ..WIRED
    },
    Row {
        name: "two-servers-give-one-address",
        breaks: &[
            StopServer,
            JoinBeyond,
            On(Where::Other, "ip address add 192.168.77.2/24 dev eth0"),
            Run(
                Where::Other,
                "$DHCP_SERVER --interface=eth0 --dhcp-range=192.168.77.50,192.168.77.50,1h --dhcp-host=$VM_MAC,ignore --dhcp-host=$HOST_MAC,ignore --dhcp-option=3,192.168.77.1 --dhcp-leasefile=other.leases",
            ),
            Run(
                Where::Router,
                "$DHCP_SERVER --interface=rt0 --dhcp-range=192.168.77.50,192.168.77.50,1h --dhcp-host=$COPY_MAC,ignore --dhcp-leasefile=this.leases",
            ),
            Clone(Copied::Address),
        ],
        after: &[Run(Where::Copy, ASKS_AGAIN_AND_AGAIN), Run(Where::Guest, ASKS_AGAIN_AND_AGAIN)],
        causes: &["dhcp-rogue-server"],
        may: &["address-conflict", "dhcp-gives-address-twice"],
        options: &["--yes", "--wait", "8"],
        ..WIRED
    },
    Row {
        name: "same-client-identifier-by-turns",
        client: Client::Udhcpc(WITH_CLIENT_ID),
        breaks: &[Clone(Copied::ClientId)],
        then: Then::Nothing,
        causes: &["guest-duplicate-client-id"],
        // The ARP table may show only the other.
        may: &["address-conflict", "identity-mismatch"],
        after: &[
            Run(Where::Copy, CLONE_ASKS_AGAIN_AND_AGAIN),
            Run(Where::Guest, CLONE_ASKS_AGAIN_AND_AGAIN),
        ],
        options: &["--yes", "--wait", "8"],
        ..WIRED
    },
    Row {
        name: "same-machine-id-twice",
        client: Client::Udhcpc(WITH_MACHINE_ID[0]),
        setting: &[
            On(
                Where::Host,
                "ip link set en0 nomaster && ip address add 192.168.88.10/24 dev en0 && ip route replace default via 192.168.88.1",
            ),
            On(Where::Router, "ip address add 192.168.88.1/24 dev rt0"),
            Run(
                Where::Host,
                "$DHCP_SERVER --interface=br0 --dhcp-range=192.168.77.100,192.168.77.199,1h --dhcp-host=$VM_MAC,192.168.77.50 --dhcp-leasefile=$LAB/misc/dnsmasq.leases",
            ),
        ],
        breaks: &[Clone(Copied::MachineId)],
        then: Then::Nothing,
        causes: &["guest-duplicate-machine-id"],
        ..WIRED
    },
    Row {
        name: "large-frames-are-lost",
        // As distributions set it, so that everybody may ping.
        setting: &[On(Where::Host, "sysctl -qw 'net.ipv4.ping_group_range=0 2147483647'")],
        breaks: &[On(Where::Host, "ip link set tap1 mtu 1280 && ip link set br0 mtu 1500")],
        then: Then::Nothing,
        causes: &["mtu-mismatch"],
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
