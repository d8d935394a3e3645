//! `vm dns` as a process: it listens, answers and stops.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a faulty fixture must end its test")]

use std::{
    io::{BufRead as _, BufReader, Read as _},
    net::UdpSocket,
    process::{Child, ChildStderr, Command},
    time::{Duration, Instant},
};

use vmkit_cli_tests::{DataDirectory, serve_names, vm};

/// When a test gives up; an answer takes less than a millisecond.
const DEADLINE: Duration = Duration::from_mins(1);
const NO_ERROR: u8 = 0;
const NO_SUCH_NAME: u8 = 3;
const REFUSED: u8 = 5;

struct Server {
    child: Child,
    said: BufReader<ChildStderr>,
    address: String,
}

impl Server {
    fn start(directory: &DataDirectory) -> Self {
        let (child, said, address) = serve_names(&vm(), directory);
        Self { child, said, address }
    }

    /// Waits for a line with this beginning.
    fn wait_for(&mut self, beginning: &str) -> String {
        let mut lines = self.said.by_ref().lines().map_while(Result::ok);
        let found = lines.find(|line| line.starts_with(beginning));
        found.unwrap_or_else(|| panic!("it ended without {beginning:?}"))
    }

    /// The response code to a query for an address.
    fn ask(&self, name: &str) -> u8 {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(DEADLINE)).unwrap();
        socket.connect(&self.address).unwrap();
        let mut question = vec![0, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
        for label in name.split('.') {
            question.push(u8::try_from(label.len()).unwrap());
            question.extend_from_slice(label.as_bytes());
        }
        question.extend([0, 0, 1, 0, 1]);
        socket.send(&question).unwrap();
        let mut answer = [0; 512];
        let length = socket.recv(&mut answer).unwrap();
        assert!(length >= 12 && answer[..2] == [0, 7], "{answer:?}");
        assert_eq!(answer[6..8], [0, 0], "no address is known here");
        answer[3] & 15
    }

    /// Sends a signal and returns the exit status.
    fn end(mut self, signal: &str) -> Option<i32> {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &pid]).status().unwrap().success());
        self.child.wait().unwrap().code()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

#[test]
fn answers_until_a_signal_stops_it() {
    let directory = DataDirectory::new();
    directory.add("off");
    for signal in ["-TERM", "-INT"] {
        let server = Server::start(&directory);
        let rows = [
            ("off.vm.test", NO_ERROR),
            ("OFF.VM.test", NO_ERROR),
            ("fresh.vm.test", NO_SUCH_NAME),
            ("off.example.com", REFUSED),
            ("localhost", REFUSED),
        ];
        for (name, code) in rows {
            assert_eq!(server.ask(name), code, "{name}");
        }
        assert_eq!(server.end(signal), Some(0), "{signal}");
    }
}

#[test]
fn a_failed_look_gives_no_nxdomain() {
    let directory = DataDirectory::new();
    let registry = r#"{"vms":{"registered":{}},"version":"1.0"}"#;
    directory.write(".vm-registry.json", registry);
    let mut server = Server::start(&directory);
    assert_eq!(server.ask("registered.vm.test"), NO_ERROR);
    directory.write(".vm-registry.json", "{");
    let said = server.wait_for("cannot look: ");
    assert!(said.contains(".vm-registry.json: the registry ends in the middle"), "{said}");
    assert_eq!(server.ask("registered.vm.test"), NO_ERROR);
    directory.write(".vm-registry.json", r#"{"vms":{},"version":"1.0"}"#);
    let until = Instant::now() + DEADLINE;
    while server.ask("registered.vm.test") != NO_SUCH_NAME {
        assert!(Instant::now() < until, "the removed VM still has its name");
    }
    assert_eq!(server.end("-TERM"), Some(0));
}

#[test]
fn rejects_addresses_and_suffixes_it_cannot_serve() {
    let directory = DataDirectory::new();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    let rows: &[(&[&str], &str)] = &[
        (&["dns", "--listen", "0.0.0.0:5354"], "is not a loopback address"),
        (&["dns", "--listen", "[::]:5354"], "is not a loopback address"),
        (&["dns", "--install", "--listen", "192.0.2.1:53"], "is not a loopback address"),
        (&["dns", "--install", "--listen", "127.0.0.1:0"], "`--install` needs port 53"),
        (&["dns", "--install", "--listen", "127.0.0.1:5354"], "any user could bind port 5354"),
        (&["dns", "--listen", "localhost"], "invalid"),
        (&["dns", "--listen", &taken], "Address already in use"),
        (&["dns", "--suffix", "../etc"], "not a domain such as vm.test"),
        (&["dns", "--suffix", "vm.local"], "multicast"),
    ];
    for (arguments, said) in rows {
        let output = directory.run(arguments);
        assert_eq!((output.status, output.stdout.as_str()), (2, ""), "{arguments:?}: {output:?}");
        assert!(output.stderr.contains(said), "{arguments:?}: {output:?}");
        output.assert_harmless();
    }
}
