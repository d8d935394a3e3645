//! All addresses of a question at once, each on its link.

use std::{
    collections::{HashMap, hash_map::Entry},
    fs::File,
    io,
    net::Ipv4Addr,
    time::{Duration, Instant},
};

use vmkit_capture::CaptureError;
use vmkit_types::{ArpAnswer, ArpFailure, ArpOutcome, Unread};

use super::{
    count::{ArpCount, count},
    failure::failure,
    line::{Line, converse},
    link::Link,
};

/// Most addresses that one question asks for: three broadcasts each keep a Wi-Fi link busy for up to
/// a second. More addresses are in doubt only if a whole network is at fault.
pub(super) const MOST_ADDRESSES: usize = 256;

/// Why nobody can be asked by ARP.
#[derive(Debug, thiserror::Error)]
pub enum ArpError {
    /// The right to raw sockets is missing on this interface.
    #[error(
        "asking by ARP on {0} takes root's rights (CAP_NET_RAW); without, two machines at one \
         address cannot be told apart"
    )]
    Denied(String),
    /// The system cannot wait for replies.
    #[error("wait for ARP replies")]
    Wait(#[source] io::Error),
}

/// Asks by ARP, on a socket for each link.
#[derive(Debug, Default)]
pub struct Asker {
    /// Kept open: closing one takes the kernel about 16 ms.
    sockets: HashMap<String, File>,
}

impl Asker {
    /// Asks on each link for its addresses until the deadline, and returns who answered. Asks only for
    /// other hosts of the link's own network, for 256 at most, and for each at most
    /// three times.
    ///
    /// # Errors
    /// The right to raw sockets is missing.
    pub fn who_has(
        &mut self,
        asked: &[(Link, Vec<Ipv4Addr>)],
        deadline: Instant,
    ) -> Result<Vec<ArpAnswer>, ArpError> {
        let (mut answers, mut room) = (Vec::new(), MOST_ADDRESSES);
        let mut open = Vec::new();
        let began = Instant::now();
        for (link, addresses) in asked {
            let (others, not_others): (Vec<_>, Vec<_>) =
                addresses.iter().copied().partition(|address| link.has_host(*address));
            let (now, beyond) = others.split_at(room.min(others.len()));
            room -= now.len();
            let no_host =
                || Unread::Failed(format!("not an address of another host on {}", link.interface));
            answers.extend(not_others.iter().map(|address| unread(link, *address, no_host())));
            answers.extend(beyond.iter().map(|address| unread(link, *address, Unread::NotTried)));
            match self.open(&link.interface) {
                Ok(()) => open.push((link, now.to_vec())),
                Err(error) if error.is_denied() => {
                    return Err(ArpError::Denied(link.interface.clone()));
                }
                Err(error) => {
                    let failure = opening(&error, began.elapsed());
                    answers.extend(now.iter().map(|address| ArpAnswer {
                        failure,
                        ..unread(link, *address, why(&error))
                    }));
                }
            }
        }
        let mut lines: Vec<_> = open
            .iter()
            .filter_map(|(link, addresses)| {
                Some(Line::new(link, self.sockets.get(&link.interface)?, addresses))
            })
            .collect();
        answers.extend(converse(&mut lines, deadline).map_err(ArpError::Wait)?);
        Ok(answers)
    }

    /// Asks so many times for one other host of the link's own network, 64 times at most, and counts
    /// the answers. `None`: it is not such a host.
    ///
    /// # Errors
    /// The right to raw sockets is missing, or the link fails.
    pub fn count(
        &mut self,
        link: &Link,
        address: Ipv4Addr,
        requests: u32,
        deadline: Instant,
    ) -> Result<Option<ArpCount>, ArpError> {
        if !link.has_host(address) {
            return Ok(None);
        }
        self.open(&link.interface).map_err(|error| match error {
            error if error.is_denied() => ArpError::Denied(link.interface.clone()),
            error => ArpError::Wait(io::Error::other(error)),
        })?;
        let Some(socket) = self.sockets.get(&link.interface) else { return Ok(None) };
        count(link, socket, address, requests, deadline).map(Some).map_err(ArpError::Wait)
    }

    fn open(&mut self, interface: &str) -> Result<(), CaptureError> {
        if let Entry::Vacant(place) = self.sockets.entry(interface.to_owned()) {
            place.insert(vmkit_capture::open_arp_socket(interface)?.into());
        }
        Ok(())
    }

    /// Uses this socket on the interface, whose other end a test holds.
    #[cfg(test)]
    pub(super) fn with_socket(interface: &str, socket: impl Into<std::os::fd::OwnedFd>) -> Self {
        let socket = File::from(socket.into());
        Self { sockets: HashMap::from([(interface.to_owned(), socket)]) }
    }
}

fn why(error: &CaptureError) -> Unread {
    match error {
        CaptureError::Unsupported { .. } => Unread::Unsupported,
        CaptureError::System { source, .. } => {
            Unread::Failed(format!("open a raw socket: {error}: {source}"))
        }
        CaptureError::RingSize { .. } => Unread::Failed(format!("open a raw socket: {error}")),
    }
}

/// The error of the system for which no socket was made.
fn opening(error: &CaptureError, after: Duration) -> Option<ArpFailure> {
    match error {
        CaptureError::System { source, .. } => Some(failure(source, after)),
        CaptureError::Unsupported { .. } | CaptureError::RingSize { .. } => None,
    }
}

fn unread(link: &Link, address: Ipv4Addr, why: Unread) -> ArpAnswer {
    let interface = Some(link.interface.clone());
    ArpAnswer { address, interface, outcome: ArpOutcome::Unread(why), failure: None }
}
