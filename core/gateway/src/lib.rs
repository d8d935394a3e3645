//! Asks a VM's gateway what it is: a few pages that advice plugins declare and somebody has reviewed,
//! its UPnP description, and its names.
//!
//! Requests go to the gateway's address only, without credentials, redirects or cookies. Every answer
//! is bounded in size and time, and stripped of keys and passwords. A snapshot keeps the answers under
//! `gateway/`.

#![forbid(unsafe_code)]

mod facts;
mod http;
mod limits;
mod names;
mod pages;
mod record;
mod secrets;
mod ssdp;

use std::{
    net::{IpAddr, SocketAddr},
    time::Instant,
};

pub use facts::facts;
pub use http::{Page, PageRequest, Response};
pub use limits::Limits;
pub use pages::{DeclaredPage, is_reviewed, requests};
pub use record::{ReadError, Recorded, read, write};

/// What the gateway replied. Empty where it was not asked or did not answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GatewayReplies {
    /// The HTTP replies in the order of the requests, then the reply to the UPnP search.
    pub pages: Vec<Page>,
    /// The UPnP description, unparsed.
    pub description: Option<String>,
    /// Names that the system's resolver gives for its address.
    pub names: Vec<String>,
}

/// Asks the gateway, within these limits.
pub fn ask(
    gateway: IpAddr,
    requests: &[PageRequest],
    ports: Ports,
    limits: Limits,
) -> GatewayReplies {
    let deadline = Instant::now() + limits.all;
    std::thread::scope(|scope| {
        let search =
            scope.spawn(|| ssdp::search(SocketAddr::new(gateway, ports.upnp), deadline, limits));
        let names = scope.spawn(|| names::look_up(gateway, deadline));
        let mut pages =
            http::pages(SocketAddr::new(gateway, ports.web), requests, deadline, limits.page);
        let ssdp::Found { answer, description } = search.join().unwrap_or_default();
        pages.extend(answer);
        GatewayReplies { pages, description, names: names.join().unwrap_or_default() }
    })
}

/// The gateway's ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ports {
    /// TCP port of the web server.
    pub web: u16,
    /// UDP port of UPnP discovery.
    pub upnp: u16,
}

impl Default for Ports {
    /// The standard ports.
    fn default() -> Self {
        Self { web: 80, upnp: 1900 }
    }
}
