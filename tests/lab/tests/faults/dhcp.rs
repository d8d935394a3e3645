//! Servers and the way of DHCP messages.

use crate::row::{
    Act::{HangServer, Join, On, Reset, Run, StopServer, Until},
    Client, LINUX, Row, WIRED, Where,
};

pub(crate) const ROWS: &[Row] = &[
Row { name: "requests-blocked", breaks: &[On(Where::Host, "nft \"table bridge lab { chain c { type filter hook forward priority 0; udp dport 67 counter drop; }; }\"")], causes: &["dhcp-requests-blocked"], ..WIRED },
Row { name: "requests-blocked-dhclient", client: Client::Dhclient, breaks: &[On(Where::Host, "nft \"table bridge lab { chain c { type filter hook forward priority 0; udp dport 67 counter drop; }; }\"")], causes: &["dhcp-requests-blocked"], ..WIRED },
Row { name: "replies-blocked", breaks: &[On(Where::Host, "nft \"table bridge lab { chain c { type filter hook forward priority 0; udp sport 67 counter drop; }; }\"")], causes: &["dhcp-replies-blocked"], ..WIRED },
Row { name: "replies-blocked-dhcpcd", client: Client::Dhcpcd, breaks: &[On(Where::Host, "nft \"table bridge lab { chain c { type filter hook forward priority 0; udp sport 67 counter drop; }; }\"")], causes: &["dhcp-replies-blocked"], options: &["--yes", "--wait", "10"], ..WIRED },
Row { name: "acknowledgement-lost", breaks: &[On(Where::Air, "nft \"table bridge lab { chain c { type filter hook forward priority 0; udp sport 67 @th,2000,8 5 counter drop; }; }\"")], causes: &["dhcp-ack-lost"], ..WIRED },
Row { name: "acknowledgement-lost-in-host", breaks: &[On(Where::Host, "nft \"table bridge lab { chain c { type filter hook forward priority 0; udp sport 67 @th,2000,8 5 counter drop; }; }\"")], causes: &["dhcp-ack-lost"], may: &["dhcp-replies-blocked"], ..WIRED },
Row { name: "link-loses-frames", breaks: &[On(Where::Air, "nft \"table bridge lab { chain c { type filter hook forward priority 0; udp dport 67 numgen inc mod 4 < 3 counter drop; udp sport 67 numgen inc mod 2 < 1 counter drop; }; }\"")], causes: &["dhcp-lossy-link"], options: &["--yes", "--wait", "20"], ..WIRED },
Row { name: "link-loses-frames-in-host", breaks: &[On(Where::Host, "nft \"table bridge lab { chain c { type filter hook forward priority 0; numgen random mod 100 < 85 counter drop; }; }\"")], causes: &["dhcp-lossy-link"], options: &["--yes", "--wait", "8"], ..WIRED },
Row { name: "server-hangs", breaks: &[HangServer], causes: &["dhcp-no-server"], ..WIRED },
Row { name: "server-gone", breaks: &[StopServer], causes: &["dhcp-no-server"], ..WIRED },
Row { name: "server-gone-dhclient", client: Client::Dhclient, breaks: &[StopServer], causes: &["dhcp-no-server"], ..WIRED },
Row { name: "server-gone-linux", breaks: &[StopServer, Reset], causes: &["dhcp-no-server"], options: &["--yes", "--wait", "8"], ..LINUX },
Row { name: "pool-exhausted", breaks: &[StopServer, Run(Where::Router, "$DHCP_SERVER --interface=rt0 --dhcp-range=192.168.77.70,192.168.77.70,1h --dhcp-host=aa:aa:aa:aa:aa:aa,192.168.77.70 --dhcp-host=$HOST_MAC,192.168.77.10 --dhcp-leasefile=pool.leases")], causes: &["dhcp-pool-exhausted"], may: &["router-drops-foreign-chaddr"], ..WIRED },
Row { name: "pool-exhausted-kea", breaks: &[StopServer, On(Where::Router, "cat > kea.json <<END
{\"Dhcp4\":{\"interfaces-config\":{\"interfaces\":[\"rt0\"],\"dhcp-socket-type\":\"raw\"},\"lease-database\":{\"type\":\"memfile\",\"persist\":false},\"valid-lifetime\":600,\"authoritative\":true,\"subnet4\":[{\"id\":1,\"subnet\":\"192.168.77.0/24\",\"pools\":[{\"pool\":\"192.168.77.70-192.168.77.70\"}],\"reservations\":[{\"hw-address\":\"aa:aa:aa:aa:aa:aa\",\"ip-address\":\"192.168.77.70\"},{\"hw-address\":\"$HOST_MAC\",\"ip-address\":\"192.168.77.10\"}],\"option-data\":[{\"name\":\"routers\",\"data\":\"192.168.77.1\"}]}],\"loggers\":[{\"name\":\"kea-dhcp4\",\"output_options\":[{\"output\":\"stdout\"}],\"severity\":\"INFO\"}]}}
END"), Run(Where::Router, "env KEA_LOCKFILE_DIR=$LAB KEA_PIDFILE_DIR=$LAB kea-dhcp4 -c kea.json"), Until(Where::Router, "grep -q DHCP4_STARTED program-*.log")], causes: &["dhcp-pool-exhausted"], may: &["router-drops-foreign-chaddr"], ..WIRED },
Row { name: "rogue-server-of-another-network", breaks: &[Join, On(Where::Other, "ip address add 10.66.0.1/24 dev eth0"), Run(Where::Other, "$DHCP_SERVER --interface=eth0 --dhcp-range=10.66.0.100,10.66.0.199,1h --dhcp-leasefile=other.leases"), StopServer, Run(Where::Router, "$DHCP_SERVER --interface=rt0 --dhcp-reply-delay=1 --dhcp-range=192.168.77.100,192.168.77.199,1h --dhcp-leasefile=late.leases")], causes: &["dhcp-rogue-server"], may: &["dhcp-wrong-subnet"], options: &["--yes", "--wait", "14"], ..WIRED },
Row { name: "two-servers-refuse-each-other", breaks: &[StopServer, Join, On(Where::Other, "ip address add 10.66.0.1/24 dev eth0"), Run(Where::Other, "$DHCP_SERVER --interface=eth0 --dhcp-range=10.66.0.100,10.66.0.199,1h --dhcp-leasefile=other.leases"), Run(Where::Router, "$DHCP_SERVER --interface=rt0 --dhcp-range=192.168.77.100,192.168.77.199,1h --dhcp-leasefile=loop.leases")], causes: &["dhcp-nak-loop"], may: &["dhcp-rogue-server", "dhcp-wrong-subnet"], options: &["--yes", "--wait", "14"], ..WIRED },
Row { name: "server-gives-another-network", breaks: &[StopServer, On(Where::Router, "ip address add 10.66.0.1/24 dev rt0"), Run(Where::Router, "$DHCP_SERVER --interface=rt0 --dhcp-range=10.66.0.100,10.66.0.199,1h --dhcp-leasefile=wrong.leases")], causes: &["dhcp-wrong-subnet"], options: &["--yes", "--wait", "14"], ..WIRED },
Row { name: "guest-discards-offers", breaks: &[On(Where::Guest, "nft \"table netdev g { chain i { type filter hook ingress device \\\"eth0\\\" priority 0; udp sport 67 counter drop; }; }\"")], causes: &["guest-discards-offer"], ..WIRED },
];
