//! Pages of the gateway over HTTP.

use std::{
    io::Read as _,
    net::SocketAddr,
    sync::Mutex,
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};
use ureq::{Agent, config::Config};

use crate::{Wanted, secrets};

/// Most bytes that are kept of one body: a hub's list of 50 devices is about 40 KB.
const LONGEST_BODY: usize = 256 << 10;
/// Most bytes of a response's headers: browsers give up at about as many.
const LONGEST_HEADER: usize = 64 << 10;
/// Most headers that are kept of one response.
const MOST_HEADERS: usize = 40;
/// Most bytes that are kept of one header's value.
pub(crate) const LONGEST_VALUE: usize = 512;
/// How long one page may take: the gateway is on the same link.
const PAGE: Duration = Duration::from_millis(1200);
/// Pages that are asked for at once: small routers have few workers, and one is often slow.
const AT_ONCE: usize = 4;

/// One page that was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    /// Where it was asked for.
    pub url: String,
    /// What came back; `None`: nothing did.
    #[serde(flatten)]
    pub response: Option<Response>,
}

/// A response. Nothing in it is trusted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Response {
    /// The status of HTTP.
    pub status: u16,
    /// Headers by name in lower case, bounded.
    #[serde(default)]
    pub headers: std::collections::BTreeMap<String, String>,
    /// The body, cut to a bound; bytes that are no UTF-8 are replaced.
    #[serde(default)]
    pub body: String,
}

/// The pages in the order in which they are wanted.
pub(crate) fn pages(gateway: SocketAddr, wanted: &[Wanted], deadline: Instant) -> Vec<Page> {
    let queue = Mutex::new(wanted.iter().enumerate());
    let found = Mutex::new(vec![None; wanted.len()]);
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE.min(wanted.len()) {
            scope.spawn(|| {
                loop {
                    // Neither lock is held while a page is asked for, so none is ever poisoned.
                    let Some((place, page)) = queue.lock().ok().and_then(|mut q| q.next()) else {
                        return;
                    };
                    let page = page_at(gateway, page, deadline);
                    if let Ok(mut found) = found.lock() {
                        found[place] = Some(page);
                    }
                }
            });
        }
    });
    found.into_inner().unwrap_or_default().into_iter().flatten().collect()
}

fn page_at(gateway: SocketAddr, wanted: &Wanted, deadline: Instant) -> Page {
    let host = if gateway.port() == 80 {
        match gateway {
            SocketAddr::V4(v4) => v4.ip().to_string(),
            SocketAddr::V6(v6) => format!("[{}]", v6.ip()),
        }
    } else {
        gateway.to_string()
    };
    let url = format!("http://{host}{}", wanted.path);
    let referer = wanted.referer.as_ref().map(|path| format!("http://{host}{path}"));
    let left = deadline.saturating_duration_since(Instant::now()).min(PAGE);
    let response = if left.is_zero() { None } else { get(&url, referer.as_deref(), left) };
    Page { url, response }
}

/// Gets one page. `None`: no response that could be understood came in time.
pub(crate) fn get(url: &str, referer: Option<&str>, patience: Duration) -> Option<Response> {
    let deadline = Instant::now() + patience;
    let config = Config::builder()
        .timeout_global(Some(patience))
        .max_redirects(0)
        .max_redirects_will_error(false)
        .http_status_as_error(false)
        .max_response_header_size(LONGEST_HEADER)
        .proxy(None)
        .user_agent("vmkit")
        .build();
    let mut request = Agent::new_with_config(config).get(url);
    if let Some(referer) = referer {
        request = request.header("Referer", referer);
    }
    let response = request.call().ok()?;
    let (parts, body) = response.into_parts();
    let headers = parts.headers.iter().take(MOST_HEADERS).map(|(name, value)| {
        let value = String::from_utf8_lossy(value.as_bytes());
        (name.as_str().to_owned(), vmkit_types::bounded(&value, LONGEST_VALUE).to_owned())
    });
    let headers = headers.collect();
    let mut bytes = Vec::new();
    let mut reader = body.into_reader().take(LONGEST_BODY as u64);
    let mut piece = [0; 8192];
    // A body that never ends, or comes by the drop, counts as far as it came.
    while Instant::now() < deadline {
        match reader.read(&mut piece) {
            Ok(0) | Err(_) => break,
            Ok(length) => bytes.extend_from_slice(&piece[..length]),
        }
    }
    // A byte that is no UTF-8 takes three once it is replaced.
    let body = String::from_utf8_lossy(&bytes);
    let body = secrets::blanked(vmkit_types::bounded(&body, LONGEST_BODY));
    Some(Response { status: parts.status.as_u16(), headers, body })
}
