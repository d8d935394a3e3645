//! Nothing is wrong.

use crate::row::{
    Act::{Clone, Kea, On, Run, StopServer, Until},
    Client, Copied, HEALTHY, LINUX, Row, Then, WIFI, WIRED, Where,
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
    Row { name: "healthy-linux", then: Then::Nothing, exit: HEALTHY, ..LINUX },
    Row {
        name: "healthy-beside-another",
        setting: &[Clone(Copied::Nothing)],
        exit: HEALTHY,
        ..WIRED
    },
    Row {
        name: "healthy-host-is-the-server",
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
        exit: HEALTHY,
        ..WIRED
    },
];
