//! The namespaces between which frames are sent.

use std::{
    collections::HashSet,
    fs::File,
    net::UdpSocket,
    os::fd::AsFd as _,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use pnet_datalink::{Channel, Config, DataLinkReceiver, DataLinkSender};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use vmkit_lab::{Lab, LabError, Namespace};
use vmkit_types::Mac;

use crate::question::{BRIDGE, End, OUTSIDE, OWN, PORT, Question, ROUTED};

/// Expected frames take microseconds; on a busy computer more.
const PATIENCE: Duration = Duration::from_secs(10);
/// A frame that should have been dropped is seen within this time, or missed.
const GRACE: Duration = Duration::from_millis(60);
/// How often a receiver looks whether it should end.
const READ_TIMEOUT: Duration = Duration::from_millis(500);

/// What has arrived where.
#[derive(Default)]
struct Arrived {
    marks: Mutex<HashSet<(End, u32)>>,
    news: Condvar,
}

impl Arrived {
    fn lock(&self) -> MutexGuard<'_, HashSet<(End, u32)>> {
        self.marks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, at: End, mark: u32) {
        self.lock().insert((at, mark));
        self.news.notify_all();
    }

    /// Waits until the marks are as they are wanted, at most for a time.
    fn wait(&self, most: Duration, wanted: impl Fn(&HashSet<(End, u32)>) -> bool) {
        drop(self.news.wait_timeout_while(self.lock(), most, |marks| !wanted(marks)));
    }
}

/// Where frames are sent and received.
pub(crate) struct Network {
    machine: Mutex<Box<dyn DataLinkSender>>,
    router: Mutex<Box<dyn DataLinkSender>>,
    host: UdpSocket,
    arrived: Arc<Arrived>,
    /// Ends the threads when it is dropped.
    _open: Arc<()>,
    pub(crate) router_mac: Mac,
    pub(crate) bridge_mac: Mac,
    _namespaces: [Namespace; 2],
}

impl Network {
    pub(crate) fn new(lab: &Lab) -> Result<Self, LabError> {
        let host = lab.host();
        let machine = lab.join("vm", PORT)?;
        machine.ip(&format!("link set eth0 address {OWN}"))?;
        let beyond = lab.join("net", OUTSIDE)?;
        host.ip(&format!("link set {OUTSIDE} nomaster"))?;
        host.ip(&format!("address add 10.99.0.1/24 dev {OUTSIDE}"))?;
        host.set("ipv4.ip_forward", "1")?;
        // Without a neighbour's MAC no packet leaves.
        host.ip(&format!("neigh replace {ROUTED} lladdr 02:00:00:00:00:07 dev {OUTSIDE}"))?;
        host.set("ipv4.conf.all.rp_filter", "0")?;
        let router = lab.router_host();
        let (router_mac, bridge_mac) = (mac(router, "rt0")?, mac(host, BRIDGE)?);
        let arrived = Arc::<Arrived>::default();
        let open = Arc::new(());
        let (machine_sender, at_machine) = channel(&machine, "eth0");
        let (router_sender, at_router) = channel(router, "rt0");
        let (_, at_beyond) = channel(&beyond, "eth0");
        hear(at_machine, End::Machine, OWN, &arrived, &open);
        hear(at_router, End::Router, router_mac, &arrived, &open);
        hear(at_beyond, End::Outside, Mac::new([0; 6]), &arrived, &open);
        let server = inside(host, || {
            let server = UdpSocket::bind("0.0.0.0:67").expect("a socket");
            server.set_broadcast(true).expect("a broadcast socket");
            server.set_read_timeout(Some(READ_TIMEOUT)).expect("a timeout");
            server
        });
        serve(server.try_clone().expect("a socket"), &arrived, &open);
        Ok(Self {
            machine: Mutex::new(machine_sender),
            router: Mutex::new(router_sender),
            host: server,
            arrived,
            _open: open,
            router_mac,
            bridge_mac,
            _namespaces: [machine, beyond],
        })
    }

    /// Forgets what has arrived.
    pub(crate) fn clear(&self) {
        self.arrived.lock().clear();
    }

    pub(crate) fn send(&self, question: &Question) {
        match question.from {
            End::Machine => send(&self.machine, &question.octets),
            End::Router => send(&self.router, &question.octets),
            // A rule may refuse it, which the program is told of.
            End::Host | End::Outside => {
                drop(self.host.send_to(&question.octets, "255.255.255.255:68"));
            }
        }
    }

    /// Waits until all of these have arrived, and a little for others.
    pub(crate) fn wait_for(&self, wanted: &[(End, u32)]) {
        self.arrived.wait(PATIENCE, |marks| wanted.iter().all(|mark| marks.contains(mark)));
        self.arrived.wait(GRACE, |_| false);
    }

    pub(crate) fn arrived(&self, question: &Question) -> bool {
        self.arrived.lock().contains(&(question.to, question.mark))
    }
}

fn mac(namespace: &Namespace, interface: &str) -> Result<Mac, LabError> {
    let shown = namespace.ip(&format!("-o link show {interface}"))?;
    let word = shown.split("link/ether ").nth(1).and_then(|rest| rest.split(' ').next());
    Ok(word.and_then(|word| word.parse().ok()).expect("a MAC"))
}

fn send(sender: &Mutex<Box<dyn DataLinkSender>>, frame: &[u8]) {
    let mut sender = sender.lock().unwrap_or_else(PoisonError::into_inner);
    sender.send_to(frame, None).expect("a way to send").expect("a sent frame");
}

/// Does something in the network of a namespace.
fn inside<T: Send>(namespace: &Namespace, act: impl FnOnce() -> T + Send) -> T {
    let file = File::open(format!("/run/netns/{}", namespace.name())).expect("a namespace");
    thread::scope(|scope| {
        let thread = scope.spawn(|| {
            move_into_link_name_space(file.as_fd(), Some(LinkNameSpaceType::Network))
                .expect("a way in");
            act()
        });
        thread.join().expect("an answer")
    })
}

fn channel(
    namespace: &Namespace,
    interface: &'static str,
) -> (Box<dyn DataLinkSender>, Box<dyn DataLinkReceiver>) {
    inside(namespace, move || {
        let interfaces = pnet_datalink::interfaces();
        let found = interfaces.iter().find(|each| each.name == interface).expect("an interface");
        let config = Config { read_timeout: Some(READ_TIMEOUT), ..Config::default() };
        match pnet_datalink::channel(found, config).expect("a channel") {
            Channel::Ethernet(sender, receiver) => (sender, receiver),
            _ => panic!("no Ethernet"),
        }
    })
}

/// Notes the marks of frames that others sent, until nobody else asks for them.
fn hear(
    mut receiver: Box<dyn DataLinkReceiver>,
    at: End,
    own: Mac,
    arrived: &Arc<Arrived>,
    open: &Arc<()>,
) {
    let (arrived, open) = (Arc::clone(arrived), Arc::downgrade(open));
    thread::spawn(move || {
        while open.strong_count() > 0 {
            if let Ok(frame) = receiver.next()
                && frame.get(6..12) != Some(own.octets().as_slice())
                && let Some(mark) = mark_of(frame)
            {
                arrived.add(at, mark);
            }
        }
    });
}

/// Notes the marks of datagrams to the host.
fn serve(server: UdpSocket, arrived: &Arc<Arrived>, open: &Arc<()>) {
    let (arrived, open) = (Arc::clone(arrived), Arc::downgrade(open));
    thread::spawn(move || {
        let mut buffer = [0; 2000];
        while open.strong_count() > 0 {
            if let Ok(length) = server.recv(&mut buffer)
                && let Some(mark) = buffer.get(..length).and_then(|message| number(message, 4))
            {
                arrived.add(End::Host, mark);
            }
        }
    });
}

/// The mark of a frame: of DHCP the transaction, of ARP the wanted address, of TCP the sequence number.
fn mark_of(frame: &[u8]) -> Option<u32> {
    let (kind, protocol) = (frame.get(12..14)?, frame.get(23)?);
    let place = match (kind, protocol) {
        ([8, 6], _) | ([8, 0], 6) => 38,
        ([8, 0], 17) => 46,
        _ => return None,
    };
    number(frame, place)
}

fn number(octets: &[u8], place: usize) -> Option<u32> {
    Some(u32::from_be_bytes(octets.get(place..place + 4)?.try_into().ok()?))
}
