//! A plugin learns what guest agents report, and nothing that it wants sent reaches one.
#![cfg(target_os = "linux")]

use std::{
    collections::BTreeSet,
    io::{BufRead as _, BufReader, Write as _},
    os::unix::net::{UnixListener, UnixStream},
    path::{Path, PathBuf},
    thread::{self, JoinHandle},
};

use vmkit_contract::{Tree, machine};
use vmkit_host::Target;

/// Ends the agent.
const STOP: &str = "stop";

/// A server of the guest agent's protocol, which executes whatever it is sent and keeps all requests.
struct Agent {
    socket: PathBuf,
    thread: JoinHandle<Vec<String>>,
}

impl Agent {
    fn start(socket: &Path) -> Self {
        let listener = UnixListener::bind(socket).expect("listen");
        let thread = thread::spawn(move || {
            let mut requests = Vec::new();
            loop {
                let stream = listener.accept().expect("accept").0;
                serve(&stream, &mut requests);
                if requests.last().is_some_and(|last| last == STOP) {
                    requests.pop();
                    return requests;
                }
            }
        });
        Self { socket: socket.to_owned(), thread }
    }

    /// All requests that it got, without the numbers in them.
    fn requests(self) -> Vec<String> {
        let mut stream = UnixStream::connect(&self.socket).expect("connect");
        writeln!(stream, "{STOP}").expect("stop the agent");
        drop(stream);
        let requests = self.thread.join().expect("the agent did not panic");
        let plain = |text: String| text.chars().filter(|c| !c.is_ascii_digit()).collect();
        requests.into_iter().map(plain).collect()
    }
}

/// Answers each line as QEMU's agent does, until the client has left.
fn serve(stream: &UnixStream, requests: &mut Vec<String>) {
    let mut to_client = stream;
    for line in BufReader::new(stream).split(b'\n') {
        // A client that leaves with an unread answer resets the connection.
        let Ok(line) = line else { return };
        let line = line.strip_prefix(b"\xff").unwrap_or(&line);
        let request = String::from_utf8_lossy(line).into_owned();
        let number: String = request.chars().filter(char::is_ascii_digit).collect();
        let reply = if request.contains("guest-sync-delimited") {
            to_client.write_all(b"\xff").expect("answer");
            format!("{{\"return\": {number}}}\n")
        } else if request.contains("guest-network-get-interfaces") {
            r#"{"return":[{"name":"eth0","hardware-address":"52:54:00:4b:5e:57","ip-addresses":
               [{"ip-address":"192.168.1.64","prefix":24}]}]}"#
                .replace('\n', "")
                + "\n"
        } else {
            "{\"return\": {}}\n".to_owned()
        };
        requests.push(request);
        // The client of the last line has left.
        to_client.write_all(reply.as_bytes()).ok();
    }
}

/// A VM with this path as its agent's socket.
fn web(socket: &Path) -> Target {
    let mut web = machine("web");
    web.subject.macs = vec!["52:54:00:4b:5e:57".parse().expect("a MAC")];
    web.subject.has_guest_agent = true;
    Target { guest_agent: Some(socket.to_owned()), ..web }
}

#[test]
fn a_plugin_gets_the_agents_answer() {
    let tree = Tree::with(&["signal-guest-agent"]);
    let agent = Agent::start(&tree.root().join("web.qga"));
    let ran = tree.run(vec![web(&agent.socket)], &[]);
    assert_eq!(ran.outcome("guest-agent"), ("ok", ""));
    assert_eq!(ran.texts("guest-agent"), ["the guest agent reports it on eth0"]);
    assert_eq!(agent.requests().len(), 2);
}

#[test]
fn only_the_fixed_list_of_commands_reaches_an_agent() {
    let tree = Tree::with(&["contract-trespass"]);
    let agent = Agent::start(&tree.root().join("web.qga"));
    let ran = tree.run(vec![web(&agent.socket)], &[]);
    assert_eq!(ran.outcome("trespass"), ("ok", ""));
    let refused = |text: &&str| text.contains("no guest agent is asked for");
    let texts = ran.texts("trespass");
    assert_eq!(texts.iter().filter(|text| refused(text)).count(), 10, "{texts:#?}");
    let others: Vec<&str> = texts.iter().copied().filter(|text| !refused(text)).collect();
    let expected = [
        "channel: plugins get no raw sockets and no connections to guest agents; the host asks for \
         them: `Cx::who_has`, `Cx::ask_guest_agents`",
        others[1],
        "guest-get-host-name: 0 {\"return\": {}}\n",
        "guest-get-osinfo: 0 {\"return\": {}}\n",
        "guest-get-osinfo: the guest agents can be asked for guest-get-osinfo once in a call",
        "nobody: the guest agents can be asked for guest-network-get-interfaces once in a call",
        "later: this host does not know the question",
    ];
    assert_eq!(others, expected);
    assert!(
        others[1].starts_with("guest-network-get-interfaces: 0 {\"return\":[{\"name\":\"eth0\"")
    );

    let requests: BTreeSet<String> = agent.requests().into_iter().collect();
    let expected = [
        r#"{"execute":"guest-get-host-name"}"#,
        r#"{"execute":"guest-get-osinfo"}"#,
        r#"{"execute":"guest-network-get-interfaces"}"#,
        r#"{"execute":"guest-sync-delimited","arguments":{"id":}}"#,
    ];
    assert_eq!(requests.iter().map(String::as_str).collect::<Vec<_>>(), expected);
}

#[test]
fn refuses_files_that_are_no_socket() {
    let tree = Tree::with(&["signal-guest-agent"]);
    let (file, link, dead) =
        (tree.root().join("file"), tree.root().join("link"), tree.root().join("dead"));
    std::fs::write(&file, "").unwrap();
    std::os::unix::fs::symlink("/run/somebody.sock", &link).unwrap();
    drop(UnixListener::bind(&dead).unwrap());
    let rows = [
        (&file, format!("{} is not a socket", file.display())),
        (&link, format!("{} is not a socket", link.display())),
        (&dead, format!("connect to {}: Connection refused (os error 111)", dead.display())),
    ];
    for (path, expected) in rows {
        let ran = tree.run(vec![web(path)], &[]);
        assert_eq!(ran.outcome("guest-agent"), ("ok", ""));
        assert_eq!(ran.texts("guest-agent"), [expected]);
    }
}
