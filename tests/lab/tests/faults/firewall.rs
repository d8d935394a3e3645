//! Rules of the host's firewall whose effect no single rule shows.

use crate::row::{
    Act::{On, Run},
    HEALTHY, Row, Then, WIRED, Where,
};

/// Bridged frames pass iptables, whose FORWARD drops what no rule accepts, as Docker sets it.
const DOCKER: &str = "sysctl -qw net.bridge.bridge-nf-call-iptables=1 && iptables-nft -N DOCKER-USER \
     && iptables-nft -A FORWARD -j DOCKER-USER && iptables-nft -A FORWARD -i docker0 -j ACCEPT";
/// The bridge is one of libvirt's, and the host serves it and forwards its packets.
const SHARED: &[crate::row::Act] = &[
    On(
        Where::Host,
        "ip link set en0 nomaster && ip address add 192.168.88.10/24 dev en0 && ip route replace default via 192.168.88.1 \
         && ip link set br0 down && ip link set br0 name virbr0 && ip link set virbr0 up",
    ),
    On(Where::Router, "ip address add 192.168.88.1/24 dev rt0"),
    On(
        Where::Host,
        "sysctl -qw net.ipv4.ip_forward=1 && iptables-nft -t nat -A POSTROUTING -s 192.168.77.0/24 ! -d 192.168.77.0/24 -j MASQUERADE",
    ),
    Run(
        Where::Host,
        "$DHCP_SERVER --interface=virbr0 --dhcp-range=192.168.77.100,192.168.77.199,1h --dhcp-host=$VM_MAC,192.168.77.50 --dhcp-leasefile=host.leases",
    ),
];
const SHARED_ROW: Row = Row { setting: SHARED, then: Then::Nothing, ..WIRED };

pub(crate) const ROWS: &[Row] = &[
    Row {
        name: "chain-of-the-user-lets-bridged-pass",
        setting: &[
            On(Where::Host, DOCKER),
            On(
                Where::Host,
                "iptables-nft -A DOCKER-USER -i br0 -o br0 -j ACCEPT && iptables-nft -P FORWARD DROP",
            ),
        ],
        exit: HEALTHY,
        ..WIRED
    },
    Row {
        name: "policy-behind-jumps-drops-bridged",
        setting: &[On(Where::Host, DOCKER)],
        breaks: &[On(
            Where::Host,
            "iptables-nft -A DOCKER-USER -j RETURN && iptables-nft -P FORWARD DROP",
        )],
        causes: &["host-firewall-drops-bridged"],
        ..WIRED
    },
    Row {
        name: "reject-in-a-jumped-chain",
        setting: &[On(Where::Host, DOCKER)],
        breaks: &[On(
            Where::Host,
            "iptables-nft -N closed && iptables-nft -A closed -j REJECT && iptables-nft -A DOCKER-USER -i br0 -j closed",
        )],
        causes: &["host-firewall-drops-bridged"],
        ..WIRED
    },
    Row {
        name: "drop-by-a-set",
        breaks: &[On(
            Where::Host,
            "nft add table bridge lab && nft 'add set bridge lab banned { type ether_addr; elements = { 52:54:00:00:00:09, '$VM_MAC' }; }' \
             && nft 'add chain bridge lab c { type filter hook forward priority 0; policy accept; }' \
             && nft add rule bridge lab c ether saddr @banned drop",
        )],
        causes: &["host-firewall-drops-bridged"],
        ..WIRED
    },
    Row {
        name: "drop-by-a-verdict-map",
        breaks: &[On(
            Where::Host,
            "nft add table bridge lab && nft add chain bridge lab closed && nft add rule bridge lab closed udp dport 67 drop \
             && nft 'add chain bridge lab c { type filter hook forward priority 0; policy accept; }' \
             && nft 'add rule bridge lab c iifname vmap { tap9 : accept, tap1 : jump closed }'",
        )],
        causes: &["dhcp-requests-blocked"],
        ..WIRED
    },
    Row {
        name: "ebtables-pins-another-source",
        breaks: &[On(
            Where::Host,
            "ebtables-nft -N pinned && ebtables-nft -P pinned RETURN && ebtables-nft -A pinned -s ! 52:54:00:00:00:09 -j DROP \
             && ebtables-nft -A FORWARD -i tap1 -j pinned",
        )],
        causes: &["host-firewall-drops-bridged"],
        ..WIRED
    },
    Row {
        name: "input-closed-to-the-host-server",
        breaks: &[On(
            Where::Host,
            "iptables-nft -A INPUT -i lo -j ACCEPT && iptables-nft -A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT \
             && iptables-nft -A INPUT -p tcp -m tcp --dport 22 -j ACCEPT && iptables-nft -P INPUT DROP",
        )],
        causes: &["host-firewall-blocks-dhcp-server"],
        then: Then::Reboot,
        ..SHARED_ROW
    },
    Row {
        name: "forwarding-off",
        breaks: &[On(Where::Host, "sysctl -qw net.ipv4.ip_forward=0")],
        causes: &["host-forwarding-off"],
        ..SHARED_ROW
    },
    Row {
        name: "translation-flushed",
        breaks: &[On(Where::Host, "nft flush ruleset")],
        causes: &["host-nat-missing"],
        ..SHARED_ROW
    },
    Row {
        name: "policy-drops-forwarded",
        breaks: &[On(Where::Host, "iptables-nft -P FORWARD DROP")],
        causes: &["host-firewall-drops-forwarded"],
        ..SHARED_ROW
    },
    Row { name: "shared-network-leads-out", exit: HEALTHY, ..SHARED_ROW },
];
