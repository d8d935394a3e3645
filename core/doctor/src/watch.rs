//! Captures at several interfaces, each on its own thread.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::JoinHandle,
    time::{Duration, Instant, SystemTime},
};

use vmkit_capture::{Frame, pcap};
use vmkit_dhcp::{Builder, Message, MessageKind, Traffic};
use vmkit_rights::Broker;
use vmkit_types::{Mac, Reading, Unread};

/// Poll interval of the stop flag; imperceptible to a person.
const TICK: Duration = Duration::from_millis(50);
/// Most bytes of one capture's file. Later frames are parsed and not kept.
const LONGEST_FILE: usize = 16 << 20;
/// Most clients tracked at one interface, so that a flood of MACs cannot fill the memory.
const MOST_CLIENTS: usize = 1000;

/// The running captures.
pub(crate) struct Watch {
    stop: Arc<AtomicBool>,
    points: BTreeMap<String, Point>,
}

struct Point {
    began: SystemTime,
    messages: Arc<AtomicU64>,
    clients: Arc<Clients>,
    seen: Arc<Mutex<Builder>>,
    thread: JoinHandle<Reading<Capture>>,
}

/// What the thread of a capture shares with the watch.
struct Notes {
    messages: Arc<AtomicU64>,
    clients: Arc<Clients>,
    seen: Arc<Mutex<Builder>>,
}

/// A client's progress in getting an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Exchange {
    /// When it first asked since the watch began.
    pub(crate) asked: Instant,
    /// When it was given an address.
    pub(crate) answered: Option<Instant>,
}

type Clients = Mutex<BTreeMap<Mac, Exchange>>;

/// The frames of one interface.
#[derive(Clone, Debug)]
pub struct Capture {
    /// The parsed frames.
    pub traffic: Traffic,
    /// The frames as a pcap file.
    pub pcap: Vec<u8>,
}

impl Watch {
    /// Starts to capture at these interfaces. One that cannot be captured is unknown in the result,
    /// with the reason.
    pub(crate) fn start<'a>(
        broker: &Broker,
        interfaces: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let mut points = BTreeMap::new();
        for interface in interfaces {
            points.entry(interface.to_owned()).or_insert_with(|| {
                let messages = Arc::new(AtomicU64::new(0));
                let clients = Arc::new(Clients::default());
                let seen = Arc::new(Mutex::new(Builder::default()));
                let notes = Notes {
                    messages: Arc::clone(&messages),
                    clients: Arc::clone(&clients),
                    seen: Arc::clone(&seen),
                };
                let (interface, ended) = (interface.to_owned(), Arc::clone(&stop));
                let (broker, began) = (broker.clone(), SystemTime::now());
                let thread =
                    std::thread::spawn(move || capture(&broker, &interface, &notes, &ended));
                Point { began, messages, clients, seen, thread }
            });
        }
        Self { stop, points }
    }

    /// A watch at an interface where nothing happens.
    #[cfg(test)]
    pub(crate) fn still(interface: &str) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let ended = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            while !ended.load(Ordering::Relaxed) {
                std::thread::yield_now();
            }
            Reading::Absent
        });
        let point = Point {
            began: SystemTime::now(),
            messages: Arc::default(),
            clients: Arc::default(),
            seen: Arc::default(),
            thread,
        };
        Self { stop, points: BTreeMap::from([(interface.to_owned(), point)]) }
    }

    /// The number of DHCP messages so far, by interface.
    pub(crate) fn messages(&self) -> impl Iterator<Item = (&str, u64)> {
        self.points
            .iter()
            .map(|(name, point)| (name.as_str(), point.messages.load(Ordering::Relaxed)))
    }

    /// Whether the capture at this interface is running.
    pub(crate) fn is_running(&self, interface: &str) -> bool {
        self.points.get(interface).is_some_and(|point| !point.thread.is_finished())
    }

    /// This client's exchange at this interface. `None`: it has not asked.
    pub(crate) fn exchange(&self, interface: &str, client: Mac) -> Option<Exchange> {
        let clients = &self.points.get(interface)?.clients;
        clients.lock().unwrap_or_else(PoisonError::into_inner).get(&client).copied()
    }

    /// The traffic until now, without the frames themselves. The result is by interface.
    pub(crate) fn so_far(&self) -> BTreeMap<String, Reading<Capture>> {
        let now = SystemTime::now();
        let running = self.points.iter().filter(|(_, point)| !point.thread.is_finished());
        let each = running.map(|(name, point)| {
            let seen = point.seen.lock().unwrap_or_else(PoisonError::into_inner);
            let traffic = seen.so_far(point.began, now);
            (name.clone(), Reading::Known(Capture { traffic, pcap: Vec::new() }))
        });
        each.collect()
    }

    /// Stops all captures. The result is by interface.
    pub(crate) fn finish(self) -> BTreeMap<String, Reading<Capture>> {
        self.stop.store(true, Ordering::Relaxed);
        let lost = || Reading::Unknown(Unread::Failed("the capture ended unexpectedly".to_owned()));
        let points = self.points.into_iter();
        points.map(|(name, point)| (name, point.thread.join().unwrap_or_else(|_| lost()))).collect()
    }
}

fn note(message: &Message, clients: &Clients, now: Instant) {
    let mut clients = clients.lock().unwrap_or_else(PoisonError::into_inner);
    let known = clients.len();
    match message.kind {
        MessageKind::Discover | MessageKind::Request if known < MOST_CLIENTS => {
            clients.entry(message.chaddr).or_insert(Exchange { asked: now, answered: None });
        }
        MessageKind::Ack => {
            clients.entry(message.chaddr).and_modify(|exchange| exchange.answered = Some(now));
        }
        // A client asks again after a refusal or if the address is in use.
        MessageKind::Nak | MessageKind::Decline => {
            clients.entry(message.chaddr).and_modify(|exchange| exchange.answered = None);
        }
        _ => {}
    }
}

fn capture(broker: &Broker, interface: &str, notes: &Notes, stop: &AtomicBool) -> Reading<Capture> {
    let mut capture = match broker.capture(interface) {
        Ok(capture) => capture,
        Err(refusal) => return Reading::Unknown(refusal.into()),
    };
    let began = SystemTime::now();
    let seen = || notes.seen.lock().unwrap_or_else(PoisonError::into_inner);
    // Writing to memory cannot fail.
    let Ok(mut file) = pcap::Writer::new(BoundedFile::default()) else { return Reading::Absent };
    mark(&mut file, began);
    while !stop.load(Ordering::Relaxed) {
        match capture.next(Instant::now() + TICK) {
            Ok(Some(frame)) => {
                let at = frame.at;
                if let Some(message) = seen().take(at, frame.data) {
                    notes.messages.fetch_add(1, Ordering::Relaxed);
                    note(message, &notes.clients, Instant::now());
                }
                if file.write(&frame).is_err() {
                    break;
                }
            }
            Ok(None) => {}
            // The interface is gone; keep the frames until then.
            Err(refusal) => {
                if seen().traffic().span.is_none() {
                    return Reading::Unknown(refusal.into());
                }
                break;
            }
        }
    }
    let ended = SystemTime::now();
    mark(&mut file, ended);
    let mut builder = std::mem::take(&mut *seen());
    builder.watched(began, ended);
    if let Ok(counts) = capture.finish() {
        builder.lost(counts.dropped);
    }
    Reading::Known(Capture { traffic: builder.finish(), pcap: file.into_inner().bytes })
}

/// Writes an empty frame as a timestamp, so that a file without traffic shows how long it covers.
fn mark(file: &mut pcap::Writer<BoundedFile>, at: SystemTime) {
    // Writing to memory cannot fail.
    drop(file.write(&Frame { at, data: &[], length: 0 }));
}

/// A file in memory that stops growing between two records at its limit.
#[derive(Default)]
struct BoundedFile {
    bytes: Vec<u8>,
    full: bool,
}

impl std::io::Write for BoundedFile {
    fn write(&mut self, more: &[u8]) -> std::io::Result<usize> {
        // A record's header has 16 octets; decide there, so that no frame is split.
        self.full |= self.bytes.len() > LONGEST_FILE && more.len() == 16;
        if !self.full {
            self.bytes.extend_from_slice(more);
        }
        Ok(more.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
