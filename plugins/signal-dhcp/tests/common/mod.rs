//! The machine in the real captures, and changed captures.

use std::fs;

use signal_dhcp::Dhcp;
use vmkit_plugin::Subject;
use vmkit_testkit::{FakeHost, Report};

/// The machine that asks in all captures of `tests/data`.
pub(crate) fn web() -> Subject {
    let macs = vec!["52:54:00:4b:5e:57".parse().expect("a MAC")];
    Subject { name: "web".into(), macs, ..Subject::default() }
}

/// The path of a capture of `tests/data`.
pub(crate) fn path(name: &str) -> String {
    format!("{}/tests/data/{name}.pcap", env!("CARGO_MANIFEST_DIR"))
}

pub(crate) fn bytes(name: &str) -> Vec<u8> {
    fs::read(path(name)).expect("a capture of tests/data")
}

/// Replays one capture with these bytes.
pub(crate) fn replay(capture: &[u8]) -> Report {
    let file = tempfile::NamedTempFile::new().expect("a temporary file");
    fs::write(file.path(), capture).expect("a writable file");
    let host = FakeHost::new().with_artefact_file("dhcp/guest-web.pcap", file.path());
    host.observe::<Dhcp>("{}", &[web()])
}

/// The records of a little-endian capture: header of 16 octets, then the frame.
pub(crate) fn records(capture: &[u8]) -> Vec<(&[u8], &[u8])> {
    let mut rest = &capture[24..];
    let mut records = Vec::new();
    while !rest.is_empty() {
        let length = u32::from_le_bytes(rest[8..12].try_into().expect("four octets")) as usize;
        records.push((&rest[..16], &rest[16..16 + length]));
        rest = &rest[16 + length..];
    }
    records
}

/// The capture with each frame changed.
pub(crate) fn with_frames(capture: &[u8], change: impl Fn(&[u8]) -> Vec<u8>) -> Vec<u8> {
    let mut changed = capture[..24].to_vec();
    for (header, frame) in records(capture) {
        let frame = change(frame);
        let length = u32::try_from(frame.len()).expect("a frame's length").to_le_bytes();
        changed.extend([&header[..8], &length, &length, &frame].concat());
    }
    changed
}
