//! What a guest says from inside, on a real link: OpenSSH on both sides, real tools in the guest.
#![cfg(target_os = "linux")]

mod agent;

use std::{
    fs,
    net::Ipv4Addr,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;
use vmkit_lab::{
    Finished, Guest, GuestKind, GuestPlan, Lab, LabError, Login, PATIENCE, Process, finish,
    or_skip, run, wait_until,
};

const ADDRESS: Ipv4Addr = Ipv4Addr::new(192, 168, 77, 50);
/// The router of the lab, which serves DNS.
const ROUTER: &str = "192.168.77.1";

/// A guest at [`ADDRESS`] where root may log in with a key. Its server has a view of its own of
/// `/etc/resolv.conf` and of processes, as a real guest has.
struct Site {
    lab: Lab,
    guest: Guest,
    server: Option<Process>,
    login: Login,
    programs: PathBuf,
}

impl Site {
    fn new(test: &str) -> Option<Self> {
        let plan = GuestPlan::new("web", GuestKind::Namespace).without_ssh();
        let mut lab = or_skip(Lab::new(test))?;
        let guest = lab.start_at(&plan, ADDRESS).expect("a guest with a lease");
        // The guest is a namespace, whose users are this computer's.
        lab.log_in_as("web", "root").expect("a registry");
        let login = Login::new(&lab).expect("a key");
        let programs = lab.folder().join("inside");
        fs::create_dir_all(&programs).expect("a folder");
        let mut site = Self { lab, guest, server: None, login, programs };
        site.ssh("");
        site.resolver(ROUTER);
        site.serve("host").expect("a server");
        Some(site)
    }

    /// Has `ssh` in PATH use the key of the test, and note its options in `options`.
    fn ssh(&self, before: &str) {
        let key = self.login.public_key().with_extension("");
        let text = format!(
            "#!/bin/sh\n{before}\nprintf '%s\\n' \"$@\" > {}\nexec /usr/bin/ssh -o IdentityFile={} \"$@\"\n",
            self.programs.join("options").display(),
            key.display()
        );
        let path = self.programs.join("ssh");
        fs::write(&path, text).expect("a program");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("a program");
    }

    /// The guest's name server.
    fn resolver(&self, server: &str) {
        let path = self.lab.folder().join("resolv.conf");
        fs::write(path, format!("nameserver {server}\n")).expect("a file");
    }

    /// Starts the SSH server with the host key of this name.
    fn serve(&mut self, key: &str) -> Result<(), LabError> {
        self.server = None;
        let key = self.lab.folder().join(key);
        if !key.exists() {
            let path = key.display().to_string();
            run(Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f", &path]))?;
        }
        let options = [
            "PidFile=none".to_owned(),
            "UsePAM=no".to_owned(),
            "StrictModes=no".to_owned(),
            "PermitRootLogin=prohibit-password".to_owned(),
            format!("AuthorizedKeysFile={}", self.login.public_key().display()),
        ];
        let options = options.map(|option| format!("-o {option}")).join(" ");
        let script = format!(
            "mkdir -p /run/sshd && mount --bind {} /etc/resolv.conf && \
             exec /usr/sbin/sshd -D -e -f /dev/null {options} -h {}",
            self.lab.folder().join("resolv.conf").display(),
            key.display()
        );
        let mut server = self.guest.namespace().expect("a namespace").command("unshare");
        let own = ["--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c"];
        let server = server.args(own).arg(script);
        self.server = Some(Process::start(server, &self.lab.folder().join("sshd.log"))?);
        wait_until(PATIENCE, "an SSH server", || {
            let mut probe = self.lab.host().command("busybox");
            probe.args(["nc", "-w", "1", &ADDRESS.to_string(), "22"]);
            Ok(finish(&mut probe)?.stdout.starts_with("SSH-2.0-OpenSSH"))
        })
    }

    fn doctor(&self, options: &[&str]) -> (Finished, Value) {
        let arguments = [&["doctor", "web", "--json"], options].concat();
        let mut vm = self.lab.vm_command(&arguments);
        let path = format!("{}:/usr/sbin:/usr/bin:/sbin:/bin", self.programs.display());
        let finished = finish(vm.env("PATH", path)).expect("an end");
        let report = serde_json::from_str(&finished.stdout).unwrap_or_default();
        (finished, report)
    }

    fn has_logged_in(&self) -> bool {
        self.programs.join("options").exists()
    }
}

/// Codes of the causes that are shown, and the state of a finding with what it says.
fn causes(report: &Value) -> Vec<&str> {
    let causes = report["vms"][0]["causes"].as_array().into_iter().flatten();
    let shown = causes.filter(|cause| cause["probability"].as_f64() >= Some(0.5));
    shown.filter_map(|cause| cause["code"].as_str()).collect()
}

fn finding(report: &Value, code: &str) -> String {
    let findings = report["findings"].as_array().into_iter().flatten();
    let found = findings.into_iter().find(|finding| finding["code"] == code);
    found.map(|finding| format!("{} {}", finding["state"], finding["says"])).unwrap_or_default()
}

/// Keeps the record in the corpus, with its label, where `UPDATE_LAB_CORPUS` asks for it.
fn keep(name: &str, causes: &[&str], record: &Path) {
    if std::env::var_os("UPDATE_LAB_CORPUS").is_none() {
        return;
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus/doctor");
    let kept = folder.join(name);
    drop(fs::remove_dir_all(&kept));
    // Whatever rights its files have.
    run(Command::new("cp").args(["-r", "--no-preserve=mode"]).arg(record).arg(&kept))
        .expect("a copy");
    let label = serde_json::json!({ "causes": causes, "machine": "web", "may": [] });
    fs::write(kept.join("label.json"), format!("{label:#}\n")).expect("a label");
}

#[test]
fn faults_that_show_in_the_guest_alone_are_named_live_and_from_the_record() {
    let Some(site) = Site::new("inside-faults") else { return };
    let inside = site.guest.namespace().expect("a namespace");
    // The first look makes its host key known.
    let (healthy, report) = site.doctor(&["--yes"]);
    assert_eq!(healthy.status.code(), Some(0), "{healthy:#?}");
    let (healthy, report) = (site.doctor(&["--inside"]), report);
    assert_eq!(healthy.0.status.code(), Some(0), "{:#?}", healthy.0);
    assert!(finding(&report, "guest-resolver-silent").contains("not-observed"), "{report:#}");
    for (code, says) in [
        ("guest-resolver-silent", "192.168.77.1 answers the guest"),
        ("guest-has-no-default-route", "192.168.77.1"),
        ("guest-has-no-ssh-listener", "listens on TCP port 22"),
        ("guest-firewall-drops-ssh", ""),
        ("guest-sees-no-network-card", "eth0 (52:54:00:4b:5e:57)"),
    ] {
        let said = finding(&healthy.1, code);
        assert!(said.contains("absent") && said.contains(says), "{code}: {said}");
    }
    let rows: [(&str, &str, &[&str], &str); 3] = [
        // The name server of another network.
        ("192.168.77.99", "", &["guest-resolver-silent"], "guest-resolver-silent"),
        (ROUTER, "route del default", &["guest-no-default-route"], "guest-has-no-default-route"),
        (ROUTER, "route add default via 192.168.77.1 dev eth0", &[], "healthy again"),
    ];
    for (server, change, expected, name) in rows {
        site.resolver(server);
        if !change.is_empty() {
            inside.ip(change).expect("a change");
        }
        let place = site.lab.folder().join(format!("record-{name}"));
        let path = place.to_str().expect("a plain path");
        // From outside nothing is wrong.
        assert_eq!(site.doctor(&["--yes"]).0.status.code(), Some(0), "{name}");
        let (live, report) = site.doctor(&["--inside", "--save", path]);
        let again = site.doctor(&["--from", path]);
        let said = finding(&report, name);
        assert_eq!(causes(&report), expected, "{name}: {said} {}", live.stderr);
        assert_eq!(causes(&again.1), expected, "{name}: {}", finding(&again.1, name));
        for report in [&report, &again.1] {
            assert_eq!(report["vms"][0]["inside"], "ssh", "{name}");
        }
        assert_eq!(live.status, again.0.status, "{name}");
        if !expected.is_empty() {
            keep(&format!("inside-{}", expected.join("-")), expected, &place);
        }
    }
}

#[test]
fn a_guest_is_asked_only_if_wanted_and_only_with_its_own_host_key() {
    let Some(mut site) = Site::new("inside-trust") else { return };
    // Not before its key is known: this look learns it.
    let unknown = |report: &Value| finding(report, "guest-resolver-silent");
    let (_, report) = site.doctor(&["--inside"]);
    let first = unknown(&report);
    let (_, report) = site.doctor(&["--yes"]);
    assert!(unknown(&report).contains("not-observed"), "{report:#}");
    drop(fs::remove_file(site.programs.join("options")));
    let (_, report) = site.doctor(&["--yes"]);
    assert!(!site.has_logged_in(), "nobody asked for it: {report:#}");
    assert!(first.contains("not-observed") || first.contains("absent"), "{first}");

    let (_, report) = site.doctor(&["--inside"]);
    assert!(unknown(&report).contains("absent"), "{report:#}");
    let options = fs::read_to_string(site.programs.join("options")).expect("options");
    for option in [
        "-oBatchMode=yes",
        "-oStrictHostKeyChecking=yes",
        "-oPasswordAuthentication=no",
        "-oKbdInteractiveAuthentication=no",
        "-oGSSAPIAuthentication=no",
        "-oGSSAPIKeyExchange=no",
        "-oGSSAPIDelegateCredentials=no",
        "-oForwardAgent=no",
        "-oAddKeysToAgent=no",
        "-oStdinNull=no",
        "-oForkAfterAuthentication=no",
        "-oSetEnv=VMKIT=1",
        "-oClearAllForwardings=yes",
        "-oTunnel=no",
        "-oPermitLocalCommand=no",
    ] {
        assert!(options.lines().any(|line| line == option), "{option}: {options}");
    }
    assert!(options.ends_with("\nweb\nsh -s\n"), "{options}");

    // Somebody else at its address: no key of theirs is accepted.
    site.serve("other").expect("another server");
    let (_, report) = site.doctor(&["--inside"]);
    let said = unknown(&report);
    assert!(said.contains("not-observed"), "{said}");
    let log = fs::read_to_string(site.lab.folder().join("sshd.log")).expect("a log");
    let after = log.rsplit("Server listening").next().unwrap_or_default();
    assert!(!after.contains("Accepted publickey"), "{log}");

    // A key that the guest does not know.
    site.serve("host").expect("its server");
    let strange = site.lab.folder().join("strange");
    let path = strange.display().to_string();
    run(Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f", &path])).unwrap();
    site.ssh(&format!("set -- -o IdentitiesOnly=yes -o IdentityFile={path} \"$@\""));
    fs::write(site.login.public_key().with_extension(""), "").expect("no key");
    let (_, report) = site.doctor(&["--inside"]);
    assert!(unknown(&report).contains("Permission denied"), "{}", unknown(&report));
}
