//! The plugins of docs/examples, confined as they are for users, on servers that answer as their makers
//! document.
#![cfg(target_os = "linux")]

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
};

use serde_json::{Value, json};
use vmkit_contract::{Tree, machine};
use vmkit_host::Target;
use vmkit_types::{ListedMachine, MachineState, Reading, SubjectCard};

fn folder(example: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/examples").join(example)
}

/// The manifest and the program of an example.
fn example(name: &str) -> (Value, String) {
    let manifest = fs::read_to_string(folder(name).join(format!("{name}.plugin.json")));
    let manifest: Value = serde_json::from_str(&manifest.expect("a manifest")).expect("JSON");
    let file = manifest["program"]["file"].as_str().expect("a program");
    let text = fs::read_to_string(folder(name).join(file)).expect("the program");
    (manifest, text)
}

/// A tree with this example.
fn tree_with(name: &str) -> Tree {
    let tree = Tree::with(&[]);
    let (manifest, text) = example(name);
    tree.add_program(&manifest, &text);
    tree
}

fn with_mac(name: &str, mac: &str) -> Target {
    let mut target = machine(name);
    target.subject.macs = vec![mac.parse().expect("a MAC")];
    target
}

/// One request: its path, its headers and its body.
struct Asked {
    path: String,
    headers: String,
    body: String,
}

/// A server of HTTP at an address of its own, until the test ends. Returns its address.
fn serve(answer: impl Fn(&Asked) -> (u16, String) + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    thread::spawn(move || {
        for stream in listener.incoming() {
            serve_one(&stream.expect("a client"), &answer);
        }
    });
    address
}

fn serve_one(stream: &TcpStream, answer: &impl Fn(&Asked) -> (u16, String)) {
    let mut reader = BufReader::new(stream.try_clone().expect("a copy"));
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).expect("a line");
        if line.trim().is_empty() {
            break;
        }
        lines.push(line.trim().to_owned());
    }
    let length = lines.iter().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<u64>())
    });
    let mut body = String::new();
    let length = length.map_or(0, |length| length.expect("a number"));
    reader.take(length).read_to_string(&mut body).expect("a body");
    let path = lines[0].split(' ').nth(1).expect("a path").to_owned();
    let (status, text) = answer(&Asked { path, headers: lines.join("\n"), body });
    let reply = format!(
        "HTTP/1.1 {status} Status\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{text}",
        text.len()
    );
    // A client that refuses the answer may have left.
    let mut writer = stream;
    writer.write_all(reply.as_bytes()).ok();
}

const SESSION: &str = "c1ed6c7b025d0caca723a816fa61b668";

/// As a router's `rpcd` and `rpcd-mod-luci` answer.
fn router(asked: &Asked) -> (u16, String) {
    let question: Value = serde_json::from_str(&asked.body).expect("JSON");
    let [session, object, method] =
        [0, 1, 2].map(|at| question["params"][at].as_str().expect("a word"));
    let result = match (object, method) {
        ("session", "login") if question["params"][3]["password"] == "right" => {
            json!([0, {"ubus_rpc_session": SESSION, "timeout": 300}])
        }
        ("luci-rpc", "getDHCPLeases") if session == SESSION => json!([0, {
            "dhcp_leases": [
                {"expires": 3600, "hostname": "web", "macaddr": "52:54:00:00:00:01", "ipaddr": "192.168.1.64"},
                {"expires": 60, "macaddr": "52:54:00:00:00:09", "ipaddr": "192.168.1.65"},
            ],
            "dhcp6_leases": [],
        }]),
        _ => json!([6]),
    };
    (200, json!({"jsonrpc": "2.0", "id": 1, "result": result}).to_string())
}

#[test]
fn the_leases_of_an_openwrt_router_become_claims() {
    let address = serve(router);
    let targets = || vec![with_mac("web", "52:54:00:00:00:01"), machine("db")];
    let run = |url: &str, password: &str| {
        let configuration = json!({"url": url, "user": "root", "password": password}).to_string();
        tree_with("openwrt").run(targets(), &[("openwrt", &configuration)])
    };
    let ran = run(&format!("http://{address}"), "right");
    assert_eq!(ran.outcome("openwrt"), ("ok", ""));
    assert_eq!(ran.texts("openwrt"), ["the router's lease for web", "the VM has no MAC"]);
    let lease = &ran.evidence[0].observation;
    assert_eq!(
        (lease.kind.code(), lease.address),
        ("openwrt.lease", Some([192, 168, 1, 64].into()))
    );

    let denied = run(&format!("http://{address}"), "wrong");
    let expected = format!("http://{address}/ubus: the router refuses session login (status 6)");
    assert_eq!(denied.texts("openwrt"), [expected.as_str(), &expected]);
    let ran = tree_with("openwrt").run(targets(), &[("openwrt", "{}")]);
    assert_eq!(ran.outcome("openwrt"), ("error", "the configuration lacks 'url'"));
}

/// As `NetBox` answers, in pages of two, in the form of its versions before and since 4.2.
fn netbox(asked: &Asked, own: &str) -> (u16, String) {
    if !asked.headers.to_lowercase().contains("authorization: token 0123456789abcdef") {
        return (403, json!({"detail": "Invalid token"}).to_string());
    }
    let vm = |id: u32, name: &str, status: &str, ip: Value| {
        json!({"id": id, "url": "", "name": name, "status": {"value": status, "label": "x"},
               "primary_ip4": ip, "primary_ip6": null})
    };
    let page = match asked.path.as_str() {
        "/api/virtualization/virtual-machines/?limit=200&cluster=lab" => json!({
            "count": 3,
            "next": format!("http://{own}/api/virtualization/virtual-machines/?limit=200&offset=2"),
            "results": [
                vm(1, "web", "active", json!({"id": 7, "address": "192.168.1.64/24"})),
                vm(2, "db", "offline", Value::Null),
            ],
        }),
        "/api/virtualization/virtual-machines/?limit=200&offset=2" => json!({
            "count": 3, "next": null, "results": [vm(3, "zoo", "decommissioning", Value::Null)],
        }),
        "/api/virtualization/interfaces/?limit=200" => json!({
            "count": 2, "next": null,
            "results": [
                {"id": 1, "virtual_machine": {"id": 1}, "mac_address": "52:54:00:00:00:01"},
                {"id": 2, "virtual_machine": {"id": 2}, "mac_address": null,
                 "primary_mac_address": {"id": 4, "mac_address": "52:54:00:00:00:02"}},
                {"id": 3, "virtual_machine": {"id": 3}},
            ],
        }),
        _ => return (404, json!({"detail": "Not found."}).to_string()),
    };
    (200, page.to_string())
}

#[test]
fn netbox_lists_its_machines() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let own = listener.local_addr().expect("an address").to_string();
    let address = own.clone();
    thread::spawn(move || {
        for stream in listener.incoming() {
            serve_one(&stream.expect("a client"), &|asked| netbox(asked, &address));
        }
    });
    let ask = |token: &str| {
        let url = format!("http://{own}/");
        let configuration = json!({"url": url, "token": token, "filter": {"cluster": "lab"}});
        tree_with("netbox").list(&[("netbox", &configuration.to_string())])
    };
    let listed = ask("0123456789abcdef");
    let outcomes: Vec<_> =
        listed.outcomes.iter().map(|it| (it.status.code(), &it.message)).collect();
    assert_eq!(outcomes, [("ok", &None)]);
    let machine = |id: &str, name: &str, address: Option<&str>, mac: Option<&str>| {
        let card = |mac: &str| SubjectCard { mac: mac.parse().ok(), ..SubjectCard::default() };
        let addresses = address.iter().map(|address| address.parse().expect("an address"));
        ListedMachine {
            addresses: Reading::Known(addresses.collect()),
            cards: Reading::Known(mac.map(card).into_iter().collect()),
            // The inventory names no programs, so its machines have no process here.
            pid: Reading::Absent,
            ..ListedMachine::new(id, name)
        }
    };
    let web = machine("1", "web", Some("192.168.1.64"), Some("52:54:00:00:00:01"));
    let db = machine("2", "db", None, Some("52:54:00:00:00:02"));
    // That it is meant to run says nothing of whether it does.
    let expected = [
        web,
        ListedMachine { state: Reading::Known(MachineState::Stopped), ..db },
        machine("3", "zoo", None, None),
    ];
    assert_eq!(listed.listings[0].machines, expected);

    let denied = ask("wrong").outcomes.remove(0);
    let message = format!("http://{own} answers 403 Status");
    assert_eq!((denied.status.code(), denied.message), ("denied", Some(message)));
}

#[test]
fn netbox_sends_its_token_to_no_other_server() {
    let other = serve(|_| panic!("it was asked"));
    let page = json!({"results": [], "next": format!("http://{other}/api/")}).to_string();
    let address = serve(move |_| (200, page.clone()));
    let configuration = json!({"url": format!("http://{address}"), "token": "secret"}).to_string();
    let outcome = tree_with("netbox").list(&[("netbox", &configuration)]).outcomes.remove(0);
    let message = outcome.message.unwrap_or_default();
    assert!(message.contains("the next page is elsewhere"), "{message}");
}

#[test]
fn a_shell_finds_the_lease_of_each_machine() {
    let vm = |index: u32, name: &str, macs: &[&str]| {
        // The host writes the fields in this order.
        let macs =
            if macs.is_empty() { String::new() } else { format!(",\"macs\":{}", json!(macs)) };
        let line = format!("{{\"type\":\"vm\",\"index\":{index},\"name\":{}{macs}}}", json!(name));
        line
    };
    let answer = |text: &str| format!("{{\"type\":\"answer\",\"text\":{}}}", json!(text));
    let lines = [
        "{\"type\":\"hello\",\"protocol\":1,\"configuration\":{},\"log_level\":\"info\"}"
            .to_owned(),
        vm(0, "web", &["52:54:00:00:00:01", "52:54:00:00:00:02"]),
        vm(1, "a \"macs\":[\"52:54:00:00:00:02\"] $(exit) `exit` \\", &[]),
        vm(2, "db", &["52:54:00:00:00:03"]),
        "{\"type\":\"observe\",\"stage\":\"discover\",\"source\":\"live\"}".to_owned(),
        answer("1800003600 52:54:00:00:00:02 192.168.77.50 web *"),
        answer("1800003600 52:54:00:00:00:04 192.168.77.51 \"$(exit)\" *"),
        "{\"type\":\"answered\"}".to_owned(),
    ];
    let script = folder("dnsmasq-sh").join("dnsmasq.sh");
    let mut child = Command::new("/bin/sh")
        .arg(script)
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("start a shell");
    let text = lines.join("\n") + "\n";
    child.stdin.take().expect("a pipe").write_all(text.as_bytes()).expect("it listens");
    let said = String::from_utf8(child.wait_with_output().expect("it ends").stdout).expect("text");
    let said: Vec<Value> =
        said.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(said[2]["address"], "192.168.77.50");
    assert_eq!((&said[2]["vm"], &said[2]["kind"]), (&json!(0), &json!("lease-current")));
    assert_eq!((&said[3]["vm"], &said[3]["says"]), (&json!(1), &json!("it has no MAC")));
    assert_eq!((&said[4]["type"], said.len()), (&json!("done"), 5));
}

#[test]
fn a_shell_runs_confined() {
    let ran = tree_with("dnsmasq-sh").run(vec![with_mac("web", "52:54:00:00:00:77")], &[]);
    assert_eq!(ran.outcome("dnsmasq-sh"), ("ok", ""));
    if !Path::new("/var/lib/misc/dnsmasq.leases").exists() {
        assert_eq!(ran.texts("dnsmasq-sh"), ["dnsmasq keeps no leases here"]);
    }
}
