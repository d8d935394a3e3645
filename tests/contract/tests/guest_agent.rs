//! A plugin in its worker uses the host's connection to a guest agent.
#![cfg(target_os = "linux")]

use std::{
    io::{BufRead as _, BufReader, Write as _},
    os::unix::net::UnixListener,
    path::Path,
    thread,
};

use vmkit_contract::{Tree, machine};
use vmkit_host::Target;

/// A VM with this path as its agent's socket.
fn web(socket: &Path) -> Target {
    let mut web = machine("web");
    web.subject.macs = vec!["52:54:00:4b:5e:57".parse().expect("a MAC")];
    web.subject.has_guest_agent = true;
    Target { guest_agent: Some(socket.to_owned()), ..web }
}

#[test]
fn asks_an_agent_from_the_sandbox() {
    let tree = Tree::with(&["signal-guest-agent"]);
    let socket = tree.root().join("web.qga");
    let listener = UnixListener::bind(&socket).unwrap();
    let agent = thread::spawn(move || {
        let stream = listener.accept().expect("the host connects").0;
        let mut to_client = stream.try_clone().expect("clone the stream");
        let mut requests = BufReader::new(stream).split(b'\n').map(|line| line.expect("a line"));
        let request = String::from_utf8_lossy(&requests.next().expect("a request")).into_owned();
        let id: String = request.chars().filter(char::is_ascii_digit).collect();
        to_client.write_all(b"\xff").expect("answer");
        writeln!(to_client, r#"{{"return": {id}}}"#).expect("answer");
        requests.next().expect("a request");
        let reply = r#"{"return":[{"name":"eth0","hardware-address":"52:54:00:4b:5e:57",
            "ip-addresses":[{"ip-address":"192.168.1.64","prefix":24}]}]}"#;
        writeln!(to_client, "{}", reply.replace('\n', "")).expect("answer");
    });
    let ran = tree.run(vec![web(&socket)], &[]);
    assert_eq!(ran.outcome("guest-agent"), ("ok", ""));
    assert_eq!(ran.texts("guest-agent"), ["the guest agent reports it on eth0"]);
    agent.join().unwrap();
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
