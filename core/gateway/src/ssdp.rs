//! The gateway's UPnP description: one search sent to the gateway, and the document that its answer
//! points to.

use std::{
    collections::BTreeMap,
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket},
    time::{Duration, Instant},
};

use vmkit_types::is_page_path;

use crate::{Page, Response, http, limits::Limits};

/// Longest answer, in bytes.
const LONGEST_ANSWER: usize = 2048;
/// Number of searches, since a datagram may be lost.
const TRIES: u32 = 2;
/// Headers to keep of an answer.
const HEADERS: [&str; 4] = ["location", "server", "st", "usn"];
/// HTTP over UDP: distinguishes the answer from the pages.
pub(crate) const SCHEME: &str = "httpu://";

/// The result of a search.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// The gateway's answer to the search, which has the form of an HTTP response.
    pub(crate) answer: Option<Page>,
    /// The root description, untrusted.
    pub(crate) description: Option<String>,
}

/// Searches the gateway.
pub(crate) fn search(gateway: SocketAddr, deadline: Instant, limits: Limits) -> Found {
    let asked = |_| ask(gateway, deadline, limits.search).ok().flatten();
    let Some(answer) = (0..TRIES).find_map(asked) else {
        return Found::default();
    };
    let headers = headers(&answer);
    let location = headers.get("location").and_then(|line| on_gateway(line, gateway.ip()));
    let left = deadline.saturating_duration_since(Instant::now()).min(limits.page);
    let document = location
        .filter(|_| !left.is_zero())
        .and_then(|location| http::get(&location, None, left))
        .filter(|response| response.status == 200);
    let response = Response { status: 200, headers, body: String::new() };
    Found {
        answer: Some(Page { url: format!("{SCHEME}{gateway}/"), response: Some(response) }),
        description: document.map(|document| document.body),
    }
}

/// The answer as text. `None`: none came in time, or it is not a valid one.
fn ask(gateway: SocketAddr, deadline: Instant, limit: Duration) -> io::Result<Option<String>> {
    let any: IpAddr = match gateway {
        SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let socket = UdpSocket::bind(SocketAddr::new(any, 0))?;
    // A connected socket drops datagrams from others.
    socket.connect(gateway)?;
    // UPnP Device Architecture 2.0, 1.3.3: a search may be sent to one device by unicast.
    let question = format!(
        "M-SEARCH * HTTP/1.1\r\nHOST: {gateway}\r\nMAN: \"ssdp:discover\"\r\nST: upnp:rootdevice\r\n\r\n"
    );
    socket.send(question.as_bytes())?;
    let left = deadline.saturating_duration_since(Instant::now()).min(limit);
    if left.is_zero() {
        return Ok(None);
    }
    socket.set_read_timeout(Some(left))?;
    let mut answer = [0; LONGEST_ANSWER];
    let length = socket.recv(&mut answer)?;
    let answer = String::from_utf8_lossy(&answer[..length]);
    Ok(answer.starts_with("HTTP/1.1 200").then(|| answer.into_owned()))
}

/// The headers to keep, by name in lower case.
fn headers(answer: &str) -> BTreeMap<String, String> {
    let lines = answer.lines().skip(1).filter_map(|line| line.split_once(':'));
    let pairs = lines.map(|(name, value)| (name.trim().to_ascii_lowercase(), value.trim()));
    pairs
        .filter(|(name, _)| HEADERS.contains(&name.as_str()))
        .map(|(name, value)| (name, vmkit_types::bounded(value, http::LONGEST_VALUE).to_owned()))
        .collect()
}

/// The location, if it is a document on the gateway. Anybody on the link can answer in the gateway's
/// name, and must not choose a request that changes something: so no query, and XML, which
/// descriptions are.
fn on_gateway(location: &str, gateway: IpAddr) -> Option<String> {
    let rest = location.strip_prefix("http://")?;
    let (authority, _) = rest.split_once('/')?;
    let path = &rest[authority.len()..];
    let host: IpAddr = match authority.parse::<SocketAddr>() {
        Ok(address) => address.ip(),
        Err(_) => authority.trim_start_matches('[').trim_end_matches(']').parse().ok()?,
    };
    let is_document = is_page_path(path) && path.to_ascii_lowercase().ends_with(".xml");
    (host == gateway && is_document).then(|| format!("http://{authority}{path}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_only_descriptions_on_the_gateway() {
        let rows = [
            ("http://192.168.1.254:5000/root.xml", Some("http://192.168.1.254:5000/root.xml")),
            ("http://192.168.1.254/upnp/IGD.XML", Some("http://192.168.1.254/upnp/IGD.XML")),
            ("http://192.168.1.254", None),
            ("http://192.168.1.254/reboot.cgi", None),
            ("http://192.168.1.254/apply.cgi?then=/root.xml", None),
            ("http://192.168.1.254/apply.cgi%3fthen=/root.xml", None),
            ("http://192.168.1.254/a/../apply/root.xml", None),
            ("http://192.168.1.254/apply#/root.xml", None),
            ("http://192.168.1.9/root.xml", None),
            ("http://evil.test/root.xml", None),
            ("http://192.168.1.254@evil.test/", None),
            ("https://192.168.1.254/root.xml", None),
            ("http://192.168.1.254/a b", None),
        ];
        for (location, expected) in rows {
            let answer = format!("HTTP/1.1 200 OK\r\nLocation: {location}\r\n\r\n");
            let found = on_gateway(&headers(&answer)["location"], [192, 168, 1, 254].into());
            assert_eq!(found.as_deref(), expected, "{location}");
        }
    }
}
