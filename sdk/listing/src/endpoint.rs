//! Where a machine is reached from this computer.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use vmkit_plugin::{Forward, Protocol, Reading};

/// The port of SSH in a guest.
const SSH: u16 = 22;

/// Where forwarded ports lead to the guest's SSH server. A port of all addresses of this computer is
/// reached by loopback.
pub fn ssh_endpoint(forwards: &Reading<Vec<Forward>>) -> Reading<SocketAddr> {
    let forwards = match forwards {
        Reading::Known(forwards) => forwards,
        Reading::Absent => return Reading::Absent,
        Reading::Unknown(why) => return Reading::Unknown(why.clone()),
    };
    let ssh = forwards
        .iter()
        .find(|forward| forward.protocol == Protocol::Tcp && forward.guest_port == SSH);
    ssh.map_or(Reading::Absent, |forward| {
        let address = match forward.listens.ip() {
            IpAddr::V4(address) if address.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(address) if address.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
            address => address,
        };
        Reading::Known(SocketAddr::new(address, forward.listens.port()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ssh_is_where_tcp_leads_to_port_22() {
        let rows: [(&[&str], Option<&str>); 5] = [
            (&[], None),
            (&["tcp 0.0.0.0:80 -:80", "udp 0.0.0.0:2222 -:22"], None),
            (&["tcp 0.0.0.0:2222 -:22", "tcp 0.0.0.0:2223 -:22"], Some("127.0.0.1:2222")),
            (&["tcp [::]:2222 [fd00::2]:22"], Some("[::1]:2222")),
            (&["tcp 192.168.1.2:2222 10.0.2.15:22"], Some("192.168.1.2:2222")),
        ];
        for (forwards, expected) in rows {
            let forwards: Vec<Forward> =
                forwards.iter().map(|text| text.parse().unwrap()).collect();
            let expected = expected.map(|text| text.parse().unwrap());
            assert_eq!(
                ssh_endpoint(&Reading::Known(forwards.clone())).known(),
                expected,
                "{forwards:?}"
            );
        }
    }
}
