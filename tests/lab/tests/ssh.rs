//! Logging in by name on a real link, with OpenSSH on both sides: through `vm ssh`, through the
//! entries of `vm ssh-config`, and after the address has changed. And the name by DNS.
#![cfg(target_os = "linux")]

use std::{
    fs,
    net::Ipv4Addr,
    process::{Command, Stdio},
};

use vmkit_lab::{
    Finished, Guest, GuestKind, GuestPlan, Lab, LabError, Login, PATIENCE, Process, finish,
    or_skip, run, wait_until,
};

const ADDRESS: Ipv4Addr = Ipv4Addr::new(192, 168, 77, 50);
const OTHER: Ipv4Addr = Ipv4Addr::new(192, 168, 77, 51);

/// A guest at [`ADDRESS`] where root may log in with the key `client`.
struct Site {
    lab: Lab,
    guest: Guest,
    _server: Process,
    login: Login,
}

impl Site {
    fn new(test: &str) -> Option<Self> {
        let plan = GuestPlan::new("web", GuestKind::Namespace).without_ssh();
        let mut lab = or_skip(Lab::new(test))?;
        let guest = lab.start_at(&plan, ADDRESS).expect("a guest with a lease");
        // The guest is a namespace, whose users are this computer's.
        lab.log_in_as("web", "root").expect("a registry");
        let login = Login::new(&lab).expect("a key");
        let server = serve(&lab, &guest, &login).expect("a server");
        Some(Self { lab, guest, _server: server, login })
    }

    /// `vm` with this test's `ssh` in PATH.
    fn vm(&self, arguments: &[&str]) -> Finished {
        let mut vm = self.lab.vm_command(arguments);
        finish(vm.env("PATH", self.login.path())).expect("an end")
    }

    /// `ssh` alone, with the entries that `vm ssh-config` prints.
    fn ssh(&self, arguments: &[&str]) -> Finished {
        let entries = self.lab.vm(&["ssh-config"]).expect("entries");
        let config = self.lab.folder().join("config");
        fs::write(&config, &entries.stdout).expect("a configuration");
        let mut ssh = self.lab.host().command(self.login.programs().join("ssh"));
        finish(ssh.arg("-F").arg(config).args(arguments)).expect("an end")
    }

    fn known_hosts(&self) -> String {
        fs::read_to_string(self.login.known_hosts()).unwrap_or_default()
    }

    fn move_guest(&self) {
        let inside = self.guest.namespace().expect("a namespace");
        inside.ip("address flush dev eth0").expect("no address");
        inside.ip(&format!("address add {OTHER}/24 dev eth0")).expect("another address");
        self.lab.host().ip("neigh flush dev br0").expect("no entry");
        self.lab.greet(OTHER).expect("an answer");
    }
}

fn serve(lab: &Lab, guest: &Guest, login: &Login) -> Result<Process, LabError> {
    let host = lab.folder().join("host").display().to_string();
    run(Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f", &host]))?;
    let options = [
        "PidFile=none".to_owned(),
        "UsePAM=no".to_owned(),
        "StrictModes=no".to_owned(),
        "PermitRootLogin=prohibit-password".to_owned(),
        format!("AuthorizedKeysFile={}", login.public_key().display()),
    ];
    let options = options.map(|option| format!("-o {option}")).join(" ");
    let script =
        format!("mkdir -p /run/sshd && exec /usr/sbin/sshd -D -e -f /dev/null {options} -h {host}");
    let mut server = guest.namespace().expect("a namespace").command("sh");
    let server = Process::start(server.args(["-c", &script]), &lab.folder().join("sshd.log"))?;
    wait_until(PATIENCE, "an SSH server", || {
        let mut probe = lab.host().command("busybox");
        probe.args(["nc", "-w", "1", &ADDRESS.to_string(), "22"]);
        Ok(finish(&mut probe)?.stdout.starts_with("SSH-2.0-OpenSSH"))
    })?;
    Ok(server)
}

#[track_caller]
fn assert_answers(finished: &Finished, status: i32, stdout: &str) {
    assert_eq!(
        (finished.status.code(), finished.stdout.as_str()),
        (Some(status), stdout),
        "{finished:#?}"
    );
}

#[test]
fn a_login_by_name_survives_a_new_address() {
    let Some(site) = Site::new("ssh-login") else { return };
    // The server tells which address of its own was connected to.
    let connection = "set -- $SSH_CONNECTION; echo $USER $3";
    let said = |address| format!("root {address}");
    assert_answers(&site.vm(&["ssh", "web", "--", connection]), 0, &said(ADDRESS));
    assert_answers(&site.ssh(&["web", connection]), 0, &said(ADDRESS));
    assert_answers(&site.vm(&["ssh", "web", "--", "exit 7"]), 7, "");
    // Its key is remembered once, under a name that is no address.
    let known = site.known_hosts();
    assert_eq!(known.lines().count(), 1, "{known}");
    assert!(known.starts_with("vmkit-web-iid-web-1 ssh-ed25519 "), "{known}");

    site.move_guest();
    for finished in [site.vm(&["ssh", "web", "--", connection]), site.ssh(&["web", connection])] {
        assert_answers(&finished, 0, &said(OTHER));
        assert!(!finished.stderr.contains("WARNING"), "{finished:#?}");
    }
    assert_eq!(site.known_hosts(), known);
}

#[test]
fn words_after_the_name_are_no_options_of_ssh() {
    let Some(site) = Site::new("ssh-option") else { return };
    let evil = site.lab.folder().join("evil");
    let option = format!("-oProxyCommand=touch {}", evil.display());
    let finished = site.vm(&["ssh", "web", "--", &option]);
    // The machine's shell got it, and does not know what to do with it.
    assert!(finished.stderr.contains("invalid option"), "{finished:#?}");
    assert!(!evil.exists());
    for name in ["-oProxyCommand=x", "web -v", "root@web"] {
        let finished = site.vm(&["ssh", "--", name]);
        assert_eq!(finished.status.code(), Some(2), "{finished:#?}");
    }
    let finished = site.vm(&["ssh", "web", "--user", "-oProxyCommand=x"]);
    assert_eq!(finished.status.code(), Some(2), "{finished:#?}");
    // It is this user's shell that says so.
    let finished = site.vm(&["ssh", "web", "-l", "nobody", "--", "true"]);
    assert_answers(&finished, 1, "This account is currently not available.");
}

#[test]
fn under_sudo_ssh_runs_as_the_caller() {
    let Some(site) = Site::new("ssh-sudo") else { return };
    let script = "#!/bin/sh\necho $(id -u) $(id -g) $(id -G) $HOME $USER\n";
    fs::write(site.login.programs().join("ssh"), script).expect("a program");
    run(Command::new("chmod").arg("a+x").arg(site.lab.folder())).expect("a way to it");
    let path = format!("{}:/usr/bin:/bin", site.login.programs().display());
    let mut command = site.lab.vm_command(&["ssh", "web"]);
    command.env("PATH", path);
    for (name, value) in [("SUDO_UID", "65534"), ("SUDO_GID", "65534"), ("SUDO_USER", "nobody")] {
        command.env(name, value);
    }
    let finished = finish(&mut command).expect("an end");
    assert_answers(&finished, 0, "65534 65534 65534 /nonexistent nobody");
}

#[test]
fn relays_bytes_for_a_client_without_descriptor_passing() {
    let Some(site) = Site::new("ssh-relay") else { return };
    let mut command = site.lab.vm_command(&["ssh-connect", "web"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("vm");
    let mut banner = String::new();
    let mut answers = std::io::BufReader::new(child.stdout.take().expect("a pipe"));
    std::io::BufRead::read_line(&mut answers, &mut banner).expect("a banner");
    assert!(banner.starts_with("SSH-2.0-OpenSSH"), "{banner}");
    // The client's end is the connection's: the server hangs up, and so does the relay.
    drop(child.stdin.take());
    assert!(child.wait().expect("an end").success());
}

#[test]
fn dns_follows_a_new_address() {
    let Some(site) = Site::new("ssh-dns") else { return };
    let mut command =
        site.lab.vm_command(&["dns", "--interval", "1", "--listen", "127.0.0.1:5354"]);
    let mut server = Process::start(&mut command, &site.lab.folder().join("dns.log")).expect("vm");
    let resolved = |address: Ipv4Addr| {
        wait_until(PATIENCE, &format!("web.vm.test at {address}"), || {
            let mut question = site.lab.host().command("busybox");
            question.args(["nslookup", "-type=a", "web.vm.test", "127.0.0.1:5354"]);
            Ok(finish(&mut question)?.stdout.ends_with(&format!("Address: {address}")))
        })
    };
    resolved(ADDRESS).expect("an answer");
    site.move_guest();
    resolved(OTHER).expect("another answer");
    assert!(server.is_running().expect("a state"));
}
