//! Servers and the way of DHCP messages.

use crate::row::{
    Act::{Filter, HangServer, Join, JoinBeyond, Kea, On, Reset, Run, StopServer, Until},
    Client, LINUX, Row, SECOND_BOOT, WIRED, Where,
};

/// A server of another network.
const OTHER_NETWORK: &str = "$DHCP_SERVER --interface=eth0 --dhcp-leasefile=other.leases \
     --dhcp-range=10.66.0.100,10.66.0.199,1h";
/// The same, whose offers come late and whose refusals do not.
const OTHER_NETWORK_LATE: &str = "$DHCP_SERVER --interface=eth0 --dhcp-leasefile=other.leases \
     --dhcp-range=10.66.0.100,10.66.0.199,1h --dhcp-reply-delay=1";
/// A server of the network's own addresses.
const THIS_NETWORK: &str = "$DHCP_SERVER --interface=rt0 --dhcp-leasefile=this.leases \
     --dhcp-range=192.168.77.100,192.168.77.199,1h";

pub(crate) const ROWS: &[Row] = &[
    Row {
        name: "requests-blocked",
        breaks: &[Filter(Where::Host, "bridge forward", "udp dport 67 counter drop")],
        causes: &["dhcp-requests-blocked"],
        ..WIRED
    },
    Row {
        name: "requests-blocked-dhclient",
        client: Client::Dhclient,
        breaks: &[Filter(Where::Host, "bridge forward", "udp dport 67 counter drop")],
        causes: &["dhcp-requests-blocked"],
        ..WIRED
    },
    Row {
        name: "replies-blocked",
        breaks: &[Filter(Where::Host, "bridge forward", "udp sport 67 counter drop")],
        causes: &["dhcp-replies-blocked"],
        ..WIRED
    },
    Row {
        name: "replies-blocked-dhcpcd",
        client: Client::Dhcpcd,
        breaks: &[Filter(Where::Host, "bridge forward", "udp sport 67 counter drop")],
        causes: &["dhcp-replies-blocked"],
        options: &["--yes", "--wait", "10"],
        ..WIRED
    },
    Row {
        name: "acknowledgement-lost",
        breaks: &[Filter(Where::Air, "bridge forward", "udp sport 67 @th,2000,8 5 counter drop")],
        causes: &["dhcp-ack-lost"],
        options: &["--yes", "--wait", "8"],
        ..WIRED
    },
    Row {
        name: "acknowledgement-lost-in-host",
        breaks: &[Filter(Where::Host, "bridge forward", "udp sport 67 @th,2000,8 5 counter drop")],
        causes: &["dhcp-ack-lost"],
        may: &["dhcp-replies-blocked"],
        ..WIRED
    },
    Row {
        name: "link-loses-frames-in-host",
        breaks: &[Filter(Where::Host, "bridge forward", "numgen random mod 100 < 85 counter drop")],
        causes: &["dhcp-lossy-link"],
        options: &["--yes", "--wait", "8"],
        ..WIRED
    },
    Row { name: "server-hangs", breaks: &[HangServer], causes: &["dhcp-no-server"], ..WIRED },
    Row { name: "server-gone", breaks: &[StopServer], causes: &["dhcp-no-server"], ..WIRED },
    Row {
        name: "server-gone-dhclient",
        client: Client::Dhclient,
        breaks: &[StopServer],
        causes: &["dhcp-no-server"],
        ..WIRED
    },
    Row {
        name: "server-gone-linux",
        breaks: &[StopServer, Reset, SECOND_BOOT],
        causes: &["dhcp-no-server"],
        options: &["--yes", "--wait", "8"],
        ..LINUX
    },
    Row {
        name: "pool-exhausted",
        breaks: &[
            StopServer,
            Run(
                Where::Router,
                "$DHCP_SERVER --interface=rt0 --dhcp-range=192.168.77.70,192.168.77.70,1h --dhcp-host=aa:aa:aa:aa:aa:aa,192.168.77.70 --dhcp-host=$HOST_MAC,192.168.77.10 --dhcp-leasefile=pool.leases",
            ),
        ],
        causes: &["dhcp-pool-exhausted"],
        may: &["router-drops-foreign-chaddr"],
        ..WIRED
    },
    Row {
        name: "pool-exhausted-kea",
        breaks: &[
            StopServer,
            Kea("192.168.77.70-192.168.77.70", "aa:aa:aa:aa:aa:aa", "192.168.77.70"),
        ],
        causes: &["dhcp-pool-exhausted"],
        may: &["router-drops-foreign-chaddr"],
        ..WIRED
    },
    Row {
        name: "rogue-server-of-another-network",
        breaks: &[
            StopServer,
            JoinBeyond,
            On(Where::Other, "ip address add 10.66.0.1/24 dev eth0"),
            Run(Where::Other, OTHER_NETWORK),
        ],
        after: &[
            Until(Where::Guest, "ip address show dev eth0 | grep -q 'inet 10.66'"),
            Run(Where::Router, THIS_NETWORK),
        ],
        causes: &["dhcp-rogue-server"],
        may: &["dhcp-wrong-subnet"],
        ..WIRED
    },
    Row {
        name: "two-servers-refuse-each-other",
        breaks: &[
            StopServer,
            Join,
            On(Where::Other, "ip address add 10.66.0.1/24 dev eth0"),
            Run(Where::Other, OTHER_NETWORK_LATE),
            Filter(Where::Air, "bridge forward", "udp sport 67 @th,2000,8 5 counter drop"),
            Run(Where::Router, THIS_NETWORK),
        ],
        causes: &["dhcp-nak-loop"],
        may: &["dhcp-rogue-server", "dhcp-wrong-subnet"],
        options: &["--yes", "--wait", "10"],
        ..WIRED
    },
    Row {
        name: "server-gives-another-network",
        breaks: &[
            StopServer,
            On(Where::Router, "ip address add 10.66.0.1/24 dev rt0"),
            Run(
                Where::Router,
                "$DHCP_SERVER --interface=rt0 --dhcp-range=10.66.0.100,10.66.0.199,1h --dhcp-leasefile=wrong.leases",
            ),
        ],
        causes: &["dhcp-wrong-subnet"],
        options: &["--yes", "--wait", "6"],
        ..WIRED
    },
    Row {
        name: "guest-discards-offers",
        breaks: &[Filter(
            Where::Guest,
            r#"netdev ingress device "eth0""#,
            "udp sport 67 counter drop",
        )],
        causes: &["guest-discards-offer"],
        ..WIRED
    },
];
