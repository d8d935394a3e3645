//! Pages of the gateway over HTTP.

use std::{
    io::Read as _,
    net::SocketAddr,
    sync::Mutex,
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};
use ureq::{Agent, config::Config};
use vmkit_types::is_page_path;

use crate::secrets;

/// Most bytes kept of one body. A hub's list of 50 devices has about 40 KB.
const LONGEST_BODY: usize = 256 << 10;
/// Most bytes of a response's headers, about the limit of browsers.
const LONGEST_HEADER: usize = 64 << 10;
/// Most headers kept of one response.
const MOST_HEADERS: usize = 40;
/// Most bytes kept of one header's value.
pub(crate) const LONGEST_VALUE: usize = 512;
/// Requests at the same time. Small routers have few workers, and one is often slow.
const PARALLEL_REQUESTS: usize = 4;

/// A page to ask for: by GET, without a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageRequest {
    pub(crate) path: String,
    /// Path of the page to name as the referrer.
    pub(crate) referer: Option<String>,
}

impl PageRequest {
    /// A request for this page that names this referrer; `None`: one of them is not the path of a
    /// page.
    pub fn new(path: &str, referer: Option<&str>) -> Option<Self> {
        let plain = is_page_path(path) && referer.is_none_or(is_page_path);
        let owned = ToOwned::to_owned;
        plain.then(|| Self { path: owned(path), referer: referer.map(owned) })
    }
}

/// A requested page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    /// The requested URL.
    pub url: String,
    /// `None`: no response came.
    #[serde(flatten)]
    pub response: Option<Response>,
}

/// A response. Its contents are untrusted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// Headers by name in lower case, bounded.
    #[serde(default)]
    pub headers: std::collections::BTreeMap<String, String>,
    /// The body, cut to a bound, with bytes that are not UTF-8 replaced.
    #[serde(default)]
    pub body: String,
}

/// Gets the pages, in the order of their requests, each within the limit of a page.
pub(crate) fn pages(
    gateway: SocketAddr,
    requests: &[PageRequest],
    deadline: Instant,
    limit: Duration,
) -> Vec<Page> {
    let queue = Mutex::new(requests.iter().enumerate());
    let found = Mutex::new(vec![None; requests.len()]);
    std::thread::scope(|scope| {
        for _ in 0..PARALLEL_REQUESTS.min(requests.len()) {
            scope.spawn(|| {
                loop {
                    // No lock is held during a request, so neither can be poisoned.
                    let Some((place, request)) = queue.lock().ok().and_then(|mut q| q.next())
                    else {
                        return;
                    };
                    let page = page(gateway, request, deadline, limit);
                    if let Ok(mut found) = found.lock() {
                        found[place] = Some(page);
                    }
                }
            });
        }
    });
    found.into_inner().unwrap_or_default().into_iter().flatten().collect()
}

fn page(gateway: SocketAddr, request: &PageRequest, deadline: Instant, limit: Duration) -> Page {
    let host = if gateway.port() == 80 {
        match gateway {
            SocketAddr::V4(v4) => v4.ip().to_string(),
            SocketAddr::V6(v6) => format!("[{}]", v6.ip()),
        }
    } else {
        gateway.to_string()
    };
    let url = format!("http://{host}{}", request.path);
    let referer = request.referer.as_ref().map(|path| format!("http://{host}{path}"));
    let left = deadline.saturating_duration_since(Instant::now()).min(limit);
    let response = if left.is_zero() { None } else { get(&url, referer.as_deref(), left) };
    Page { url, response }
}

/// Gets one page. `None`: no valid response came in time.
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
    // Keep what arrived of an endless or trickling body.
    while Instant::now() < deadline {
        match reader.read(&mut piece) {
            Ok(0) | Err(_) => break,
            Ok(length) => bytes.extend_from_slice(&piece[..length]),
        }
    }
    // The replacement for a byte that is not UTF-8 has three bytes.
    let body = String::from_utf8_lossy(&bytes);
    let body = secrets::blanked(vmkit_types::bounded(&body, LONGEST_BODY));
    Some(Response { status: parts.status.as_u16(), headers, body })
}
