//! The plugin with captures of real clients and servers (`tests/data/make.sh`).

mod common;

use std::time::{Duration, SystemTime};

use common::{bytes, path, records, replay, web, with_frames};
use signal_dhcp::Dhcp;
use vmkit_plugin::{ErrorCode, Subject};
use vmkit_testkit::FakeHost;

/// When the acknowledgement in `lease.pcap` was captured, since the epoch and rounded up.
const ACKNOWLEDGED: Duration = Duration::from_millis(1_795_510_646_110);
const DAY: &str =
    "0 dhcp-ack 192.168.77.100 DHCP ACK from 192.168.77.254 to the VM's MAC, lease 24 h";

#[test]
fn reads_real_exchanges() {
    let hour = |octet: u8| {
        format!(
            "0 dhcp-ack 192.168.77.{octet} DHCP ACK from 192.168.77.254 to the VM's MAC, lease 1 h"
        )
    };
    let rows: [(&[&str], &[&str]); 7] = [
        (&["lease"], &[DAY]),
        (&["lease-change"], &[&DAY.replace(".100", ".120")]),
        (&["release"], &[]),
        (&["nak"], &[]),
        (&["mac-nat-uplink"], &[&hour(130)]),
        (&["mac-nat-guest", "mac-nat-uplink"], &[&hour(130)]),
        // The last message counts, whatever file it is in.
        (&["mac-nat-uplink", "lease", "lease-change"], &[&hour(130)]),
    ];
    for (names, expected) in rows {
        let host = names.iter().fold(FakeHost::new(), |host, name| {
            host.with_artefact_file(&format!("dhcp/{name}.pcap"), path(name))
        });
        let report = host.observe::<Dhcp>("{}", &[web()]);
        assert_eq!(report.result, Ok(()), "{names:?}");
        assert_eq!(report.lines(), expected, "{names:?}");
    }
}

#[test]
fn an_acknowledgement_has_its_age_and_details() {
    let at = SystemTime::UNIX_EPOCH + ACKNOWLEDGED + Duration::from_mins(2);
    let host = FakeHost::new().at_time(at).with_artefact_file("dhcp/uplink.pcap", path("lease"));
    let report = host.observe::<Dhcp>("{}", &[web()]);
    let seen = &report.observations[0];
    assert_eq!(seen.age.map(|age| age.as_secs()), Some(120));
    assert_eq!(seen.mac, Some(web().macs[0]));
    let details = ["server", "prefix", "lease-s"].map(|name| seen.attribute(name).unwrap());
    assert_eq!(details, ["192.168.77.254", "24", "86400"]);
}

/// The same exchange in other files and frames.
#[test]
fn reads_the_same_exchange_in_every_form() {
    let lease = bytes("lease");
    let swapped = {
        let mut swapped = Vec::new();
        let words = |bytes: &[u8], size: usize| -> Vec<u8> {
            bytes.chunks(size).flat_map(|word| word.iter().rev().copied()).collect()
        };
        swapped.extend(words(&lease[..4], 4));
        swapped.extend(words(&lease[4..8], 2));
        swapped.extend(words(&lease[8..24], 4));
        for (header, frame) in records(&lease) {
            swapped.extend(words(header, 4));
            swapped.extend(frame);
        }
        swapped
    };
    let nanoseconds = [&[0x4d, 0x3c, 0xb2, 0xa1], &lease[4..]].concat();
    let tagged = with_frames(&lease, |frame| {
        [&frame[..12], &[0x81, 0x00, 0x00, 0x07], &frame[12..]].concat()
    });
    let ip_options = with_frames(&lease, |frame| {
        let mut frame = [&frame[..34], &[1, 1, 1, 0], &frame[34..]].concat();
        frame[14] = 0x46;
        let length = u16::from_be_bytes([frame[16], frame[17]]) + 4;
        frame[16..18].copy_from_slice(&length.to_be_bytes());
        frame
    });
    let padded = with_frames(&lease, |frame| [frame, &[0; 46]].concat());
    let fragments = with_frames(&lease, |frame| {
        let mut frame = frame.to_vec();
        frame[20] |= 0x20;
        frame
    });
    let other_port = with_frames(&lease, |frame| {
        let mut frame = frame.to_vec();
        frame[35] = 69;
        frame
    });
    let rows: [(&str, &[u8], bool); 9] = [
        ("as it was", &lease, true),
        ("of the other byte order", &swapped, true),
        ("in nanoseconds", &nanoseconds, true),
        ("with a VLAN tag", &tagged, true),
        ("with IP options", &ip_options, true),
        ("padded", &padded, true),
        ("cut in its last record", &lease[..lease.len() - 300], false),
        ("in fragments", &fragments, false),
        ("from another port", &other_port, false),
    ];
    for (what, capture, expected) in rows {
        let report = replay(capture);
        assert_eq!(report.result, Ok(()), "{what}");
        let expected: Vec<_> = expected.then_some(DAY).into_iter().collect();
        assert_eq!(report.lines(), expected, "{what}");
    }
}

#[test]
fn reports_a_wrong_checksum() {
    let damaged = with_frames(&bytes("lease"), |frame| {
        let mut frame = frame.to_vec();
        frame[40] ^= 0xff;
        frame
    });
    let checksum = |capture: &[u8]| {
        let report = replay(capture);
        assert_eq!(report.lines(), [DAY]);
        report.observations[0].attribute("checksum").map(str::to_owned)
    };
    assert_eq!(checksum(&damaged).as_deref(), Some("wrong"));
    let absent = with_frames(&bytes("lease"), |frame| {
        let mut frame = frame.to_vec();
        frame[40..42].copy_from_slice(&[0, 0]);
        frame
    });
    assert_eq!(checksum(&absent), None);
}

#[test]
fn reports_a_file_that_is_not_a_capture_and_reads_the_others() {
    let mut cooked = bytes("lease");
    cooked[20] = 113;
    let mut long = bytes("lease");
    long[24 + 8..24 + 12].copy_from_slice(&u32::MAX.to_le_bytes());
    let rows: [(&[u8], &str); 6] = [
        (b"", "is not a pcap file"),
        (b"\xd4\xc3\xb2\xa1", "is not a pcap file"),
        (b"{\"not\": \"a capture, though long enough\"}", "is not a pcap file"),
        (b"\x0a\x0d\x0d\x0a\x1c\0\0\0\x4d\x3c\x2b\x1a", "is a pcapng file; save it as pcap"),
        (&cooked, "holds frames of link type 113, not Ethernet"),
        (&long, "holds a record longer than any tool writes"),
    ];
    for (capture, expected) in rows {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), capture).unwrap();
        let report = FakeHost::new()
            .with_artefact_file("dhcp/guest-web.pcap", file.path())
            .with_artefact_file("dhcp/uplink.pcap", path("lease"))
            .observe::<Dhcp>("{}", &[web()]);
        assert_eq!(report.lines(), [DAY], "{expected}");
        let message = report.result.unwrap_err().message;
        assert_eq!(message, format!("dhcp/guest-web.pcap: {expected}"));
    }
}

#[test]
fn reports_nothing_about_other_machines_or_in_a_live_run() {
    let other = Subject { macs: vec!["52:54:0:0:0:1".parse().unwrap()], ..Subject::default() };
    let host = || FakeHost::new().with_artefact_file("dhcp/uplink.pcap", path("lease"));
    assert_eq!(host().observe::<Dhcp>("{}", &[other]).lines(), [""; 0]);
    assert_eq!(host().observe::<Dhcp>("{}", &[]).lines(), [""; 0]);
    let live = FakeHost::new().observe::<Dhcp>("{}", &[web()]);
    assert_eq!((live.lines(), live.result), (Vec::new(), Ok(())));
}

#[test]
fn ends_a_cancelled_or_late_call() {
    let elsewhere = FakeHost::new().with_artefact_file("dns.json", path("lease"));
    let lines = elsewhere.observe::<Dhcp>("{}", &[web()]).lines();
    assert_eq!(lines, ["0 unread - no DHCP capture was recorded"]);
    let host = || FakeHost::new().with_artefact_file("dhcp/uplink.pcap", path("lease"));
    let rows = [
        (host().cancelling_after(0), ErrorCode::Cancelled),
        (host().with_budget(Duration::ZERO), ErrorCode::TimedOut),
        (host().with_budget(Duration::from_millis(1)), ErrorCode::TimedOut),
    ];
    for (host, code) in rows {
        assert_eq!(host.observe::<Dhcp>("{}", &[web()]).result.unwrap_err().code, code);
    }
}
