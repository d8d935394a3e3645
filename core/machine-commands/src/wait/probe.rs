//! Asks an address for SSH again and again, so that its answer is noticed at once.

use std::{
    io::{ErrorKind, Read as _},
    net::{IpAddr, SocketAddr, TcpStream},
    sync::mpsc::{self, RecvTimeoutError, Sender},
    thread,
    time::{Duration, Instant},
};

use vmkit_rights::Broker;
use vmkit_types::{ArpAnswer, ArpOutcome, HostNetwork, Interface, Unread};

use super::event::Event;

/// The port of SSH.
const SSH: u16 = 22;
/// How long one connection may take. A host of the same link answers within milliseconds; one that does not is
/// asked again, so that a lost packet does not cost the kernel's second.
const CONNECT: Duration = Duration::from_millis(250);
/// Interval between connections that are refused: a small part of what a person notices.
const PAUSE: Duration = Duration::from_millis(20);
/// How long a server may take for its banner: a guest that boots is busy.
const BANNER: Duration = Duration::from_secs(2);
/// How long one ARP request may take on a link of this computer; the next one follows at once.
const ARP: Duration = Duration::from_millis(20);
/// How long an address is asked by ARP alone: a guest sets the address that it was given within this time.
const ARP_ONLY: Duration = Duration::from_secs(2);

/// Where an address is asked by ARP before the kernel is. The kernel repeats an unanswered request only after a
/// second, so a connection that comes a moment before the guest sets its address would cost that second.
#[derive(Clone)]
pub(super) struct Link {
    broker: Broker,
    interface: String,
}

impl Link {
    /// The interface whose network holds the address.
    pub(super) fn of(address: IpAddr, network: &HostNetwork, broker: &Broker) -> Option<Self> {
        let holds = |interface: &&Interface| {
            interface.addresses.iter().any(|prefix| prefix.contains(address))
        };
        let interface = network.interfaces.iter().find(holds)?.name.clone();
        Some(Self { broker: broker.clone(), interface })
    }

    /// Whether to go on without ARP: the address is held, or this may not be asked.
    fn is_open(&self, address: IpAddr) -> bool {
        let IpAddr::V4(address) = address else { return true };
        let asked = vec![(self.interface.clone(), vec![address])];
        let silent = |answer: &ArpAnswer| {
            matches!(answer.outcome, ArpOutcome::Silent(_) | ArpOutcome::Unread(Unread::TimedOut))
        };
        self.broker.who_has(asked, ARP).map_or(true, |answers| !answers.iter().all(silent))
    }
}

/// The probes of one address. They end when this is dropped.
pub(super) struct Probe {
    /// The address.
    pub(super) address: IpAddr,
    #[expect(dead_code, reason = "the thread ends once it is dropped")]
    lives: Sender<()>,
}

impl Probe {
    /// Starts to ask.
    pub(super) fn start(
        place: usize,
        address: IpAddr,
        link: Option<Link>,
        sender: Sender<(usize, Event)>,
    ) -> Self {
        let (lives, end) = mpsc::channel();
        // Without a thread the looks ask, later.
        let _ = thread::Builder::new().spawn(move || {
            let mut answers = false;
            let mut link = link;
            let arp_only_until = Instant::now() + ARP_ONLY;
            while matches!(end.recv_timeout(PAUSE), Err(RecvTimeoutError::Timeout)) {
                if let Some(asked) = &link {
                    if !asked.is_open(address) && Instant::now() < arp_only_until {
                        continue;
                    }
                    link = None;
                }
                let event = match ask(address) {
                    Answer::Ssh => Some(Event::Ssh(address)),
                    Answer::Other if !answers => Some(Event::Answers(address)),
                    Answer::Other | Answer::None => None,
                };
                if let Some(event) = event {
                    answers = true;
                    if sender.send((place, event)).is_err() || event == Event::Ssh(address) {
                        return;
                    }
                }
            }
        });
        Self { address, lives }
    }
}

enum Answer {
    /// An SSH server.
    Ssh,
    /// The host is there.
    Other,
    /// Nothing.
    None,
}

fn ask(address: IpAddr) -> Answer {
    let connection = TcpStream::connect_timeout(&SocketAddr::new(address, SSH), CONNECT);
    let mut connection = match connection {
        Ok(connection) => connection,
        Err(error) if error.kind() == ErrorKind::ConnectionRefused => return Answer::Other,
        Err(_) => return Answer::None,
    };
    if is_ssh(&mut connection) { Answer::Ssh } else { Answer::Other }
}

/// Whether the server's first line begins as SSH's does (RFC 4253, 4.2).
fn is_ssh(connection: &mut TcpStream) -> bool {
    let mut banner = [0; 4];
    let patience = connection.set_read_timeout(Some(BANNER));
    patience.and_then(|()| connection.read_exact(&mut banner)).is_ok() && banner == *b"SSH-"
}

/// Whether a guest's word about its address may be followed: the address is on a link of this computer, and
/// is not this computer's or its router's own.
pub(super) fn may_probe(address: IpAddr, network: &HostNetwork) -> bool {
    let prefixes = || network.interfaces.iter().flat_map(|interface| &interface.addresses);
    let on_link = prefixes().any(|prefix| prefix.contains(address));
    let own = prefixes().any(|prefix| prefix.address == address);
    let gateway = network.gateways().any(|gateway| gateway == address);
    on_link && !own && !gateway && !address.is_loopback()
}

#[cfg(test)]
mod tests {
    use std::{io::Write as _, net::TcpListener};

    use vmkit_types::{InterfaceKind, Prefix, Route};

    use super::*;

    #[test]
    fn follows_a_guest_to_its_own_link_and_to_no_address_of_this_computer() {
        let prefix = |address: &str, length| Prefix { address: address.parse().unwrap(), length };
        let interface = Interface {
            name: "br0".to_owned(),
            mac: None,
            addresses: vec![prefix("192.168.1.20", 24)],
            kind: InterfaceKind::Bridge,
            up: true,
            bridge: None,
        };
        let loopback = Interface {
            name: "lo".to_owned(),
            addresses: vec![prefix("127.0.0.1", 8)],
            kind: InterfaceKind::Loopback,
            ..interface.clone()
        };
        let route = Route {
            destination: prefix("0.0.0.0", 0),
            gateway: Some("192.168.1.1".parse().unwrap()),
            interface: "br0".to_owned(),
        };
        let network = HostNetwork { interfaces: vec![interface, loopback], routes: vec![route] };
        let rows = [
            ("192.168.1.64", true),
            ("192.168.1.20", false),
            ("192.168.1.1", false),
            ("192.168.2.64", false),
            ("127.0.0.2", false),
            ("8.8.8.8", false),
        ];
        for (address, expected) in rows {
            assert_eq!(may_probe(address.parse().unwrap(), &network), expected, "{address}");
        }
    }

    #[test]
    fn only_a_banner_of_ssh_counts() {
        for (banner, expected) in
            [(&b"SSH-2.0-x\r\n"[..], true), (b"HTTP/1.1 400", false), (b"", false)]
        {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let address = listener.local_addr().unwrap();
            let server = thread::spawn(move || listener.accept().unwrap().0.write_all(banner));
            let mut connection = TcpStream::connect(address).unwrap();
            assert_eq!(is_ssh(&mut connection), expected, "{banner:?}");
            server.join().unwrap().unwrap();
        }
    }
}
