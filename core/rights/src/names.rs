//! What `vm dns` asks of the broker.

use std::net::{IpAddr, TcpListener, UdpSocket};

use crate::{
    Broker, Refusal, Reply, Request, ResolverReply,
    broker::{AT_ONCE, unexpected},
    run,
};

impl Broker {
    /// TCP and UDP sockets at port 53 of this loopback address.
    ///
    /// # Errors
    /// The port is in use, or may not be bound.
    pub fn listen(&self, address: IpAddr) -> Result<(TcpListener, UdpSocket), Refusal> {
        let request = Request::Listen { address };
        let (reply, mut receiver) = self.ask_for_descriptors(&request, &[], AT_ONCE)?;
        let Reply::Done = reply else { return Err(unexpected(&reply)) };
        let mut next = || receiver.descriptor().map_err(|error| Refusal::of_wire(&error));
        Ok((TcpListener::from(next()?), UdpSocket::from(next()?)))
    }

    /// Makes the system's resolver ask port 53 of this loopback address for names below the domain.
    /// `None`: undoes it.
    ///
    /// # Errors
    /// The resolver cannot be configured, or may not be.
    pub fn resolver(
        &self,
        suffix: String,
        server: Option<IpAddr>,
    ) -> Result<ResolverReply, Refusal> {
        let request = Request::Resolver { suffix, server };
        match self.ask(&request, &[], run::DEADLINE + AT_ONCE)? {
            Reply::Resolver(reply) => Ok(reply),
            reply => Err(unexpected(&reply)),
        }
    }
}
