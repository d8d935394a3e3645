//! Where programs listen: the lines of `ss -H -l -n -t` or of `netstat -l -n -t`.

use std::net::IpAddr;

use vmkit_types::Unread;

use crate::facts::TcpListener;

/// Most listeners that are read.
const MOST: usize = 4096;

/// Reads the listeners. What is none is skipped.
pub(crate) fn read(text: &str) -> Result<Vec<TcpListener>, Unread> {
    let listening = || text.lines().filter(|line| line.contains("LISTEN"));
    let read = |line: &str| line.split_whitespace().find_map(local);
    let listeners: Vec<TcpListener> = listening().filter_map(read).take(MOST).collect();
    if listeners.is_empty() && listening().next().is_some() {
        return Err(Unread::Malformed("where the guest's programs listen".to_owned()));
    }
    Ok(listeners)
}

/// The first word with an address and a port is the listener's own: `0.0.0.0:22`, `*:22`, `[::]:22`,
/// `:::22`, `127.0.0.53%lo:53`.
fn local(word: &str) -> Option<TcpListener> {
    let (address, port) = word.rsplit_once(':')?;
    let port = port.parse().ok()?;
    let address = address.trim_start_matches('[').trim_end_matches(']');
    let address = address.split_once('%').map_or(address, |(address, _)| address);
    let address: Option<IpAddr> = match address {
        "*" => None,
        other => Some(other.parse().ok()?),
    };
    Some(TcpListener { address: address.filter(|address| !address.is_unspecified()), port })
}
