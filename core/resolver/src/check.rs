//! Whether what a resolver file of macOS names answers: resolver(5) has `nameserver`, `port` and the domain
//! as the file's name.

use std::{
    fmt,
    io::{self, ErrorKind},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket},
    path::Path,
    time::{Duration, Instant},
};

use crate::{
    Objection, PORT, Suffix,
    file::{failed, small_text},
    plan::installed,
};

/// How long a server on this computer may take. `vm dns` answers within a millisecond.
const PATIENCE: Duration = Duration::from_secs(1);
/// Most servers of a file that are asked: as many as the system's resolver uses.
const MOST_SERVERS: usize = 3;
/// The name that is asked for, below the domain. Whether it exists does not matter.
const NAME: &[u8] = b"vmkit-check";
/// Octets of a header, RFC 1035 section 4.1.1.
const HEADER: usize = 12;

/// What came of asking a resolver file's server.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Check {
    /// It answered.
    Answers(SocketAddr),
    /// Nobody answered there.
    Silent(SocketAddr),
    /// It is no server of this computer, and was not asked.
    NotAsked(SocketAddr),
    /// This computer failed to ask it, for this reason.
    Failed(SocketAddr, String),
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answers(server) => write!(f, "{server} answers"),
            Self::Silent(server) => write!(f, "nobody answers at {server}"),
            Self::NotAsked(server) => {
                write!(f, "{server} is not of this computer and was not asked")
            }
            Self::Failed(server, why) => write!(f, "cannot ask {server}: {why}"),
        }
    }
}

/// One line for each server that vmkit's files for this domain name: whether it answers, and by the text of
/// `scutil --dns`, if there is one, whether the system asks it. Takes a second for a server that does not
/// answer. A file that cannot be read has a line with the reason. Empty: no file is there, or it names no
/// server.
pub fn whether_answered(suffix: &Suffix, scutil: Option<&str>) -> String {
    let listed = match scutil.map(|text| is_listed(text, suffix)) {
        Some(true) => "; the system asks it",
        Some(false) => "; the system does not list the domain",
        None => "",
    };
    let files = match installed(suffix) {
        Ok(files) => files,
        Err(objection) => return format!("{objection}\n"),
    };
    let lines = files.iter().map(|file| match check(file, suffix) {
        Ok(servers) => {
            let line = |server| format!("{}: {server}{listed}\n", file.display());
            servers.iter().map(line).collect()
        }
        Err(objection) => format!("{objection}\n"),
    });
    lines.collect()
}

/// Asks each server that this file names for a name below the domain. Empty: the file names none, or is too
/// large for one of ours.
fn check(file: &Path, suffix: &Suffix) -> Result<Vec<Check>, Objection> {
    let text = small_text(file).map_err(failed("read", file))?.unwrap_or_default();
    let servers = servers(&String::from_utf8_lossy(&text));
    Ok(servers.into_iter().map(|server| ask(server, suffix, PATIENCE)).collect())
}

/// The servers of a resolver file, with its port.
fn servers(text: &str) -> Vec<SocketAddr> {
    let (mut addresses, mut port): (Vec<IpAddr>, u16) = (Vec::new(), PORT);
    for line in text.lines() {
        let mut words = line.split_whitespace();
        match (words.next(), words.next()) {
            (Some("nameserver"), Some(address)) => addresses.extend(address.parse::<IpAddr>()),
            (Some("port"), Some(number)) => port = number.parse().unwrap_or(PORT),
            _ => {}
        }
    }
    addresses.into_iter().take(MOST_SERVERS).map(|ip| (ip, port).into()).collect()
}

/// Whether `scutil --dns` lists a resolver of this domain, so that programs ask it.
fn is_listed(scutil: &str, suffix: &Suffix) -> bool {
    let domains = scutil.lines().filter_map(|line| {
        let (key, value) = line.split_once(" : ")?;
        (key.trim() == "domain").then(|| value.trim())
    });
    let suffix = suffix.to_string();
    domains.into_iter().any(|domain| domain.eq_ignore_ascii_case(&suffix))
}

fn ask(server: SocketAddr, suffix: &Suffix, patience: Duration) -> Check {
    if !server.ip().is_loopback() {
        return Check::NotAsked(server);
    }
    let any: IpAddr =
        if server.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let query = query(suffix);
    let exchange = || -> io::Result<bool> {
        let socket = UdpSocket::bind((any, 0))?;
        socket.connect(server)?;
        let deadline = Instant::now() + patience;
        socket.send(&query)?;
        let mut reply = [0; 512];
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(false);
            }
            socket.set_read_timeout(Some(left))?;
            let length = socket.recv(&mut reply)?;
            if is_reply(&reply[..length], &query) {
                return Ok(true);
            }
        }
    };
    judged(server, exchange())
}

/// What came of an exchange. `false`: nobody answered in time.
fn judged(server: SocketAddr, answered: io::Result<bool>) -> Check {
    match answered {
        Ok(true) => Check::Answers(server),
        Ok(false) => Check::Silent(server),
        // A closed port is refused; the time of a read ends as one of the others.
        Err(error) => match error.kind() {
            ErrorKind::ConnectionRefused | ErrorKind::WouldBlock | ErrorKind::TimedOut => {
                Check::Silent(server)
            }
            _ => Check::Failed(server, error.to_string()),
        },
    }
}

/// A question for the IPv4 address of a name below the domain.
fn query(suffix: &Suffix) -> Vec<u8> {
    // Number 1, recursion desired, one question. The socket takes packets of this server alone.
    let mut packet = vec![0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    for label in std::iter::once(NAME).chain(suffix.labels()) {
        packet.push(u8::try_from(label.len()).unwrap_or(0));
        packet.extend(label);
    }
    // The root, type A, class IN.
    packet.extend([0, 0, 1, 0, 1]);
    packet
}

/// Whether this answers the question, whatever it says.
fn is_reply(reply: &[u8], query: &[u8]) -> bool {
    let is_response = reply.get(2).is_some_and(|flags| flags & 0x80 != 0);
    reply.len() >= HEADER && reply.get(..2) == query.get(..2) && is_response
}

#[cfg(test)]
mod tests {
    use std::{fs, thread};

    use super::*;

    fn suffix() -> Suffix {
        "vm.test".parse().unwrap()
    }

    #[test]
    fn a_resolver_file_says_which_server_is_asked_at_which_port() {
        let rows: [(&str, &[&str]); 4] = [
            ("nameserver 127.0.0.1\nport 5354\n", &["127.0.0.1:5354"]),
            ("# Made\nport x\nnameserver ::1\nnameserver 10.0.0.1\n", &["[::1]:53", "10.0.0.1:53"]),
            ("search vm.test\nnameserver\nnameserver home\n", &[]),
            ("", &[]),
        ];
        for (text, expected) in rows {
            let found: Vec<String> = servers(text).iter().map(ToString::to_string).collect();
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn the_file_is_checked_by_a_question_to_the_port_that_it_names() {
        let server = UdpSocket::bind("127.0.0.1:0").unwrap();
        let at = server.local_addr().unwrap();
        let answering = thread::spawn(move || {
            let mut query = [0; 512];
            let (length, asker) = server.recv_from(&mut query).unwrap();
            // A packet with another number is no answer; that the name does not exist is one.
            for (number, flags) in [(9, 0x80), (1, 0x80)] {
                query[1] = number;
                query[2] = flags;
                query[3] = 3;
                server.send_to(&query[..length], asker).unwrap();
            }
            query[HEADER..length].to_vec()
        });
        let place = tempfile::tempdir().unwrap();
        let file = place.path().join("vm.test");
        let text = format!("nameserver 127.0.0.1\nnameserver 192.168.1.1\nport {}\n", at.port());
        fs::write(&file, text).unwrap();
        let elsewhere = SocketAddr::from(([192, 168, 1, 1], at.port()));
        let found = check(&file, &suffix()).unwrap();
        assert_eq!(found, [Check::Answers(at), Check::NotAsked(elsewhere)]);
        assert_eq!(answering.join().unwrap(), b"\x0bvmkit-check\x02vm\x04test\0\0\x01\0\x01");
        // The server has ended, so that its port is closed.
        assert_eq!(check(&file, &suffix()).unwrap()[0], Check::Silent(at));
    }

    #[test]
    fn what_cannot_be_read_or_asked_is_said() {
        let place = tempfile::tempdir().unwrap();
        let none = place.path().join("none");
        let objection = check(&none, &suffix()).unwrap_err().to_string();
        let start = format!("cannot read {}: ", none.display());
        assert!(objection.starts_with(&start), "{objection}");
        let server = SocketAddr::from(([127, 0, 0, 1], 53));
        let failed = judged(server, Err(ErrorKind::PermissionDenied.into()));
        assert_eq!(failed.to_string(), "cannot ask 127.0.0.1:53: permission denied");
        for silent in [ErrorKind::ConnectionRefused, ErrorKind::WouldBlock] {
            assert_eq!(judged(server, Err(silent.into())), Check::Silent(server));
        }
    }

    #[test]
    fn the_system_lists_the_domains_that_it_asks_for() {
        let text =
            "resolver #8\n  domain   : vm.test\n  nameserver[0] : 127.0.0.1\n  port     : 5354\n";
        assert!(is_listed(text, &suffix()));
        assert!(!is_listed("resolver #1\n  search domain[0] : vm.test\n", &suffix()));
        assert!(!is_listed("resolver #1\n  domain   : web.vm.test\n", &suffix()));
    }
}
