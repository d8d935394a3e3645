//! The listening sockets, and the thread that serves them.

use std::{
    fmt, io,
    net::{SocketAddr, TcpListener, UdpSocket},
    sync::{
        Arc, PoisonError, RwLock,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread,
    time::Duration,
};

use hickory_server::Server;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::{Zone, reply::Replies};

/// How long a TCP connection may be silent: the questions of a resolver follow at once, and each
/// connection holds a descriptor.
const TCP_SILENCE: Duration = Duration::from_secs(2);
/// How many replies may wait for a client that does not read.
const TCP_REPLIES: usize = 8;
/// How many events may wait: that somebody asked, and that the server has ended.
const EVENTS: usize = 2;

/// Why names are not served.
#[derive(Debug, thiserror::Error)]
pub enum DnsError {
    /// Others than this computer could ask there.
    #[error("{0} is not a loopback address: names are served to this computer alone")]
    NotLoopback(SocketAddr),
    /// The sockets could not be had.
    #[error("cannot listen at {address} ({protocol})")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// `TCP` or `UDP`.
        protocol: &'static str,
        /// What the system says.
        source: io::Error,
    },
    /// The serving thread could not be started.
    #[error("cannot start serving names")]
    Start(#[source] io::Error),
    /// It broke off.
    #[error("serving names ended: {0}")]
    Broken(String),
}

/// Why serving came to its end without a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// SIGINT.
    Interrupted,
    /// SIGTERM.
    Terminated,
}

/// What the serving thread tells.
#[derive(Debug)]
pub enum Event {
    /// A name was asked for that another look may find.
    Asked,
    /// It has ended.
    Ended(Result<Ended, DnsError>),
}

/// The present zone, shared between who finds addresses and who answers.
#[derive(Clone)]
pub struct Zones(Arc<RwLock<Arc<Zone>>>);

impl Zones {
    /// With this zone first.
    pub fn new(zone: Zone) -> Self {
        Self(Arc::new(RwLock::new(Arc::new(zone))))
    }

    /// Puts this zone in place of the present one.
    pub fn replace(&self, zone: Zone) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(zone);
    }

    /// The present zone.
    pub fn present(&self) -> Arc<Zone> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Sockets at a loopback address, which nobody serves yet.
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
    /// Listens at this loopback address for UDP and TCP; port 0 is any that is free.
    ///
    /// # Errors
    /// The address is none of loopback, or is taken.
    pub fn at(address: SocketAddr) -> Result<Self, DnsError> {
        if !address.ip().is_loopback() {
            return Err(DnsError::NotLoopback(address));
        }
        let failed = |protocol| move |source| DnsError::Listen { address, protocol, source };
        let tcp = TcpListener::bind(address).map_err(failed("TCP"))?;
        let address = tcp.local_addr().map_err(failed("TCP"))?;
        let udp = UdpSocket::bind(address).map_err(failed("UDP"))?;
        // The runtime waits for them.
        tcp.set_nonblocking(true).map_err(failed("TCP"))?;
        udp.set_nonblocking(true).map_err(failed("UDP"))?;
        Ok(Self { address, tcp, udp })
    }

    /// Where.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves the zones from a thread of its own, until SIGINT or SIGTERM arrives, which this
    /// process from now on does not die of.
    ///
    /// # Errors
    /// The thread cannot be started.
    pub fn serve(self, zones: Zones) -> Result<Receiver<Event>, DnsError> {
        let (events, told) = sync_channel(EVENTS);
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
            Ok(Ok(())) => Ok(told),
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
        let mut server = Server::new(Replies { zones, events: events.clone() });
        let signals = match self.register(&mut server) {
            Ok(signals) => signals,
            Err(error) => return drop(started.send(Err(error))),
        };
        started.send(Ok(())).ok();
        let (mut interrupt, mut terminate) = signals;
        let ended = tokio::select! {
            _ = interrupt.recv() => Ok(Ended::Interrupted),
            _ = terminate.recv() => Ok(Ended::Terminated),
            broken = server.block_until_done() => Err(DnsError::Broken(match broken {
                Ok(()) => "its sockets were closed".to_owned(),
                Err(error) => error.to_string(),
            })),
        };
        events.send(Event::Ended(ended)).ok();
    }

    fn register(self, server: &mut Server<Replies>) -> io::Result<(Signal, Signal)> {
        let signals = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
        server.register_socket(tokio::net::UdpSocket::from_std(self.udp)?);
        let tcp = tokio::net::TcpListener::from_std(self.tcp)?;
        server.register_listener(tcp, TCP_SILENCE, TCP_REPLIES);
        Ok(signals)
    }
}
