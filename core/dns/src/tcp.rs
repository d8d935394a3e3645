//! DNS over TCP within bounds. A client with many connections closes its own oldest ones, and nobody
//! keeps others out: a new connection is always served.

use std::{
    collections::VecDeque,
    convert::Infallible,
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    task::AbortHandle,
    time::{sleep, timeout},
};

use crate::reply::Replies;

/// Most connections at one time, and most of one address. Resolvers have one or two.
const MOST: usize = 64;
const MOST_OF_ONE: usize = 16;
/// How long a query and its answer may take each, and hence how long a connection may be idle.
/// Resolvers send their queries at once.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long a connection may stay open. A resolver that has more to ask opens another one.
const LIFE: Duration = Duration::from_secs(30);
/// Longest query in bytes: a name, and the options of EDNS with padding.
const LONGEST_QUERY: usize = 1024;
/// Most bytes that one connection may send: 1,000 queries of the usual size.
const MOST_BYTES: usize = 64 << 10;
/// Pause after the system refused a connection, as it does without free descriptors.
const PAUSE: Duration = Duration::from_millis(100);

/// Accepts and serves connections without end.
pub(crate) async fn serve(listener: TcpListener, replies: Replies) -> Infallible {
    let mut open = Connections::default();
    loop {
        match listener.accept().await {
            Ok((stream, client)) => {
                open.make_room(client.ip());
                let connection = timeout(LIFE, converse(stream, client, replies.clone()));
                let task = tokio::spawn(async move { drop(connection.await) });
                open.0.push_back((client.ip(), task.abort_handle()));
            }
            Err(_) => sleep(PAUSE).await,
        }
    }
}

/// The open connections, the oldest first.
#[derive(Default)]
struct Connections(VecDeque<(IpAddr, AbortHandle)>);

impl Connections {
    /// Closes the oldest connection of this client, or of all, where a bound is reached.
    fn make_room(&mut self, client: IpAddr) {
        self.0.retain(|(_, task)| !task.is_finished());
        let own = self.0.iter().filter(|(of, _)| *of == client).count();
        let oldest = if own >= MOST_OF_ONE {
            self.0.iter().position(|(of, _)| *of == client)
        } else {
            (self.0.len() >= MOST).then_some(0)
        };
        if let Some((_, task)) = oldest.and_then(|index| self.0.remove(index)) {
            task.abort();
        }
    }
}

/// Answers the queries of one connection, until it breaks a rule or leaves.
async fn converse(mut stream: TcpStream, client: SocketAddr, replies: Replies) {
    let mut left = MOST_BYTES;
    loop {
        let Ok(Some(query)) = timeout(PATIENCE, read(&mut stream, &mut left)).await else { return };
        let Some(answer) = replies.answer_bytes(query, client).await else { return };
        let Ok(length) = u16::try_from(answer.len()) else { return };
        let framed = [&length.to_be_bytes()[..], &answer].concat();
        let Ok(Ok(())) = timeout(PATIENCE, stream.write_all(&framed)).await else { return };
    }
}

/// One query. `None`: it is too long, or the client has left.
async fn read(stream: &mut TcpStream, left: &mut usize) -> Option<Vec<u8>> {
    let length = usize::from(stream.read_u16().await.ok()?);
    *left = left.checked_sub(2 + length)?;
    if length > LONGEST_QUERY {
        return None;
    }
    let mut query = vec![0; length];
    stream.read_exact(&mut query).await.ok()?;
    Some(query)
}
