//! The plugin with real OpenSSH servers and hostile ones on loopback addresses. Each test has a /24 of its
//! own, so one port can have another server at every address.

use std::{
    fs,
    io::Write as _,
    net::{IpAddr, Ipv4Addr, TcpListener, TcpStream},
    os::fd::OwnedFd,
    path::PathBuf,
    process::Command,
    thread,
};

use signal_ssh_key::SshKey;
use vmkit_plugin::{HostKey, KnownKey, Stage, Subject, attribute};
use vmkit_ssh::fingerprint;
use vmkit_testkit::{FakeHost, Report};

/// Long enough for a busy computer's own server.
const PATIENT: u64 = 10_000;

fn address(net: u8, host: u8) -> IpAddr {
    Ipv4Addr::new(127, 45, net, host).into()
}

fn listener(address: IpAddr, port: u16) -> TcpListener {
    TcpListener::bind((address, port)).unwrap_or_else(|error| panic!("bind {address}: {error}"))
}

fn port_of(listener: &TcpListener) -> u16 {
    listener.local_addr().map_or_else(|error| panic!("local port: {error}"), |at| at.port())
}

/// A host key that OpenSSH made, in a directory that is removed with it.
struct Key {
    directory: tempfile::TempDir,
    public: HostKey,
}

impl Key {
    fn new(kind: &str) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("key");
        let mut make = Command::new("ssh-keygen");
        make.args(["-q", "-N", "", "-t", kind, "-f"]).arg(&path);
        assert!(make.status().expect("ssh-keygen: install openssh-client").success());
        let text = fs::read_to_string(path.with_extension("pub")).expect("a public key");
        Self { directory, public: text.parse().expect("a public key") }
    }

    fn path(&self) -> PathBuf {
        self.directory.path().join("key")
    }

    fn known(&self) -> KnownKey {
        KnownKey { key: self.public.clone(), by_name_only: false }
    }
}

/// Serves one connection with OpenSSH, as inetd would, with these keys.
fn serve(listener: TcpListener, keys: &[&Key]) {
    // sshd needs this empty directory if root starts it.
    fs::create_dir_all("/run/sshd").ok();
    let mut command = Command::new("/usr/sbin/sshd");
    command.args(["-i", "-f", "/dev/null", "-o", "UsePAM=no"]);
    for key in keys {
        command.arg("-h").arg(key.path());
    }
    thread::spawn(move || {
        let (stream, _) = listener.accept().expect("a connection");
        let theirs = OwnedFd::from(stream);
        command.stdin(theirs.try_clone().expect("a second end")).stdout(theirs);
        command.status().expect("sshd: install openssh-server");
    });
}

/// Serves one connection with `talk`, which ends after the client has left.
fn serve_oddly(listener: TcpListener, talk: impl FnOnce(&mut TcpStream) + Send + 'static) {
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a connection");
        talk(&mut stream);
        std::io::copy(&mut stream, &mut std::io::sink()).ok();
    });
}

fn confirm(port: u16, timeout_ms: u64, vms: &[Subject]) -> Report {
    let configuration = format!(r#"{{"port":{port},"timeout_ms":{timeout_ms}}}"#);
    FakeHost::new().at_stage(Stage::Confirm).observe::<SshKey>(&configuration, vms)
}

fn machine(name: &str, candidate: IpAddr, known: &[&Key]) -> Subject {
    Subject {
        name: name.to_owned(),
        candidates: vec![candidate],
        known_host_keys: known.iter().map(|key| key.known()).collect(),
        ..Subject::default()
    }
}

#[test]
fn compares_the_keys_that_servers_prove() {
    let (web, db, other) = (Key::new("ed25519"), Key::new("ed25519"), Key::new("ecdsa"));
    let first = listener(address(1, 1), 0);
    let port = port_of(&first);
    serve(first, &[&web]);
    serve(listener(address(1, 2), port), &[&web]);
    serve(listener(address(1, 3), port), &[&db]);
    // Without a preference for this key, the server would show the other one.
    serve(listener(address(1, 4), port), &[&db, &other]);
    let vms = [
        machine("web", address(1, 1), &[&web]),
        machine("db", address(1, 2), &[&db]),
        machine("new", address(1, 3), &[]),
        machine("other", address(1, 4), &[&other]),
    ];
    let report = confirm(port, PATIENT, &vms);
    assert_eq!(report.result, Ok(()));
    let shown = |key: &Key| format!("{} {}", key.public.algorithm(), fingerprint(&key.public));
    let (shown_web, shown_db) = (shown(&web), shown(&db));
    assert_eq!(
        report.sorted_lines(),
        [
            format!("0 ssh-host-key 127.45.1.1 proves the VM's known host key {shown_web}"),
            format!(
                "1 ssh-other-host-key 127.45.1.2 proves another host key than the VM's {}: \
                 {shown_web}; it is the key of web",
                fingerprint(&db.public)
            ),
            format!(
                "2 ssh-new-host-key 127.45.1.3 proves the host key {shown_db}; it is the key of db; \
                 none of the VM's is known"
            ),
            format!("3 ssh-host-key 127.45.1.4 proves the VM's known host key {}", shown(&other)),
        ]
    );
    let proven = report.observations.iter().find(|seen| seen.vm == 0);
    let proven = proven.and_then(|seen| seen.attribute(attribute::HOST_KEY));
    assert_eq!(proven, Some(web.public.to_string().as_str()));
}

#[test]
fn reports_servers_that_prove_nothing() {
    const BANNER: &[u8] = b"SSH-2.0-odd\r\n";
    let first = listener(address(2, 1), 0);
    let port = port_of(&first);
    let at = |host| listener(address(2, host), port);
    serve_oddly(first, |stream| {
        stream.write_all(BANNER).ok();
        stream.shutdown(std::net::Shutdown::Write).ok();
    });
    serve_oddly(at(2), |stream| {
        stream.write_all(BANNER).ok();
        stream.write_all(b"GET / HTTP/1.1\r\n").ok();
    });
    serve_oddly(at(3), |stream| {
        stream.write_all(BANNER).ok();
        // Messages to ignore, without end.
        let ignore = [0, 0, 0, 12, 10, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        while stream.write_all(&ignore.repeat(64)).is_ok() {}
    });
    serve_oddly(at(4), |stream| while stream.write_all(b"Welcome\r\n").is_ok() {});
    serve_oddly(at(5), |stream| {
        stream.write_all(BANNER).ok();
        // Lists that end in their middle.
        stream.write_all(&[0, 0, 0, 12, 5, 20, 1, 2, 3, 4, 5, 0, 0, 0, 0, 0]).ok();
    });
    let vms: Vec<_> = (1..=6).map(|host| machine("web", address(2, host), &[])).collect();
    let report = confirm(port, PATIENT, &vms);
    assert_eq!(report.result, Ok(()));
    let why = [
        "it closed the connection without a proof",
        "its packet is malformed",
        "it sent more than 65536 bytes and no proof",
        "it says \"Welcome\", which is not SSH",
        "its list of algorithms is malformed",
        "Connection refused",
    ];
    let line = |(vm, why): (usize, &&str)| {
        let to = address(2, u8::try_from(vm + 1).unwrap());
        format!("{vm} unread {to} the host key of {to}:{port}: {why}")
    };
    let without_number =
        |line: String| line.split(" (os error").next().unwrap_or_default().to_owned();
    let lines: Vec<_> = report.sorted_lines().into_iter().map(without_number).collect();
    assert_eq!(lines, why.iter().enumerate().map(line).collect::<Vec<_>>());
}

#[test]
fn ends_the_wait_for_a_silent_server_at_the_timeout() {
    let silent = listener(address(3, 1), 0);
    let port = port_of(&silent);
    serve_oddly(silent, |stream| {
        stream.write_all(b"SSH-2.0-silent\r\n").ok();
    });
    let report = confirm(port, 50, &[machine("web", address(3, 1), &[])]);
    assert_eq!(report.lines(), ["0 unread 127.45.3.1 no answer before the deadline"]);
}

#[test]
fn compares_keys_of_a_snapshot() {
    let web = Key::new("ed25519");
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("probes.json");
    let probe = format!(
        r#"[{{"kind":"tcp","ip":"192.168.1.64","port":22,"outcome":"open",
        "host_key":"{}","at":"2026-11-24T06:00:00Z"}}]"#,
        web.public
    );
    fs::write(&path, probe).unwrap();
    let at = [192, 168, 1, 64].into();
    let vms = [machine("web", at, &[&web]), machine("db", at, &[]), machine("off", at, &[])];
    let now = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_795_500_005);
    let host = FakeHost::new().at_stage(Stage::Confirm).at_time(now);
    let report = host.with_artefact_file("probes.json", &path).observe::<SshKey>("{}", &vms);
    let shown = format!("ssh-ed25519 {}", fingerprint(&web.public));
    assert_eq!(
        report.sorted_lines(),
        [
            format!("0 ssh-host-key 192.168.1.64 proves the VM's known host key {shown}"),
            format!(
                "1 ssh-new-host-key 192.168.1.64 proves the host key {shown}; it is the key of web; \
                 none of the VM's is known"
            ),
            format!(
                "2 ssh-new-host-key 192.168.1.64 proves the host key {shown}; it is the key of web; \
                 none of the VM's is known"
            ),
        ]
    );
    assert_eq!(report.observations[0].age, Some(std::time::Duration::from_secs(5)));
}
