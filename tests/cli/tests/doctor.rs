//! `vm doctor --from DIR`: exit statuses, JSON, and hostile snapshots.

use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};

use vmkit_cli_tests::{Output, run};

/// A Mac on Wi-Fi whose router answers only the Mac's own MAC.
fn router_drops() -> String {
    format!("{}/data/router-drops", env!("CARGO_MANIFEST_DIR"))
}

/// A Mac with three VMs, one of them healthy.
fn bridged() -> String {
    format!("{}/data/macos-bridged", env!("CARGO_MANIFEST_DIR"))
}

/// A copy of the snapshot of that router, to modify.
struct Modified(tempfile::TempDir);

impl Modified {
    fn new() -> Self {
        let directory = tempfile::tempdir().expect("make a directory");
        fs::create_dir(directory.path().join("neigh")).expect("make a directory");
        for name in ["snapshot.json", "probe-dhcp.json", "neigh/arp-an.txt"] {
            let from = Path::new(&router_drops()).join(name);
            fs::copy(from, directory.path().join(name)).expect("copy a file");
        }
        Self(directory)
    }

    fn put(self, name: &str, content: impl AsRef<[u8]>) -> Self {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a file lies in a directory")).expect("make it");
        fs::write(path, content).expect("write a file");
        self
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn doctor(&self, more: &[&str]) -> Output {
        let path = self.0.path().to_str().expect("a temporary path is UTF-8");
        run(&[&["doctor", "--from", path], more].concat())
    }
}

#[test]
fn the_exit_status_follows_the_diagnosis() {
    let (bridged, drops) = (bridged(), router_drops());
    let none = Modified::new().put("probe-dhcp.json", "[]");
    let none = none.0.path().to_str().expect("a temporary path is UTF-8").to_owned();
    let empty = tempfile::tempdir().expect("make a directory");
    let empty = empty.path().to_str().expect("a temporary path is UTF-8");
    // Arguments, exit status, and the end of the output.
    let rows: [(&[&str], i32, &str); 6] = [
        (&["web", "--from", &bridged], 0, "1 VM, no problem found.\n"),
        (&["--from", &drops], 1, "1 of 1 VM has a problem: web: router-drops-foreign-chaddr.\n"),
        (&["--from", &none], 3, "web: cause unknown.\n"),
        (&["--from", empty], 2, ""),
        (&["nobody", "--from", &drops], 2, ""),
        (&["quiet", "--from", &bridged], 3, "1 of 1 VM is still booting: quiet.\n"),
    ];
    for (arguments, status, end) in rows {
        let output = run(&[&["doctor"], arguments].concat());
        output.assert_harmless();
        let said = (output.status, output.stdout.ends_with(end));
        assert_eq!(said, (status, true), "{arguments:?}: {output:?}");
    }
}

/// The configuration's entry, the exit status, and what is printed.
#[test]
fn the_configuration_ignores_a_cause_or_names_the_entry_that_is_none() {
    let drops = router_drops();
    let rows = [
        ("web:router-drops-foreign-chaddr", 0, "1 VM, no problem found. 1 problem ignored."),
        ("*:router-drops-foreign-chaddr", 0, "  ignored: "),
        ("db:router-drops-foreign-chaddr", 1, "web: router-drops-foreign-chaddr."),
        ("web:router-drops", 2, "`web:router-drops`: there is no cause `router-drops`"),
        ("web", 2, "the entry `web`, which is not of the form VM:CODE"),
    ];
    let folder = tempfile::tempdir().expect("make a directory");
    let config = folder.path().join("config.toml");
    for (entry, status, says) in rows {
        fs::write(&config, format!("ignore = [\"{entry}\"]")).expect("write a file");
        let config = config.to_str().expect("a temporary path is UTF-8");
        let output = run(&["--config", config, "doctor", "--from", &drops]);
        output.assert_harmless();
        let said = [output.stdout.as_str(), &output.stderr].concat();
        assert_eq!((output.status, said.contains(says)), (status, true), "{entry}: {output:?}");
    }
    fs::write(&config, "ignore = [\"*:router-drops-foreign-chaddr\"]").expect("write a file");
    let config = config.to_str().expect("a temporary path is UTF-8");
    let output = run(&["--config", config, "doctor", "--json", "--from", &drops]);
    let document: serde_json::Value = serde_json::from_str(&output.stdout).expect("a document");
    let vm = &document["vms"][0];
    assert_eq!(vm["ignored"][0]["code"], "router-drops-foreign-chaddr");
    assert_eq!(
        (vm["healthy"].as_bool(), vm["causes"].as_array().map(Vec::len)),
        (Some(true), Some(0))
    );
}

/// Stopped VMs, with and without their names as arguments.
#[test]
fn a_stopped_vm_is_a_problem_only_if_named() {
    let data = tempfile::tempdir().expect("make a directory");
    let directory = data.path().to_str().expect("a temporary path is UTF-8");
    let machine = |name: &str| {
        let own = data.path().join("vms").join(name);
        fs::create_dir_all(&own).expect("make a directory");
        fs::write(own.join(format!("{name}.qcow2")), "").expect("write a file");
        own
    };
    machine("db");
    let web = machine("web");
    // Names, exit status, and the end of the output.
    let check = |rows: &[(&[&str], i32, &str)]| {
        for (names, status, end) in rows {
            let asked = [&["--data-dir", directory, "doctor", "--passive"], *names].concat();
            let output = run(&asked);
            let said = (output.status, output.stdout.ends_with(end));
            assert_eq!(said, (*status, true), "{names:?}: {output:?}");
        }
    };
    check(&[
        (&[], 0, "No VM is running.\n"),
        (&["web"], 1, "1 of 1 VM has a problem: web: vm-not-running.\n"),
    ]);
    let output = run(&["--data-dir", directory, "doctor", "--passive", "--json"]);
    let vms = &output.json()["vms"];
    for place in 0..2 {
        let vm = &vms[place];
        assert_eq!((&vm["healthy"], &vm["power"]), (&true.into(), &"stopped".into()), "{vm:#}");
    }
    // QEMU removes its pid file at shutdown, so a pid file without a process means a killed QEMU.
    fs::write(web.join("web.pid"), "4194304\n").expect("write a file");
    check(&[
        (&[], 1, "1 of 2 VMs has a problem: web: vm-not-running.\n"),
        (&["db"], 1, "1 of 1 VM has a problem: db: vm-not-running.\n"),
    ]);
}

/// A machine of a record: its state, how it ended, the status with and without its name, and part of
/// what is said without it.
#[test]
fn a_machine_rests_only_where_it_is_known_how_it_ended() {
    let rows = [
        (r#""stopped""#, 0, 1, "web: not running\n"),
        (r#""stopped","end":"with-computer""#, 0, 1, "web: not running\n"),
        (r#""stopped","end":"by-itself""#, 1, 1, "ended without being shut down"),
        (
            r#""stopped","end":"unknown""#,
            3,
            1,
            "web: not running\n  cannot tell: how it ended is not known: the record does not say\n",
        ),
        (r#""missing""#, 1, 1, "it is registered, but its directory is gone"),
    ];
    for (state, unnamed, named, said) in rows {
        let record = tempfile::tempdir().expect("make a directory");
        let document = format!(
            r#"{{"schema":"vmkit.snapshot/1","captured_at":"2026-11-24T06:00:00Z",
            "vms":[{{"name":"web","state":{state}}}]}}"#
        );
        fs::write(record.path().join("snapshot.json"), document).expect("write a file");
        let from = record.path().to_str().expect("a temporary path is UTF-8");
        let output = run(&["doctor", "--from", from]);
        assert_eq!(output.status, unnamed, "{state}: {output:?}");
        assert!(output.stdout.contains(said), "{state}: {output:?}");
        assert_eq!(run(&["doctor", "web", "--from", from]).status, named, "{state}");
    }
}

/// Guests of the lab recorded seconds after their start; two records were changed so that the guest has
/// rebooted after a day, and so that the start of its process is unknown.
#[test]
fn a_booting_guest_has_no_cause() {
    let corpus = format!("{}/../corpus/doctor", env!("CARGO_MANIFEST_DIR"));
    for (record, awaits) in [
        ("guest-still-booting", "ssh"),
        ("guest-still-without-network", "address"),
        ("guest-rebooted", "ssh"),
        ("guest-start-unknown", "ssh"),
    ] {
        let record = format!("{corpus}/{record}");
        let output = run(&["doctor", "--from", &record]);
        output.assert_harmless();
        assert_eq!(output.status, 3, "{output:?}");
        assert!(output.stdout.starts_with("web: still booting"), "{output:?}");
        assert!(output.stdout.ends_with("1 of 1 VM is still booting: web.\n"), "{output:?}");
        let document = run(&["doctor", "--json", "--from", &record]).json();
        let vm = &document["vms"][0];
        assert_eq!(vm["booting"]["awaits"], awaits, "{vm:#}");
        assert_eq!((&vm["causes"], &vm["healthy"]), (&serde_json::json!([]), &false.into()));
        assert!(vm["booting"]["usual"].is_string() && vm["cannot_tell"].is_string(), "{vm:#}");
    }
}

#[test]
fn json_and_text_agree() {
    let output = run(&["doctor", "--json", "--from", &router_drops()]);
    assert_eq!(output.status, 1, "{output:?}");
    let document = output.json();
    assert_eq!(document["schema"], "vmkit.doctor/1");
    assert_eq!(document["healthy"], false);
    let vm = &document["vms"][0];
    assert_eq!((&vm["name"], &vm["verdict"]), (&"web".into(), &"no-address".into()));
    assert!(vm["ip"].is_null() && vm["cannot_tell"].is_null(), "{vm:#}");
    assert_eq!(vm["causes"][0]["code"], "router-drops-foreign-chaddr");
    let probability = vm["causes"][0]["probability"].as_f64().expect("a number");
    assert!((0.5..1.0).contains(&probability), "{probability}");
    let remedies = vm["causes"][0]["remedies"].as_array().expect("a list");
    assert!(remedies.iter().any(|remedy| remedy["id"] == "use-shared-mode"), "{remedies:?}");
    // Without a capture it is null, not an empty list.
    assert!(vm["dhcp"]["guest_side"].is_null(), "{:#}", vm["dhcp"]);
    assert_eq!(vm["dhcp"]["test"].as_array().map(Vec::len), Some(3), "{:#}", vm["dhcp"]);
}

#[test]
fn a_replay_does_not_depend_on_passive_mode() {
    let once = |more: &[&str]| {
        let mut document =
            run(&[&["doctor", "--json", "--from", &router_drops()], more].concat()).json();
        document["elapsed_ms"].take();
        for plugin in document["plugins"].as_array_mut().expect("a list") {
            plugin["elapsed_ms"].take();
        }
        document
    };
    assert_eq!(once(&[]), once(&["--yes"]));
    // Passive mode skips signals that can send; here none of them has records.
    assert_eq!(once(&[])["vms"], once(&["--passive"])["vms"]);
}

#[test]
fn a_snapshots_text_does_not_control_the_terminal() {
    let evil = "x\u{1b}]0;owned\u{7}\u{9b}31m\u{202e}\r\nweb: ok";
    let json = |value: serde_json::Value| value.to_string();
    let modified = Modified::new()
        .put("gateway/http.json", json(serde_json::json!([
            {"url": "http://192.168.1.254/", "status": 200, "headers": {"Server": evil},
             "body": format!("<title>{evil}</title>")}])))
        .put("gateway/names.json", json(serde_json::json!([evil])))
        .put("host/hosts", format!("192.168.1.9 web {evil}\n"))
        .put("host/listeners.txt", format!("{evil} 1 root 5u IPv4 0x0 0t0 UDP *:67\n"))
        .put("host/firewall.txt", format!("table inet f {{\n chain c {{\n type filter hook input priority 0;\n iifname \"{evil}\" udp dport 67 drop\n }}\n}}\n"))
        .put("console/web.log", format!("udhcpc: lease of 192.168.1.64 obtained from 1.2.3.4 {evil}\n"))
        .put("qmp.json", json(serde_json::json!({"web": {"status": evil}})))
        .put("dns.json", json(serde_json::json!([{"name": evil, "source": evil, "answers": [], "error": evil}])));
    for more in [&[][..], &["--json"], &["-v"]] {
        let output = modified.doctor(more);
        output.assert_harmless();
        assert!(output.status != 0, "{output:?}");
    }
}

const DROPS: &str = "router-drops-foreign-chaddr";

#[test]
fn reports_an_unreadable_part_and_uses_the_rest() {
    let cut = [0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0];
    let mut giant = vec![0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    giant.extend([0, 0, 4, 0, 1, 0, 0, 0]);
    // A record that claims 4 GiB.
    giant.extend([0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255]);
    // An unreadable capture might contain the VM's address, so the cause is unknown.
    let rows: [(&str, &[u8], i32, &str); 7] = [
        ("dhcp/guest-web.pcap", &cut, 3, "dhcp error: dhcp/guest-web.pcap: is not a pcap file"),
        ("dhcp/uplink.pcap", &giant, 3, "dhcp error: dhcp/uplink.pcap"),
        ("dhcp/uplink.pcap", b"\x0a\x0d\x0d\x0a this is pcapng", 3, "dhcp error"),
        ("host/bridge.json", b"{\"bridges\": 7}", 1, DROPS),
        ("gateway/http.json", b"{\"url\": []}", 1, DROPS),
        ("qmp.json", b"[1, 2", 1, DROPS),
        ("probes.json", b"{\"kind\": 7}", 1, DROPS),
    ];
    for (name, content, status, said) in rows {
        let output = Modified::new().put(name, content).doctor(&[]);
        output.assert_harmless();
        assert_eq!(output.status, status, "{name}: {output:?}");
        let text = output.stdout.clone() + &output.stderr;
        assert!(text.replace("\n    ", " ").contains(said), "{name}: {text}");
        assert_eq!(text.contains(DROPS), status == 1, "{name}: {text}");
    }
}

#[test]
fn reads_a_long_capture_in_time() {
    // 200,000 ARP requests, 14 MB.
    let mut file = vec![0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    file.extend([0, 0, 4, 0, 1, 0, 0, 0]);
    let mut frame = vec![0xff; 6];
    frame.extend([0x52, 0x54, 0, 1, 2, 3, 8, 6, 0, 1, 8, 0, 6, 4, 0, 1]);
    frame.resize(60, 0);
    for second in 0..200_000_u32 {
        file.extend(second.to_le_bytes());
        file.extend([0; 4]);
        file.extend([60, 0, 0, 0, 60, 0, 0, 0]);
        file.extend(&frame);
    }
    // `run` has a time limit.
    let output = Modified::new().put("dhcp/uplink.pcap", file).doctor(&[]);
    assert_eq!(output.status, 1, "{output:?}");
}

#[test]
fn follows_no_link_out_of_the_snapshot() {
    let secret = tempfile::NamedTempFile::new().expect("make a file");
    fs::write(secret.path(), "127.0.0.1 web secret-word\n").expect("write it");
    let modified = Modified::new();
    fs::create_dir_all(modified.path("host")).expect("make a directory");
    for name in ["host/hosts", "host/firewall.txt", "host/listeners.txt"] {
        symlink(secret.path(), modified.path(name)).expect("make a link");
    }
    fs::create_dir_all(modified.path("console")).expect("make a directory");
    symlink("/etc/passwd", modified.path("console/web.log")).expect("make a link");
    let output = modified.doctor(&["--json"]);
    assert!(!output.stdout.contains("secret-word"), "{output:?}");
    assert!(!output.stdout.contains("127.0.0.1"), "{output:?}");
    assert!(!output.stdout.contains("root:"), "{output:?}");
}
