//! A fake hub on loopback, which answers by path and logs the requests.

#![allow(clippy::unwrap_used, reason = "a test says what it expects by failing")]

use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::{IpAddr, Ipv4Addr, TcpListener, TcpStream, UdpSocket},
    sync::{Arc, Condvar, Mutex, mpsc},
    time::Duration,
};

use vmkit_gateway::Ports;

/// How long a request may take to arrive, on any computer.
const ARRIVAL: Duration = Duration::from_mins(1);
/// Between two bytes of a slow answer.
const PAUSE: Duration = Duration::from_millis(20);

/// What a page does.
#[derive(Clone)]
pub(crate) enum Page {
    /// Sends these bytes and closes.
    Bytes(Vec<u8>),
    /// Sends the beginning, then this piece again and again.
    Endless(&'static [u8], &'static [u8]),
    /// Sends the bytes, and then again and again, one by one with a pause before each.
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
    requests: Arc<Log>,
    _alive: mpsc::Sender<()>,
}

/// The requests so far, and that there is another one.
#[derive(Default)]
struct Log(Mutex<Vec<String>>, Condvar);

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
        let requests = Arc::new(Log::default());
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

    /// The requests once there are so many, each as `PATH REFERER`.
    pub(crate) fn requests(&self, least: usize) -> Vec<String> {
        let Log(requests, another) = &*self.requests;
        let requests = requests.lock().unwrap();
        let wait = another.wait_timeout_while(requests, ARRIVAL, |known| known.len() < least);
        let mut requests = wait.unwrap().0.clone();
        requests.sort();
        requests
    }
}

fn answer(stream: TcpStream, pages: &[(&str, Page)], log: &Log, ended: &Mutex<mpsc::Receiver<()>>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut head = String::new();
    while reader.read_line(&mut head).is_ok_and(|length| length > 2) {}
    let path = head.split(' ').nth(1).unwrap_or("").to_owned();
    let referer = head.lines().find_map(|line| line.strip_prefix("referer: "));
    log.0.lock().unwrap().push(format!("{path} {}", referer.unwrap_or("-")));
    log.1.notify_all();
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
            stream.write_all(bytes).ok();
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
            // It ends with the hub.
            ended.lock().unwrap().recv().ok();
        }
        Page::Closed => {}
    }
}

/// A whole response.
pub(crate) fn response(status: &str, headers: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {length}\r\n\r\n{body}").into_bytes()
}
