use std::{
    io::{BufRead as _, BufReader},
    os::unix::{fs::symlink, net::UnixListener},
    thread,
};

use rustix::process::geteuid;
use vmkit_wire::LocalApi;

use super::*;

/// A service that reads one request and answers with these bytes. It keeps the connection open until
/// `ask` closes it.
fn service(place: &Path, answer: &'static [u8]) -> thread::JoinHandle<String> {
    let listener = UnixListener::bind(place).unwrap();
    thread::spawn(move || {
        let (mut connection, _) = listener.accept().unwrap();
        let reader = BufReader::new(connection.try_clone().unwrap());
        let lines = reader.lines().map_while(Result::ok).take_while(|line| !line.is_empty());
        let request: Vec<String> = lines.collect();
        connection.write_all(answer).ok();
        let mut rest = Vec::new();
        io::Read::read_to_end(&mut connection, &mut rest).ok();
        request.join("\n")
    })
}

fn own() -> u32 {
    geteuid().as_raw()
}

#[test]
fn asks_by_get_and_reads_the_answer() {
    let place = tempfile::tempdir().unwrap();
    let socket = place.path().canonicalize().unwrap().join("unix.socket");
    let service = service(&socket, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}");
    assert_eq!(ask(&socket, "/1.0?a=b", own(), PATIENCE).unwrap(), b"{}");
    let request = service.join().unwrap();
    assert!(request.starts_with("GET /1.0?a=b HTTP/1.1\nHost: localhost\n"), "{request}");
}

#[test]
fn gives_up_on_a_service_that_says_nothing_or_drips() {
    let place = tempfile::tempdir().unwrap();
    let place = place.path().canonicalize().unwrap();
    for (name, answer) in [("silent", b"".as_slice()), ("drips", b"HTTP/1.1 200 OK\r\n\r\n{")] {
        let socket = place.join(name);
        let service = service(&socket, answer);
        let refusal = ask(&socket, "/", own(), Duration::from_millis(50)).unwrap_err();
        assert!(refusal.message.ends_with("/: no answer before the deadline"), "{refusal:?}");
        service.join().unwrap();
    }
}

#[test]
fn asks_only_a_service_of_the_owner_at_its_real_place() {
    let place = tempfile::tempdir().unwrap();
    let place = place.path().canonicalize().unwrap();
    let socket = place.join("socket");
    let _listener = UnixListener::bind(&socket).unwrap();
    symlink(&socket, place.join("link")).unwrap();
    symlink(&place, place.join("folder")).unwrap();
    fs::write(place.join("file"), "").unwrap();
    let rows = [
        (place.join("none"), own(), "not found", "look at "),
        (place.join("link"), own(), "denied", "leads to"),
        (place.join("folder/socket"), own(), "denied", "leads to"),
        (place.join("file"), own(), "failed", "is not a socket"),
        (socket, own() + 1, "denied", "belongs to user"),
    ];
    for (socket, owner, kind, message) in rows {
        let refusal = ask(&socket, "/", owner, PATIENCE).unwrap_err();
        let found = match (refusal.denied, refusal.not_found) {
            (true, _) => "denied",
            (_, true) => "not found",
            _ => "failed",
        };
        assert_eq!(found, kind, "{refusal:?}");
        assert!(refusal.message.contains(message), "{refusal:?}");
    }
}

#[test]
fn asks_for_what_the_manifest_declares_alone() {
    let reader = Reader { account: None, home: None, broker: None };
    let api = LocalApi { socket: "/var/none/socket".to_owned(), path: "/1.0".to_owned() };
    let needs = Needs { local_api: vec![api], ..Needs::default() };
    for argument in ["/var/none/socket /1.1", "/var/none/socket", "/etc/passwd /1.0", ""] {
        assert!(get(argument, &needs, reader).unwrap_err().denied, "{argument}");
    }
    assert!(get("/var/none/socket /1.0", &needs, reader).unwrap_err().not_found);
}
