//! Two things are wrong at once.

use crate::row::{
    Act::{Clone, Mount, On, StopServer},
    Copied, Row, Then, Uplink, WIFI, WIRED, Where,
};

pub(crate) const ROWS: &[Row] = &[
    Row {
        name: "old-hosts-file-and-no-ssh",
        breaks: &[
            On(Where::Host, "printf \"127.0.0.1 localhost\\n192.168.77.99 web\\n\" > hosts"),
            Mount("hosts", "/etc/hosts"),
            On(
                Where::Guest,
                "nft \"table inet g { chain i { type filter hook input priority 0; tcp dport 22 counter reject with tcp reset; }; }\"",
            ),
        ],
        then: Then::Nothing,
        causes: &["stale-hosts", "guest-ssh-not-listening"],
        ..WIRED
    },
    Row {
        name: "same-mac-and-old-hosts-file",
        breaks: &[
            Clone(Copied::Mac),
            On(Where::Host, "printf \"127.0.0.1 localhost\\n192.168.77.99 web\\n\" > hosts"),
            Mount("hosts", "/etc/hosts"),
        ],
        then: Then::Nothing,
        causes: &["vm-duplicate-mac", "stale-hosts"],
        may: &["address-conflict"],
        ..WIRED
    },
    Row {
        name: "isolated-and-no-server",
        breaks: &[On(Where::Host, "bridge link set dev tap1 isolated on"), StopServer],
        causes: &["client-isolation", "dhcp-no-server"],
        ..WIRED
    },
    Row {
        name: "isolated-and-ssh-filtered",
        breaks: &[
            On(Where::Host, "bridge link set dev tap1 isolated on"),
            On(
                Where::Guest,
                "nft \"table inet g { chain i { type filter hook input priority 0; tcp dport 22 counter drop; }; }\"",
            ),
        ],
        then: Then::Nothing,
        causes: &["client-isolation", "guest-firewall-blocks-ssh"],
        ..WIRED
    },
    Row {
        name: "registry-and-access-point",
        uplink: Uplink::Wifi,
        breaks: &[
            On(Where::Host, "sed -i \"s/$VM_MAC/52:54:00:de:ad:01/\" data/.vm-registry.json"),
            On(
                Where::Air,
                "nft \"table bridge lab { chain c { type filter hook forward priority 0; iifname \\\"ap-sta\\\" ether saddr != $HOST_MAC counter drop; }; }\"",
            ),
        ],
        causes: &["vm-registry-mac-mismatch", "wifi-foreign-mac-dropped"],
        ..WIRED
    },
    Row {
        name: "replies-blocked-and-port-isolated",
        breaks: &[
            On(
                Where::Host,
                "nft \"table bridge lab { chain c { type filter hook forward priority 0; udp sport 67 counter drop; }; }\"",
            ),
            On(Where::Host, "bridge link set dev tap1 isolated on"),
        ],
        causes: &["dhcp-replies-blocked", "client-isolation"],
        ..WIRED
    },
    Row {
        name: "guard-and-pool-of-another-network",
        breaks: &[
            On(Where::Host, "bridge link set dev tap1 isolated on"),
            On(
                Where::Router,
                "nft \"table netdev g { chain i { type filter hook ingress device \\\"rt0\\\" priority 0; udp dport 67 ether saddr $HOST_MAC @th,288,48 != 0x$HOST_HEX counter drop; }; }\"",
            ),
        ],
        causes: &["client-isolation", "router-drops-foreign-chaddr"],
        ..WIFI
    },
];
