//! Agents that the test runs, and which record everything that they are sent.

mod inside;

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    os::unix::net::UnixStream,
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use vmkit_types::{AgentCommand, Unread};

use super::{ask, ask_all};

/// Enough for an answer, on a busy computer as well.
const ENOUGH: Duration = Duration::from_secs(30);

/// What an agent does with its connection.
type Behaviour = fn(UnixStream);

/// A connection to an agent of this behaviour.
fn agent(behaviour: Behaviour) -> (UnixStream, JoinHandle<()>) {
    let (ours, theirs) = UnixStream::pair().unwrap();
    ours.set_nonblocking(true).unwrap();
    (ours, thread::spawn(move || behaviour(theirs)))
}

/// The next request, and the number in it, if any.
fn request(reader: &mut BufReader<UnixStream>) -> (String, String) {
    let mut line = Vec::new();
    reader.read_until(b'\n', &mut line).unwrap();
    let line = String::from_utf8_lossy(line.strip_prefix(&[0xff]).unwrap_or(&line)).into_owned();
    let number = line.chars().filter(char::is_ascii_digit).collect();
    (line, number)
}

/// Answers as QEMU's agent does, and ends once the client has left.
fn answer(stream: UnixStream, reply: &[u8]) {
    let mut to_client = stream.try_clone().unwrap();
    let mut reader = BufReader::new(stream);
    let (line, number) = request(&mut reader);
    assert!(line.contains("\"guest-sync-delimited\""), "{line}");
    to_client
        .write_all(&[b"\xff", format!("{{\"return\": {number}}}\n").as_bytes()].concat())
        .unwrap();
    let (line, _) = request(&mut reader);
    assert_eq!(line, "{\"execute\":\"guest-get-host-name\"}\n");
    to_client.write_all(reply).unwrap();
    let mut rest = Vec::new();
    reader.read_to_end(&mut rest).unwrap();
    assert!(rest.is_empty(), "{}", String::from_utf8_lossy(&rest));
}

/// Reads until the client has left, which requests nothing before it has an answer.
fn keep_silent(mut stream: UnixStream) {
    let mut requests = Vec::new();
    stream.read_to_end(&mut requests).unwrap();
    let requests = String::from_utf8_lossy(&requests);
    assert_eq!(requests.lines().count(), 1, "{requests}");
}

#[test]
fn returns_the_reply_or_why_there_is_none() {
    let failed = |how: &str| format!("talk to the guest agent: {how}");
    let rows: [(Behaviour, Duration, Result<&str, String>); 7] = [
        (|stream| answer(stream, b"{\"return\": {}}\n"), ENOUGH, Ok("{\"return\": {}}\n")),
        (keep_silent, Duration::from_millis(50), Err("no answer before the deadline".to_owned())),
        (
            |stream| answer(stream, b"\xfe\n"),
            ENOUGH,
            Err("not understood: the guest agent's reply: it is no JSON".to_owned()),
        ),
        (
            |stream| answer(stream, b"{\"return\": \"\x1b\"}\n"),
            ENOUGH,
            Err("not understood: the guest agent's reply: it is no JSON".to_owned()),
        ),
        // The scheduler decides whether writing or reading shows it.
        (drop, ENOUGH, Err(failed(""))),
        (
            |mut stream| {
                let mut reader = BufReader::new(stream.try_clone().unwrap());
                request(&mut reader);
                stream.write_all(b"\xff{\"return\"").unwrap();
            },
            ENOUGH,
            Err(failed("it was closed")),
        ),
        (
            |mut stream| {
                // Sending fails once the client has left.
                while stream.write_all(&[b'x'; 1 << 14]).is_ok() {}
            },
            ENOUGH,
            Err(failed("the reply is too long")),
        ),
    ];
    for (row, (behaviour, patience, expected)) in rows.into_iter().enumerate() {
        let (connection, agent) = agent(behaviour);
        let reply = ask(connection, AgentCommand::HostName, 7, Instant::now() + patience);
        match (&reply, &expected) {
            (Ok(reply), Ok(expected)) => assert_eq!(reply, expected, "row {row}"),
            (Err(why), Err(expected)) => {
                assert!(why.to_string().starts_with(expected), "row {row}: {why}");
            }
            _ => panic!("row {row}: {reply:?}"),
        }
        agent.join().unwrap();
    }
}

#[test]
fn asks_many_at_once_and_reports_each_as_it_comes() {
    let (silent, silent_agent) = agent(keep_silent);
    let (talking, talking_agent) = agent(|stream| answer(stream, b"{\"return\":1}\n"));
    let connections = [Some(silent), None, Some(talking)].map(std::cell::Cell::new);
    let connect =
        |at: &usize| connections[*at].take().ok_or_else(|| Unread::Failed("no channel".to_owned()));
    let mut reports = Vec::new();
    let question = (AgentCommand::HostName, 7);
    ask_all(0..3, connect, question, Instant::now() + ENOUGH, |at, reply| {
        reports.push((at, reply));
    });
    let expected = [
        (1, Err(Unread::Failed("no channel".to_owned()))),
        (2, Ok("{\"return\":1}\n".to_owned())),
        (0, Err(Unread::TimedOut)),
    ];
    assert_eq!(reports, expected);
    silent_agent.join().unwrap();
    talking_agent.join().unwrap();
}

#[test]
fn connects_to_nobody_after_the_deadline() {
    let mut reports = Vec::new();
    let connect = |_: &u8| panic!("no connection is made");
    let question = (AgentCommand::Interfaces, 7);
    ask_all([1, 2], connect, question, Instant::now(), |at, reply| reports.push((at, reply)));
    assert_eq!(reports, [(1, Err(Unread::TimedOut)), (2, Err(Unread::TimedOut))]);
}
