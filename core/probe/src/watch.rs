//! Captures at several interfaces, each on a thread of its own.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::JoinHandle,
    time::{Duration, Instant, SystemTime},
};

use vmkit_capture::{Capture, CaptureError, DEFAULT_RING_BYTES, pcap};
use vmkit_dhcp::{Builder, Traffic};
use vmkit_types::{Reading, Unread};

/// How soon a capture notices that it shall end: shorter than what a person takes for a delay.
const TICK: Duration = Duration::from_millis(50);
/// Most bytes that are kept of one capture as a file; what comes after is understood, and not kept.
const LONGEST_FILE: usize = 16 << 20;

/// Captures that are running.
pub struct Watch {
    stop: Arc<AtomicBool>,
    points: BTreeMap<String, Point>,
}

struct Point {
    messages: Arc<AtomicU64>,
    thread: JoinHandle<Reading<Seen>>,
}

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
                let (counter, ended) = (Arc::clone(&messages), Arc::clone(&stop));
                let interface = interface.to_owned();
                let thread = std::thread::spawn(move || capture(&interface, &counter, &ended));
                Point { messages, thread }
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

    /// Ends all captures.
    pub fn finish(self) -> Watched {
        self.stop.store(true, Ordering::Relaxed);
        let lost = || Reading::Unknown(Unread::Failed("the capture ended unasked".to_owned()));
        let points = self.points.into_iter();
        points.map(|(name, point)| (name, point.thread.join().unwrap_or_else(|_| lost()))).collect()
    }
}

fn capture(interface: &str, messages: &AtomicU64, stop: &AtomicBool) -> Reading<Seen> {
    let mut capture = match Capture::open(interface, DEFAULT_RING_BYTES) {
        Ok(capture) => capture,
        Err(error) => return Reading::Unknown(unread(&error)),
    };
    let began = SystemTime::now();
    let mut builder = Builder::default();
    // Writing to memory does not fail.
    let Ok(mut file) = pcap::Writer::new(Kept::default()) else { return Reading::Absent };
    while !stop.load(Ordering::Relaxed) {
        match capture.next(Instant::now() + TICK) {
            Ok(Some(frame)) => {
                let at = frame.at;
                if builder.take(at, frame.data) {
                    messages.fetch_add(1, Ordering::Relaxed);
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
    builder.watched(began, SystemTime::now());
    if let Ok(counts) = capture.counts() {
        builder.lost(counts.dropped);
    }
    Reading::Known(Seen { traffic: builder.finish(), pcap: file.into_inner().bytes })
}

fn unread(error: &CaptureError) -> Unread {
    match error {
        CaptureError::Unsupported { .. } => Unread::Unsupported,
        error if error.is_denied() => Unread::Denied(format!("{error} (needs CAP_NET_RAW)")),
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
