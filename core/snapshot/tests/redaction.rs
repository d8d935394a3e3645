//! Nothing that identifies is left in a redacted snapshot.

use std::{
    fs,
    path::{Path, PathBuf},
};

use vmkit_inside::{GuestCard, Way, read};
use vmkit_model::Trace;
use vmkit_snapshot::{check, open, redact};

/// The snapshots below this folder of the repository.
fn snapshots(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(folder);
    let entries = fs::read_dir(folder).expect("list snapshots");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    paths.filter(|path| path.join("snapshot.json").exists()).collect()
}

fn said(traces: &[Trace]) -> String {
    let line = |trace: &Trace| {
        let Trace { path, place, kind, excerpt } = trace;
        format!("{path} {place:?} {kind:?} {excerpt}")
    };
    traces.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_check_finds_nothing_in_any_redacted_snapshot() {
    let folders =
        ["tests/corpus/doctor", "tests/corpus/reports", "tests/corpus/lab", "tests/cli/data"];
    let all: Vec<PathBuf> = folders.into_iter().flat_map(snapshots).collect();
    assert!(all.len() > 40, "{all:?}");
    let mut left = Vec::new();
    for snapshot in all {
        let to = tempfile::tempdir().unwrap();
        redact(&open(&snapshot).unwrap(), to.path()).unwrap();
        let traces = check(to.path()).unwrap();
        if !traces.is_empty() {
            left.push(format!("{}\n{}", snapshot.display(), said(&traces)));
        }
    }
    assert!(left.is_empty(), "{}", left.join("\n"));
}

#[test]
fn what_a_guest_says_from_inside_says_the_same_redacted() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../inside/tests/data");
    for (system, way) in [("iproute2", Way::Ssh), ("busybox", Way::GuestAgent)] {
        let answer = fs::read(data.join(format!("{system}.txt"))).unwrap();
        let place = hostile(&[("inside/acme-web.txt", &way.record(&answer))]);
        let to = tempfile::tempdir().unwrap();
        redact(&open(place.path()).unwrap(), to.path()).unwrap();
        let redacted = fs::read(to.path().join("inside/vm1.txt")).unwrap();
        let (again, redacted) = Way::of_record(&redacted).expect("how it was asked");
        assert_eq!(again, way);
        let [before, after] = [&answer, redacted].map(|said| read(said).known().unwrap());
        let [own, stand_in] = [&before, &after].map(|inside| {
            let cards = inside.cards.clone().known().expect("cards");
            cards.into_iter().find(|card| card.name == "eth0").expect("the machine's card")
        });
        assert_eq!((stand_in.up, stand_in.carrier), (own.up, own.carrier), "{system}");
        let lengths = |card: &GuestCard| -> Vec<_> {
            card.addresses.iter().map(|it| (it.prefix.length, it.dynamic)).collect()
        };
        assert_eq!(lengths(&stand_in), lengths(&own), "{system}");
        // The same stand-ins as everywhere, also in what is made from the MAC.
        let mac = stand_in.mac.expect("a MAC").to_string();
        let document = fs::read_to_string(to.path().join("snapshot.json")).unwrap();
        assert!(document.contains(&mac) && mac != own.mac.unwrap().to_string(), "{system}: {mac}");
        let link_local = stand_in.addresses.last().expect("an address").prefix.address.to_string();
        assert!(link_local.ends_with(mac.trim_start_matches("52:54:00:00:00:0")), "{link_local}");
        assert_eq!(after.routes, before.routes, "{system}: only networks and a gateway");
        assert_eq!(after.listeners, before.listeners, "{system}");
        assert_eq!(after.programs, before.programs, "{system}");
        let traces = check(to.path()).unwrap();
        assert!(traces.is_empty(), "{system}: {}", said(&traces));
    }
}

/// A snapshot of one VM named `acme-web` with these files beside it.
fn hostile(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let place = tempfile::tempdir().expect("make a directory");
    let document = br#"{"schema":"vmkit.snapshot/1","captured_at":"2026-11-24T06:00:00Z","vms":[
        {"name":"acme-web","mac":"52:54:00:4b:5e:57","hostname":"acme-web","username":"jdoe"}]}"#;
    for (name, bytes) in files.iter().chain([&("snapshot.json", &document[..])]) {
        let path = place.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("make it");
        fs::write(path, bytes).expect("write a file");
    }
    place
}

/// A capture with one frame.
fn capture(frame: &[u8]) -> Vec<u8> {
    let length = u32::try_from(frame.len()).expect("a short frame").to_le_bytes();
    let mut file =
        vec![0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 1, 0, 0, 0];
    file.extend([0x80, 0x2d, 0x24, 0x67, 0, 0, 0, 0]);
    [&file[..], &length, &length, frame].concat()
}

/// A DISCOVER of the VM with these options.
fn discover(options: &[u8]) -> Vec<u8> {
    let mac = [0x52, 0x54, 0, 0x4b, 0x5e, 0x57];
    let mut message = vec![0; 236];
    message[..8].copy_from_slice(&[1, 1, 6, 0, 1, 2, 3, 4]);
    message[28..34].copy_from_slice(&mac);
    message[44..53].copy_from_slice(b"acme-boot");
    message.extend([99, 130, 83, 99, 53, 1, 1]);
    message.extend(options);
    message.push(255);
    message.extend(b"acme-trail");
    let udp = u16::try_from(message.len() + 8).expect("a short message").to_be_bytes();
    let ip = u16::try_from(message.len() + 28).expect("a short message").to_be_bytes();
    let mut frame =
        [&[0xff; 6][..], &mac, &[8, 0, 0x45, 0, ip[0], ip[1], 0, 0, 0, 0, 64, 17, 0, 0]].concat();
    frame.extend([0, 0, 0, 0, 255, 255, 255, 255, 0, 68, 0, 67, udp[0], udp[1], 0, 0]);
    frame.extend(message);
    frame
}

/// The option with this number.
fn option(code: u8, data: &[u8]) -> Vec<u8> {
    [&[code, u8::try_from(data.len()).expect("a short option")], data].concat()
}

/// Captures, and what in each of them identifies, in bytes that must not be left.
fn telling_packets() -> Vec<(&'static str, Vec<u8>, &'static [u8])> {
    let mac = [0x4b, 0x5e, 0x57];
    let duid =
        [&[255, 1, 2, 3, 4, 0, 1, 0, 1, 0x2c, 0x1d, 0xaa, 0xbb, 0x52, 0x54, 0][..], &mac].concat();
    let dhcp = |code: u8, data: &[u8]| capture(&discover(&option(code, data)));
    let ethernet = |destination: [u8; 6], kind: [u8; 2], rest: &[u8]| {
        capture(&[&destination[..], &[0x52, 0x54, 0, 0, 0, 1], &kind, rest].concat())
    };
    let named = discover(&[option(26, &[2, 64]), option(12, b"acme-laptop")].concat());
    let tagged = [&named[..12], &[0x81, 0, 0, 42], &named[12..]].concat();
    let pcap = "dhcp/uplink.pcap";
    vec![
        (pcap, dhcp(12, b"acme-laptop"), b"acme"),
        (pcap, capture(&named), b"acme"),
        (pcap, capture(&tagged), b"acme"),
        (pcap, dhcp(51, b"acme-time"), b"acme"),
        (pcap, dhcp(60, b"acme-vendor"), b"acme"),
        (pcap, dhcp(61, &duid), &[0x4b, 0x5e, 0x57]),
        (pcap, dhcp(77, b"acme-class"), b"acme"),
        (pcap, dhcp(81, b"\0\0\0acme.corp"), b"acme"),
        (pcap, dhcp(82, b"\x01\x08acme-sw1"), b"acme"),
        (pcap, dhcp(97, b"\0acme-serial-uuid"), b"acme"),
        (pcap, dhcp(15, b"acme.corp"), b"acme"),
        (pcap, dhcp(56, b"no lease for acme-laptop"), b"acme"),
        (pcap, dhcp(43, b"acme-data"), b"acme"),
        (
            pcap,
            ethernet([0x33, 0x33, 0xff, 0x4b, 0x5e, 0x57], [0x86, 0xdd], b"acme"),
            &[0x4b, 0x5e, 0x57],
        ),
        (pcap, ethernet([1, 0, 0x5e, 0, 0, 0xfb], [8, 0], b"acme.local mdns"), b"acme"),
    ]
}

/// The same of texts.
fn telling_texts() -> Vec<(&'static str, Vec<u8>, &'static [u8])> {
    let text = |text: &str| text.as_bytes().to_vec();
    vec![
        ("console/acme-web.log", text("enx5254004b5e57 renamed"), b"4b5e57"),
        ("console/acme-web.log", text("5254.004b.5e57"), b"5e57"),
        ("console/acme-web.log", text("ICMP6 to ff02::1:ff4b:5e57"), b"5e57"),
        ("console/acme-web.log", text("DUID 00:01:00:01:2c:1d:aa:bb:52:54:00:4b:5e:57"), b"5e:57"),
        ("console/acme-web.log", text("dhcp-192-168-77-50 login:"), b"77-50"),
        ("console/acme-web.log", text("ip-10-1-2-93.eu-west-1.acme"), b"2-93"),
        ("console/acme-web.log", text("hosts: srv1.acme.example.org"), b"acme"),
        ("console/acme-web.log", text("SSID \"Smith Family\" joined"), b"Smith"),
        ("console/acme-web.log", text("serial number +091291+2044000171"), b"2044000171"),
        ("console/acme-web.log", text("wg key mK3vJ/Qd8+xAcmeAAA="), b"Acme"),
        ("console/acme-web.log", text("gr\u{fc}\u{df}e an J\u{f6}rg"), "J\u{f6}rg".as_bytes()),
        (
            "leases/dhcpd.leases",
            text("uid \"\\001RT\\000K^W\"; client-hostname \"smith\";"),
            b"smith",
        ),
        (
            "leases/dnsmasq.leases",
            text("1790000000 52:54:00:4b:5e:57 192.168.77.50 smith *"),
            b"smith",
        ),
        ("host/firewall.txt", text("-A acme-in -s 81.2.69.142"), b"81.2.69"),
        (
            "host/dhcp-server.json",
            text(
                r#"[{"program":"acmed","interfaces":["smith0"],"clients":[{"mac":"52:54:00:4b:5e:57"}]}]"#,
            ),
            b"4b:5e:57",
        ),
        ("host/hosts", text("2a00:23c7:aa01:1::5 nas.smith.home"), b"23c7"),
        (
            "dns.json",
            text(r#"[{"name":"\u0061cme.local","answers":["93.184.216.34"]}]"#),
            b"93.184",
        ),
        ("dns.json", text(r#"{"name":"\u0061cme","broken"#), b"cme"),
        (
            "agent/acme-web.json",
            text(r#"{"return":[{"name":"eth0","owner":"Jane\nDoe"}]}"#),
            b"Doe",
        ),
        ("gateway/names.json", text(r#"["acme-router.smith.net"]"#), b"smith"),
        (
            "gateway/http.json",
            text(
                r#"[{"url":"http://192.168.1.254/x?user=smith","status":200,"headers":{"set-cookie":"smith"},
                "body":"var known_device_list=[{mac:'A4%3A83%3AE7%3A4B%3A5E%3A57',hostname:'Smith%2DMac',ip:'192%2E168%2E1%2E50'},null];essid_2g:'Smith%2D7XQ2HM'"}]"#,
            ),
            b"Smith",
        ),
        (
            "gateway/ssdp.xml",
            text(
                "<friendlyName>Smith</friendlyName><serialNumber>X123</serialNumber><UDN>uuid:4b5e57</UDN>",
            ),
            b"X123",
        ),
    ]
}

#[test]
fn nothing_that_identifies_is_left_and_the_check_finds_it_before() {
    let mut left = Vec::new();
    for (name, bytes, secret) in telling_packets().into_iter().chain(telling_texts()) {
        let place = hostile(&[(name, &bytes)]);
        let before = check(place.path()).unwrap();
        let what = format!("{name} {}\n", String::from_utf8_lossy(secret));
        if !before.iter().any(|trace| trace.path == name) {
            left.push(format!("not found: {what}"));
        }
        let to = tempfile::tempdir().unwrap();
        redact(&open(place.path()).unwrap(), to.path()).unwrap();
        let after = check(to.path()).unwrap();
        if !after.is_empty() {
            left.push(format!("{}\nafter {what}", said(&after)));
        }
        for file in files(to.path()) {
            let bytes = fs::read(&file).unwrap().to_ascii_lowercase();
            let name = file.strip_prefix(to.path()).unwrap().display().to_string();
            let secret = secret.to_ascii_lowercase();
            for secret in [&secret[..], b"acme", b"jdoe", b"smith"] {
                if bytes.windows(secret.len()).any(|window| window == secret)
                    || name.contains("acme")
                {
                    left.push(format!("left in {name}: {what}"));
                }
            }
        }
    }
    assert!(left.is_empty(), "{}", left.join("\n"));
}

#[test]
fn what_a_manager_says_of_a_machine_says_the_same_redacted() {
    let document = r#"{"schema":"vmkit.snapshot/1","captured_at":"2026-11-24T06:00:00Z","vms":[{
        "name":"lima/acme","own_name":"acme","manager":"lima","mac":"52:54:00:4b:5e:57",
        "doubt":"process-of-another-user","forwards":["tcp 127.0.0.1:60022 -:22"],
        "endpoints":[{"address":"127.0.0.1:60022","how":"forwarded","ssh":"ready","rtt_us":120}],
        "identity_file":"/home/smith/user","remarks":["network-inactive it is not started"]}]}"#;
    let counters = r#"{"acme":{"disk_read_bytes":2044000171,"disk_read_operations":20440001}}"#;
    let servers = r#"[{"program":"dnsmasq","interfaces":[],"addresses":[],"pools":[],
        "answers":[{"mac":"52:54:00:4b:5e:57","refused":true,"at_ms":1795946300123}]}]"#;
    let place = hostile(&[
        ("snapshot.json", document.as_bytes()),
        ("qmp.json", counters.as_bytes()),
        ("host/dhcp-server.json", servers.as_bytes()),
    ]);
    fs::write(place.path().join("snapshot.json"), document).unwrap();
    let to = tempfile::tempdir().unwrap();
    redact(&open(place.path()).unwrap(), to.path()).unwrap();
    let read = |name: &str| fs::read_to_string(to.path().join(name)).unwrap();
    let machine: serde_json::Value = serde_json::from_str(&read("snapshot.json")).unwrap();
    let before: serde_json::Value = serde_json::from_str(document).unwrap();
    let (machine, before) = (&machine["vms"][0], &before["vms"][0]);
    for field in ["doubt", "forwards", "endpoints", "remarks"] {
        assert_eq!(machine[field], before[field], "{field}: {machine:#}");
    }
    let identity_file = machine["identity_file"].as_str().unwrap();
    assert!(identity_file.starts_with("/home/") && !identity_file.contains("smith"), "{machine:#}");
    let qmp = read("qmp.json");
    assert!(["2044000171", "disk_read_operations"].iter().all(|it| qmp.contains(it)), "{qmp}");
    let traces = check(to.path()).unwrap();
    assert!(traces.is_empty(), "{}", said(&traces));
}

#[test]
fn a_long_number_that_is_no_counter_is_told() {
    let place = hostile(&[("qmp.json", b"{\n  \"serial\": 2044000171\n}")]);
    let traces = check(place.path()).unwrap();
    assert!(traces.iter().any(|trace| trace.excerpt == "2044000171"), "{}", said(&traces));
}

/// All files below this folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let paths = fs::read_dir(folder).expect("list").map(|entry| entry.expect("an entry").path());
    paths.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

#[test]
fn the_release_the_language_and_the_terminal_of_a_mac_stay() {
    let rows = [
        (
            "release",
            "ProductName:\t\tmacOS\nProductVersion:\t\t26.1\nBuildVersion:\t\t25B5042k\n",
            "ProductName:\t\tmacOS\nProductVersion:\t\t26.1\nBuildVersion:\t\t25 B 5042 k\n",
        ),
        ("locale", "de_DE\n", "de_DE\n"),
        (
            "languages",
            "(\n    \"de-DE\",\n    \"en-GB\"\n)\n",
            "(\n    \"de-DE\",\n    \"en-GB\"\n)\n",
        ),
        (
            "environment",
            "TERM_PROGRAM=Apple_Terminal\nLANG=de_DE.UTF-8\n",
            "TERM_PROGRAM=Apple_Terminal\nLANG=de_DE.UTF-8\n",
        ),
        (
            "processes",
            "4242 0 501 01:21 qemu-system-aarch64 -name acme-web -m 4096 -fsdev /Users/jdoe/tax\n",
            "4242 0 501 01:21 qemu-system-aarch64 -name vm1 -m 4096 -x1 /Users/user1/x2\n",
        ),
    ];
    for (name, text, expected) in rows {
        let path = format!("tools/{name}.txt");
        let place = hostile(&[(&path, text.as_bytes())]);
        let to = tempfile::tempdir().unwrap();
        redact(&open(place.path()).unwrap(), to.path()).unwrap();
        assert_eq!(fs::read_to_string(to.path().join(&path)).unwrap(), expected);
        assert_eq!(said(&check(to.path()).unwrap()), "");
    }
}
