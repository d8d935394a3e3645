//! Exchanges with a real OpenSSH server, as inetd would start it on a socket.

use std::{
    fs,
    io::{Read as _, Write as _},
    os::{fd::OwnedFd, unix::net::UnixStream},
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use vmkit_ssh::{Exchange, ExchangeError, find, fingerprint};
use vmkit_types::HostKey;

/// When the test gives up. A server answers within milliseconds.
const PATIENCE: Duration = Duration::from_secs(20);

struct Server {
    directory: tempfile::TempDir,
    keys: Vec<HostKey>,
}

impl Server {
    /// A server with keys of these kinds, as `ssh-keygen -t` names them.
    fn new(kinds: &[&str]) -> Self {
        // sshd needs this empty directory if root starts it.
        fs::create_dir_all("/run/sshd").ok();
        let directory = tempfile::tempdir().expect("a directory");
        let keys = kinds.iter().map(|kind| {
            let (kind, bits) = kind.split_once('-').unwrap_or((kind, "256"));
            let path = directory.path().join(format!("key_{kind}"));
            let mut make = Command::new("ssh-keygen");
            make.args(["-q", "-N", "", "-t", kind, "-b", bits, "-f"]).arg(&path);
            assert!(make.status().expect("ssh-keygen: install openssh-client").success());
            fs::read_to_string(path.with_extension("pub"))
                .expect("a file")
                .parse()
                .expect("a public key")
        });
        let keys = keys.collect();
        Self { directory, keys }
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.directory.path().join(name)
    }

    fn connect(&self, options: &[&str]) -> (UnixStream, Child) {
        let (own, theirs) = UnixStream::pair().expect("a pair of sockets");
        own.set_read_timeout(Some(PATIENCE)).expect("a deadline");
        let theirs = OwnedFd::from(theirs);
        let mut command = Command::new("/usr/sbin/sshd");
        command.args(["-i", "-e", "-f", "/dev/null", "-o", "UsePAM=no"]);
        for entry in self.directory.path().read_dir().expect("the directory") {
            let path = entry.expect("its entry").path();
            if path.extension().is_none() {
                command.arg("-h").arg(path);
            }
        }
        for option in options {
            command.arg("-o").arg(option);
        }
        let log = fs::File::create(self.path("log.txt")).expect("a log");
        command.stdin(theirs.try_clone().expect("a second end")).stdout(theirs).stderr(log);
        let child = command.spawn().expect("sshd: install openssh-server");
        (own, child)
    }

    /// All that the server sends, and the outcome.
    fn exchange(&self, preferred: &[&str], options: &[&str]) -> Result<HostKey, ExchangeError> {
        let (mut socket, mut child) = self.connect(options);
        let mut exchange = Exchange::new(preferred).expect("random numbers");
        let mut chunk = [0; 4096];
        let outcome = loop {
            socket.write_all(&exchange.take_to_send()).expect("a server that listens");
            let length = socket.read(&mut chunk).expect("an answer in time");
            assert!(length > 0, "{}", fs::read_to_string(self.path("log.txt")).expect("a file"));
            match exchange.receive(&chunk[..length]) {
                Ok(None) => {}
                Ok(Some(key)) => break Ok(key),
                Err(error) => break Err(error),
            }
        };
        socket.write_all(&exchange.take_to_send()).ok();
        drop(socket);
        child.wait().expect("an end");
        outcome
    }
}

#[test]
fn proves_every_kind_of_key_and_shows_the_preferred_one() {
    let server = Server::new(&["ed25519", "ecdsa", "rsa-3072"]);
    let [ed25519, ecdsa, rsa] = server.keys.as_slice() else { panic!("{:?}", server.keys) };
    let nist = "KexAlgorithms=ecdh-sha2-nistp256";
    let rows: [(&[&str], &[&str], &HostKey); 7] = [
        (&[], &[], ed25519),
        (&["ssh-rsa"], &[], rsa),
        (&["ecdsa-sha2-nistp256"], &[], ecdsa),
        (&["sk-ssh-ed25519@openssh.com"], &[], ed25519),
        (&[], &[nist], ed25519),
        (&["ssh-rsa"], &["HostKeyAlgorithms=rsa-sha2-256"], rsa),
        (&["ssh-ed25519"], &["HostKeyAlgorithms=ecdsa-sha2-nistp256"], ecdsa),
    ];
    for (preferred, options, expected) in rows {
        let key = server.exchange(preferred, options);
        assert_eq!(key.as_ref(), Ok(expected), "{preferred:?} {options:?}");
    }
    let log = fs::read_to_string(server.path("log.txt")).unwrap();
    assert!(log.contains("looked at the host key"), "the server logs no reason: {log}");
}

#[test]
fn proves_keys_on_larger_curves() {
    let server = Server::new(&["ecdsa-384"]);
    assert_eq!(server.exchange(&[], &[]).as_ref(), Ok(&server.keys[0]));
}

#[test]
fn distinguishes_no_common_algorithm_from_no_key() {
    let server = Server::new(&["ed25519"]);
    let outcome = server.exchange(&[], &["KexAlgorithms=diffie-hellman-group14-sha256"]);
    let Err(ExchangeError::NothingInCommon("key exchange", offer)) = outcome else {
        panic!("{outcome:?}")
    };
    assert!(offer.starts_with("diffie-hellman-group14-sha256"), "{offer}");
}

#[test]
fn refuses_a_proof_for_another_exchange() {
    let server = Server::new(&["ed25519"]);
    let (mut socket, mut child) = server.connect(&[]);
    // One exchange receives what another one gets from the server.
    let (mut speaking, mut other) = (Exchange::new(&[]).unwrap(), Exchange::new(&[]).unwrap());
    let mut chunk = [0; 4096];
    let outcome = loop {
        socket.write_all(&speaking.take_to_send()).unwrap();
        let length = socket.read(&mut chunk).unwrap();
        // Byte by byte, because the network may cut the stream anywhere.
        let mut outcomes = chunk[..length].iter().map(|byte| other.receive(&[*byte]));
        let other = outcomes.find(|outcome| *outcome != Ok(None));
        if speaking.receive(&chunk[..length]).unwrap().is_some() {
            break other;
        }
    };
    assert_eq!(outcome, Some(Err(ExchangeError::NotProven)));
    drop(socket);
    child.wait().unwrap();
}

#[test]
fn fingerprints_and_hashed_names_are_those_of_ssh_keygen() {
    let server = Server::new(&["ed25519"]);
    let key = &server.keys[0];
    let run = |arguments: &[&str], path: &Path| {
        let mut command = Command::new("ssh-keygen");
        let output = command.args(arguments).arg(path).stdin(Stdio::null()).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let shown = run(&["-l", "-f"], &server.path("key_ed25519.pub"));
    assert!(shown.contains(&fingerprint(key)), "{shown}: {}", fingerprint(key));
    let file = server.path("known_hosts.txt");
    fs::write(&file, format!("web {key}\n")).unwrap();
    run(&["-H", "-f"], &file);
    let hashed = fs::read_to_string(&file).unwrap();
    assert!(hashed.starts_with("|1|"), "{hashed}");
    assert_eq!((find(&hashed, "web"), find(&hashed, "db")), (vec![key.clone()], Vec::new()));
}
