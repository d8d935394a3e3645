//! The listening sockets and the thread that serves them.

use std::{
    fmt, io,
    net::{SocketAddr, TcpListener, UdpSocket},
    sync::mpsc::{Receiver, SyncSender, sync_channel},
    thread,
};

use hickory_server::Server;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::{DnsError, Event, StopSignal, Zones, reply::Replies, tcp};

/// Queued events: one [`Event::Missed`] and the end of the server.
const EVENT_QUEUE: usize = 2;

/// Bound sockets at a loopback address, not served yet.
pub struct Listening {
    address: SocketAddr,
    tcp: TcpListener,
    udp: UdpSocket,
}

impl fmt::Debug for Listening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Listening at {}", self.address)
    }
}

impl Listening {
    /// Binds UDP and TCP sockets at this loopback address. Port 0 picks a free port.
    ///
    /// # Errors
    /// The address is not a loopback address, or is in use.
    pub fn at(address: SocketAddr) -> Result<Self, DnsError> {
        if !address.ip().is_loopback() {
            return Err(DnsError::NotLoopback(address));
        }
        let failed = |protocol| move |source| DnsError::Listen { address, protocol, source };
        let tcp = TcpListener::bind(address).map_err(failed("TCP"))?;
        let address = tcp.local_addr().map_err(failed("TCP"))?;
        let udp = UdpSocket::bind(address).map_err(failed("UDP"))?;
        Self::of_sockets(tcp, udp)
    }

    /// Takes sockets that are bound to one loopback address.
    ///
    /// # Errors
    /// They are bound to others.
    pub fn of_sockets(tcp: TcpListener, udp: UdpSocket) -> Result<Self, DnsError> {
        let address = tcp.local_addr().map_err(DnsError::Start)?;
        if !address.ip().is_loopback() || udp.local_addr().map_err(DnsError::Start)? != address {
            return Err(DnsError::NotLoopback(address));
        }
        // Tokio requires it.
        tcp.set_nonblocking(true).map_err(DnsError::Start)?;
        udp.set_nonblocking(true).map_err(DnsError::Start)?;
        Ok(Self { address, tcp, udp })
    }

    /// The address they are bound to.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves the zones on a new thread until SIGINT or SIGTERM, which no longer kill the process.
    ///
    /// # Errors
    /// The thread cannot be started.
    pub fn serve(self, zones: Zones) -> Result<Receiver<Event>, DnsError> {
        let (events, receiver) = sync_channel(EVENT_QUEUE);
        let (started, outcome) = sync_channel(1);
        let thread = thread::Builder::new().name("dns".to_owned());
        let run = move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let runtime = match runtime {
                Ok(runtime) => runtime,
                Err(error) => return drop(started.send(Err(error))),
            };
            runtime.block_on(self.run(zones, events, &started));
        };
        thread.spawn(run).map_err(DnsError::Start)?;
        match outcome.recv() {
            Ok(Ok(())) => Ok(receiver),
            Ok(Err(error)) => Err(DnsError::Start(error)),
            Err(_) => Err(DnsError::Start(io::Error::other("its thread has ended"))),
        }
    }

    async fn run(
        self,
        zones: Zones,
        events: SyncSender<Event>,
        started: &SyncSender<io::Result<()>>,
    ) {
        let replies = Replies { zones, events: events.clone() };
        let mut server = Server::new(replies.clone());
        let (mut interrupt, mut terminate, tcp) = match self.register(&mut server) {
            Ok(registered) => registered,
            Err(error) => return drop(started.send(Err(error))),
        };
        started.send(Ok(())).ok();
        let reason = tokio::select! {
            _ = interrupt.recv() => Ok(StopSignal::Interrupt),
            _ = terminate.recv() => Ok(StopSignal::Terminate),
            never = tcp::serve(tcp, replies) => match never {},
            broken = server.block_until_done() => Err(DnsError::Broken(match broken {
                Ok(()) => "its sockets were closed".to_owned(),
                Err(error) => error.to_string(),
            })),
        };
        events.send(Event::Stopped(reason)).ok();
    }

    fn register(
        self,
        server: &mut Server<Replies>,
    ) -> io::Result<(Signal, Signal, tokio::net::TcpListener)> {
        let (interrupt, terminate) =
            (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
        server.register_socket(tokio::net::UdpSocket::from_std(self.udp)?);
        Ok((interrupt, terminate, tokio::net::TcpListener::from_std(self.tcp)?))
    }
}
