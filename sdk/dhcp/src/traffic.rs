//! The DHCP and ARP traffic at one capture point.

use std::{
    collections::{BTreeMap, HashMap},
    io::Read,
    time::SystemTime,
};

use vmkit_types::Mac;

use crate::{
    Arp, Content, Frame, Message, is_test,
    pcap::{self, Fault},
};

/// Most bytes that are read of one capture: the DHCP of a busy bridge for days.
const LONGEST_CAPTURE: u64 = 64 << 20;
/// Most DHCP messages that are kept, some 300 octets each.
const MOST_MESSAGES: usize = 50_000;
/// Most ARP frames that are kept.
const MOST_ARP: usize = 50_000;
/// Most sources that are counted: a flood of made-up MACs must not fill the memory.
const MOST_SOURCES: usize = 10_000;

/// All messages of one transaction, by time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// Transaction id.
    pub xid: u32,
    /// The client's hardware address.
    pub chaddr: Mac,
    /// The messages, at least one.
    pub messages: Vec<Message>,
}

/// The traffic at one interface.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// First and last time of the capture; `None`: the file does not say and has no frame.
    pub span: Option<(SystemTime, SystemTime)>,
    /// DHCP transactions, by the time of their first message.
    pub exchanges: Vec<Exchange>,
    /// ARP frames, by time.
    pub arp: Vec<Arp>,
    /// Number of frames of any kind by source MAC.
    pub frames_by_source: BTreeMap<Mac, u64>,
    /// Number of frames that could not be parsed.
    pub malformed: u64,
    /// Number of frames that the capture lost; `None`: unknown.
    pub lost: Option<u64>,
}

impl Traffic {
    /// Reads a pcap file. If it has a fault, the result holds what came before the fault.
    pub fn read(file: impl Read) -> (Self, Result<(), Fault>) {
        let mut builder = Builder::default();
        let read = pcap::frames(file.take(LONGEST_CAPTURE), |at, frame| {
            builder.take(at, frame);
            Ok::<(), Fault>(())
        });
        (builder.finish(), read)
    }

    /// All messages, by time.
    pub fn messages(&self) -> impl Iterator<Item = &Message> {
        self.exchanges.iter().flat_map(|exchange| &exchange.messages)
    }
}

/// Collects frames as they come.
#[derive(Debug, Default)]
pub struct Builder {
    traffic: Traffic,
    places: HashMap<(u32, Mac), usize>,
    messages: usize,
}

impl Builder {
    /// Adds one frame. Returns its DHCP message, unless that is one of a test.
    pub fn take(&mut self, at: SystemTime, frame: &[u8]) -> Option<&Message> {
        let traffic = &mut self.traffic;
        let (from, to) = traffic.span.unwrap_or((at, at));
        traffic.span = Some((from.min(at), to.max(at)));
        // A record without octets marks a time at which the capture ran.
        if frame.is_empty() {
            return None;
        }
        let Some(frame) = Frame::parse(at, frame) else {
            traffic.malformed += 1;
            return None;
        };
        let known = traffic.frames_by_source.len() < MOST_SOURCES
            || traffic.frames_by_source.contains_key(&frame.source);
        if known {
            *traffic.frames_by_source.entry(frame.source).or_default() += 1;
        }
        match frame.content {
            Content::Arp(arp) if traffic.arp.len() < MOST_ARP => traffic.arp.push(arp),
            Content::Arp(_) | Content::Other => {}
            Content::Dhcp(_) => match Message::parse(at, &frame) {
                // A test's DISCOVER and its answers say nothing about a client.
                Some(message) if is_test(message.xid) => {}
                Some(message) => return self.add(message),
                None => traffic.malformed += 1,
            },
        }
        None
    }

    fn add(&mut self, message: Message) -> Option<&Message> {
        if self.messages == MOST_MESSAGES {
            return None;
        }
        self.messages += 1;
        let exchanges = &mut self.traffic.exchanges;
        let place = *self.places.entry((message.xid, message.chaddr)).or_insert(exchanges.len());
        if place == exchanges.len() {
            let (xid, chaddr) = (message.xid, message.chaddr);
            exchanges.push(Exchange { xid, chaddr, messages: Vec::new() });
        }
        let messages = &mut exchanges.get_mut(place)?.messages;
        messages.push(message);
        messages.last()
    }

    /// The traffic so far.
    pub fn traffic(&self) -> &Traffic {
        &self.traffic
    }

    /// Notes that the capture was running in this span, even if no frame came.
    pub fn watched(&mut self, from: SystemTime, to: SystemTime) {
        let (first, last) = self.traffic.span.unwrap_or((from, to));
        self.traffic.span = Some((first.min(from), last.max(to)));
    }

    /// Sets how many frames the capture lost.
    pub fn lost(&mut self, frames: u64) {
        self.traffic.lost = Some(frames);
    }

    /// All traffic of a capture that goes on, by time; it began at the one time and is at the other.
    #[must_use]
    pub fn so_far(&self, began: SystemTime, now: SystemTime) -> Traffic {
        let (traffic, places, messages) = (self.traffic.clone(), HashMap::new(), self.messages);
        let mut copy = Self { traffic, places, messages };
        copy.watched(began, now);
        copy.finish()
    }

    /// All traffic, by time.
    pub fn finish(mut self) -> Traffic {
        for exchange in &mut self.traffic.exchanges {
            exchange.messages.sort_by_key(|message| message.at);
        }
        self.traffic.exchanges.sort_by_key(|e| e.messages.first().map(|message| message.at));
        self.traffic.arp.sort_by_key(|arp| arp.at);
        self.traffic
    }
}
