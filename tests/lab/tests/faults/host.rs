//! The computer that the machine runs on.

use crate::row::{
    Act::{EndProgram, Filter, On, Run},
    Row, Then, Uplink, WIRED, Where,
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
        setting: &[
            On(
                Where::Host,
                "ip link set en0 nomaster && ip address add 192.168.88.10/24 dev en0 && ip route replace default via 192.168.88.1",
            ),
            On(Where::Router, "ip address add 192.168.88.1/24 dev rt0"),
            Run(
                Where::Host,
                "$DHCP_SERVER --interface=br0 --dhcp-range=192.168.77.100,192.168.77.199,1h --dhcp-host=$VM_MAC,192.168.77.50 --dhcp-leasefile=host.leases",
            ),
        ],
        breaks: &[EndProgram(0)],
        causes: &["host-dhcp-server-down"],
        ..WIRED
    },
    Row {
        name: "host-firewall-blocks-its-server",
        setting: &[
            On(
                Where::Host,
                "ip link set en0 nomaster && ip address add 192.168.88.10/24 dev en0 && ip route replace default via 192.168.88.1",
            ),
            On(Where::Router, "ip address add 192.168.88.1/24 dev rt0"),
            Run(
                Where::Host,
                "$DHCP_SERVER --interface=br0 --dhcp-range=192.168.77.100,192.168.77.199,1h --dhcp-host=$VM_MAC,192.168.77.50 --dhcp-leasefile=host.leases",
            ),
        ],
        breaks: &[Filter(Where::Host, "inet input", "iifname br0 udp dport 67 counter drop")],
        causes: &["host-firewall-blocks-dhcp-server"],
        ..WIRED
    },
    Row {
        name: "host-server-blocked-on-bridge",
        setting: &[
            On(
                Where::Host,
                "ip link set en0 nomaster && ip address add 192.168.88.10/24 dev en0 && ip route replace default via 192.168.88.1",
            ),
            On(Where::Router, "ip address add 192.168.88.1/24 dev rt0"),
            Run(
                Where::Host,
                "$DHCP_SERVER --interface=br0 --dhcp-range=192.168.77.100,192.168.77.199,1h --dhcp-host=$VM_MAC,192.168.77.50 --dhcp-leasefile=host.leases",
            ),
        ],
        breaks: &[Filter(Where::Host, "bridge input", "udp dport 67 counter drop")],
        causes: &["host-firewall-blocks-dhcp-server"],
        may: &["dhcp-requests-blocked"],
        ..WIRED
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
];
