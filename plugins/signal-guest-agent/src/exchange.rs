//! One conversation with one agent.

use std::{io, os::unix::net};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::UnixStream,
};

use crate::reply::REPLY_LIMIT;

/// A byte that precedes a new reply. No JSON text contains it, so it ends what an earlier client left half
/// read or half written.
const SENTINEL: u8 = 0xff;

/// Asks the agent at the other end for its interfaces, and returns the raw reply. The caller needs a
/// deadline: a channel without an agent never answers.
pub(crate) async fn ask(stream: net::UnixStream, id: u64) -> io::Result<Vec<u8>> {
    stream.set_nonblocking(true)?;
    let mut stream = UnixStream::from_std(stream)?;
    let (from_agent, mut to_agent) = stream.split();
    // Twice the limit, because an answer to an earlier client may come first.
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
    // Not before the agent answered: one that starts later would execute what is in the channel.
    to_agent.write_all(&line(&json!({ "execute": "guest-network-get-interfaces" }))).await?;
    text.clear();
    complete(from_agent.read_until(b'\n', &mut text).await?, &text, b'\n')?;
    Ok(text)
}

fn line(request: &Value) -> Vec<u8> {
    format!("{request}\n").into_bytes()
}

/// Fails if the reply does not end with `end`: the channel was closed, or the reply is too long.
fn complete(read: usize, text: &[u8], end: u8) -> io::Result<()> {
    match text.last() {
        Some(last) if *last == end => Ok(()),
        _ if read == 0 => Err(io::Error::new(io::ErrorKind::UnexpectedEof, "it was closed")),
        _ => Err(io::Error::other("it was closed within a reply, or the reply is too long")),
    }
}
