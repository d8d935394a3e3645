//! The sockets for one responder.

use std::{
    future::poll_fn,
    io,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    task::Poll,
};

use tokio::{io::ReadBuf, net::UdpSocket};

/// The hop limit of mDNS, which shows that a packet passed no router: RFC 6762 section 11.
const HOP_LIMIT: u32 = 255;

/// The sockets for one responder: one for a server, one for each interface for mDNS.
pub(crate) struct Link {
    sockets: Vec<UdpSocket>,
    /// The destination of questions; `None`: the sockets are connected.
    group: Option<SocketAddr>,
}

impl Link {
    /// A socket that is connected to a server, so that it receives from nobody else and reports a closed
    /// port.
    pub(crate) async fn to_server(address: SocketAddr) -> io::Result<Self> {
        let any: SocketAddr = if address.is_ipv4() {
            (Ipv4Addr::UNSPECIFIED, 0).into()
        } else {
            (Ipv6Addr::UNSPECIFIED, 0).into()
        };
        let socket = UdpSocket::bind(any).await?;
        socket.connect(address).await?;
        Ok(Self { sockets: vec![socket], group: None })
    }

    /// Sockets that send to a multicast group on each of these interfaces, or on the system's choice if
    /// none can be used. They have ports of their own, so answers come to them alone: RFC 6762 section
    /// 6.7.
    pub(crate) async fn to_group(group: SocketAddr, interfaces: &[String]) -> io::Result<Self> {
        let mut sockets = Vec::new();
        for interface in interfaces {
            let socket = multicast_socket().await?;
            // If one interface has vanished, the others can still be used.
            match send_on(&socket, interface) {
                Ok(()) => sockets.push(socket),
                Err(error) => tracing::debug!("no mDNS on {interface}: {error}"),
            }
        }
        if sockets.is_empty() {
            sockets.push(multicast_socket().await?);
        }
        Ok(Self { sockets, group: Some(group) })
    }

    /// Sends a packet on every socket. Fails if every socket fails.
    pub(crate) async fn send(&self, packet: &[u8]) -> io::Result<()> {
        let mut failure = None;
        let mut sent = false;
        for socket in &self.sockets {
            let result = match self.group {
                Some(group) => socket.send_to(packet, group).await,
                None => socket.send(packet).await,
            };
            match result {
                Ok(_) => sent = true,
                Err(error) => failure = Some(error),
            }
        }
        match failure {
            Some(error) if !sent => Err(error),
            _ => Ok(()),
        }
    }

    /// Receives the next packet on any socket. Returns its length.
    pub(crate) async fn receive(&self, buffer: &mut [u8]) -> io::Result<usize> {
        poll_fn(|cx| {
            for socket in &self.sockets {
                let mut packet = ReadBuf::new(buffer);
                while let Poll::Ready(from) = socket.poll_recv_from(cx, &mut packet) {
                    let from = from?;
                    // Responders answer from the port that questions go to.
                    if self.group.is_none_or(|group| group.port() == from.port()) {
                        return Poll::Ready(Ok(packet.filled().len()));
                    }
                    packet.clear();
                }
            }
            Poll::Pending
        })
        .await
    }
}

async fn multicast_socket() -> io::Result<UdpSocket> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).await?;
    socket.set_multicast_ttl_v4(HOP_LIMIT)?;
    Ok(socket)
}

#[cfg(target_os = "linux")]
fn send_on(socket: &UdpSocket, interface: &str) -> io::Result<()> {
    use rustix::net::{netdevice, sockopt};

    let index = netdevice::name_to_index(socket, interface)?;
    sockopt::set_ip_multicast_if_with_ifindex(
        socket,
        &Ipv4Addr::UNSPECIFIED,
        &Ipv4Addr::UNSPECIFIED,
        index,
    )?;
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn send_on(_: &UdpSocket, _: &str) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn asks_a_group_on_the_given_interface() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
        runtime.block_on(async {
            let responder = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).await.unwrap();
            let group = Ipv4Addr::new(224, 0, 0, 251);
            responder.join_multicast_v4(group, Ipv4Addr::LOCALHOST).unwrap();
            let group = SocketAddr::new(group.into(), responder.local_addr().unwrap().port());
            let interfaces = ["no-such-one".to_owned(), "lo".to_owned()];
            let link = Link::to_group(group, &interfaces).await.unwrap();
            assert_eq!(link.sockets.len(), 1);

            link.send(b"question").await.unwrap();
            let mut buffer = [0; 64];
            let (length, asker) = responder.recv_from(&mut buffer).await.unwrap();
            assert_eq!(&buffer[..length], b"question");

            // Only a packet from the port that was asked is an answer.
            let stranger = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).await.unwrap();
            stranger.send_to(b"stranger", asker).await.unwrap();
            responder.send_to(b"answer", asker).await.unwrap();
            let length = link.receive(&mut buffer).await.unwrap();
            assert_eq!(&buffer[..length], b"answer");
        });
    }
}
