//! Binds the sockets of `vm dns`: port 53, at a loopback address.

use std::{
    io::{self, Read as _},
    net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, UdpSocket},
    os::fd::OwnedFd,
};

use vmkit_resolver::PORT;
use vmkit_rights::Refusal;

/// A TCP and a UDP socket at port 53 of this address.
pub(crate) fn sockets(address: IpAddr) -> Result<[OwnedFd; 2], Refusal> {
    if !address.is_loopback() {
        return Err(Refusal::denied(format!("{address} is not a loopback address")));
    }
    if is_of_the_system(address, &texts()) {
        let message = format!("{address} is where this computer's resolver is asked");
        return Err(Refusal::denied(message));
    }
    let address = SocketAddr::new(address, PORT);
    let failed = |protocol| {
        move |error: io::Error| Refusal {
            denied: error.kind() == io::ErrorKind::PermissionDenied,
            message: format!("cannot listen at {address} ({protocol}): {error}"),
        }
    };
    let tcp = TcpListener::bind(address).map_err(failed("TCP"))?;
    let udp = UdpSocket::bind(address).map_err(failed("UDP"))?;
    Ok([tcp.into(), udp.into()])
}

/// What names the servers that programs of this computer ask.
const RESOLVER_FILES: [&str; 3] = [
    "/etc/resolv.conf",
    "/run/systemd/resolve/resolv.conf",
    "/run/systemd/resolve/stub-resolv.conf",
];
/// Addresses of systemd-resolved, which every program may ask.
const OF_RESOLVED: [IpAddr; 2] =
    [IpAddr::V4(Ipv4Addr::new(127, 0, 0, 53)), IpAddr::V4(Ipv4Addr::new(127, 0, 0, 54))];
/// Longest part of a file that is read.
const LONGEST: u64 = 64 << 10;

fn texts() -> Vec<String> {
    let text = |path: &str| {
        let mut bytes = Vec::new();
        let file = std::fs::File::open(path).ok()?;
        file.take(LONGEST).read_to_end(&mut bytes).ok()?;
        Some(String::from_utf8_lossy(&bytes).into_owned())
    };
    RESOLVER_FILES.into_iter().filter_map(text).collect()
}

/// Whether programs ask this address already: who took it from the system's resolver, while that
/// restarts, would answer for all names.
fn is_of_the_system(address: IpAddr, texts: &[String]) -> bool {
    let mut servers = texts.iter().flat_map(|text| text.lines()).filter_map(|line| {
        let mut words = line.split_ascii_whitespace();
        words.next().filter(|word| *word == "nameserver")?;
        words.next()?.parse::<IpAddr>().ok()
    });
    OF_RESOLVED.contains(&address) || servers.any(|server| server == address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaves_the_addresses_of_the_systems_resolver_alone() {
        let texts = ["# comment\nnameserver 127.0.0.1\nsearch lan\n", "nameserver  ::1\n"];
        let texts = texts.map(str::to_owned);
        let rows = [
            ("127.0.0.1", true),
            ("::1", true),
            ("127.0.0.53", true),
            ("127.0.0.54", true),
            ("127.0.0.153", false),
        ];
        for (address, expected) in rows {
            let address = address.parse().expect("an address");
            assert_eq!(is_of_the_system(address, &texts), expected, "{address}");
        }
    }

    #[test]
    fn binds_loopback_addresses_alone() {
        for address in ["0.0.0.0", "192.0.2.1", "::", "::ffff:127.0.0.1", "fe80::1"] {
            let refused = sockets(address.parse().expect("an address"));
            assert!(refused.is_err_and(|refusal| refusal.denied), "{address}");
        }
    }
}
