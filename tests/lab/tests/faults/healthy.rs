//! Nothing is wrong.

use crate::row::{
    Act::{Clone, On, Run, StopServer, Until},
    Client, Copied, HEALTHY, LINUX, Row, Then, WIFI, WIRED, Where,
};

pub(crate) const ROWS: &[Row] = &[
Row { name: "healthy-udhcpc", exit: HEALTHY, ..WIRED },
Row { name: "healthy-dhclient", client: Client::Dhclient, exit: HEALTHY, ..WIRED },
Row { name: "healthy-dhcpcd", client: Client::Dhcpcd, exit: HEALTHY, ..WIRED },
Row { name: "healthy-wifi-mac-nat", exit: HEALTHY, ..WIFI },
Row { name: "healthy-kea", setting: &[StopServer, On(Where::Router, "cat > kea.json <<END
{\"Dhcp4\":{\"interfaces-config\":{\"interfaces\":[\"rt0\"],\"dhcp-socket-type\":\"raw\"},\"lease-database\":{\"type\":\"memfile\",\"persist\":false},\"valid-lifetime\":600,\"authoritative\":true,\"subnet4\":[{\"id\":1,\"subnet\":\"192.168.77.0/24\",\"pools\":[{\"pool\":\"192.168.77.100-192.168.77.199\"}],\"reservations\":[{\"hw-address\":\"$VM_MAC\",\"ip-address\":\"192.168.77.50\"}],\"option-data\":[{\"name\":\"routers\",\"data\":\"192.168.77.1\"}]}],\"loggers\":[{\"name\":\"kea-dhcp4\",\"output_options\":[{\"output\":\"stdout\"}],\"severity\":\"INFO\"}]}}
END"), Run(Where::Router, "env KEA_LOCKFILE_DIR=$LAB KEA_PIDFILE_DIR=$LAB kea-dhcp4 -c kea.json"), Until(Where::Router, "grep -q DHCP4_STARTED program-*.log")], exit: HEALTHY, ..WIRED },
Row { name: "healthy-linux", then: Then::Nothing, exit: HEALTHY, ..LINUX },
Row { name: "healthy-beside-another", setting: &[Clone(Copied::Nothing)], exit: HEALTHY, ..WIRED },
Row { name: "healthy-host-is-the-server", setting: &[On(Where::Host, "ip link set en0 nomaster && ip address add 192.168.88.10/24 dev en0 && ip route replace default via 192.168.88.1"), On(Where::Router, "ip address add 192.168.88.1/24 dev rt0"), Run(Where::Host, "$DHCP_SERVER --interface=br0 --dhcp-range=192.168.77.100,192.168.77.199,1h --dhcp-host=$VM_MAC,192.168.77.50 --dhcp-leasefile=host.leases")], exit: HEALTHY, ..WIRED },
];
