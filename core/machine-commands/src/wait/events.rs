//! What happens at a machine's port and console.

use std::{
    fs,
    net::IpAddr,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{self, Receiver, Sender},
    },
    thread,
    time::{Duration, Instant, SystemTime},
};

use vmkit_dhcp::{Content, Frame, Message, MessageKind};
use vmkit_rights::Broker;
use vmkit_types::{HostNetwork, Mac};

use super::{
    event::Event,
    probe::{Link, Probe, may_probe},
};

/// Poll interval of the stop flag of a capture; no person notices it.
const TICK: Duration = Duration::from_millis(100);

/// The events of all machines that are waited for, by their places.
pub(super) struct Events {
    receiver: Receiver<(usize, Event)>,
    stop: Arc<AtomicBool>,
    asker: Asker,
}

impl Events {
    /// With the host's networks, and with the broker that captures and asks.
    pub(super) fn new(network: HostNetwork, broker: Broker) -> Self {
        let (sender, receiver) = mpsc::channel();
        let asker = Asker { network, broker, sender };
        Self { receiver, stop: Arc::new(AtomicBool::new(false)), asker }
    }

    /// Asks an address that a look found for SSH.
    pub(super) fn probe(&self, place: usize, address: IpAddr) -> Probe {
        self.asker.probe(place, address)
    }

    /// Follows the frames at a machine's port, and asks an address that they show for SSH at once, if it is on
    /// a link of this computer. Where that is not allowed, there are no events.
    pub(super) fn follow_port(&self, place: usize, (port, mac): (String, Mac)) {
        let (stop, asker) = (Arc::clone(&self.stop), self.asker.clone());
        // Without a thread the looks find the address, later.
        let _ = thread::Builder::new().spawn(move || {
            let Ok(mut frames) = asker.broker.capture(&port) else { return };
            let mut probe: Option<Probe> = None;
            while !stop.load(Ordering::Relaxed) {
                let Ok(frame) = frames.next(Instant::now() + TICK) else { return };
                let Some(event) = frame.and_then(|frame| event(frame.at, frame.data, mac)) else {
                    continue;
                };
                if let Event::Has(address) = event
                    && probe.as_ref().is_none_or(|probe| probe.address != address)
                    && may_probe(address, &asker.network)
                {
                    probe = Some(asker.probe(place, address));
                }
                if asker.sender.send((place, event)).is_err() {
                    return;
                }
            }
        });
    }

    /// The next event. `None`: none came before the deadline.
    pub(super) fn next(&self, patience: Duration) -> Option<(usize, Event)> {
        // It is never disconnected: the asker holds a sender.
        self.receiver.recv_timeout(patience).ok()
    }
}

/// What a thread needs to ask an address.
#[derive(Clone)]
struct Asker {
    network: HostNetwork,
    broker: Broker,
    sender: Sender<(usize, Event)>,
}

impl Asker {
    fn probe(&self, place: usize, address: IpAddr) -> Probe {
        let link = Link::of(address, &self.network, &self.broker);
        Probe::start(place, address, link, self.sender.clone())
    }
}

impl Drop for Events {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

/// What a frame at the port of the machine with this MAC means.
fn event(at: SystemTime, frame: &[u8], mac: Mac) -> Option<Event> {
    let frame = Frame::parse(at, frame)?;
    if let Content::Arp(arp) = frame.content {
        let own = arp.sender_mac == mac && frame.source == mac;
        let address = arp.sender.filter(|address| own && !address.is_link_local());
        return address.map(|address| Event::Has(address.into()));
    }
    let message = Message::parse(at, &frame)?;
    if message.chaddr != mac {
        return None;
    }
    match message.kind {
        MessageKind::Discover | MessageKind::Request => Some(Event::Asked),
        MessageKind::Nak => Some(Event::Refused),
        MessageKind::Ack => message.yiaddr.map(|address| Event::Has(address.into())),
        _ => None,
    }
}

/// A console log that grows.
pub(super) struct Console {
    path: PathBuf,
    length: u64,
}

impl Console {
    pub(super) const fn new(path: PathBuf) -> Self {
        Self { path, length: 0 }
    }

    /// Whether the guest has written to it since the last call.
    pub(super) fn has_grown(&mut self) -> bool {
        let length = fs::symlink_metadata(&self.path).map_or(0, |status| status.len());
        let grown = length != self.length;
        self.length = length;
        grown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAC: Mac = Mac::new([0x52, 0x54, 0, 1, 2, 3]);

    /// An ARP reply of this sender.
    fn arp(source: Mac, sender: Mac, address: [u8; 4]) -> Vec<u8> {
        let header = [0, 1, 8, 0, 6, 4, 0, 2];
        [
            &[0xff; 6][..],
            &source.octets(),
            &[8, 6],
            &header,
            &sender.octets(),
            &address,
            &[0; 6],
            &[192, 168, 1, 1],
        ]
        .concat()
    }

    #[test]
    fn frames_of_other_machines_and_link_local_addresses_mean_nothing() {
        let other = Mac::new([0x52, 0x54, 0, 9, 9, 9]);
        let has = |address: &str| Some(Event::Has(address.parse().unwrap()));
        let rows = [
            (arp(MAC, MAC, [192, 168, 1, 64]), has("192.168.1.64")),
            (arp(other, MAC, [192, 168, 1, 64]), None),
            (arp(MAC, other, [192, 168, 1, 64]), None),
            (arp(MAC, MAC, [169, 254, 1, 64]), None),
            (arp(MAC, MAC, [0, 0, 0, 0]), None),
            (Vec::new(), None),
            (vec![0; 60], None),
        ];
        for (frame, expected) in rows {
            assert_eq!(event(SystemTime::UNIX_EPOCH, &frame, MAC), expected, "{frame:?}");
        }
    }
}
