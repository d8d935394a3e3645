//! Wi-Fi, the access point and the router.

use crate::row::{
    Act::{Filter, StopServer},
    CANNOT_TELL, Client, MAC_NAT, Row, Uplink, WIFI, WIRED, Where,
};

pub(crate) const ROWS: &[Row] = &[
    Row {
        name: "access-point-drops-foreign-mac",
        uplink: Uplink::Wifi,
        breaks: &[Filter(
            Where::Air,
            "bridge forward",
            "iifname ap-sta ether saddr != $HOST_MAC counter drop",
        )],
        causes: &["wifi-foreign-mac-dropped"],
        ..WIRED
    },
    Row {
        name: "router-guards-chaddr",
        breaks: &[Filter(
            Where::Router,
            r#"netdev ingress device "rt0""#,
            "udp dport 67 ether saddr $HOST_MAC @th,288,48 != 0x$HOST_HEX counter drop",
        )],
        causes: &["router-drops-foreign-chaddr"],
        ..WIFI
    },
    Row {
        name: "router-guards-chaddr-no-consent",
        options: &["--wait", "6"],
        breaks: &[Filter(
            Where::Router,
            r#"netdev ingress device "rt0""#,
            "udp dport 67 ether saddr $HOST_MAC @th,288,48 != 0x$HOST_HEX counter drop",
        )],
        may: &["router-drops-foreign-chaddr", "dhcp-no-server"],
        exit: CANNOT_TELL,
        ..WIFI
    },
    Row {
        name: "router-blocks-the-machine",
        breaks: &[Filter(
            Where::Router,
            r#"netdev ingress device "rt0""#,
            "udp dport 67 @th,288,48 0x$VM_HEX counter drop",
        )],
        causes: &["router-blocks-vm-mac"],
        ..WIFI
    },
    Row {
        name: "router-blocks-the-machine-wired",
        breaks: &[Filter(
            Where::Router,
            r#"netdev ingress device "rt0""#,
            "ether saddr $VM_MAC counter drop; udp dport 67 @th,288,48 0x$VM_HEX counter drop",
        )],
        causes: &["router-blocks-vm-mac"],
        ..WIRED
    },
    Row {
        name: "unicast-offer-ends-at-host",
        uplink: Uplink::Wifi,
        setting: &[MAC_NAT],
        breaks: &[Filter(
            Where::Air,
            "bridge prerouting",
            "iifname ap-up ether daddr $VM_MAC ether daddr set $HOST_MAC counter",
        )],
        causes: &["wifi-unicast-offer-lost"],
        ..WIRED
    },
    Row {
        name: "broadcast-replies-filtered",
        breaks: &[Filter(
            Where::Air,
            "bridge forward",
            "oifname ap-sta ether daddr ff:ff:ff:ff:ff:ff counter drop",
        )],
        causes: &["dhcp-broadcast-filtered"],
        ..WIFI
    },
    Row {
        name: "broadcast-replies-filtered-wired",
        client: Client::Udhcpc("-B"),
        breaks: &[Filter(
            Where::Air,
            "bridge forward",
            "oifname ap-sta ether daddr ff:ff:ff:ff:ff:ff counter drop",
        )],
        causes: &["dhcp-broadcast-filtered"],
        ..WIRED
    },
    Row { name: "wifi-no-server", breaks: &[StopServer], causes: &["dhcp-no-server"], ..WIFI },
];
