//! The computer that the machine runs on.

use crate::row::{
    Act::{EndProgram, Filter, HostKea, On, Run},
    HOST_SERVES, Row, Then, Uplink, WIRED, Where,
};

pub(crate) const ROWS: &[Row] = &[
    Row {
        name: "port-in-no-bridge",
        breaks: &[On(Where::Host, "ip link set tap1 nomaster")],
        causes: &["host-port-not-bridged"],
        ..WIRED
    },
    Row {
        name: "wifi-in-no-bridge",
        uplink: Uplink::Wifi,
        breaks: &[On(
            Where::Host,
            "ip link set en0 nomaster && ip address add 192.168.77.10/24 dev en0 && ip address del 192.168.77.10/24 dev br0",
        )],
        causes: &["host-wifi-cannot-bridge"],
        may: &["host-port-not-bridged"],
        ..WIRED
    },
    Row {
        name: "port-disabled",
        breaks: &[On(Where::Host, "bridge link set dev tap1 state 0")],
        causes: &["host-bridge-port-blocked"],
        ..WIRED
    },
    Row {
        name: "port-down",
        breaks: &[On(Where::Host, "ip link set tap1 down")],
        causes: &["host-bridge-port-blocked"],
        may: &["guest-link-down"],
        ..WIRED
    },
    Row {
        name: "port-learns-long",
        breaks: &[On(
            Where::Host,
            "ip link set br0 type bridge stp_state 1 forward_delay 3000 && ip link set tap1 down && ip link set tap1 up",
        )],
        causes: &["host-bridge-forward-delay"],
        ..WIRED
    },
    Row {
        name: "uplink-down",
        breaks: &[On(Where::Host, "ip link set en0 down")],
        causes: &["host-uplink-down"],
        ..WIRED
    },
    Row {
        name: "uplink-without-carrier",
        breaks: &[On(Where::Air, "ip link set ap-sta down")],
        causes: &["host-uplink-down"],
        ..WIRED
    },
    Row {
        name: "wrong-uplink",
        setting: &[],
        breaks: &[On(
            Where::Host,
            "ip link add en1 type veth peer name far && ip link set far up && ip link set en0 nomaster && ip link set en1 master br0 up && ip address del 192.168.77.10/24 dev br0 && ip address add 192.168.77.10/24 dev en0 && ip route replace default via 192.168.77.1 dev en0",
        )],
        causes: &["host-wrong-uplink"],
        may: &["host-no-bridge-address"],
        ..WIRED
    },
    Row {
        name: "firewall-drops-bridged",
        breaks: &[Filter(Where::Host, "bridge forward", "policy drop; counter")],
        causes: &["host-firewall-drops-bridged"],
        ..WIRED
    },
    Row {
        name: "firewall-drops-the-mac",
        breaks: &[Filter(
            Where::Host,
            "bridge forward",
            "iifname tap1 ether saddr $VM_MAC counter drop",
        )],
        causes: &["host-firewall-drops-bridged"],
        ..WIRED
    },
    Row {
        name: "host-server-down",
        breaks: &[EndProgram(0)],
        causes: &["host-dhcp-server-down"],
        ..HOST_SERVES
    },
    Row {
        name: "host-server-without-addresses",
        breaks: &[
            EndProgram(0),
            On(Where::Host, "echo '0 aa:aa:aa:aa:aa:aa 192.168.77.70 * *' > full.leases"),
            Run(
                Where::Host,
                "$DHCP_SERVER --interface=br0 --dhcp-range=192.168.77.70,192.168.77.70,1h --dhcp-leasefile=$LAB/full.leases",
            ),
        ],
        causes: &["dhcp-pool-exhausted"],
        ..HOST_SERVES
    },
    Row {
        name: "host-kea-without-addresses",
        breaks: &[
            EndProgram(0),
            HostKea("192.168.77.70-192.168.77.70", "aa:aa:aa:aa:aa:aa", "192.168.77.70"),
        ],
        causes: &["dhcp-pool-exhausted"],
        ..HOST_SERVES
    },
    Row {
        name: "host-server-serves-another-bridge",
        breaks: &[
            EndProgram(0),
            On(
                Where::Host,
                "ip link add br1 type bridge && ip link set br1 up && ip address add 10.66.0.1/24 dev br1",
            ),
            Run(
                Where::Host,
                "$DHCP_SERVER --interface=br1 --dhcp-range=10.66.0.100,10.66.0.199,1h --dhcp-leasefile=other.leases",
            ),
        ],
        causes: &["host-dhcp-server-down"],
        ..HOST_SERVES
    },
    Row {
        name: "host-firewall-blocks-its-server",
        breaks: &[Filter(Where::Host, "inet input", "iifname br0 udp dport 67 counter drop")],
        causes: &["host-firewall-blocks-dhcp-server"],
        ..HOST_SERVES
    },
    Row {
        name: "host-server-blocked-on-bridge",
        breaks: &[Filter(Where::Host, "bridge input", "udp dport 67 counter drop")],
        causes: &["host-firewall-blocks-dhcp-server"],
        may: &["dhcp-requests-blocked"],
        ..HOST_SERVES
    },
    Row {
        name: "bridge-without-address",
        breaks: &[On(Where::Host, "ip address del 192.168.77.10/24 dev br0")],
        causes: &["host-no-bridge-address"],
        ..WIRED
    },
    Row {
        name: "vpn-takes-the-network",
        breaks: &[On(
            Where::Host,
            "ip tuntap add dev tun0 mode tun && ip link set tun0 up && ip address add 10.8.0.2/24 dev tun0 && ip route add 192.168.77.0/25 dev tun0",
        )],
        then: Then::Nothing,
        causes: &["host-vpn-captures-subnet"],
        ..WIRED
    },
    Row {
        name: "vpn-in-another-routing-table",
        breaks: &[On(
            Where::Host,
            "ip tuntap add dev tun0 mode tun && ip link set tun0 up && ip address add 100.64.0.2/32 dev tun0 && ip route add 192.168.77.0/24 dev tun0 table 52 && ip rule add priority 5270 lookup 52",
        )],
        then: Then::Nothing,
        causes: &["host-vpn-captures-subnet"],
        ..WIRED
    },
    Row {
        name: "rule-leads-to-another-table",
        breaks: &[On(
            Where::Host,
            "ip link add en1 type veth peer name far && ip link set far up && ip link set en1 up && ip address add 10.9.0.2/24 dev en1 && ip route add 192.168.77.0/24 via 10.9.0.1 dev en1 table 100 && ip rule add priority 100 lookup 100",
        )],
        then: Then::Nothing,
        causes: &["host-route-misdirected"],
        ..WIRED
    },
    Row {
        name: "connected-route-gone",
        breaks: &[On(Where::Host, "ip route flush table main && ip neigh flush all")],
        then: Then::Nothing,
        causes: &["host-route-misdirected"],
        ..WIRED
    },
    Row {
        name: "bridge-lost-its-card",
        breaks: &[On(Where::Host, "ip link set en0 nomaster")],
        causes: &["host-bridge-without-uplink"],
        ..WIRED
    },
    Row {
        name: "switch-permits-one-mac",
        breaks: &[Filter(
            Where::Air,
            "bridge forward",
            "iifname ap-sta ether saddr != $HOST_MAC counter drop",
        )],
        causes: &["wired-foreign-mac-dropped"],
        ..WIRED
    },
    Row {
        name: "lan-is-the-shared-subnet",
        breaks: &[On(
            Where::Host,
            "ip address add 192.168.77.77/24 dev en0 && ip route del 192.168.77.0/24 dev br0 && ip neigh flush all",
        )],
        then: Then::Nothing,
        causes: &["host-subnet-collides"],
        ..HOST_SERVES
    },
];
