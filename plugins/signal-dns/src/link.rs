//! The sockets for one responder.

use std::{
    future::poll_fn,
    io,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    task::Poll,
};

use tokio::{io::ReadBuf, net::UdpSocket};

use crate::interface::{Interface, Scope};

/// The hop limit of mDNS, which shows that a packet passed no router: RFC 6762 section 11.
const HOP_LIMIT: u32 = 255;

/// The sockets for one responder: one for a server, one for each interface for mDNS.
pub(crate) struct Link {
    sockets: Vec<Socket>,
    /// The destination of questions; `None`: the sockets are connected.
    group: Option<SocketAddr>,
}

/// One socket, and the interface that it is bound to.
struct Socket {
    socket: UdpSocket,
    /// `None`: the system chooses.
    interface: Option<String>,
}

impl Link {
    /// A socket that is connected to a server, so that it receives from nobody else and reports a closed
    /// port. A server of one interface is asked by that interface.
    pub(crate) async fn to_server(address: SocketAddr, scope: Option<&Scope>) -> io::Result<Self> {
        let any: SocketAddr = if address.is_ipv4() {
            (Ipv4Addr::UNSPECIFIED, 0).into()
        } else {
            (Ipv6Addr::UNSPECIFIED, 0).into()
        };
        let socket = UdpSocket::bind(any).await?;
        if let Some(scope) = scope {
            bind_to(&socket, scope, address.is_ipv4())?;
        }
        socket.connect(address).await?;
        let interface = scope.map(|scope| scope.name.clone());
        Ok(Self { sockets: vec![Socket { socket, interface }], group: None })
    }

    /// Sockets that send to a multicast group on each of these interfaces, or on the system's choice if
    /// none can be used. They have ports of their own, so answers come to them alone: RFC 6762 section
    /// 6.7.
    pub(crate) async fn to_group(group: SocketAddr, interfaces: &[Interface]) -> io::Result<Self> {
        let mut sockets = Vec::new();
        for interface in interfaces {
            let socket = multicast_socket().await?;
            // If one interface has vanished, the others can still be used.
            match send_on(&socket, interface) {
                Ok(()) => sockets.push(Socket { socket, interface: Some(interface.name.clone()) }),
                Err(error) => tracing::debug!("no mDNS on {}: {error}", interface.name),
            }
        }
        if sockets.is_empty() {
            sockets.push(Socket { socket: multicast_socket().await?, interface: None });
        }
        Ok(Self { sockets, group: Some(group) })
    }

    /// Sends a packet on every socket. Fails if every socket fails.
    pub(crate) async fn send(&self, packet: &[u8]) -> io::Result<()> {
        let mut failure = None;
        let mut sent = false;
        for Socket { socket, .. } in &self.sockets {
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

    /// How many sockets there are; each may have an answer of its own.
    pub(crate) fn sockets(&self) -> usize {
        self.sockets.len()
    }

    /// Name of the interface that the socket with this number is bound to.
    pub(crate) fn interface(&self, socket: usize) -> Option<&str> {
        self.sockets.get(socket)?.interface.as_deref()
    }

    /// Receives the next packet on any socket. Returns its length and the number of the socket.
    pub(crate) async fn receive(&self, buffer: &mut [u8]) -> io::Result<(usize, usize)> {
        poll_fn(|cx| {
            for (number, Socket { socket, .. }) in self.sockets.iter().enumerate() {
                let mut packet = ReadBuf::new(buffer);
                while let Poll::Ready(from) = socket.poll_recv_from(cx, &mut packet) {
                    let from = from?;
                    // Responders answer from the port that questions go to.
                    if self.group.is_none_or(|group| group.port() == from.port()) {
                        return Poll::Ready(Ok((packet.filled().len(), number)));
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

/// Has the socket send to groups on this interface, which its own address names, or its name.
fn send_on(socket: &UdpSocket, Interface { name, address }: &Interface) -> io::Result<()> {
    match address {
        Some(address) => Ok(rustix::net::sockopt::set_ip_multicast_if(socket, address)?),
        None => send_on_named(socket, name),
    }
}

#[cfg(target_os = "linux")]
fn send_on_named(socket: &UdpSocket, interface: &str) -> io::Result<()> {
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
fn send_on_named(_: &UdpSocket, _: &str) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Has the socket use this interface alone.
#[cfg(target_os = "macos")]
fn bind_to(socket: &UdpSocket, scope: &Scope, is_ipv4: bool) -> io::Result<()> {
    let socket = socket2::SockRef::from(socket);
    if is_ipv4 {
        socket.bind_device_by_index_v4(Some(scope.index))
    } else {
        socket.bind_device_by_index_v6(Some(scope.index))
    }
}

/// No other system's files name servers of single interfaces.
#[cfg(not(target_os = "macos"))]
fn bind_to(_: &UdpSocket, _: &Scope, _: bool) -> io::Result<()> {
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
            let named = |name: &str| Interface { name: name.to_owned(), address: None };
            let link = Link::to_group(group, &[named("no-such-one"), named("lo")]).await.unwrap();
            assert_eq!((link.sockets(), link.interface(0)), (1, Some("lo")));

            link.send(b"question").await.unwrap();
            let mut buffer = [0; 64];
            let (length, asker) = responder.recv_from(&mut buffer).await.unwrap();
            assert_eq!(&buffer[..length], b"question");

            // Only a packet from the port that was asked is an answer.
            let stranger = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).await.unwrap();
            stranger.send_to(b"stranger", asker).await.unwrap();
            responder.send_to(b"answer", asker).await.unwrap();
            let (length, socket) = link.receive(&mut buffer).await.unwrap();
            assert_eq!((&buffer[..length], socket), (b"answer".as_slice(), 0));
        });
    }
}
