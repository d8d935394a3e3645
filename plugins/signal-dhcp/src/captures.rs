//! The DHCP messages of all captures of a snapshot.

use std::{fs::File, io::Read as _, time::SystemTime};

use vmkit_plugin::{Cx, Error, ErrorCode, Result};

use crate::{
    frame::datagram,
    message::Message,
    pcap::{self, Fault},
};

/// Most bytes that are read of all captures together: a busy bridge's DHCP of a week.
const BYTE_LIMIT: u64 = 64 << 20;
/// Most DHCP messages that are kept, some 100 octets each.
const MESSAGE_LIMIT: usize = 100_000;
/// After so many frames the deadline is looked at again: some tens of microseconds' work.
const FRAMES_BETWEEN_CHECKS: u32 = 1024;

/// A captured DHCP message.
#[derive(Clone, Debug)]
pub(crate) struct Packet {
    pub(crate) at: SystemTime,
    pub(crate) message: Message,
    /// The checksum of its datagram does not fit.
    pub(crate) wrong_checksum: bool,
}

/// Why reading stopped early.
enum Stop {
    Capture(Fault),
    TooMany,
    Call(Error),
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Self::Capture(fault)
    }
}

/// The messages of all captures in the order of their capture, and what is wrong with a capture:
/// what was read before still counts.
///
/// # Errors
/// The call must end.
pub(crate) fn read(cx: &Cx<'_>) -> Result<(Vec<Packet>, Result<()>)> {
    let mut packets = Vec::new();
    let mut bytes_left = BYTE_LIMIT;
    let mut faults = Vec::new();
    for name in cx.artefacts() {
        cx.check()?;
        let file = match cx.artefact(&name) {
            Ok(Some(file)) => file,
            Ok(None) => continue,
            Err(error) => {
                faults.push(error.message);
                continue;
            }
        };
        match read_one(file, &mut bytes_left, &mut packets, cx) {
            Ok(()) => {}
            Err(Stop::Call(error)) => return Err(error),
            Err(Stop::Capture(fault)) => faults.push(format!("{name}: {fault}")),
            Err(Stop::TooMany) => {
                faults.push(format!("{name}: too much to read; what follows was left out"));
                break;
            }
        }
    }
    // Captures of two interfaces are one story.
    packets.sort_by_key(|packet| packet.at);
    let result = if faults.is_empty() {
        Ok(())
    } else {
        Err(Error::new(ErrorCode::Other, faults.join("; ")))
    };
    Ok((packets, result))
}

fn read_one(
    file: File,
    bytes_left: &mut u64,
    packets: &mut Vec<Packet>,
    cx: &Cx<'_>,
) -> Result<(), Stop> {
    let mut file = file.take(*bytes_left);
    let mut frames = 0_u32;
    let read = pcap::frames(&mut file, |at, frame| {
        frames = frames.wrapping_add(1);
        if frames.is_multiple_of(FRAMES_BETWEEN_CHECKS) {
            cx.check().map_err(Stop::Call)?;
        }
        let Some(datagram) = datagram(frame) else { return Ok(()) };
        let Some(message) = Message::parse(datagram.payload) else { return Ok(()) };
        if packets.len() == MESSAGE_LIMIT {
            return Err(Stop::TooMany);
        }
        packets.push(Packet { at, message, wrong_checksum: datagram.wrong_checksum });
        Ok(())
    });
    *bytes_left = file.limit();
    if *bytes_left == 0 { Err(Stop::TooMany) } else { read }
}
