//! Captures DHCP and ARP: the kernel's filter lets nothing else through, and `vm` is given frames and
//! not the socket, which could send.

use std::{
    os::unix::net::UnixStream,
    time::{Duration, Instant},
};

use vmkit_capture::{Capture, CaptureError, DEFAULT_RING_BYTES};
use vmkit_rights::{FrameWriter, Refusal, Reply};
use vmkit_types::error_chain;

use crate::interface;

/// The right that capturing and sending need.
const RIGHT: &str = if cfg!(target_os = "macos") { "root" } else { "CAP_NET_RAW" };
/// How soon the end of a capture is noticed; imperceptible to a person.
const TICK: Duration = Duration::from_millis(20);
/// How long one frame may wait for its reader, before the capture ends.
const PATIENCE: Duration = Duration::from_secs(10);

/// Captures until the other end of `to` is shut down.
pub(crate) fn run(interface: &str, to: UnixStream, answer: impl FnOnce(&Reply)) {
    let opened = interface::attachable(interface).and_then(|_| open(interface));
    let mut capture = match opened {
        Ok(capture) => capture,
        Err(refusal) => return answer(&Reply::Refused(refusal)),
    };
    to.set_write_timeout(Some(PATIENCE)).ok();
    let mut writer = FrameWriter::new(to);
    answer(&Reply::Done);
    let mut next_check = Instant::now();
    loop {
        let now = Instant::now();
        if now >= next_check {
            if writer.is_stopped() {
                break;
            }
            next_check = now + TICK;
        }
        let written = match capture.next(next_check) {
            Ok(Some(frame)) => writer.frame(&frame),
            Ok(None) => Ok(()),
            Err(error) => {
                writer.failure(&error_chain(&error)).ok();
                return;
            }
        };
        if written.is_err() {
            return;
        }
    }
    if let Ok(counts) = capture.counts() {
        writer.counts(counts).ok();
    }
}

fn open(interface: &str) -> Result<Capture, Refusal> {
    Capture::open(interface, DEFAULT_RING_BYTES).map_err(|error| refusal(&error))
}

/// The refusal of what the system does not let the broker do.
pub(crate) fn refusal(error: &CaptureError) -> Refusal {
    if error.is_denied() {
        return Refusal::denied(format!("{error} (needs {RIGHT})"));
    }
    Refusal::failed(error_chain(error))
}
