//! Binds the sockets of `vm dns`: port 53, at a loopback address.

use std::{
    io,
    net::{IpAddr, SocketAddr, TcpListener, UdpSocket},
    os::fd::OwnedFd,
};

use vmkit_resolver::PORT;
use vmkit_rights::Refusal;

/// A TCP and a UDP socket at port 53 of this address.
pub(crate) fn sockets(address: IpAddr) -> Result<[OwnedFd; 2], Refusal> {
    if !address.is_loopback() {
        return Err(Refusal::denied(format!("{address} is not a loopback address")));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn binds_loopback_addresses_alone() {
        for address in ["0.0.0.0", "192.0.2.1", "::", "::ffff:127.0.0.1", "fe80::1"] {
            let refused = sockets(address.parse().expect("an address"));
            assert!(refused.is_err_and(|refusal| refusal.denied), "{address}");
        }
    }
}
