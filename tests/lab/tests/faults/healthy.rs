//! Nothing is wrong.

use crate::row::{
    Act::{Clone, Kea, On, StopServer, Until},
    Client, Copied, HEALTHY, HOST_SERVES, LINUX, Row, Then, WIFI, WIRED, Where,
};

pub(crate) const ROWS: &[Row] = &[
    Row { name: "healthy-udhcpc", exit: HEALTHY, ..WIRED },
    Row { name: "healthy-dhclient", client: Client::Dhclient, exit: HEALTHY, ..WIRED },
    Row {
        name: "healthy-dhcpcd",
        client: Client::Dhcpcd,
        after: &[Until(Where::Guest, "ip address show dev eth0 | grep -q 'inet 192.168.77.50'")],
        exit: HEALTHY,
        ..WIRED
    },
    Row { name: "healthy-wifi-mac-nat", exit: HEALTHY, ..WIFI },
    Row {
        name: "healthy-kea",
        setting: &[StopServer, Kea("192.168.77.100-192.168.77.199", "$VM_MAC", "192.168.77.50")],
        exit: HEALTHY,
        ..WIRED
    },
    Row {
        name: "healthy-beside-the-own-lease",
        setting: &[On(
            Where::Host,
            r"printf 'ADDRESS=192.168.77.10\nROUTER=192.168.77.1\nSERVER_ADDRESS=192.168.77.1\nLIFETIME=3600\n' >own-leases/$(cat /sys/class/net/br0/ifindex)",
        )],
        exit: HEALTHY,
        ..WIRED
    },
    Row { name: "healthy-linux", then: Then::Nothing, exit: HEALTHY, ..LINUX },
    Row {
        name: "healthy-beside-another",
        setting: &[Clone(Copied::Nothing)],
        exit: HEALTHY,
        ..WIRED
    },
    Row { name: "healthy-host-is-the-server", exit: HEALTHY, ..HOST_SERVES },
];
