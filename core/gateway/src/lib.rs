//! What a machine's gateway tells of itself: the few pages that advice plugins declare, its
//! description over UPnP, and its names.
//!
//! Only the gateway is asked, by its address, without credentials, redirects or cookies; every
//! answer is bounded in size and time, and keys and passwords are taken out of it. In a snapshot the
//! same things lie under `gateway/`.

#![forbid(unsafe_code)]

mod facts;
mod http;
mod names;
mod record;
mod secrets;
mod ssdp;

use std::{
    net::{IpAddr, SocketAddr},
    time::{Duration, Instant},
};

pub use facts::{Fact, facts};
pub use http::{Page, Response};
pub use record::{ReadError, Recorded, read, write};

/// How long the gateway is asked in all. Its pages come in tens of milliseconds; a hub that is busy
/// takes a second.
pub const PATIENCE: Duration = Duration::from_millis(2500);

/// What the gateway told. `None`: it was not asked, or did not answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// Answers over HTTP, in the order of the pages, and then the one over UPnP.
    pub pages: Vec<Page>,
    /// Its UPnP description, as it is.
    pub description: Option<String>,
    /// Names that the system's resolver has for its address.
    pub names: Vec<String>,
}

/// A page to ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Path and query, from the `/` on: printable ASCII.
    pub path: String,
    /// Path of the page that is named as the referrer.
    pub referer: Option<String>,
}

/// Asks the gateway, within [`PATIENCE`].
pub fn ask(gateway: IpAddr, wanted: &[Wanted], ports: Ports) -> Told {
    let deadline = Instant::now() + PATIENCE;
    std::thread::scope(|scope| {
        let search = scope.spawn(|| ssdp::search(SocketAddr::new(gateway, ports.upnp), deadline));
        let names = scope.spawn(|| names::of(gateway, deadline));
        let mut pages = http::pages(SocketAddr::new(gateway, ports.web), wanted, deadline);
        let ssdp::Found { answer, description } = search.join().unwrap_or_default();
        pages.extend(answer);
        Told { pages, description, names: names.join().unwrap_or_default() }
    })
}

/// Where the gateway is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ports {
    /// TCP port of its pages.
    pub web: u16,
    /// UDP port of its UPnP discovery.
    pub upnp: u16,
}

impl Default for Ports {
    /// Those of the standards.
    fn default() -> Self {
        Self { web: 80, upnp: 1900 }
    }
}
