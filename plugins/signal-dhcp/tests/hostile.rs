//! Captures that mislead, cost memory or attack the plugin.

mod common;

use common::{bytes, records, replay, with_frames};

const ROUNDS: usize = 2000;
const CAPTURES: [&str; 5] = ["lease", "lease-change", "release", "nak", "mac-nat-uplink"];

/// Marsaglia's xorshift, which gives the same captures in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit as u64).expect("below a usize")
    }

    fn octet(&mut self) -> u8 {
        // Values that matter for lengths and codes, as often as others.
        const EDGES: [u8; 8] = [0, 1, 3, 6, 53, 127, 254, 255];
        if self.below(2) == 0 {
            EDGES[self.below(EDGES.len())]
        } else {
            self.below(256).to_le_bytes()[0]
        }
    }
}

#[test]
fn no_changed_capture_causes_a_panic() {
    let originals = CAPTURES.map(bytes);
    let mut random = Random(0x5eed_d4c9);
    for round in 0..ROUNDS {
        let mut capture = originals[round % originals.len()].clone();
        for _ in 0..=random.below(12) {
            let at = random.below(capture.len());
            match random.below(4) {
                0 => capture.truncate(at.max(1)),
                1 => capture.insert(at, random.octet()),
                _ => capture[at] = random.octet(),
            }
        }
        let report = replay(&capture);
        let panicked = report.result.as_ref().is_err_and(|error| error.message.contains("panic"));
        assert!(!panicked && report.observations.len() <= 1, "round {round}: {report:?}");
    }
}

#[test]
fn reads_cut_captures_as_far_as_possible() {
    let lease = bytes("lease");
    for length in 24..lease.len() {
        let report = replay(&lease[..length]);
        assert_eq!((report.lines().len(), report.result), (0, Ok(())), "{length}");
    }
}

#[test]
fn skips_and_reports_too_many_messages() {
    let lease = bytes("lease");
    let (header, frame) = records(&lease)[3];
    let ack = [header, frame].concat();
    let mut capture = lease[..24].to_vec();
    (0..100_001).for_each(|_| capture.extend_from_slice(&ack));
    let report = replay(&capture);
    assert_eq!(report.lines().len(), 1);
    assert_eq!(
        report.result.unwrap_err().message,
        "dhcp/guest-web.pcap: too much to read; the rest was skipped"
    );
}

#[test]
fn a_forged_message_of_the_wrong_side_changes_nothing() {
    // A release with the opcode of a server, and an acknowledgement with that of a client.
    let flip = |capture: &[u8]| {
        with_frames(capture, |frame| {
            let mut frame = frame.to_vec();
            frame[42] ^= 3;
            frame
        })
    };
    assert_eq!(replay(&flip(&bytes("lease"))).lines().len(), 0);
    let release = bytes("release");
    let honest = release.len() - records(&release)[4].1.len() - 16;
    let forged = [&release[..honest], &flip(&release)[honest..]].concat();
    assert_eq!(replay(&forged).lines().len(), 1);
}
