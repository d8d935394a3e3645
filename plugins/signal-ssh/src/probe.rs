//! One connection to one address.

use std::{io, net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::{Instant, timeout_at},
};
use vmkit_plugin::{Unread, escaped};
use vmkit_probing::meaningful_silence;
use vmkit_ssh::identification::{Verdict, judge};

use crate::outcome::Outcome;

/// The line that each side must send first. Without it, sshd would log an error in the exchange of
/// banners in place of an ordinary closed connection, and a multiplexer in front of sshd would wait.
const IDENTIFICATION: &[u8] = b"SSH-2.0-vmkit\r\n";

/// Bytes read at once, more than the longest line has.
const READ_SIZE: usize = 512;

/// Connects and waits for the identification, for `allowed` altogether; `configured` is how long it
/// would have waited with enough time.
pub(crate) async fn probe(
    to: SocketAddr,
    allowed: Duration,
    configured: Duration,
) -> Result<Outcome, Unread> {
    let started = Instant::now();
    let deadline = started + allowed;
    let stream = match timeout_at(deadline, TcpStream::connect(to)).await {
        Err(_) => return Outcome::of_silence(allowed, configured),
        Ok(Err(error)) => return Outcome::of_connect_error(to, &error, started.elapsed()),
        Ok(Ok(stream)) => stream,
    };
    let round_trip = Some(started.elapsed());
    let instead = match timeout_at(deadline, identification(stream)).await {
        Ok(Ok(banner)) => return Ok(Outcome::Ready { banner, round_trip }),
        Ok(Err(instead)) => instead,
        Err(_) => {
            let waited = meaningful_silence(allowed, configured)?;
            format!("sends no SSH banner within {} ms", waited.as_millis())
        }
    };
    Ok(Outcome::NoBanner { instead, round_trip })
}

/// The server's identification, or what the server did instead.
async fn identification(mut stream: TcpStream) -> Result<String, String> {
    // The read below shows a server that has already closed the connection.
    stream.write_all(IDENTIFICATION).await.ok();
    let mut received = Vec::new();
    let mut chunk = [0; READ_SIZE];
    loop {
        match stream.read(&mut chunk).await {
            Ok(0) => return Err(closed(&received, "closes it without an SSH banner")),
            Ok(length) => received.extend_from_slice(&chunk[..length]),
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => {
                return Err(closed(&received, "resets it without an SSH banner"));
            }
            Err(error) => return Err(format!("reading from it fails: {error}")),
        }
        match judge(&received) {
            Verdict::More => {}
            Verdict::Ssh { line, .. } => return Ok(line.to_owned()),
            Verdict::NotSsh(line) => return Err(says_something_else(line)),
        }
    }
}

fn closed(received: &[u8], otherwise: &str) -> String {
    let line = received.split(|byte| matches!(byte, b'\r' | b'\n')).next().unwrap_or_default();
    if line.is_empty() { otherwise.to_owned() } else { says_something_else(line) }
}

/// Longest part of a line that is quoted, in bytes.
const QUOTE_LIMIT: usize = 60;

fn says_something_else(line: &[u8]) -> String {
    let line = String::from_utf8_lossy(&line[..line.len().min(QUOTE_LIMIT)]);
    format!("says \"{}\", which is not SSH", escaped(&line))
}
