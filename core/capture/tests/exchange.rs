//! Captures of real servers and clients in two connected namespaces.
#![cfg(target_os = "linux")]

mod common;

use std::{
    fs,
    process::Command,
    time::{Duration, Instant, SystemTime},
};

use common::{Cable, ip, within};
use dhcproto::v4::{MessageType, OptionCode, borrowed::Message};
use etherparse::{NetSlice, SlicedPacket, TransportSlice};
use vmkit_capture::{Capture, CaptureError, DEFAULT_RING_BYTES, pcap};
use vmkit_lab::{Process, run};

/// Silence that ends a capture: all frames have been sent by then, and the kernel delivers them
/// after 10 ms; the rest is for a busy computer.
const DRAIN: Duration = Duration::from_millis(500);
/// The system reports a removed interface at once; the rest is for a busy computer.
const GONE: Duration = Duration::from_secs(10);

/// A command to run in this namespace.
fn command(namespace: &str, words: &str) -> Command {
    let mut command = Command::new("ip");
    command.args(["netns", "exec", namespace]).args(words.split(' '));
    command
}

fn open(cable: &Cable) -> Capture {
    within(&cable.server, || Capture::open("eth0", DEFAULT_RING_BYTES)).expect("a capture")
}

/// Unplugs the client, so that nobody sends another frame: the server's own stack keeps quiet without
/// a carrier.
fn cut(cable: &Cable) {
    ip(&format!("-n {} link set eth0 down", cable.client));
}

/// `arp`, or the DHCP message type of a frame.
fn name(frame: &[u8]) -> String {
    let packet = SlicedPacket::from_ethernet(frame).expect("a whole frame");
    if let Some(NetSlice::Arp(_)) = packet.net {
        return "arp".to_owned();
    }
    let Some(TransportSlice::Udp(udp)) = packet.transport else { panic!("neither ARP nor UDP") };
    let message = Message::new(udp.payload()).expect("DHCP");
    let kind = message.opts().find(|option| option.code() == OptionCode::MessageType);
    format!("{:?}", MessageType::from(kind.expect("a message type").data()[0])).to_lowercase()
}

#[test]
fn captures_a_whole_exchange_and_nothing_else() {
    let Some(cable) = Cable::or_skip() else { return };
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("bound");
    fs::write(&script, "#!/bin/sh\n[ \"$1\" != bound ] || ip address add $ip/$mask dev eth0\n")
        .unwrap();
    run(Command::new("chmod").arg("+x").arg(&script)).unwrap();

    let began = SystemTime::now();
    let mut capture = open(&cable);
    let leases = folder.path().join("leases");
    let mut dnsmasq = command(
        &cable.server,
        "dnsmasq --keep-in-foreground --port=0 --conf-file=/dev/null --user=root --no-ping \
         --interface=eth0 --bind-interfaces --dhcp-range=192.168.77.100,192.168.77.150",
    );
    dnsmasq.arg(format!("--dhcp-leasefile={}", leases.display()));
    let server = Process::start(&mut dnsmasq, &folder.path().join("dnsmasq.log")).unwrap();
    let mut client = command(&cable.client, "udhcpc -i eth0 -n -q -t 10 -T 1 -s");
    run(client.arg(&script)).unwrap();
    run(&mut command(&cable.client, "busybox ping -q -c 20 -A -W 5 192.168.77.254")).unwrap();
    drop(server);
    cut(&cable);

    let path = folder.path().join("cable.pcap");
    let mut file = pcap::Writer::new(fs::File::create(&path).unwrap()).unwrap();
    let mut names = Vec::new();
    let mut groups = 0;
    while let Some(frame) = capture.next(Instant::now() + DRAIN).unwrap() {
        assert!((began..=SystemTime::now()).contains(&frame.at), "{:?}", frame.at);
        // The headers of IPv6 multicast are kept.
        if frame.data.get(12..14) == Some(&[0x86, 0xdd]) {
            assert_eq!((frame.data[0], frame.data.len()), (0x33, 54));
            groups += 1;
            continue;
        }
        assert_eq!(frame.length as usize, frame.data.len());
        names.push(name(frame.data));
        file.write(&frame).unwrap();
    }
    let counts = capture.counts().unwrap();
    // None of the twenty echo requests and replies passed the filter.
    assert_eq!((counts.matched, counts.dropped), (names.len() as u64 + groups, 0));
    let dhcp: Vec<_> = names.iter().filter(|name| *name != "arp").collect();
    // The client may ask more than once before the server runs.
    let first_offer = dhcp.iter().position(|name| *name == "offer").expect("an offer");
    assert!(dhcp[..first_offer].iter().all(|name| *name == "discover"), "{dhcp:?}");
    assert_eq!(dhcp[first_offer..], ["offer", "request", "ack"], "{names:?}");
    assert!(names.contains(&"arp".to_owned()), "{names:?}");

    let shown = run(Command::new("tcpdump").arg("-nr").arg(&path)).unwrap();
    assert_eq!(shown.lines().count(), names.len(), "{shown}");
    let exchange = shown.lines().filter(|line| line.contains("BOOTP/DHCP")).count();
    assert_eq!(exchange, dhcp.len(), "{shown}");
}

#[test]
fn counts_the_frames_that_a_full_ring_loses() {
    let Some(cable) = Cable::or_skip() else { return };
    ip(&format!("-n {} address add 192.168.77.100/24 dev eth0", cable.client));
    let mut capture =
        within(&cable.server, || Capture::open("eth0", 128 << 10)).expect("a capture");
    let sent = 200_u16;
    within(&cable.client, || {
        let socket = std::net::UdpSocket::bind("192.168.77.100:68").expect("a socket");
        let payload = [0; 1200];
        for _ in 0..sent {
            socket.send_to(&payload, "192.168.77.254:67").expect("a datagram that leaves");
        }
    });
    cut(&cable);
    let mut read = 0;
    while capture.next(Instant::now() + DRAIN).unwrap().is_some() {
        read += 1;
    }
    let counts = capture.counts().unwrap();
    assert_eq!(counts.matched - counts.dropped, read);
    assert!(counts.matched >= sent.into() && counts.dropped > 0, "{counts:?}");
    // Reading does not reset the counters.
    assert_eq!(capture.counts().unwrap(), counts);
}

#[test]
fn reports_missing_and_removed_interfaces() {
    let Some(cable) = Cable::or_skip() else { return };
    let missing = within(&cable.server, || Capture::open("eth7", DEFAULT_RING_BYTES));
    let message = missing.unwrap_err().to_string();
    assert_eq!(message, "capturing on eth7: bind to the interface");

    let mut capture = open(&cable);
    // A passed deadline means no wait.
    while capture.next(Instant::now()).unwrap().is_some() {}
    ip(&format!("-n {} link delete eth0", cable.server));
    let deadline = Instant::now() + GONE;
    let end = loop {
        match capture.next(deadline) {
            Ok(Some(_)) => {}
            Ok(None) => panic!("not reported within {GONE:?}"),
            Err(error) => break error,
        }
    };
    let CaptureError::System { source, .. } = end else { panic!("{end}") };
    assert_eq!(source.kind(), std::io::ErrorKind::NetworkDown);
}
