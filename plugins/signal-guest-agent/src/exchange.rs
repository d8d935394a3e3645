//! One conversation with one agent.

use std::{io, os::unix::net};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::UnixStream,
};

use crate::reply::REPLY_LIMIT;

/// What stands before a reply that begins afresh. It is in no JSON text, so whatever an earlier
/// client left half read or half written ends there.
const SENTINEL: u8 = 0xff;

/// Asks the agent at the other end for its interfaces; the raw reply. Without a deadline: a channel
/// that nobody in the guest listens to never answers.
pub(crate) async fn ask(stream: net::UnixStream, id: u64) -> io::Result<Vec<u8>> {
    stream.set_nonblocking(true)?;
    let mut stream = UnixStream::from_std(stream)?;
    let (from_agent, mut to_agent) = stream.split();
    // An answer of an earlier client may come first: room for it, and for the answer.
    let mut from_agent = BufReader::new(from_agent.take(2 * REPLY_LIMIT));

    let synchronise = json!({ "execute": "guest-sync-delimited", "arguments": { "id": id } });
    to_agent.write_all(&[&[SENTINEL], line(&synchronise).as_slice()].concat()).await?;
    let mut text = Vec::new();
    loop {
        text.clear();
        complete(from_agent.read_until(SENTINEL, &mut text).await?, &text, SENTINEL)?;
        text.clear();
        complete(from_agent.read_until(b'\n', &mut text).await?, &text, b'\n')?;
        let answer: Option<Value> = serde_json::from_slice(&text).ok();
        if answer.and_then(|answer| answer.get("return")?.as_u64()) == Some(id) {
            break;
        }
    }
    // Only now: an agent that starts later would carry out what waits in the channel.
    to_agent.write_all(&line(&json!({ "execute": "guest-network-get-interfaces" }))).await?;
    text.clear();
    complete(from_agent.read_until(b'\n', &mut text).await?, &text, b'\n')?;
    Ok(text)
}

fn line(request: &Value) -> Vec<u8> {
    format!("{request}\n").into_bytes()
}

/// Fails where the bytes read do not end as they should: the channel was closed, or the agent has
/// said more than fits.
fn complete(read: usize, text: &[u8], end: u8) -> io::Result<()> {
    match text.last() {
        Some(last) if *last == end => Ok(()),
        _ if read == 0 => Err(io::Error::new(io::ErrorKind::UnexpectedEof, "it was closed")),
        _ => Err(io::Error::other("it was closed within a reply, or the reply is too long")),
    }
}
