//! The server on real loopback sockets, with ordinary and hostile clients.

use std::{
    io::{Read as _, Write as _},
    net::{IpAddr, SocketAddr, TcpStream, UdpSocket},
    sync::mpsc::Receiver,
    time::{Duration, Instant},
};

use hickory_server::proto::{
    op::{Edns, Message, MessageType, OpCode, Query, ResponseCode},
    rr::{Name, RData, RecordType},
};
use vmkit_dns::{DnsError, Event, Listening, Zone, Zones};

/// When a test gives up; an answer takes less than a millisecond.
const DEADLINE: Duration = Duration::from_secs(10);

fn zone(addresses: &[&str]) -> Zone {
    let addresses = addresses.iter().map(|address| address.parse().expect("an address")).collect();
    let good_until = Instant::now() + Duration::from_mins(1);
    Zone::new(
        "vm.test".parse().expect("a suffix"),
        [("Web", Some(addresses)), ("off", Some(vec![])), ("unseen", None)],
        good_until,
        5,
    )
}

fn serve(addresses: &[&str]) -> (SocketAddr, Zones, Receiver<Event>) {
    let listening =
        Listening::at("127.0.0.1:0".parse().expect("loopback works")).expect("loopback works");
    let (address, zones) = (listening.address(), Zones::new(zone(addresses)));
    let events = listening.serve(zones.clone()).expect("loopback works");
    (address, zones, events)
}

fn question(name: &str, of: RecordType) -> Message {
    let mut message = Message::new(7, MessageType::Query, OpCode::Query);
    message.add_query(Query::query(Name::from_ascii(name).expect("a name"), of));
    message
}

fn client(server: SocketAddr) -> UdpSocket {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("loopback works");
    socket.set_read_timeout(Some(DEADLINE)).expect("loopback works");
    socket.connect(server).expect("loopback works");
    socket
}

fn ask_udp(socket: &UdpSocket, question: &[u8]) -> Message {
    socket.send(question).expect("loopback works");
    let mut buffer = [0; 4096];
    let length = socket.recv(&mut buffer).expect("loopback works");
    Message::from_vec(&buffer[..length]).expect("a message")
}

fn ask_tcp(server: SocketAddr, question: &[u8]) -> Message {
    let mut stream = TcpStream::connect(server).expect("loopback works");
    stream.set_read_timeout(Some(DEADLINE)).expect("loopback works");
    let length = u16::try_from(question.len()).expect("loopback works").to_be_bytes();
    stream.write_all(&[&length, question].concat()).expect("loopback works");
    let mut length = [0; 2];
    stream.read_exact(&mut length).expect("loopback works");
    let mut answer = vec![0; usize::from(u16::from_be_bytes(length))];
    stream.read_exact(&mut answer).expect("loopback works");
    Message::from_vec(&answer).expect("a message")
}

fn addresses(message: &Message) -> Vec<IpAddr> {
    let address = |data: &RData| match data {
        RData::A(address) => Some(IpAddr::V4(address.0)),
        RData::AAAA(address) => Some(IpAddr::V6(address.0)),
        _ => None,
    };
    message.answers.iter().filter_map(|record| address(&record.data)).collect()
}

/// Name, type, response code, address, and number of SOA records in the authority section.
type Row<'a> = (&'a str, RecordType, ResponseCode, Option<&'a str>, usize);

#[test]
fn both_protocols_give_the_same_answers() {
    let (server, _, _events) = serve(&["192.168.77.50", "fd00::50"]);
    let socket = client(server);
    let rows: [Row<'_>; 8] = [
        ("web.vm.test.", RecordType::A, ResponseCode::NoError, Some("192.168.77.50"), 0),
        ("WEB.vm.TEST.", RecordType::AAAA, ResponseCode::NoError, Some("fd00::50"), 0),
        ("web.vm.test.", RecordType::TXT, ResponseCode::NoError, None, 1),
        ("off.vm.test.", RecordType::A, ResponseCode::NoError, None, 1),
        ("unseen.vm.test.", RecordType::A, ResponseCode::ServFail, None, 0),
        ("wbe.vm.test.", RecordType::A, ResponseCode::NXDomain, None, 1),
        ("example.com.", RecordType::A, ResponseCode::Refused, None, 0),
        ("50.77.168.192.in-addr.arpa.", RecordType::PTR, ResponseCode::Refused, None, 0),
    ];
    for (name, of, code, address, negative) in rows {
        let bytes = question(name, of).to_vec().unwrap();
        for answer in [ask_udp(&socket, &bytes), ask_tcp(server, &bytes)] {
            assert_eq!(answer.metadata.response_code, code, "{name} {of}");
            let expected: Vec<IpAddr> = address.map(|it| it.parse().unwrap()).into_iter().collect();
            assert_eq!(addresses(&answer), expected, "{name} {of}");
            assert_eq!(answer.authorities.len(), negative, "{name} {of}");
            assert_eq!(answer.metadata.id, 7);
            assert!(!answer.metadata.recursion_available);
            assert!(answer.answers.iter().all(|record| record.ttl == 5));
        }
    }
}

#[test]
fn serves_new_addresses_at_once_and_reports_missing_ones() {
    let (server, zones, events) = serve(&[]);
    let socket = client(server);
    let bytes = question("web.vm.test.", RecordType::A).to_vec().unwrap();
    assert_eq!(addresses(&ask_udp(&socket, &bytes)), [] as [IpAddr; 0]);
    assert!(matches!(events.recv_timeout(DEADLINE), Ok(Event::Missed)));
    for address in ["192.168.77.50", "192.168.77.51"] {
        zones.replace(zone(&[address]));
        assert_eq!(addresses(&ask_udp(&socket, &bytes)), [address.parse::<IpAddr>().unwrap()]);
    }
    assert!(events.try_recv().is_err(), "a known address needs no look");
}

#[test]
fn answers_edns_with_edns() {
    let (server, _, _events) = serve(&["192.168.77.50"]);
    for (version, code) in [(0, ResponseCode::NoError), (1, ResponseCode::BADVERS)] {
        let mut message = question("web.vm.test.", RecordType::A);
        let mut edns = Edns::new();
        edns.set_version(version).set_max_payload(512);
        message.set_edns(edns);
        let answer = ask_udp(&client(server), &message.to_vec().unwrap());
        // BADVERS and BADSIG share a number.
        assert_eq!(u16::from(answer.metadata.response_code), u16::from(code));
        assert_eq!(answer.edns.map(|edns| edns.version()), Some(0));
    }
}

#[test]
fn survives_hostile_messages() {
    let (server, _, events) = serve(&["192.168.77.50"]);
    let socket = client(server);
    let good = question("web.vm.test.", RecordType::A).to_vec().unwrap();
    let mut two = question("web.vm.test.", RecordType::A);
    two.add_query(Query::query(Name::root(), RecordType::ANY));
    let mut update = question("web.vm.test.", RecordType::SOA);
    update.metadata.op_code = OpCode::Update;
    let mut response = question("web.vm.test.", RecordType::A);
    response.metadata.message_type = MessageType::Response;
    // A name with a compression pointer to itself.
    let spiral = [&good[..12], &[0xc0, 12, 0, 1, 0, 1]].concat();
    let answered = [
        (two.to_vec().unwrap(), ResponseCode::FormErr),
        (update.to_vec().unwrap(), ResponseCode::NotImp),
        (spiral, ResponseCode::FormErr),
        (good[..good.len() - 1].to_vec(), ResponseCode::FormErr),
    ];
    for (bytes, code) in answered {
        assert_eq!(ask_udp(&socket, &bytes).metadata.response_code, code, "{bytes:?}");
    }
    // These get no answer: the next one belongs to the good query.
    for bytes in [vec![], vec![0], vec![0xff; 11], response.to_vec().unwrap()] {
        socket.send(&bytes).unwrap();
        assert_eq!(addresses(&ask_udp(&socket, &good)).len(), 1, "{bytes:?}");
    }
    // Idle connections, and one that announces more than it sends.
    let idle: Vec<_> = (0..300).map(|_| TcpStream::connect(server).unwrap()).collect();
    (&idle[0]).write_all(&[0xff, 0xff, 0]).unwrap();
    assert_eq!(addresses(&ask_tcp(server, &good)).len(), 1);
    assert_eq!(addresses(&ask_udp(&socket, &good)).len(), 1);
    // A thousand queries for a missing name ask for one look.
    let missing = question("nothing.vm.test.", RecordType::A).to_vec().unwrap();
    for _ in 0..1000 {
        ask_udp(&socket, &missing);
    }
    assert!(std::iter::from_fn(|| events.try_recv().ok()).count() <= 2);
    drop(idle);
}

/// Whether the server has closed the connection, or closes it within this time.
fn is_closed(mut stream: &TcpStream, within: Duration) -> bool {
    stream.set_read_timeout(Some(within)).expect("loopback works");
    match stream.read(&mut [0; 1]) {
        Ok(count) => count == 0,
        Err(error) => error.kind() == std::io::ErrorKind::ConnectionReset,
    }
}

/// A connection from this loopback address, which is another client to the server.
fn connect_from(client: [u8; 4], server: SocketAddr) -> TcpStream {
    use rustix::net::{AddressFamily, SocketType, bind, connect, socket};
    let socket = socket(AddressFamily::INET, SocketType::STREAM, None).expect("loopback works");
    bind(&socket, &SocketAddr::from((client, 0))).expect("loopback works");
    connect(&socket, &server).expect("loopback works");
    TcpStream::from(socket)
}

/// Asks at an open connection and reads the whole answer; `false`: it is closed.
fn ask_again(mut stream: &TcpStream, question: &[u8]) -> bool {
    let mut length = [0; 2];
    stream.set_read_timeout(Some(DEADLINE)).expect("loopback works");
    let framed =
        [&u16::try_from(question.len()).expect("loopback works").to_be_bytes()[..], question]
            .concat();
    stream.write_all(&framed).is_ok()
        && stream.read_exact(&mut length).is_ok()
        && stream.read_exact(&mut vec![0; usize::from(u16::from_be_bytes(length))]).is_ok()
}

/// How many of these connections the server has not closed.
fn open(streams: &[TcpStream]) -> usize {
    let is_open = |stream: &&TcpStream| {
        stream.set_nonblocking(true).expect("loopback works");
        let read = stream.peek(&mut [0; 1]);
        read.is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock)
    };
    streams.iter().filter(is_open).count()
}

#[test]
fn closes_the_oldest_connections_of_a_client_with_many_and_serves_the_others() {
    let (server, _, _events) = serve(&["192.168.77.50"]);
    let good = question("web.vm.test.", RecordType::A).to_vec().unwrap();
    let other = connect_from([127, 0, 0, 9], server);
    let mut greedy = Vec::new();
    for _ in 0..100 {
        greedy.push(connect_from([127, 0, 0, 1], server));
        assert!(ask_again(&other, &good), "another client keeps its connection");
    }
    // Its answer proves that all before it were accepted.
    let newest = connect_from([127, 0, 0, 1], server);
    assert!(ask_again(&newest, &good));
    assert!(open(&greedy) < 16, "{} are open", open(&greedy));
}

#[test]
fn holds_few_connections_of_all_clients_together_and_serves_new_ones() {
    let (server, _, _events) = serve(&["192.168.77.50"]);
    let good = question("web.vm.test.", RecordType::A).to_vec().unwrap();
    let many: Vec<_> = (1..=200).map(|last| connect_from([127, 0, 1, last], server)).collect();
    assert_eq!(addresses(&ask_tcp(server, &good)).len(), 1);
    assert!(open(&many) < 64, "{} are open", open(&many));
}

#[test]
fn closes_connections_that_are_idle_send_too_much_or_no_query() {
    let (server, _, _events) = serve(&["192.168.77.50"]);
    let good = question("web.vm.test.", RecordType::A).to_vec().unwrap();
    let mut response = question("web.vm.test.", RecordType::A);
    response.metadata.message_type = MessageType::Response;
    let response = response.to_vec().unwrap();
    let framed =
        |bytes: &[u8]| [&u16::try_from(bytes.len()).unwrap().to_be_bytes()[..], bytes].concat();
    let rows: [(&str, Vec<u8>); 6] = [
        ("idle", vec![]),
        ("half a length", vec![0]),
        ("half a query", framed(&good)[..20].to_vec()),
        ("a long query", vec![0xff; 2]),
        ("no query", framed(&response)),
        ("no message", framed(&[0xff; 11])),
    ];
    for (what, sent) in rows {
        let mut stream = TcpStream::connect(server).unwrap();
        stream.write_all(&sent).unwrap();
        assert!(is_closed(&stream, DEADLINE), "{what}");
    }
    let greedy = TcpStream::connect(server).unwrap();
    let answered = (0..10_000).take_while(|_| ask_again(&greedy, &good)).count();
    assert_eq!(answered, (64 << 10) / (2 + good.len()), "64 KiB of queries");
}

#[test]
fn requires_a_free_loopback_address() {
    for address in ["0.0.0.0:0", "192.0.2.1:5354", "[::]:0"] {
        let error = Listening::at(address.parse().unwrap()).unwrap_err();
        assert!(matches!(error, DnsError::NotLoopback(_)), "{error}");
    }
    let first = Listening::at("127.0.0.1:0".parse().unwrap()).unwrap();
    let error = Listening::at(first.address()).unwrap_err();
    assert!(matches!(error, DnsError::Listen { protocol: "TCP", .. }), "{error}");
}
