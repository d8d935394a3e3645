//! Asking on a link whose other end the test holds.

use std::{
    net::Ipv4Addr,
    os::unix::net::UnixDatagram,
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use rustix::io::Errno;
use vmkit_types::{ArpAnswer, ArpOutcome, Mac, Unread};

use super::{Asker, Link, asker::MOST_ADDRESSES};

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

fn br0() -> Link {
    let mac = Mac::new([0x52, 0x54, 0, 0, 0, 9]);
    Link { interface: "br0".to_owned(), mac, address: at(50), length: 24 }
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

/// A link: the end that asks, and the other end.
fn pair() -> (UnixDatagram, UnixDatagram) {
    let (ours, theirs) = UnixDatagram::pair().unwrap();
    ours.set_nonblocking(true).unwrap();
    (ours, theirs)
}

/// The other end of a link, and every request that came there.
struct Far {
    near: UnixDatagram,
    requests: JoinHandle<Vec<Vec<u8>>>,
}

impl Far {
    /// All requests, once nobody asks any more.
    fn requests(self) -> Vec<Vec<u8>> {
        self.near.send(&[]).unwrap();
        self.requests.join().unwrap()
    }
}

/// A link whose neighbours answer each request with the frames that `neighbours` makes from it.
fn link(neighbours: impl Fn(&[u8]) -> Vec<Vec<u8>> + Send + 'static) -> (Asker, Far) {
    let (ours, theirs) = pair();
    let near = ours.try_clone().unwrap();
    let requests = thread::spawn(move || {
        let (mut request, mut requests) = ([0; 128], Vec::new());
        while let Ok(length @ 1..) = theirs.recv(&mut request) {
            for frame in neighbours(&request[..length]) {
                // The queue of the asker may be full, as a card's may be.
                theirs.send(&frame).ok();
            }
            requests.push(request[..length].to_vec());
        }
        requests
    });
    (Asker::with_socket("br0", ours), Far { near, requests })
}

/// The replies for addresses that one, two and no neighbours have.
fn neighbours(request: &[u8]) -> Vec<Vec<u8>> {
    match request[END - 1] {
        1 => vec![answer(request, WEB)],
        2 => vec![answer(request, WEB), answer(request, STRANGER)],
        _ => Vec::new(),
    }
}

/// Who answers, each as a text: the last octet, and the MACs or why there are none.
fn who_has(mut asker: Asker, addresses: &[Ipv4Addr], patience: Duration) -> Vec<String> {
    let on_links = [(br0(), addresses.to_vec())];
    let answers = asker.who_has(&on_links, Instant::now() + patience).unwrap();
    answers.iter().map(text).collect()
}

fn text(answer: &ArpAnswer) -> String {
    assert_eq!(answer.interface.as_deref(), Some("br0"));
    let macs: Vec<_> = answer.replies().iter().map(|reply| reply.mac.to_string()).collect();
    let outcome = match &answer.outcome {
        ArpOutcome::Replies(_) => macs.join(" "),
        ArpOutcome::Silent(requests) => format!("silent {requests:?}"),
        ArpOutcome::Unread(Unread::NotTried) => "not tried".to_owned(),
        ArpOutcome::Unread(why) => why.to_string(),
    };
    format!("{} {outcome}", answer.address.octets()[3])
}

/// Enough for every question, on a busy computer as well.
const ENOUGH: Duration = Duration::from_secs(30);

#[test]
fn counts_the_holders_of_each_address() {
    let (asker, _) = link(neighbours);
    let expected =
        [format!("1 {WEB}"), format!("2 {WEB} {STRANGER}"), "3 silent Some(3)".to_owned()];
    assert_eq!(who_has(asker, &[at(1), at(2), at(3)], ENOUGH), expected);
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
    let (asker, _) = link(nonsense);
    assert_eq!(who_has(asker, &[at(1)], ENOUGH), [format!("1 {WEB}")]);
}

#[test]
fn ignores_frames_from_before_the_question() {
    let (ours, theirs) = pair();
    let request = super::frame::request(&br0(), at(1));
    theirs.send(&answer(&request, STRANGER)).unwrap();
    let asker = Asker::with_socket("br0", ours);
    assert_eq!(who_has(asker, &[at(1)], ENOUGH), ["1 silent Some(3)"]);
}

#[test]
fn asks_only_for_other_hosts_of_the_link() {
    let (asker, far) = link(neighbours);
    let (elsewhere, own, all) = ([8, 8, 8, 8].into(), at(50), at(255));
    let answers = who_has(asker, &[elsewhere, own, all, at(1)], ENOUGH);
    let refused = "not an address of another host on br0";
    let expected = [
        format!("8 {refused}"),
        format!("50 {refused}"),
        format!("255 {refused}"),
        format!("1 {WEB}"),
    ];
    assert_eq!(answers, expected);
    let targets: Vec<u8> = far.requests().iter().map(|request| request[END - 1]).collect();
    assert_eq!(targets, [1, 1], "one address was asked for, twice");
}

#[test]
fn asks_for_a_limited_number_of_addresses_and_at_a_limited_rate() {
    let link = Link { length: 16, ..br0() };
    let addresses: Vec<Ipv4Addr> =
        (0..1000_u32).map(|number| (at(1).to_bits() + 256 + number).into()).collect();
    let (mut asker, far) = self::link(neighbours);
    let began = Instant::now();
    let answers = asker.who_has(&[(link, addresses)], began + ENOUGH).unwrap();
    let took = began.elapsed();
    let tried = |answer: &&ArpAnswer| answer.outcome != ArpOutcome::Unread(Unread::NotTried);
    assert_eq!((answers.len(), answers.iter().filter(tried).count()), (1000, MOST_ADDRESSES));
    let sent = far.requests().len();
    assert!(sent <= 3 * MOST_ADDRESSES, "{sent}");
    assert!(took >= Duration::from_millis(sent as u64), "{sent} requests in {took:?}");
}

#[test]
fn reports_a_dead_link_and_a_short_deadline() {
    let (ours, theirs) = pair();
    drop(theirs);
    let dead = who_has(Asker::with_socket("br0", ours), &[at(1)], ENOUGH);
    assert!(dead[0].starts_with("1 send ARP on br0: "), "{dead:?}");
    let (ours, theirs) = pair();
    drop(theirs);
    let mut asker = Asker::with_socket("br0", ours);
    let answers = asker.who_has(&[(br0(), vec![at(1)])], Instant::now() + ENOUGH).unwrap();
    let failure = answers[0].failure.unwrap();
    let broken = [Errno::PIPE, Errno::CONNREFUSED, Errno::CONNRESET, Errno::NOTCONN];
    let broken = broken.map(|errno| Some(errno.raw_os_error()));
    assert!(broken.contains(&failure.errno), "{failure:?}");
    assert!(failure.after.is_some(), "{failure:?}");
    assert_eq!(failure.as_root.is_some(), cfg!(target_os = "macos"));
    let (asker, _) = link(neighbours);
    let late = who_has(asker, &[at(3)], Duration::from_millis(10));
    assert_eq!(late, ["3 no answer before the deadline"]);
}

#[test]
fn counts_how_many_requests_are_answered() {
    let every = |nth: usize| {
        let mut number = 0;
        move |request: &[u8]| {
            number += 1;
            if number % nth == 0 { vec![answer(request, WEB)] } else { Vec::new() }
        }
    };
    let counted = |asker: &mut Asker, address| {
        let count = asker.count(&br0(), address, 8, Instant::now() + ENOUGH).unwrap();
        count.map(|count| (count.asked, count.answered))
    };
    for (nth, answered) in [(1, 8), (2, 4), (9, 0)] {
        let number = std::sync::Mutex::new(every(nth));
        let (mut asker, far) = link(move |request| number.lock().unwrap()(request));
        assert_eq!(counted(&mut asker, at(1)), Some((8, answered)), "every {nth}th");
        assert_eq!(far.requests().len(), 8);
    }
    let (mut asker, far) = link(neighbours);
    assert_eq!(counted(&mut asker, [8, 8, 8, 8].into()), None, "no host of this link");
    assert_eq!(far.requests().len(), 0);
}
