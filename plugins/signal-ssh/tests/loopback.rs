//! The plugin with real servers on loopback addresses. Each test has a /24 of its own, so one port can
//! have another server at every address.

use std::{
    io::{Read as _, Write as _},
    net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    thread::{self, JoinHandle},
};

use signal_ssh::Ssh;
use vmkit_plugin::{ErrorCode, Kind, Stage, Subject, attribute};
use vmkit_testkit::{FakeHost, Report};

fn address(net: u8, host: u8) -> IpAddr {
    Ipv4Addr::new(127, 44, net, host).into()
}

fn listener(address: IpAddr, port: u16) -> TcpListener {
    TcpListener::bind((address, port)).unwrap_or_else(|error| panic!("bind {address}: {error}"))
}

fn port_of(listener: &TcpListener) -> u16 {
    listener.local_addr().map_or_else(|error| panic!("local port: {error}"), |at| at.port())
}

/// Serves one connection with `talk`, then reads until the client closes. Returns what the client sent.
fn serve(
    listener: TcpListener,
    talk: impl FnOnce(&mut TcpStream) + Send + 'static,
) -> JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap_or_else(|error| panic!("accept: {error}"));
        talk(&mut stream);
        let mut received = Vec::new();
        // A client that leaves with unread data resets the connection; what came before counts.
        stream.read_to_end(&mut received).ok();
        received
    })
}

/// Sends bytes; `false`: the client has left.
fn say(stream: &mut TcpStream, bytes: &[u8]) -> bool {
    stream.write_all(bytes).is_ok()
}

fn confirm(port: u16, timeout_ms: u64, candidates: &[&[IpAddr]]) -> Report {
    let machine =
        |candidates: &&[IpAddr]| Subject { candidates: candidates.to_vec(), ..Subject::default() };
    let vms: Vec<_> = candidates.iter().map(machine).collect();
    let configuration = format!(r#"{{"port":{port},"timeout_ms":{timeout_ms}}}"#);
    FakeHost::new().at_stage(Stage::Confirm).observe::<Ssh>(&configuration, &vms)
}

/// Long enough for a busy computer's own server.
const PATIENT: u64 = 10_000;

#[test]
fn distinguishes_every_kind_of_server() {
    let first = listener(address(1, 1), 0);
    let port = port_of(&first);
    let at = |host| listener(address(1, host), port);
    let servers = [
        serve(first, |stream| {
            say(stream, b"SSH-2.0-OpenSSH_9.6p1\r\n");
        }),
        serve(at(2), |stream| {
            stream.set_nodelay(true).ok();
            for byte in b"Welcome\r\nSSH-2.0-drip\r\n" {
                say(stream, &[*byte]);
            }
        }),
        serve(at(3), |stream| {
            say(stream, b"HTTP/1.1 400 Bad Request\r\n\x1b[2J\r\n");
            stream.shutdown(std::net::Shutdown::Write).ok();
        }),
        serve(at(4), |stream| while say(stream, b"y\r\n") {}),
        serve(at(5), |stream| {
            stream.shutdown(std::net::Shutdown::Write).ok();
        }),
        serve(at(6), |stream| while say(stream, &[b'x'; 1024]) {}),
    ];
    let machines: Vec<_> = (1..=7).map(|host| [address(1, host)]).collect();
    let candidates: Vec<_> = machines.iter().map(<[IpAddr; 1]>::as_slice).collect();
    let report = confirm(port, PATIENT, &candidates);
    assert_eq!(report.result, Ok(()));
    let instead = format!("port {port} accepts connections, but");
    let long = "x".repeat(60);
    assert_eq!(
        report.sorted_lines(),
        [
            "0 ssh-ready 127.44.1.1 an SSH server answers: SSH-2.0-OpenSSH_9.6p1".to_owned(),
            "1 ssh-ready 127.44.1.2 an SSH server answers: SSH-2.0-drip".to_owned(),
            format!(
                "2 ssh-no-banner 127.44.1.3 {instead} says \"HTTP/1.1 400 Bad Request\", which is not SSH"
            ),
            format!("3 ssh-no-banner 127.44.1.4 {instead} says \"y\", which is not SSH"),
            format!("4 ssh-no-banner 127.44.1.5 {instead} closes it without an SSH banner"),
            format!("5 ssh-no-banner 127.44.1.6 {instead} says \"{long}\", which is not SSH"),
            format!("6 ssh-refused 127.44.1.7 somebody is there and refuses port {port}"),
        ]
    );
    let ready = report.observations.iter().find(|seen| seen.kind == Kind::SshReady);
    assert!(ready.is_some_and(|seen| seen.attribute(attribute::BANNER).is_some()
        && seen.attribute(attribute::RTT_US).is_some_and(|rtt| rtt.parse::<u64>().is_ok())));
    let sent: Vec<_> = servers.map(|server| server.join().unwrap_or_default()).into();
    assert_eq!(sent[0], b"SSH-2.0-vmkit\r\n", "what the server saw of the client");
}

#[test]
fn distinguishes_a_silent_server_from_no_answer() {
    let silent = listener(address(2, 1), 0);
    let port = port_of(&silent);
    let server = serve(silent, |_| {});
    // A listener with a full queue drops new connections, as a host that does not answer.
    let full = full_listener(SocketAddr::new(address(2, 2), port));
    let report = confirm(port, 150, &[&[address(2, 1)], &[address(2, 2)]]);
    assert_eq!(
        report.sorted_lines(),
        [
            format!(
                "0 ssh-no-banner 127.44.2.1 port {port} accepts connections, but sends no SSH banner within 150 ms"
            ),
            format!("1 ssh-timeout 127.44.2.2 no answer from port {port} within 150 ms"),
        ]
    );
    drop(full);
    assert_eq!(server.join().unwrap_or_default(), b"SSH-2.0-vmkit\r\n");
}

/// A listener that nobody serves, and the connection that fills its queue: with a backlog of 0 Linux
/// completes one.
fn full_listener(at: SocketAddr) -> (tokio::net::TcpListener, TcpStream, tokio::runtime::Runtime) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()
        .unwrap_or_else(|error| panic!("runtime: {error}"));
    let listening = {
        let _inside = runtime.enter();
        tokio::net::TcpSocket::new_v4()
            .and_then(|socket| socket.bind(at).map(|()| socket))
            .and_then(|socket| socket.listen(0))
            .unwrap_or_else(|error| panic!("listen at {at}: {error}"))
    };
    let filling = TcpStream::connect(at).unwrap_or_else(|error| panic!("fill {at}: {error}"));
    (listening, filling, runtime)
}

#[test]
fn probes_a_shared_address_once_and_reports_it_for_both_machines() {
    let shared = listener(address(3, 1), 0);
    let port = port_of(&shared);
    // The server takes one connection, so a second would fail.
    let server = serve(shared, |stream| {
        say(stream, b"SSH-2.0-x\r\n");
    });
    let report = confirm(port, PATIENT, &[&[address(3, 1)], &[address(3, 1)]]);
    let ready = |vm: usize| format!("{vm} ssh-ready 127.44.3.1 an SSH server answers: SSH-2.0-x");
    assert_eq!(report.sorted_lines(), [ready(0), ready(1)]);
    assert!(server.join().is_ok());
}

#[test]
fn probes_a_thousand_machines_in_waves() {
    let first = listener(address(4, 1), 0);
    let port = port_of(&first);
    let at = |number: u16| {
        let [high, low] = number.to_be_bytes();
        IpAddr::from([127, 45, high, low])
    };
    let machines: Vec<_> = (1..=1000).map(|number| [at(number)]).collect();
    let candidates: Vec<_> = machines.iter().map(<[IpAddr; 1]>::as_slice).collect();
    let report = confirm(port, PATIENT, &candidates);
    let refused = report.observations.iter().filter(|seen| seen.kind == Kind::SshRefused);
    assert_eq!((refused.count(), report.result), (1000, Ok(())));
}

#[test]
fn ends_cancelled_late_and_misconfigured_calls() {
    let vms = [Subject { candidates: vec![address(5, 1)], ..Subject::default() }];
    let at_confirm = || FakeHost::new().at_stage(Stage::Confirm);
    let cancelled = at_confirm().cancelling_after(0).observe::<Ssh>("{}", &vms);
    assert_eq!(cancelled.result.map_err(|error| error.code), Err(ErrorCode::Cancelled));
    let late = at_confirm().with_budget(std::time::Duration::from_millis(10));
    let late = late.observe::<Ssh>("{}", &vms);
    assert_eq!(late.lines(), ["0 unread 127.44.5.1 no answer before the deadline"]);
    let discovering = FakeHost::new().observe::<Ssh>("{}", &vms);
    assert_eq!((discovering.lines(), discovering.result), (Vec::new(), Ok(())));
    for configuration in [r#"{"port":0}"#, r#"{"timeout_ms":0}"#, r#"{"porf":22}"#] {
        let error = at_confirm().observe::<Ssh>(configuration, &vms).result;
        assert_eq!(error.map_err(|e| e.code), Err(ErrorCode::Configuration), "{configuration}");
    }
}

#[test]
fn a_snapshot_replaces_the_network() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/probes.json");
    let host = FakeHost::new().at_stage(Stage::Confirm).with_artefact_file("probes.json", file);
    let candidates = [1, 2, 3].map(|host| address(6, host)).to_vec();
    let report = host.observe::<Ssh>("{}", &[Subject { candidates, ..Subject::default() }]);
    assert_eq!(report.result, Ok(()));
    assert_eq!(
        report.sorted_lines(),
        [
            "0 ssh-ready 127.44.6.1 an SSH server answers: SSH-2.0-OpenSSH_9.6",
            "0 ssh-timeout 127.44.6.2 no answer from port 22",
        ]
    );
}

#[test]
fn records_a_part_of_the_probes() {
    let first = listener(address(7, 1), 0);
    let port = port_of(&first);
    let server = serve(first, |stream| {
        say(stream, b"SSH-2.0-x\r\n");
    });
    let directory = tempfile::tempdir().unwrap();
    let candidates = vec![address(7, 1), address(7, 2)];
    let vms = [Subject { candidates, ..Subject::default() }];
    let configuration = format!(r#"{{"port":{port},"timeout_ms":{PATIENT}}}"#);
    let at_confirm = || FakeHost::new().at_stage(Stage::Confirm);
    let host = at_confirm().recording_to(directory.path());
    let recorded = host.observe::<Ssh>(&configuration, &vms);
    assert!(server.join().is_ok());
    let host =
        at_confirm().with_artefact_file("probes.json", directory.path().join("probes/tcp.json"));
    let replayed = host.observe::<Ssh>(&configuration, &vms);
    assert_eq!(replayed.sorted_lines(), recorded.sorted_lines());
    assert_eq!((replayed.lines().len(), replayed.result), (2, Ok(())));
}
