//! The gateway's description over UPnP: one question to the gateway itself, and the document that
//! its answer points to.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket},
    time::{Duration, Instant},
};

use crate::http;

/// Longest answer that is read.
const LONGEST_ANSWER: usize = 2048;
/// How long one question waits for its answer: the gateway is asked alone and on the same link.
const ANSWER: Duration = Duration::from_millis(500);
/// How long the document may take.
const DOCUMENT: Duration = Duration::from_secs(1);
/// How often it is asked: a datagram may be lost.
const TRIES: u32 = 2;

/// The root description. Nothing in it is trusted.
pub(crate) fn description(gateway: SocketAddr, deadline: Instant) -> Option<String> {
    let location = (0..TRIES).find_map(|_| location(gateway, deadline).ok().flatten())?;
    let left = deadline.saturating_duration_since(Instant::now()).min(DOCUMENT);
    let response = (!left.is_zero()).then(|| http::get(&location, None, left)).flatten()?;
    (response.status == 200).then_some(response.body)
}

/// Where the gateway says that its description is: on itself, or it is not believed.
fn location(gateway: SocketAddr, deadline: Instant) -> io::Result<Option<String>> {
    let any: IpAddr = match gateway {
        SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let socket = UdpSocket::bind(SocketAddr::new(any, 0))?;
    // Connected: what others send does not arrive.
    socket.connect(gateway)?;
    // UPnP Device Architecture 2.0, 1.3.3: a search may be sent to one device by unicast.
    let question = format!(
        "M-SEARCH * HTTP/1.1\r\nHOST: {gateway}\r\nMAN: \"ssdp:discover\"\r\nST: upnp:rootdevice\r\n\r\n"
    );
    socket.send(question.as_bytes())?;
    let left = deadline.saturating_duration_since(Instant::now()).min(ANSWER);
    if left.is_zero() {
        return Ok(None);
    }
    socket.set_read_timeout(Some(left))?;
    let mut answer = [0; LONGEST_ANSWER];
    let length = socket.recv(&mut answer)?;
    Ok(named(&String::from_utf8_lossy(&answer[..length]), gateway.ip()))
}

/// The value of `LOCATION`, where it is a page of this host.
fn named(answer: &str, gateway: IpAddr) -> Option<String> {
    let line = answer.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.trim().eq_ignore_ascii_case("location").then(|| value.trim())
    })?;
    let rest = line.strip_prefix("http://")?;
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let host: IpAddr = match authority.parse::<SocketAddr>() {
        Ok(address) => address.ip(),
        Err(_) => authority.trim_start_matches('[').trim_end_matches(']').parse().ok()?,
    };
    let plain = line.len() < 300 && line.bytes().all(|byte| byte.is_ascii_graphic());
    (host == gateway && plain).then(|| format!("http://{authority}/{path}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_elsewhere_is_not_fetched() {
        let rows = [
            ("http://192.168.1.254:5000/root.xml", Some("http://192.168.1.254:5000/root.xml")),
            ("http://192.168.1.254", Some("http://192.168.1.254/")),
            ("http://192.168.1.9/root.xml", None),
            ("http://evil.test/root.xml", None),
            ("http://192.168.1.254@evil.test/", None),
            ("https://192.168.1.254/root.xml", None),
            ("http://192.168.1.254/a b", None),
        ];
        for (location, expected) in rows {
            let answer = format!("HTTP/1.1 200 OK\r\nLocation: {location}\r\n\r\n");
            let found = named(&answer, IpAddr::from([192, 168, 1, 254]));
            assert_eq!(found.as_deref(), expected, "{location}");
        }
    }
}
