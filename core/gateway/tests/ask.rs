//! A misbehaving gateway on loopback: requests end in time and within bounds, and go nowhere else.

#![allow(clippy::unwrap_used, reason = "a test says what it expects by failing")]

#[path = "common/hub.rs"]
mod hub;

use std::{net::TcpListener, time::Duration};

use hub::{HOST, Hub, Page, response};
use vmkit_gateway::{
    DeclaredPage, GatewayReplies, Limits, PageRequest, ask, facts, read, requests, write,
};

/// For answers that come: longer than any computer needs for them.
const PATIENT: Limits = {
    let limit = Duration::from_mins(2);
    Limits { all: limit, page: limit, search: limit }
};
/// For pages that never end by themselves. That the call returns shows that it is bounded.
const BRIEF: Limits = Limits { page: Duration::from_secs(2), ..PATIENT };
/// Most bytes kept of one body.
const LONGEST_BODY: usize = 256 << 10;

/// An immediate answer without a location, so that the search ends at once.
fn no_search() -> impl Fn(u16) -> Option<String> + Send + 'static {
    |_| Some("HTTP/1.1 200 OK\r\n\r\n".to_owned())
}

fn request(path: &str) -> PageRequest {
    PageRequest::new(path, None).unwrap()
}

fn ask_for(hub: &Hub, paths: &[&str], limits: Limits) -> GatewayReplies {
    let requests: Vec<PageRequest> = paths.iter().map(|path| request(path)).collect();
    ask(HOST, &requests, hub.ports, limits)
}

/// Status, length and beginning of a response.
fn line(replies: &GatewayReplies, place: usize) -> Option<String> {
    let response = replies.pages[place].response.as_ref()?;
    let body: String = response.body.chars().take(12).collect();
    Some(format!("{} {} {body}", response.status, response.body.len()))
}

#[test]
fn ends_every_page_within_bounds() {
    let full = format!("200 {LONGEST_BODY} xxxxxxxxxxxx");
    let rows: Vec<(&'static str, Page, Option<&str>)> = vec![
        ("/good", Page::Bytes(response("200 OK", "", "hello")), Some("200 5 hello")),
        ("/denied", Page::Bytes(response("403 Forbidden", "", "no")), Some("403 2 no")),
        (
            "/elsewhere",
            Page::Bytes(response("302 Found", "Location: /good\r\n", "")),
            Some("302 0 "),
        ),
        (
            "/secure",
            Page::Bytes(response("301 Moved", "Location: https://127.0.0.1/\r\n", "go")),
            Some("301 2 go"),
        ),
        ("/empty", Page::Closed, None),
        ("/garbage", Page::Bytes(b"\x00\xff\x1b[2Jgarbage\r\n\r\n".to_vec()), None),
        ("/other", Page::Bytes(b"SSH-2.0-OpenSSH_9.6\r\n".to_vec()), None),
        (
            "/broken-off",
            Page::Bytes(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nhello".to_vec()),
            Some("200 5 hello"),
        ),
        ("/endless", Page::Endless(b"HTTP/1.1 200 OK\r\n\r\n", &[b'x'; 65536]), Some(&full)),
        ("/header", Page::Endless(b"HTTP/1.1 200 OK\r\nX: ", &[b'x'; 65536]), None),
        ("/headers", Page::Endless(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"), None),
        ("/silent", Page::Silent, None),
        ("/slow-header", Page::Drip(b"HTTP/1.1 200 OK\r\nX: y"), None),
    ];
    for (path, page, expected) in &rows {
        let hub = Hub::start(&[(path, page.clone()), ("/good", rows[0].1.clone())], no_search());
        let limits = if matches!(page, Page::Silent | Page::Drip(_)) { BRIEF } else { PATIENT };
        let replies = ask_for(&hub, &[path], limits);
        assert_eq!(line(&replies, 0).as_deref(), *expected, "{path}");
        assert_eq!(hub.requests(1), [format!("{path} -")], "{path}: nothing else is asked for");
    }
}

#[test]
fn keeps_what_arrived_of_a_trickling_body() {
    let drip = Page::Drip(b"HTTP/1.1 200 OK\r\n\r\nx");
    let hub = Hub::start(&[("/slow", drip)], no_search());
    let replies = ask_for(&hub, &["/slow"], BRIEF);
    let body = &replies.pages[0].response.as_ref().unwrap().body;
    assert!(body.starts_with('x'), "{body:?}");
}

#[test]
fn many_hanging_pages_share_one_time_limit() {
    let pages: Vec<String> = (0..24).map(|number| format!("/{number}")).collect();
    let paths: Vec<&str> = pages.iter().map(String::as_str).collect();
    let listener = TcpListener::bind((HOST, 0)).unwrap();
    let ports = vmkit_gateway::Ports { web: listener.local_addr().unwrap().port(), upnp: 9 };
    let requests: Vec<PageRequest> = paths.iter().map(|path| request(path)).collect();
    // One limit for each page would take longer than any test may.
    let limits = Limits { all: Duration::from_millis(300), ..PATIENT };
    let replies = ask(HOST, &requests, ports, limits);
    assert_eq!(replies.pages.len(), 24);
    assert!(replies.pages.iter().all(|page| page.response.is_none()));
}

#[test]
fn sends_the_referrer_of_a_page() {
    let hub = Hub::start(&[("/list", Page::Bytes(response("200 OK", "", "[]")))], no_search());
    let page = PageRequest::new("/list", Some("/home.htm")).unwrap();
    ask(HOST, &[page], hub.ports, PATIENT);
    assert_eq!(hub.requests(1), [format!("/list http://127.0.0.1:{}/home.htm", hub.ports.web)]);
}

#[test]
fn a_plugins_own_page_is_asked_for_only_with_consent() {
    let declared = ["/", "/reboot.cgi", "/reboot.cgi?now"].map(|path| DeclaredPage {
        plugin: "my-hub".to_owned(),
        path: path.to_owned(),
        referer: None,
    });
    let rows: [(bool, &[&str]); 2] = [(false, &["/ -"]), (true, &["/ -", "/reboot.cgi -"])];
    for (consents, expected) in rows {
        let hub = Hub::start(&[], no_search());
        ask(HOST, &requests(&declared, |_| consents), hub.ports, PATIENT);
        assert_eq!(hub.requests(expected.len()), expected, "consents: {consents}");
    }
}

fn answer_to_search(location: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nLOCATION: {location}\r\nSERVER: Linux UPnP/1.0 Hub/1\r\n\r\n")
}

const DESCRIPTION: &str = "<root><device><friendlyName>Hub</friendlyName></device></root>";

#[test]
fn fetches_the_description_only_from_the_gateway() {
    let page = Page::Bytes(response("200 OK", "", DESCRIPTION));
    let rows: Vec<(&str, Option<&str>)> = vec![
        ("http://127.0.0.1:{port}/root.xml", Some(DESCRIPTION)),
        ("http://127.0.0.2:{port}/root.xml", None),
        ("http://localhost:{port}/root.xml", None),
        ("http://127.0.0.1:{port}@127.0.0.2/root.xml", None),
        ("file:///etc/passwd", None),
        ("http://127.0.0.1:{port}/other.xml", None),
        ("http://127.0.0.1:{port}/root.xml?reboot=1", None),
    ];
    for (location, expected) in rows {
        let answer =
            move |port: u16| Some(answer_to_search(&location.replace("{port}", &port.to_string())));
        let hub = Hub::start(&[("/root.xml", page.clone())], answer);
        let replies = ask_for(&hub, &[], PATIENT);
        assert_eq!(replies.description.as_deref(), expected, "{location}");
        assert!(hub.requests(0).iter().all(|request| !request.contains("reboot")), "{location}");
        let facts = facts(HOST, None, &replies);
        assert!(facts.iter().any(|f| f.key == "ssdp.server" && f.value == "Linux UPnP/1.0 Hub/1"));
    }
}

#[test]
fn ignores_invalid_answers_to_a_search() {
    for answer in ["", "NOTIFY * HTTP/1.1\r\n\r\n", "\u{1b}[2J", "HTTP/1.1 404 Not Found\r\n\r\n"] {
        let hub = Hub::start(&[], move |_| Some(answer.to_owned()));
        let replies = ask_for(&hub, &[], PATIENT);
        assert_eq!((replies.pages.len(), replies.description), (0, None), "{answer:?}");
    }
}

#[test]
fn a_snapshot_gives_the_same_replies() {
    let rich = response("200 OK", "Server: hub\u{1b}[31m\r\n", "<title>Hub</title>\0\u{7}");
    let pages =
        [("/", Page::Bytes(rich)), ("/root.xml", Page::Bytes(response("200 OK", "", DESCRIPTION)))];
    let hub = Hub::start(&pages, |port| {
        Some(answer_to_search(&format!("http://127.0.0.1:{port}/root.xml")))
    });
    let replies = ask_for(&hub, &["/", "/gone"], PATIENT);
    let (again, errors) = read(&write(&replies).unwrap());
    assert!(errors.is_empty(), "{errors:?}");
    assert_eq!(again, replies);
}

#[test]
fn a_closed_port_gives_no_replies() {
    // Once the listener is dropped, nothing listens at its port.
    let port = TcpListener::bind((HOST, 0)).unwrap().local_addr().unwrap().port();
    let ports = vmkit_gateway::Ports { web: port, upnp: port };
    let replies = ask(HOST, &[request("/")], ports, PATIENT);
    assert_eq!(replies.pages[0].response, None);
    assert_eq!(replies.description, None);
}
