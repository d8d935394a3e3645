//! A fake hub on loopback, which answers by path and logs the requests.

#![allow(clippy::unwrap_used, reason = "a test says what it expects by failing")]

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{IpAddr, Ipv4Addr, TcpListener, TcpStream, UdpSocket},
    sync::{Arc, Mutex, mpsc},
    time::Duration,
};

use vmkit_gateway::Ports;

/// Longer than any request: ends a connection that hangs.
const HANG_LIMIT: Duration = Duration::from_secs(30);
/// Between two bytes of a slow answer.
const PAUSE: Duration = Duration::from_millis(20);

/// What a page does.
#[derive(Clone)]
pub(crate) enum Page {
    /// Sends these bytes and closes.
    Bytes(Vec<u8>),
    /// Sends the beginning, then this piece again and again.
    Endless(&'static [u8], &'static [u8]),
    /// Sends the bytes one by one with a pause before each.
    Drip(&'static [u8]),
    /// Accepts and says nothing.
    Silent,
    /// Closes at once.
    Closed,
}

/// A hub that runs until it is dropped.
pub(crate) struct Hub {
    /// The ports it listens at.
    pub(crate) ports: Ports,
    requests: Arc<Mutex<Vec<String>>>,
    _alive: mpsc::Sender<()>,
}

/// Loopback.
pub(crate) const HOST: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

impl Hub {
    /// A hub with these pages. `search` makes the answer to an M-SEARCH from the web port.
    pub(crate) fn start(
        pages: &[(&'static str, Page)],
        search: impl Fn(u16) -> Option<String> + Send + 'static,
    ) -> Self {
        let web = TcpListener::bind((HOST, 0)).unwrap();
        let upnp = UdpSocket::bind((HOST, 0)).unwrap();
        let ports = Ports {
            web: web.local_addr().unwrap().port(),
            upnp: upnp.local_addr().unwrap().port(),
        };
        let (alive, ended) = mpsc::channel::<()>();
        let ended = Arc::new(Mutex::new(ended));
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (pages, log) = (pages.to_vec(), Arc::clone(&requests));
        std::thread::spawn(move || {
            while let Ok((stream, _)) = web.accept() {
                let (pages, log, ended) = (pages.clone(), Arc::clone(&log), Arc::clone(&ended));
                std::thread::spawn(move || answer(stream, &pages, &log, &ended));
            }
        });
        std::thread::spawn(move || {
            let mut question = [0; 2048];
            while let Ok((_, from)) = upnp.recv_from(&mut question) {
                if let Some(text) = search(ports.web) {
                    upnp.send_to(text.as_bytes(), from).ok();
                }
            }
        });
        Self { ports, requests, _alive: alive }
    }

    /// The requests so far, each as `PATH REFERER`.
    pub(crate) fn requests(&self) -> Vec<String> {
        let mut requests = self.requests.lock().unwrap().clone();
        requests.sort();
        requests
    }
}

fn answer(
    stream: TcpStream,
    pages: &[(&str, Page)],
    log: &Mutex<Vec<String>>,
    ended: &Mutex<mpsc::Receiver<()>>,
) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut head = String::new();
    while reader.read_line(&mut head).is_ok_and(|length| length > 2) {}
    let path = head.split(' ').nth(1).unwrap_or("").to_owned();
    let referer = head.lines().find_map(|line| line.strip_prefix("referer: "));
    log.lock().unwrap().push(format!("{path} {}", referer.unwrap_or("-")));
    let page = pages.iter().find(|(wanted, _)| *wanted == path).map(|(_, page)| page.clone());
    let mut stream = stream;
    match page.unwrap_or_else(|| Page::Bytes(response("404 Not Found", "", "gone"))) {
        Page::Bytes(bytes) => {
            stream.write_all(&bytes).ok();
        }
        Page::Endless(beginning, piece) => {
            stream.write_all(beginning).ok();
            while stream.write_all(piece).is_ok() {}
        }
        Page::Drip(bytes) => {
            for byte in bytes.iter().cycle() {
                // Nothing is sent on this channel: the wait is a pause that ends with the hub.
                let pause = ended.lock().unwrap().recv_timeout(PAUSE);
                let over = pause == Err(mpsc::RecvTimeoutError::Disconnected);
                if over || stream.write_all(&[*byte]).is_err() {
                    return;
                }
            }
        }
        Page::Silent => {
            stream.set_read_timeout(Some(HANG_LIMIT)).unwrap();
            stream.read_exact(&mut [0]).ok();
        }
        Page::Closed => {}
    }
}

/// A whole response.
pub(crate) fn response(status: &str, headers: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {length}\r\n\r\n{body}").into_bytes()
}
