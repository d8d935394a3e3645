//! The plugin on a link whose other end the test holds.

use std::{
    net::{IpAddr, Ipv4Addr},
    os::unix::net::UnixDatagram,
    thread,
    time::{Duration, SystemTime},
};

use signal_arp_probe::ArpProbe;
use vmkit_plugin::{ErrorCode, Mac, Stage, Subject, attribute};
use vmkit_testkit::FakeHost;

const WEB: Mac = Mac::new([0x52, 0x54, 0, 0, 0, 1]);
const STRANGER: Mac = Mac::new([0x3c, 0, 0, 0, 0, 9]);
/// Sender and target of an ARP frame.
const SENDER_MAC: usize = 22;
const SENDER: usize = 28;
const TARGET_MAC: usize = 32;
const TARGET: usize = 38;
const END: usize = 42;

fn at(last: u8) -> Ipv4Addr {
    Ipv4Addr::new(192, 168, 1, last)
}

/// A machine with these candidates on `br0`.
fn web(candidates: &[u8]) -> Subject {
    Subject {
        name: "web".to_owned(),
        macs: vec![WEB],
        candidates: candidates.iter().map(|last| IpAddr::from(at(*last))).collect(),
        links: vec!["br0 52:54:00:00:00:09 192.168.1.50/24".parse().expect("a link")],
        ..Subject::default()
    }
}

/// The answer of the holder of `mac` to this request.
fn answer(request: &[u8], mac: Mac) -> Vec<u8> {
    let mut frame = request.to_vec();
    frame[21] = 2;
    frame[SENDER_MAC..SENDER].copy_from_slice(&mac.octets());
    frame[SENDER..TARGET_MAC].copy_from_slice(&request[TARGET..END]);
    frame[TARGET_MAC..END].copy_from_slice(&request[SENDER_MAC..TARGET_MAC]);
    frame
}

/// A link: the end for the plugin, and the other end.
fn pair() -> (UnixDatagram, UnixDatagram) {
    let (ours, theirs) = UnixDatagram::pair().expect("a pair of sockets");
    ours.set_nonblocking(true).expect("a socket that does not wait");
    (ours, theirs)
}

/// A link whose neighbours answer each request with the frames that `neighbours` makes from it. It ends
/// with the host that has the other end.
fn link(neighbours: impl Fn(&[u8]) -> Vec<Vec<u8>> + Send + 'static) -> UnixDatagram {
    let (ours, theirs) = pair();
    thread::spawn(move || {
        let mut request = [0; 128];
        while let Ok(length @ 1..) = theirs.recv(&mut request) {
            for frame in neighbours(&request[..length]) {
                // The asker has left, or its queue is full, as a card's may be.
                theirs.send(&frame).ok();
            }
        }
    });
    ours
}

/// The replies for addresses that one, two and no neighbours have.
fn neighbours(request: &[u8]) -> Vec<Vec<u8>> {
    match request[END - 1] {
        1 => vec![answer(request, WEB)],
        2 => vec![answer(request, WEB), answer(request, STRANGER)],
        _ => Vec::new(),
    }
}

fn asking(socket: UnixDatagram) -> FakeHost {
    FakeHost::new().at_stage(Stage::Confirm).with_raw_socket("br0", socket)
}

#[test]
fn counts_records_and_replays_holders() {
    let directory = tempfile::tempdir().unwrap();
    let host =
        asking(link(neighbours)).recording_to(directory.path()).at_time(SystemTime::UNIX_EPOCH);
    let vms = [web(&[1, 2, 3])];
    let report = host.observe::<ArpProbe>("{}", &vms);
    assert_eq!(report.result, Ok(()));
    let both = format!("2 answer ARP on br0, among them {STRANGER}, not a listed VM's MAC");
    let expected = [
        "0 arp-reply 192.168.1.1 answers ARP with the VM's MAC on br0".to_owned(),
        "0 arp-reply 192.168.1.2 answers ARP with the VM's MAC on br0".to_owned(),
        format!("0 arp-duplicate 192.168.1.2 {both}"),
        "0 arp-silent 192.168.1.3 nobody answers ARP on br0, asked 3 times".to_owned(),
    ];
    assert_eq!(report.lines(), expected);
    assert!(report.observations[0].attribute(attribute::RTT_US).is_some());

    let replayed = FakeHost::new()
        .at_stage(Stage::Confirm)
        .with_artefact_file("probes.json", directory.path().join("probes/arp.json"))
        .at_time(SystemTime::UNIX_EPOCH + Duration::from_secs(2))
        .observe::<ArpProbe>("{}", &vms);
    // The number of requests is not recorded.
    let expected = expected.map(|line| line.replace(", asked 3 times", ""));
    assert_eq!((replayed.lines(), replayed.result), (expected.to_vec(), Ok(())));
    let ages: Vec<_> = replayed.observations.iter().map(|seen| seen.age).collect();
    assert_eq!(ages, [Some(Duration::from_secs(2)); 4]);
}

#[test]
fn finds_a_holder_in_a_flood_of_nonsense() {
    let nonsense = |request: &[u8]| {
        let mut frames = Vec::new();
        for number in 0..200_u8 {
            let mut other = answer(request, Mac::new([0x52, 0x54, 1, 0, 0, number]));
            // Replies for another address, in frames cut at every length.
            other[SENDER + 3] = number | 128;
            frames.push(other[..usize::from(number) % END].to_vec());
            frames.push(other);
        }
        frames.extend(neighbours(request));
        frames
    };
    let report = asking(link(nonsense)).observe::<ArpProbe>("{}", &[web(&[1])]);
    assert_eq!(report.result, Ok(()));
    assert_eq!(report.lines(), ["0 arp-reply 192.168.1.1 answers ARP with the VM's MAC on br0"]);
}

#[test]
fn ignores_frames_from_before_the_call() {
    let (ours, theirs) = pair();
    let mut request = [0; END];
    request[12..20].copy_from_slice(&[0x08, 0x06, 0, 1, 0x08, 0, 6, 4]);
    request[SENDER..TARGET_MAC].copy_from_slice(&at(50).octets());
    request[TARGET..].copy_from_slice(&at(1).octets());
    theirs.send(&answer(&request, STRANGER)).unwrap();
    let report = asking(ours).observe::<ArpProbe>("{}", &[web(&[1])]);
    let expected = "0 arp-silent 192.168.1.1 nobody answers ARP on br0, asked 3 times";
    assert_eq!(report.lines(), [expected]);
}

#[test]
fn reports_a_missing_permission() {
    let vms = [web(&[1])];
    let denied = FakeHost::new().at_stage(Stage::Confirm).observe::<ArpProbe>("{}", &vms);
    assert_eq!(denied.result.map_err(|error| error.code), Err(ErrorCode::Denied));
    let cancelled = asking(link(neighbours)).cancelling_after(0).observe::<ArpProbe>("{}", &vms);
    assert_eq!(cancelled.result.map_err(|error| error.code), Err(ErrorCode::Cancelled));
    let late = asking(link(neighbours)).with_budget(Duration::from_millis(10));
    let late = late.observe::<ArpProbe>("{}", &[web(&[3])]);
    assert_eq!(late.lines(), ["0 unread 192.168.1.3 no answer before the deadline"]);
    let discovering = FakeHost::new().observe::<ArpProbe>("{}", &vms);
    assert_eq!((discovering.lines(), discovering.result), (Vec::new(), Ok(())));
}

#[test]
fn skips_candidates_without_a_link_and_reports_a_dead_link() {
    let elsewhere = Subject { candidates: vec![[10, 9, 9, 9].into()], ..web(&[]) };
    let six = Subject { candidates: vec!["2001:db8::7".parse().unwrap()], ..web(&[]) };
    let none =
        FakeHost::new().at_stage(Stage::Confirm).observe::<ArpProbe>("{}", &[elsewhere, six]);
    assert_eq!((none.lines(), none.result), (Vec::new(), Ok(())));
    let (ours, theirs) = pair();
    drop(theirs);
    let dead = asking(ours).observe::<ArpProbe>("{}", &[web(&[1])]);
    let lines = dead.lines();
    assert!(lines[0].starts_with("0 unread 192.168.1.1 send ARP on br0: "), "{lines:?}");
}
