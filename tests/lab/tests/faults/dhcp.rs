//! Servers and the way of DHCP messages.

use crate::row::{
    Act::{Filter, HangServer, Join, JoinBeyond, Kea, On, Reset, Run, StopServer, Until},
    Client, LINUX, Row, SECOND_BOOT, Then, WIRED, Where,
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

/// systemd-networkd keeps the lease of this computer, which the router gave it.
const OWN_LEASE: &str = r"printf 'ADDRESS=192.168.77.10\nNETMASK=255.255.255.0\nROUTER=192.168.77.1\nSERVER_ADDRESS=192.168.77.1\nLIFETIME=3600\n' >own-leases/$(cat /sys/class/net/br0/ifindex)";

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
        // Chance may lose an ACK alone.
        may: &["dhcp-ack-lost"],
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
    // Its offers are of this network, and only the lease of this computer shows that the server is new.
    Row {
        name: "rogue-server-in-place-of-the-own",
        setting: &[On(Where::Host, OWN_LEASE)],
        breaks: &[
            StopServer,
            JoinBeyond,
            On(Where::Other, "ip address add 192.168.77.2/24 dev eth0"),
            Run(
                Where::Other,
                "$DHCP_SERVER --interface=eth0 --dhcp-leasefile=other.leases --dhcp-range=192.168.77.50,192.168.77.60,1h --dhcp-host=$VM_MAC,192.168.77.50",
            ),
        ],
        causes: &["dhcp-rogue-server"],
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
    // The machine has its address and works: only what servers offer shows the next two.
    Row {
        name: "second-server-beside-a-lease",
        breaks: &[
            JoinBeyond,
            On(Where::Other, "ip address add 10.66.0.1/24 dev eth0"),
            Run(Where::Other, OTHER_NETWORK),
        ],
        then: Then::Nothing,
        causes: &["dhcp-rogue-server"],
        ..WIRED
    },
    Row {
        name: "wrong-mask-beside-a-lease",
        breaks: &[
            StopServer,
            Run(
                Where::Router,
                "$DHCP_SERVER --interface=rt0 --dhcp-range=192.168.77.50,192.168.77.60,1h --dhcp-option=1,255.255.0.0 --dhcp-leasefile=mask.leases",
            ),
        ],
        then: Then::Nothing,
        causes: &["dhcp-wrong-mask"],
        ..WIRED
    },
    Row {
        name: "short-lease-beside-a-lease",
        breaks: &[
            StopServer,
            On(
                Where::Router,
                r"printf 'interface rt0\nstart 192.168.77.50\nend 192.168.77.60\nmin_lease 10\noption lease 30\noption subnet 255.255.255.0\noption router 192.168.77.1\nlease_file $LAB/short.leases\n' >short.conf; touch short.leases",
            ),
            Run(Where::Router, "busybox udhcpd -f -I 192.168.77.1 short.conf"),
        ],
        then: Then::Nothing,
        causes: &["dhcp-short-lease"],
        ..WIRED
    },
    Row {
        name: "small-mtu-beside-a-lease",
        breaks: &[
            StopServer,
            Run(
                Where::Router,
                "$DHCP_SERVER --interface=rt0 --dhcp-range=192.168.77.50,192.168.77.60,1h --dhcp-option=26,576 --dhcp-leasefile=mtu.leases",
            ),
        ],
        then: Then::Nothing,
        causes: &["dhcp-small-mtu"],
        ..WIRED
    },
    Row {
        name: "offers-have-a-wrong-checksum",
        client: Client::Dhclient,
        breaks: &[Filter(Where::Host, "bridge forward", "udp sport 67 @th,48,16 set 4660 counter")],
        // dhclient counts them, and says so after the fifth.
        after: &[Until(Where::Host, "grep -q 'bad udp checksums' data/vms/web/console.log")],
        causes: &["host-checksum-offload"],
        options: &["--yes", "--wait", "10"],
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
