//! Checks the packets of a capture.

use std::{net::Ipv4Addr, time::SystemTime};

use vmkit_dhcp::pcap::frames;
use vmkit_model::{Place, TraceKind};

use super::{
    lines,
    octets::{Hosts, is_numbered_mac},
    traces::Traces,
};

/// Where things are in frames: RFC 826, 791, 768 and 2131.
const ETHERNET: usize = 14;
const ARP: usize = ETHERNET + 28;
const DHCP: usize = ETHERNET + 20 + 8;
const CHADDR: usize = DHCP + 28;
const SERVER_NAME: usize = CHADDR + 16;
const OPTIONS: usize = DHCP + 240;
/// Kinds of VLAN tags, each with its length, and most of them: IEEE 802.1Q.
const TAGS: [[u8; 2]; 3] = [[0x81, 0], [0x88, 0xa8], [0x91, 0]];
const TAG: usize = 4;
const MOST_TAGS: usize = 3;
/// DHCP options that a diagnosis reads and that are numbers, with their lengths: RFC 2132.
const NUMBERS: [(u8, usize); 4] = [(1, 4), (26, 2), (51, 4), (53, 1)];

/// Checks a capture.
pub(super) fn check(path: &str, bytes: &[u8], traces: &mut Traces, hosts: &mut Hosts) {
    let mut number = 0;
    let each = |_: SystemTime, frame: &[u8]| {
        number += 1;
        let frame = &without_tags(frame);
        let mut packet = Packet { path, place: Place::Packet(number), frame, traces, hosts };
        packet.check();
        Ok::<(), vmkit_dhcp::pcap::Fault>(())
    };
    if frames(bytes, each).is_err() {
        traces.add(path, Place::File, TraceKind::File, "not a capture that can be checked");
    }
}

/// A tag names a network by a number, and nobody.
fn without_tags(frame: &[u8]) -> Vec<u8> {
    let mut plain = frame.to_vec();
    for _ in 0..MOST_TAGS {
        let kind = plain.get(12..ETHERNET).and_then(|kind| kind.first_chunk());
        if kind.is_some_and(|kind| TAGS.contains(kind)) && plain.len() >= ETHERNET + TAG {
            plain.drain(12..12 + TAG);
        }
    }
    plain
}

struct Packet<'a> {
    path: &'a str,
    place: Place,
    frame: &'a [u8],
    traces: &'a mut Traces,
    hosts: &'a mut Hosts,
}

impl Packet<'_> {
    fn check(&mut self) {
        self.mac(0);
        self.mac(6);
        match self.frame.get(12..ETHERNET) {
            Some([8, 6]) if self.frame.len() > ETHERNET => {
                self.mac(ETHERNET + 8);
                self.address(ETHERNET + 14);
                self.mac(ETHERNET + 18);
                self.address(ETHERNET + 24);
                self.nothing_after(ARP);
            }
            Some([8, 0]) if self.frame.len() > ETHERNET => self.datagram(),
            _ => self.nothing_after(ETHERNET),
        }
    }

    fn datagram(&mut self) {
        self.address(ETHERNET + 12);
        self.address(ETHERNET + 16);
        let is_plain =
            self.frame.get(ETHERNET) == Some(&0x45) && self.frame.get(ETHERNET + 9) == Some(&17);
        let ports = self.frame.get(ETHERNET + 20..ETHERNET + 24);
        let is_dhcp = matches!(ports, Some([0, 67 | 68, 0, 67 | 68]));
        if !is_plain || !is_dhcp {
            return self.payload("not DHCP");
        }
        if self.frame.len() <= DHCP {
            return;
        }
        (DHCP + 12..CHADDR).step_by(4).for_each(|place| self.address(place));
        self.mac(CHADDR);
        let between = self.frame.get(CHADDR + 6..OPTIONS - 4);
        if between.is_none_or(|bytes| bytes.iter().any(|byte| *byte != 0)) {
            let text = String::from_utf8_lossy(
                self.frame.get(SERVER_NAME..OPTIONS - 4).unwrap_or_default(),
            );
            self.payload(&format!("server name or file {}", text.replace('\0', "")));
        }
        self.options();
    }

    fn options(&mut self) {
        let mut at = OPTIONS;
        while let Some([code, length]) =
            self.frame.get(at..at + 2).and_then(|two| two.first_chunk())
        {
            let (code, length) = (*code, usize::from(*length));
            if code == 255 {
                self.zeros_after(at + 1);
                return;
            }
            if code == 0 {
                at += 1;
                continue;
            }
            let data = self.frame.get(at + 2..at + 2 + length).unwrap_or_default().to_vec();
            match code {
                3 | 50 | 54 => {
                    (0..data.len()).step_by(4).for_each(|place| self.address(at + 2 + place));
                }
                15 | 56 | 114 => {
                    let text = String::from_utf8_lossy(&data).into_owned();
                    lines::check(self.path, self.place, &text, self.traces, self.hosts);
                }
                61 => {
                    let text: Vec<String> =
                        data.iter().map(|octet| format!("{octet:02x}")).collect();
                    lines::check(self.path, self.place, &text.join(":"), self.traces, self.hosts);
                }
                code if NUMBERS.contains(&(code, data.len())) => {}
                code => self.payload(&format!("DHCP option {code}")),
            }
            at += 2 + length;
        }
    }

    fn mac(&mut self, at: usize) {
        let Some(mac) = self.frame.get(at..at + 6).and_then(|six| six.first_chunk::<6>()) else {
            return;
        };
        if !is_numbered_mac(*mac) {
            let text: Vec<String> = mac.iter().map(|octet| format!("{octet:02x}")).collect();
            self.traces.add(self.path, self.place, TraceKind::Mac, &text.join(":"));
        }
    }

    fn address(&mut self, at: usize) {
        let Some(octets) = self.frame.get(at..at + 4).and_then(|four| four.first_chunk::<4>())
        else {
            return;
        };
        let address = Ipv4Addr::from(*octets);
        if !self.hosts.count(address, self.path, self.place) {
            self.traces.add(self.path, self.place, TraceKind::Address, &address.to_string());
        }
    }

    fn nothing_after(&mut self, end: usize) {
        if self.frame.len() > end {
            self.payload(&format!("{} bytes", self.frame.len() - end));
        }
    }

    fn zeros_after(&mut self, end: usize) {
        if self.frame.get(end..).is_some_and(|rest| rest.iter().any(|byte| *byte != 0)) {
            self.payload("bytes behind the options");
        }
    }

    fn payload(&mut self, what: &str) {
        self.traces.add(self.path, self.place, TraceKind::Payload, what);
    }
}
