//! Two things are wrong at once.

use crate::row::{
    ANOTHER_MAC_RECORDED,
    Act::{Clone, Filter, On, Reset, StopServer},
    Copied, LINUX, Row, SECOND_BOOT, Then, Uplink, WIFI, WIRED, Where,
};

pub(crate) const ROWS: &[Row] = &[
    Row {
        name: "old-hosts-file-and-no-ssh",
        breaks: &[
            On(Where::Host, "echo 192.168.77.99 web > hosts"),
            Filter(Where::Guest, "inet input", "tcp dport 22 counter reject with tcp reset"),
        ],
        then: Then::Nothing,
        causes: &["stale-hosts", "guest-ssh-not-listening"],
        ..WIRED
    },
    Row {
        name: "same-mac-and-old-hosts-file",
        breaks: &[Clone(Copied::Mac), On(Where::Host, "echo 192.168.77.99 web > hosts")],
        then: Then::Nothing,
        causes: &["vm-duplicate-mac", "stale-hosts"],
        may: &["address-conflict"],
        ..WIRED
    },
    Row {
        name: "isolated-and-no-server",
        breaks: &[On(Where::Host, "bridge link set dev tap1 isolated on"), StopServer],
        // The isolated port explains all silence, and ends the look: the server shows once it is mended.
        causes: &["client-isolation"],
        may: &["dhcp-no-server"],
        ..WIRED
    },
    Row {
        name: "isolated-and-ssh-filtered",
        breaks: &[
            On(Where::Host, "bridge link set dev tap1 isolated on"),
            Filter(Where::Guest, "inet input", "tcp dport 22 counter drop"),
        ],
        then: Then::Nothing,
        causes: &["client-isolation", "guest-firewall-blocks-ssh"],
        ..WIRED
    },
    Row {
        name: "registry-and-access-point",
        uplink: Uplink::Wifi,
        breaks: &[
            On(Where::Host, ANOTHER_MAC_RECORDED),
            Filter(
                Where::Air,
                "bridge forward",
                "iifname ap-sta ether saddr != $HOST_MAC counter drop",
            ),
            Reset,
            SECOND_BOOT,
        ],
        causes: &["vm-registry-mac-mismatch", "wifi-foreign-mac-dropped"],
        // The first explains all that is seen at once.
        options: &["--yes", "--wait", "8"],
        ..LINUX
    },
    Row {
        name: "replies-blocked-and-port-isolated",
        breaks: &[
            Filter(Where::Host, "bridge forward", "udp sport 67 counter drop"),
            On(Where::Host, "bridge link set dev tap1 isolated on"),
        ],
        causes: &["dhcp-replies-blocked", "client-isolation"],
        ..WIRED
    },
    Row {
        name: "guard-and-pool-of-another-network",
        breaks: &[
            On(Where::Host, "bridge link set dev tap1 isolated on"),
            Filter(
                Where::Router,
                r#"netdev ingress device "rt0""#,
                "udp dport 67 ether saddr $HOST_MAC @th,288,48 != 0x$HOST_HEX counter drop",
            ),
        ],
        // As above.
        causes: &["client-isolation"],
        may: &["router-drops-foreign-chaddr"],
        ..WIFI
    },
];
