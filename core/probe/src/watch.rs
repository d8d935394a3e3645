//! Captures at several interfaces, each on a thread of its own.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::JoinHandle,
    time::{Duration, Instant, SystemTime},
};

use vmkit_capture::{Capture, CaptureError, DEFAULT_RING_BYTES, Frame, pcap};
use vmkit_dhcp::{Builder, Message, MessageKind, Traffic};
use vmkit_types::{Mac, Reading, Unread};

/// How soon a capture notices that it shall end: shorter than what a person takes for a delay.
const TICK: Duration = Duration::from_millis(50);
/// Most bytes that are kept of one capture as a file; what comes after is understood, and not kept.
const LONGEST_FILE: usize = 16 << 20;
/// Most clients that are told apart at one interface: a flood of made-up MACs fills no memory.
const MOST_CLIENTS: usize = 1000;

/// What capturing takes.
const RIGHT: &str = if cfg!(target_os = "macos") { "root" } else { "CAP_NET_RAW" };

/// Captures that are running.
pub struct Watch {
    stop: Arc<AtomicBool>,
    points: BTreeMap<String, Point>,
}

struct Point {
    messages: Arc<AtomicU64>,
    clients: Arc<Clients>,
    thread: JoinHandle<Reading<Seen>>,
}

/// How far a client has come in asking for an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asking {
    /// When its first question since the watch began was seen.
    pub since: Instant,
    /// When the address was given to it.
    pub given: Option<Instant>,
}

type Clients = Mutex<BTreeMap<Mac, Asking>>;

/// What one capture saw.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The frames, understood.
    pub traffic: Traffic,
    /// The same frames as a pcap file.
    pub pcap: Vec<u8>,
}

/// What all captures saw, by interface.
pub type Watched = BTreeMap<String, Reading<Seen>>;

impl Watch {
    /// Starts to capture at each of these interfaces. One that cannot be captured is unknown in
    /// the result, with the reason.
    pub fn start<'a>(interfaces: impl IntoIterator<Item = &'a str>) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let mut points = BTreeMap::new();
        for interface in interfaces {
            points.entry(interface.to_owned()).or_insert_with(|| {
                let messages = Arc::new(AtomicU64::new(0));
                let clients = Arc::new(Clients::default());
                let (counter, ended) = (Arc::clone(&messages), Arc::clone(&stop));
                let (interface, asking) = (interface.to_owned(), Arc::clone(&clients));
                let thread =
                    std::thread::spawn(move || capture(&interface, &counter, &asking, &ended));
                Point { messages, clients, thread }
            });
        }
        Self { stop, points }
    }

    /// How many DHCP messages passed so far, by interface.
    pub fn messages(&self) -> impl Iterator<Item = (&str, u64)> {
        self.points
            .iter()
            .map(|(name, point)| (name.as_str(), point.messages.load(Ordering::Relaxed)))
    }

    /// Whether the interface is still being captured.
    pub fn goes_on(&self, interface: &str) -> bool {
        self.points.get(interface).is_some_and(|point| !point.thread.is_finished())
    }

    /// How far this client has come, as seen at this interface; `None`: it has not asked.
    pub fn asking(&self, interface: &str, client: Mac) -> Option<Asking> {
        let clients = &self.points.get(interface)?.clients;
        clients.lock().unwrap_or_else(PoisonError::into_inner).get(&client).copied()
    }

    /// Ends all captures.
    pub fn finish(self) -> Watched {
        self.stop.store(true, Ordering::Relaxed);
        let lost = || Reading::Unknown(Unread::Failed("the capture ended unasked".to_owned()));
        let points = self.points.into_iter();
        points.map(|(name, point)| (name, point.thread.join().unwrap_or_else(|_| lost()))).collect()
    }
}

fn note(message: &Message, clients: &Clients, now: Instant) {
    let mut clients = clients.lock().unwrap_or_else(PoisonError::into_inner);
    let known = clients.len();
    match message.kind {
        MessageKind::Discover | MessageKind::Request if known < MOST_CLIENTS => {
            clients.entry(message.chaddr).or_insert(Asking { since: now, given: None });
        }
        MessageKind::Ack => {
            clients.entry(message.chaddr).and_modify(|asking| asking.given = Some(now));
        }
        // Refused, it asks again; and so it does where it found the address in use.
        MessageKind::Nak | MessageKind::Decline => {
            clients.entry(message.chaddr).and_modify(|asking| asking.given = None);
        }
        _ => {}
    }
}

fn capture(
    interface: &str,
    messages: &AtomicU64,
    clients: &Clients,
    stop: &AtomicBool,
) -> Reading<Seen> {
    let mut capture = match Capture::open(interface, DEFAULT_RING_BYTES) {
        Ok(capture) => capture,
        Err(error) => return Reading::Unknown(unread(&error)),
    };
    let began = SystemTime::now();
    let mut builder = Builder::default();
    // Writing to memory does not fail.
    let Ok(mut file) = pcap::Writer::new(Kept::default()) else { return Reading::Absent };
    mark(&mut file, began);
    while !stop.load(Ordering::Relaxed) {
        match capture.next(Instant::now() + TICK) {
            Ok(Some(frame)) => {
                let at = frame.at;
                if let Some(message) = builder.take(at, frame.data) {
                    messages.fetch_add(1, Ordering::Relaxed);
                    note(message, clients, Instant::now());
                }
                if file.write(&frame).is_err() {
                    break;
                }
            }
            Ok(None) => {}
            // The interface went away: what was seen before counts.
            Err(error) => {
                if builder.traffic().span.is_none() {
                    return Reading::Unknown(unread(&error));
                }
                break;
            }
        }
    }
    let ended = SystemTime::now();
    mark(&mut file, ended);
    builder.watched(began, ended);
    if let Ok(counts) = capture.counts() {
        builder.lost(counts.dropped);
    }
    Reading::Known(Seen { traffic: builder.finish(), pcap: file.into_inner().bytes })
}

/// Notes in the file that the capture ran at this time: without a frame, a file would not tell how
/// long nothing passed.
fn mark(file: &mut pcap::Writer<Kept>, at: SystemTime) {
    // Writing to memory does not fail.
    drop(file.write(&Frame { at, data: &[], length: 0 }));
}

fn unread(error: &CaptureError) -> Unread {
    match error {
        CaptureError::Unsupported { .. } => Unread::Unsupported,
        error if error.is_denied() => Unread::Denied(format!("{error} (needs {RIGHT})")),
        error => {
            let source = std::error::Error::source(error);
            let reason = source.map_or_else(String::new, |source| format!(": {source}"));
            Unread::Failed(format!("{error}{reason}"))
        }
    }
}

/// A file in memory that stops growing at its limit, between two records.
#[derive(Default)]
struct Kept {
    bytes: Vec<u8>,
    full: bool,
}

impl std::io::Write for Kept {
    fn write(&mut self, more: &[u8]) -> std::io::Result<usize> {
        // A record is a header of 16 octets and a frame: no header, no frame.
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
