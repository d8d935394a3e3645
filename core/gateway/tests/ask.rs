//! A gateway on loopback that answers as no gateway should: all is over in time, within bounds, and
//! nobody else is asked.

#![allow(clippy::unwrap_used, reason = "a test says what it expects by failing")]

#[path = "common/hub.rs"]
mod hub;

use std::{
    net::TcpListener,
    time::{Duration, Instant},
};

use hub::{HOST, Hub, Page, response};
use vmkit_gateway::{PATIENCE, Told, Wanted, ask, facts, read, write};

/// What a busy computer may add to the time that is promised; far below one promise for each page.
const SLACK: Duration = Duration::from_secs(20);
/// What is kept of one body.
const LONGEST_BODY: usize = 256 << 10;

/// An answer at once that leads nowhere, so that nobody waits for one.
fn no_search() -> impl Fn(u16) -> Option<String> + Send + 'static {
    |_| Some("HTTP/1.1 200 OK\r\n\r\n".to_owned())
}

fn wanted(path: &str) -> Wanted {
    Wanted { path: path.to_owned(), referer: None }
}

/// Asks the hub, and holds the promise of its time.
fn asked(hub: &Hub, paths: &[&str]) -> Told {
    let wanted: Vec<Wanted> = paths.iter().map(|path| wanted(path)).collect();
    let began = Instant::now();
    let told = ask(HOST, &wanted, hub.ports);
    let took = began.elapsed();
    assert!(took <= PATIENCE + SLACK, "{paths:?} took {took:?}");
    told
}

/// A response as one line.
fn line(told: &Told, place: usize) -> Option<String> {
    let response = told.pages[place].response.as_ref()?;
    let body: String = response.body.chars().take(12).collect();
    Some(format!("{} {} {body}", response.status, response.body.len()))
}

#[test]
fn every_page_ends_within_bounds_whatever_it_does() {
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
        let told = asked(&hub, &[path]);
        assert_eq!(line(&told, 0).as_deref(), *expected, "{path}");
        assert_eq!(hub.requests(), [format!("{path} -")], "{path}: nothing else is asked for");
    }
}

#[test]
fn a_body_by_the_drop_counts_as_far_as_it_came() {
    let drip = Page::Drip(b"HTTP/1.1 200 OK\r\n\r\nx");
    // The head is there after 400 ms; the page may take 1,200.
    let hub = Hub::start(&[("/slow", drip)], no_search());
    let told = asked(&hub, &["/slow"]);
    let body = &told.pages[0].response.as_ref().unwrap().body;
    assert!(body.starts_with("xHTTP"), "{body:?}");
}

#[test]
fn many_pages_that_hang_take_no_longer_than_one_promise() {
    let pages: Vec<String> = (0..24).map(|number| format!("/{number}")).collect();
    let paths: Vec<&str> = pages.iter().map(String::as_str).collect();
    let listener = TcpListener::bind((HOST, 0)).unwrap();
    let ports = vmkit_gateway::Ports { web: listener.local_addr().unwrap().port(), upnp: 9 };
    let wanted: Vec<Wanted> = paths.iter().map(|path| wanted(path)).collect();
    let began = Instant::now();
    let told = ask(HOST, &wanted, ports);
    let took = began.elapsed();
    assert!(took <= PATIENCE + SLACK, "{took:?}");
    assert_eq!(told.pages.len(), 24);
    assert!(told.pages.iter().all(|page| page.response.is_none()));
}

#[test]
fn a_page_is_asked_for_with_its_referrer() {
    let hub = Hub::start(&[("/list", Page::Bytes(response("200 OK", "", "[]")))], no_search());
    let page = Wanted { path: "/list".to_owned(), referer: Some("/home.htm".to_owned()) };
    ask(HOST, &[page], hub.ports);
    assert_eq!(hub.requests(), [format!("/list http://127.0.0.1:{}/home.htm", hub.ports.web)]);
}

fn answer_to_search(location: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nLOCATION: {location}\r\nSERVER: Linux UPnP/1.0 Hub/1\r\n\r\n")
}

const DESCRIPTION: &str = "<root><device><friendlyName>Hub</friendlyName></device></root>";

#[test]
fn the_description_is_fetched_from_the_gateway_and_nowhere_else() {
    let page = Page::Bytes(response("200 OK", "", DESCRIPTION));
    let rows: Vec<(&str, Option<&str>)> = vec![
        ("http://127.0.0.1:{port}/root.xml", Some(DESCRIPTION)),
        ("http://127.0.0.2:{port}/root.xml", None),
        ("http://localhost:{port}/root.xml", None),
        ("http://127.0.0.1:{port}@127.0.0.2/root.xml", None),
        ("file:///etc/passwd", None),
        ("http://127.0.0.1:{port}/other.xml", None),
    ];
    for (location, expected) in rows {
        let answer =
            move |port: u16| Some(answer_to_search(&location.replace("{port}", &port.to_string())));
        let hub = Hub::start(&[("/root.xml", page.clone())], answer);
        let told = asked(&hub, &[]);
        assert_eq!(told.description.as_deref(), expected, "{location}");
        let facts = facts(HOST, None, &told);
        assert!(facts.iter().any(|f| f.key == "ssdp.server" && f.value == "Linux UPnP/1.0 Hub/1"));
    }
}

#[test]
fn an_answer_to_a_search_that_is_none_counts_for_nothing() {
    for answer in ["", "NOTIFY * HTTP/1.1\r\n\r\n", "\u{1b}[2J", "HTTP/1.1 404 Not Found\r\n\r\n"] {
        let hub = Hub::start(&[], move |_| Some(answer.to_owned()));
        let told = asked(&hub, &[]);
        assert_eq!((told.pages.len(), told.description), (0, None), "{answer:?}");
    }
}

#[test]
fn what_was_told_is_the_same_from_a_snapshot() {
    let rich = response("200 OK", "Server: hub\u{1b}[31m\r\n", "<title>Hub</title>\0\u{7}");
    let pages =
        [("/", Page::Bytes(rich)), ("/root.xml", Page::Bytes(response("200 OK", "", DESCRIPTION)))];
    let hub = Hub::start(&pages, |port| {
        Some(answer_to_search(&format!("http://127.0.0.1:{port}/root.xml")))
    });
    let told = asked(&hub, &["/", "/gone"]);
    let (again, errors) = read(&write(&told).unwrap());
    assert!(errors.is_empty(), "{errors:?}");
    assert_eq!(again, told);
}

#[test]
fn nobody_at_home_is_no_answer() {
    // Bound and dropped: nothing listens there.
    let port = TcpListener::bind((HOST, 0)).unwrap().local_addr().unwrap().port();
    let began = Instant::now();
    let told = ask(HOST, &[wanted("/")], vmkit_gateway::Ports { web: port, upnp: port });
    assert!(began.elapsed() <= PATIENCE + SLACK);
    assert_eq!(told.pages[0].response, None);
    assert_eq!(told.description, None);
}
