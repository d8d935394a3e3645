//! The DHCP messages of all captures of a snapshot.

use std::{fs::File, io::Read as _};

use vmkit_dhcp::{
    Frame, Message,
    pcap::{self, Fault},
};
use vmkit_plugin::{Cx, Error, ErrorCode, Result};

/// Most bytes that are read of all captures together: the DHCP of a busy bridge for a week.
const BYTE_LIMIT: u64 = 64 << 20;
/// Most DHCP messages that are kept, some 300 octets each.
const MESSAGE_LIMIT: usize = 50_000;
/// Frames between two checks of the deadline, which take some tens of microseconds.
const FRAMES_BETWEEN_CHECKS: u32 = 1024;

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

/// The messages of all captures, by time, and the faults of captures. What was read before a fault still
/// counts.
///
/// # Errors
/// The host has cancelled the call, or its deadline has passed.
pub(crate) fn read(cx: &Cx<'_>) -> Result<(Vec<Message>, Result<()>)> {
    let mut messages = Vec::new();
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
        match read_one(file, &mut bytes_left, &mut messages, cx) {
            Ok(()) => {}
            Err(Stop::Call(error)) => return Err(error),
            Err(Stop::Capture(fault)) => faults.push(format!("{name}: {fault}")),
            Err(Stop::TooMany) => {
                faults.push(format!("{name}: too much to read; the rest was skipped"));
                break;
            }
        }
    }
    // Captures of two interfaces show one exchange together.
    messages.sort_by_key(|message| message.at);
    let result = if faults.is_empty() {
        Ok(())
    } else {
        Err(Error::new(ErrorCode::Other, faults.join("; ")))
    };
    Ok((messages, result))
}

fn read_one(
    file: File,
    bytes_left: &mut u64,
    messages: &mut Vec<Message>,
    cx: &Cx<'_>,
) -> Result<(), Stop> {
    let mut file = file.take(*bytes_left);
    let mut frames = 0_u32;
    let read = pcap::frames(&mut file, |at, frame| {
        frames = frames.wrapping_add(1);
        if frames.is_multiple_of(FRAMES_BETWEEN_CHECKS) {
            cx.check().map_err(Stop::Call)?;
        }
        let message = Frame::parse(at, frame).and_then(|frame| Message::parse(at, &frame));
        let Some(message) = message else { return Ok(()) };
        if messages.len() == MESSAGE_LIMIT {
            return Err(Stop::TooMany);
        }
        messages.push(message);
        Ok(())
    });
    *bytes_left = file.limit();
    if *bytes_left == 0 { Err(Stop::TooMany) } else { read }
}
