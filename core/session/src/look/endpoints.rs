//! Asks for SSH at the endpoints of machines, while the signals look for addresses.

use std::{
    io::{self, ErrorKind, Read as _},
    net::{SocketAddr, TcpStream},
    sync::{Arc, Mutex, mpsc},
    thread,
    time::{Duration, Instant},
};

use vmkit_model::{Machine, MachineId, SshAnswer, SshOutcome};
use vmkit_types::{Reading, Unread};

/// How long one endpoint may take. The listener is on this computer, and what it leads to is a guest that
/// may be booting: an SSH server there sends its banner within milliseconds, on a busy computer within
/// tenths of a second.
const DEADLINE: Duration = Duration::from_secs(1);

/// Most connections at once: enough that a hundred dead endpoints take a few seconds.
const AT_ONCE: usize = 32;

/// Longest banner that is kept: RFC 4253, 4.2.
const BANNER: usize = 255;

/// An endpoint of a machine, by its place in the machine's list.
type Place = (MachineId, usize);

/// Endpoints that have been asked.
pub(super) struct AskedEndpoints {
    answers: mpsc::Receiver<(Place, Reading<SshAnswer>)>,
    waiting: usize,
    until: Instant,
}

impl AskedEndpoints {
    /// Asks the endpoints of these machines, without waiting. They are all on loopback.
    pub(super) fn ask<'m>(machines: impl Iterator<Item = &'m Machine>) -> Self {
        Self::ask_within(DEADLINE, machines)
    }

    /// Asks each endpoint for so long.
    fn ask_within<'m>(limit: Duration, machines: impl Iterator<Item = &'m Machine>) -> Self {
        let mut open: Vec<(Place, SocketAddr)> = Vec::new();
        for machine in machines {
            let endpoints = machine.endpoints.iter().enumerate();
            open.extend(endpoints.map(|(index, it)| ((machine.id(), index), it.address)));
        }
        let waiting = open.len();
        let rounds = u32::try_from(waiting.div_ceil(AT_ONCE)).unwrap_or(u32::MAX);
        // The connections take turns, and threads take a moment to start.
        let until = Instant::now() + limit * rounds.saturating_add(1);
        let (sender, answers) = mpsc::channel();
        let open = Arc::new(Mutex::new(open));
        for _ in 0..waiting.min(AT_ONCE) {
            let (open, sender) = (Arc::clone(&open), sender.clone());
            // Without a thread its endpoints stay unasked, which the report says.
            let _ = thread::Builder::new().spawn(move || {
                let next = || open.lock().ok()?.pop();
                while let Some((place, address)) = next() {
                    if sender.send((place, ask(address, limit))).is_err() {
                        break;
                    }
                }
            });
        }
        Self { answers, waiting, until }
    }

    /// Waits for the answers, and enters them.
    pub(super) fn update(self, machines: &mut [Machine]) {
        for _ in 0..self.waiting {
            let left = self.until.saturating_duration_since(Instant::now());
            let Ok(((id, index), answer)) = self.answers.recv_timeout(left) else { break };
            let machine = machines.iter_mut().find(|machine| machine.name == id.name());
            if let Some(endpoint) = machine.and_then(|machine| machine.endpoints.get_mut(index)) {
                endpoint.ssh = answer;
            }
        }
    }
}

fn ask(address: SocketAddr, limit: Duration) -> Reading<SshAnswer> {
    match converse(address, Instant::now() + limit) {
        Ok(answer) => Reading::Known(answer),
        Err(error) => outcome(&error).map_or_else(
            || Reading::Unknown(Unread::Failed(error.to_string())),
            |outcome| Reading::Known(SshAnswer { outcome, rtt: None, banner: None }),
        ),
    }
}

/// What an error of the connection says. A forwarder accepts for a guest that refuses, and closes then.
fn outcome(error: &io::Error) -> Option<SshOutcome> {
    Some(match error.kind() {
        ErrorKind::ConnectionRefused
        | ErrorKind::ConnectionReset
        | ErrorKind::BrokenPipe
        | ErrorKind::UnexpectedEof => SshOutcome::Refused,
        ErrorKind::TimedOut | ErrorKind::WouldBlock => SshOutcome::Timeout,
        _ => return None,
    })
}

fn converse(address: SocketAddr, until: Instant) -> io::Result<SshAnswer> {
    let left = || {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() { Err(io::Error::from(ErrorKind::TimedOut)) } else { Ok(left) }
    };
    let began = Instant::now();
    let mut connection = TcpStream::connect_timeout(&address, left()?)?;
    let rtt = Some(began.elapsed());
    let mut line = Vec::new();
    let mut buffer = [0; BANNER];
    while line.len() < BANNER && !line.contains(&b'\n') {
        connection.set_read_timeout(Some(left()?))?;
        match connection.read(&mut buffer) {
            Ok(0) if line.is_empty() => return Err(ErrorKind::UnexpectedEof.into()),
            Ok(0) => break,
            Ok(length) => line.extend_from_slice(&buffer[..length]),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    line.truncate(BANNER);
    let first = line.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let first = String::from_utf8_lossy(first).trim_end().to_owned();
    let is_ssh = first.starts_with("SSH-");
    let outcome = if is_ssh { SshOutcome::Ready } else { SshOutcome::NoBanner };
    Ok(SshAnswer { outcome, rtt, banner: is_ssh.then_some(first) })
}

#[cfg(test)]
mod tests {
    use std::{io::Write as _, net::TcpListener};

    use vmkit_model::Endpoint;

    use super::*;

    /// A listener that sends this to each client and closes.
    fn server(sends: &'static [u8]) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            for client in listener.incoming() {
                client.and_then(|mut client| client.write_all(sends)).ok();
            }
        });
        address
    }

    /// The answers at these addresses, each waited for so long.
    fn answers(limit: Duration, addresses: &[SocketAddr]) -> Vec<(SshOutcome, Option<String>)> {
        let addresses = addresses.iter().map(|address| Reading::Known(*address));
        let endpoints = addresses.flat_map(|ssh| Endpoint::all(&ssh, &Reading::Absent)).collect();
        let mut machines = [Machine { endpoints, ..Machine::new("lima".into(), "web") }];
        AskedEndpoints::ask_within(limit, machines.iter()).update(&mut machines);
        let answers = machines[0].endpoints.iter().map(|endpoint| {
            let answer = endpoint.ssh.as_ref().known().unwrap();
            (answer.outcome, answer.banner.clone())
        });
        answers.collect()
    }

    #[test]
    fn an_endpoint_is_ready_once_an_ssh_server_sends_its_banner() {
        let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let rows = [
            (server(b"SSH-2.0-OpenSSH_9.6\r\n"), SshOutcome::Ready, Some("SSH-2.0-OpenSSH_9.6")),
            (server(b"220 mail\r\n"), SshOutcome::NoBanner, None),
            (server(&[b'x'; 4000]), SshOutcome::NoBanner, None),
            (server(b""), SshOutcome::Refused, None),
            (closed, SshOutcome::Refused, None),
        ];
        // All of them answer, however busy the computer is.
        let answers = answers(Duration::from_mins(2), &rows.map(|(address, ..)| address));
        let expected = rows.map(|(_, outcome, banner)| (outcome, banner.map(str::to_owned)));
        assert_eq!(answers, expected);
    }

    #[test]
    fn an_endpoint_that_says_nothing_is_given_up() {
        // The kernel accepts for a listener that never does.
        let silent = TcpListener::bind("127.0.0.1:0").unwrap();
        let answer = ask(silent.local_addr().unwrap(), Duration::from_millis(50));
        assert_eq!(answer.known().map(|answer| answer.outcome), Some(SshOutcome::Timeout));
    }
}
