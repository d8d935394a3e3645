//! `vm doctor --from DIR`: exit statuses, the document, and snapshots that are out to do harm.

use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};

use vmkit_cli_tests::{Output, run};

/// A Mac on Wi-Fi whose router answers no hardware address but the computer's own.
fn router_drops() -> String {
    format!("{}/data/router-drops", env!("CARGO_MANIFEST_DIR"))
}

/// A Mac with three machines, one of them well.
fn bridged() -> String {
    format!("{}/data/macos-bridged", env!("CARGO_MANIFEST_DIR"))
}

/// The snapshot of the router that drops, to be spoiled.
struct Spoiled(tempfile::TempDir);

impl Spoiled {
    fn new() -> Self {
        let directory = tempfile::tempdir().expect("make a directory");
        for name in ["snapshot.json", "probe-dhcp.json"] {
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
fn the_exit_status_tells_how_it_is() {
    let (bridged, drops) = (bridged(), router_drops());
    let none = Spoiled::new().put("probe-dhcp.json", "[]");
    let none = none.0.path().to_str().expect("a temporary path is UTF-8").to_owned();
    let empty = tempfile::tempdir().expect("make a directory");
    let empty = empty.path().to_str().expect("a temporary path is UTF-8");
    // Arguments, status, and the end of the answer.
    let rows: [(&[&str], i32, &str); 6] = [
        (&["web", "--from", &bridged], 0, "1 VM, nothing wrong.\n"),
        (&["--from", &drops], 1, "1 VM, 1 in trouble: web: router-drops-foreign-chaddr.\n"),
        (&["--from", &none], 3, "web: the cause cannot be told.\n"),
        (&["--from", empty], 2, ""),
        (&["nobody", "--from", &drops], 2, ""),
        (&["quiet", "--from", &bridged], 3, "1 VM, 1 still booting: quiet.\n"),
    ];
    for (arguments, status, end) in rows {
        let output = run(&[&["doctor"], arguments].concat());
        output.assert_harmless();
        let said = (output.status, output.stdout.ends_with(end));
        assert_eq!(said, (status, true), "{arguments:?}: {output:?}");
    }
}

/// Machines without a process, and what is said of them with and without their names.
#[test]
fn a_machine_that_was_stopped_is_in_trouble_only_for_who_asks_for_it() {
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
    // Names, status and the end of the answer.
    let check = |rows: &[(&[&str], i32, &str)]| {
        for (names, status, end) in rows {
            let asked = [&["--data-dir", directory, "doctor", "--passive"], *names].concat();
            let output = run(&asked);
            let said = (output.status, output.stdout.ends_with(end));
            assert_eq!(said, (*status, true), "{names:?}: {output:?}");
        }
    };
    check(&[
        (&[], 0, "2 VMs, none of them runs.\n"),
        (&["web"], 1, "1 VM, 1 in trouble: web: vm-not-running.\n"),
    ]);
    let output = run(&["--data-dir", directory, "doctor", "--passive", "--json"]);
    let vms = &output.json()["vms"];
    for place in 0..2 {
        let vm = &vms[place];
        assert_eq!((&vm["healthy"], &vm["power"]), (&true.into(), &"stopped".into()), "{vm:#}");
    }
    // QEMU removes its pid file when it is shut down: this one was killed. No process has the number.
    fs::write(web.join("web.pid"), "4194304\n").expect("write a file");
    check(&[
        (&[], 1, "2 VMs, 1 in trouble: web: vm-not-running.\n"),
        (&["db"], 1, "1 VM, 1 in trouble: db: vm-not-running.\n"),
    ]);
}

/// Guests of the lab whose boot goes on: recorded seconds after their start.
#[test]
fn a_guest_that_is_still_booting_is_accused_of_nothing() {
    let corpus = format!("{}/../corpus/doctor", env!("CARGO_MANIFEST_DIR"));
    for (record, awaits) in
        [("guest-still-booting", "ssh"), ("guest-still-without-network", "address")]
    {
        let record = format!("{corpus}/{record}");
        let output = run(&["doctor", "--from", &record]);
        output.assert_harmless();
        assert_eq!(output.status, 3, "{output:?}");
        assert!(output.stdout.starts_with("web: still booting"), "{output:?}");
        assert!(output.stdout.ends_with("1 VM, 1 still booting: web.\n"), "{output:?}");
        let document = run(&["doctor", "--json", "--from", &record]).json();
        let vm = &document["vms"][0];
        assert_eq!(vm["booting"]["awaits"], awaits, "{vm:#}");
        assert_eq!((&vm["causes"], &vm["healthy"]), (&serde_json::json!([]), &false.into()));
        assert!(vm["booting"]["usual"].is_string() && vm["cannot_tell"].is_string(), "{vm:#}");
    }
}

#[test]
fn the_document_says_what_the_text_says() {
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
    // Nobody captured: that is null, and no empty list.
    assert!(vm["dhcp"]["guest_side"].is_null(), "{:#}", vm["dhcp"]);
    assert_eq!(vm["dhcp"]["test"].as_array().map(Vec::len), Some(3), "{:#}", vm["dhcp"]);
}

#[test]
fn a_replay_is_the_same_whatever_may_be_sent() {
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
    // Signals that could send are left out, recorded or not; here none has recorded anything.
    assert_eq!(once(&[])["vms"], once(&["--passive"])["vms"]);
}

#[test]
fn text_of_a_snapshot_does_not_steer_the_terminal() {
    let evil = "x\u{1b}]0;owned\u{7}\u{9b}31m\u{202e}\r\nweb: well";
    let json = |value: serde_json::Value| value.to_string();
    let spoiled = Spoiled::new()
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
        let output = spoiled.doctor(more);
        output.assert_harmless();
        assert!(output.status != 0, "{output:?}");
    }
}

const DROPS: &str = "router-drops-foreign-chaddr";

/// What each spoiled part must leave: the status, and a word on the part or the cause.
#[test]
fn a_part_that_cannot_be_read_is_named_and_the_rest_counts() {
    let cut = [0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0];
    let mut giant = vec![0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    giant.extend([0, 0, 4, 0, 1, 0, 0, 0]);
    // One record that says that it is 4 GiB long.
    giant.extend([0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255]);
    // A capture may have named the machine's address: without it nobody can tell that it has none.
    let rows: [(&str, &[u8], i32, &str); 7] = [
        ("dhcp/guest-web.pcap", &cut, 3, "dhcp error: dhcp/guest-web.pcap: is no pcap file"),
        ("dhcp/uplink.pcap", &giant, 3, "dhcp error: dhcp/uplink.pcap"),
        ("dhcp/uplink.pcap", b"\x0a\x0d\x0d\x0a this is pcapng", 3, "dhcp error"),
        ("host/bridge.json", b"{\"bridges\": 7}", 1, DROPS),
        ("gateway/http.json", b"{\"url\": []}", 1, DROPS),
        ("qmp.json", b"[1, 2", 1, DROPS),
        ("probes.json", b"{\"kind\": 7}", 1, DROPS),
    ];
    for (name, content, status, said) in rows {
        let output = Spoiled::new().put(name, content).doctor(&[]);
        output.assert_harmless();
        assert_eq!(output.status, status, "{name}: {output:?}");
        let text = output.stdout.clone() + &output.stderr;
        assert!(text.replace("\n    ", " ").contains(said), "{name}: {text}");
        assert_eq!(text.contains(DROPS), status == 1, "{name}: {text}");
    }
}

#[test]
fn a_long_capture_is_answered_in_time() {
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
    // The harness ends what takes 20 s.
    let output = Spoiled::new().put("dhcp/uplink.pcap", file).doctor(&[]);
    assert_eq!(output.status, 1, "{output:?}");
}

#[test]
fn a_link_out_of_the_snapshot_is_not_followed() {
    let secret = tempfile::NamedTempFile::new().expect("make a file");
    fs::write(secret.path(), "127.0.0.1 web secret-word\n").expect("write it");
    let spoiled = Spoiled::new();
    fs::create_dir_all(spoiled.path("host")).expect("make a directory");
    for name in ["host/hosts", "host/firewall.txt", "host/listeners.txt"] {
        symlink(secret.path(), spoiled.path(name)).expect("make a link");
    }
    fs::create_dir_all(spoiled.path("console")).expect("make a directory");
    symlink("/etc/passwd", spoiled.path("console/web.log")).expect("make a link");
    let output = spoiled.doctor(&["--json"]);
    assert!(!output.stdout.contains("secret-word"), "{output:?}");
    assert!(!output.stdout.contains("127.0.0.1"), "{output:?}");
    assert!(!output.stdout.contains("root:"), "{output:?}");
}
