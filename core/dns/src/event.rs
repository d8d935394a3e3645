//! What the server reports, and why it cannot serve.

use std::{io, net::SocketAddr};

/// Why DNS cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum DnsError {
    /// Other computers could reach the address.
    #[error("{0} is not a loopback address: names are served to this computer only")]
    NotLoopback(SocketAddr),
    /// The sockets could not be bound.
    #[error("cannot listen at {address} ({protocol})")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// `TCP` or `UDP`.
        protocol: &'static str,
        /// The system's error.
        source: io::Error,
    },
    /// The serving thread could not be started.
    #[error("cannot start the DNS server")]
    Start(#[source] io::Error),
    /// The server failed.
    #[error("the DNS server stopped: {0}")]
    Broken(String),
}

impl DnsError {
    /// Whether the system lets only others, such as root, bind the address.
    pub fn lacks_rights(&self) -> bool {
        matches!(self, Self::Listen { source, .. } if source.kind() == io::ErrorKind::PermissionDenied)
    }
}

/// The signal that stopped the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopSignal {
    /// SIGINT.
    Interrupt,
    /// SIGTERM.
    Terminate,
}

/// What the serving thread reports.
#[derive(Debug)]
pub enum Event {
    /// A query had no address that another look might find.
    Missed,
    /// The server has stopped.
    Stopped(Result<StopSignal, DnsError>),
}
