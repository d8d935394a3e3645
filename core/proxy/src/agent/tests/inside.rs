//! Agents that are to run the script.

use std::{
    io::{BufReader, Write as _},
    os::unix::net::UnixStream,
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use vmkit_inside::{outcome_request, start_request};
use vmkit_types::Unread;

use super::{super::look_inside, ENOUGH, request};

const STARTED: &str = "{\"return\": {\"pid\": 1507}}\n";
const RUNS: &str = "{\"return\": {\"exited\": false}}\n";
const ENDED: &str =
    "{\"return\": {\"exitcode\": 0, \"out-data\": \"aGVsbG8K\", \"exited\": true}}\n";
const DISABLED: &str = "{\"error\": {\"class\": \"CommandNotFound\", \"desc\": \"Command guest-exec has been disabled\"}}\n";

/// What an agent does.
#[derive(Clone, Copy)]
struct Agent {
    /// Whether it answers the synchronisation, and with the number that it was sent.
    synchronises: fn(&str) -> String,
    /// The reply to the request to start the script.
    starts: &'static str,
    /// The replies to what follows; the last one counts for all further requests.
    outcomes: &'static [&'static str],
    /// It sends this without end after its last outcome.
    floods: Option<&'static [u8]>,
}

const WELL: Agent = Agent {
    synchronises: |number| format!("{{\"return\": {number}}}\n"),
    starts: STARTED,
    outcomes: &[ENDED],
    floods: None,
};

impl Agent {
    /// A connection to it, and all requests that it gets beside the synchronisation.
    fn start(self) -> (UnixStream, JoinHandle<Vec<String>>) {
        let (ours, theirs) = UnixStream::pair().unwrap();
        ours.set_nonblocking(true).unwrap();
        (ours, thread::spawn(move || self.serve(theirs)))
    }

    fn serve(self, stream: UnixStream) -> Vec<String> {
        let mut to_client = stream.try_clone().unwrap();
        let mut reader = BufReader::new(stream);
        let (mut requests, mut outcomes) = (Vec::new(), self.outcomes.iter().peekable());
        loop {
            let (line, number) = request(&mut reader);
            let reply = if line.is_empty() {
                return requests;
            } else if line.contains("guest-sync-delimited") {
                format!("\u{7f}{}", (self.synchronises)(&number))
            } else if line.contains("guest-exec-status") {
                let outcome = outcomes.next_if(|_| true).or(self.outcomes.last());
                requests.push(line);
                outcome.copied().unwrap_or_default().to_owned()
            } else {
                requests.push(line);
                self.starts.to_owned()
            };
            // The sentinel is no character.
            let reply: Vec<u8> =
                reply.bytes().map(|byte| if byte == 0x7f { 0xff } else { byte }).collect();
            // The client may have left.
            to_client.write_all(&reply).ok();
            if let Some(piece) = self.floods.filter(|_| requests.len() > self.outcomes.len()) {
                while to_client.write_all(piece).is_ok() {}
            }
        }
    }
}

fn run(agent: Agent, patience: Duration) -> (Result<String, Unread>, Vec<String>) {
    let (connection, thread) = agent.start();
    let reply = look_inside(&connection, Instant::now() + patience);
    drop(connection);
    (reply, thread.join().unwrap())
}

#[test]
fn the_script_is_started_once_and_its_end_waited_for() {
    let (reply, requests) = run(Agent { outcomes: &[RUNS, RUNS, ENDED], ..WELL }, ENOUGH);
    assert_eq!(reply.as_deref(), Ok(ENDED));
    let looked = || outcome_request(1507);
    assert_eq!(requests, [start_request(), looked(), looked(), looked()]);

    let (reply, requests) = run(Agent { starts: DISABLED, ..WELL }, ENOUGH);
    assert_eq!(reply.as_deref(), Ok(DISABLED), "whoever reads it says why");
    assert_eq!(requests, [start_request()]);
}

#[test]
fn an_agent_that_misbehaves_is_given_up() {
    let soon = Duration::from_secs(1);
    let rows: [(&str, Agent, Duration, &[&str]); 7] = [
        (
            "another number",
            Agent { synchronises: |number| format!("{{\"return\": {number}7}}\n"), ..WELL },
            soon,
            &["the guest agent does not answer"],
        ),
        (
            "no answer",
            Agent { synchronises: |_| String::new(), ..WELL },
            soon,
            &["the guest agent does not answer"],
        ),
        // On a busy computer the time may be over before the start.
        (
            "never ends",
            Agent { outcomes: &[RUNS], ..WELL },
            soon,
            &["no answer before the deadline", "the guest agent does not answer"],
        ),
        (
            "never says how it ended",
            Agent { outcomes: &[""], ..WELL },
            soon,
            &["no answer before the deadline", "the guest agent does not answer"],
        ),
        (
            "an output without end",
            Agent {
                outcomes: &["{\"return\": {\"exited\": true, \"out-data\": \""],
                floods: Some(&[b'x'; 1 << 14]),
                ..WELL
            },
            ENOUGH,
            &["talk to the guest agent: the reply is too long"],
        ),
        (
            "a start without end",
            Agent { starts: "{", outcomes: &[], floods: Some(&[b' '; 1 << 14]), ..WELL },
            ENOUGH,
            &["talk to the guest agent: the reply is too long"],
        ),
        (
            "no text",
            Agent { outcomes: &["{\"return\": \u{1b}}\n"], ..WELL },
            ENOUGH,
            &["not understood: the guest agent's reply: it is no JSON"],
        ),
    ];
    for (what, agent, patience, expected) in rows {
        let (reply, requests) = run(agent, patience);
        let why = reply.expect_err(what).to_string();
        assert!(expected.iter().any(|expected| why.starts_with(expected)), "{what}: {why}");
        let others = requests.iter().skip(1).filter(|line| **line != outcome_request(1507));
        assert_eq!(others.count(), 0, "{what}: {requests:?}");
        assert!(requests.first().is_none_or(|first| *first == start_request()), "{what}");
    }
}

#[test]
fn nothing_is_run_by_an_agent_that_has_not_synchronised() {
    let silent = Agent { synchronises: |_| String::new(), ..WELL };
    let (_, requests) = run(silent, Duration::from_millis(50));
    assert_eq!(requests, [] as [String; 0]);
}
