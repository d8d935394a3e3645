//! One connection to one address, up to the server's proof.

use std::{net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::{Instant, timeout_at},
};
use vmkit_plugin::{HostKey, Unread};
use vmkit_ssh::Exchange;

/// A proven key, and what the connection showed besides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Proof {
    pub(crate) key: HostKey,
    pub(crate) banner: Option<String>,
    /// Time that the connection took, one round trip.
    pub(crate) round_trip: Duration,
}

/// Bytes read at once: a server's lists of algorithms or its proof, each about 1 KiB.
const READ_SIZE: usize = 4096;

/// Connects and has the server prove a key within `allowed`, one of a preferred algorithm if it has
/// such a key.
pub(crate) async fn prove(
    to: SocketAddr,
    preferred: Vec<String>,
    allowed: Duration,
) -> Result<Proof, Unread> {
    let deadline = Instant::now() + allowed;
    match timeout_at(deadline, exchange(to, &preferred)).await {
        Ok(outcome) => {
            outcome.map_err(|why| Unread::Failed(format!("the host key of {to}: {why}")))
        }
        Err(_) => Err(Unread::TimedOut),
    }
}

async fn exchange(to: SocketAddr, preferred: &[String]) -> Result<Proof, String> {
    let started = Instant::now();
    let mut stream = TcpStream::connect(to).await.map_err(|error| error.to_string())?;
    let round_trip = started.elapsed();
    // Each message waits for an answer: delaying one to fill a packet would only cost time.
    stream.set_nodelay(true).ok();
    let preferred: Vec<&str> = preferred.iter().map(String::as_str).collect();
    let mut exchange = Exchange::new(&preferred).map_err(|error| error.to_string())?;
    let mut banner = None;
    let mut chunk = [0; READ_SIZE];
    loop {
        let message = exchange.take_to_send();
        stream.write_all(&message).await.map_err(|error| error.to_string())?;
        let length = stream.read(&mut chunk).await.map_err(|error| error.to_string())?;
        if length == 0 {
            return Err("it closed the connection without a proof".to_owned());
        }
        let proven = exchange.receive(&chunk[..length]);
        if let Some(key) = proven.map_err(|error| error.to_string())? {
            // With this last message, sshd logs a reason in place of an error.
            stream.write_all(&exchange.take_to_send()).await.ok();
            return Ok(Proof { key, banner, round_trip });
        }
        banner = banner.or_else(|| exchange.server().map(str::to_owned));
    }
}
