//! What `vm-broker` does and refuses, asked as a `vm` that somebody has taken over would ask.
#![cfg(target_os = "linux")]

use std::{
    fs,
    os::unix::fs::{MetadataExt as _, chown, symlink},
    path::Path,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use vmkit_lab::{Lab, PATIENCE, Process, Stage, or_skip, run, wait_until};
use vmkit_rights::{Account, Broker, DiscoverRequest, SurveyPart};

/// Two users that this computer does not have.
const ANN: u32 = 41001;
const EVE: u32 = 41003;

/// The broker of a `sudo vm` of this user, in the host's namespace.
fn broker(lab: &Lab, user: u32) -> Broker {
    let program = Stage::find().expect("a stage").prefix().join("lib/vmkit/vm-broker");
    let namespace = lab.host().name().to_owned();
    Broker::new(Account { uid: user, gid: user }, move || {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &namespace]).arg(&program);
        Ok(command)
    })
}

fn words(line: &str) -> Vec<String> {
    line.split(' ').map(str::to_owned).collect()
}

/// A QEMU of this user that holds a tap. It opens the tap as root and then becomes the user, as those
/// of managers do, for which the kernel shows its files as root's.
fn machine(lab: &Lab, tap: &str, user: u32) -> Process {
    lab.host().ip(&format!("tuntap add dev {tap} mode tap")).expect("a tap");
    let mut command = lab.host().command("qemu-system-x86_64");
    command.args(["-S", "-display", "none", "-machine", "none", "-nodefaults"]);
    command.args(["-runas", &format!("{user}:{user}")]);
    command.args(["-netdev", &format!("tap,id=n0,ifname={tap},script=no,downscript=no")]);
    Process::start(&mut command, &lab.folder().join(format!("{tap}.log"))).expect("a QEMU")
}

fn bridge_of(lab: &Lab, port: &str) -> String {
    let shown = lab.host().ip(&format!("-o link show {port}")).expect("the port");
    let master = shown.split_once(" master ").map(|(_, rest)| rest.split(' ').next());
    master.flatten().unwrap_or_default().to_owned()
}

#[test]
fn puts_only_ports_of_the_users_machines_into_a_bridge() {
    let Some(lab) = or_skip(Lab::new("broker-port")) else { return };
    let (ann, eve) = (machine(&lab, "tap1", ANN), machine(&lab, "tap2", EVE));
    lab.host().ip("tuntap add dev tap3 mode tap").expect("a tap that nobody holds");
    let join = |port: &str| words(&format!("ip link set {port} master br0"));
    let own = broker(&lab, ANN);
    // The program has its port some moments after its start.
    wait_until(PATIENCE, "the port of ann's machine in the bridge", || {
        Ok(own.remedy(join("tap1")).is_ok_and(|result| result.status == Some(0)))
    })
    .expect("her own port");
    assert_eq!(bridge_of(&lab, "tap1"), "br0");
    let other = broker(&lab, EVE);
    wait_until(PATIENCE, "eve's machine with its port", || {
        Ok(other.remedy(words("bridge link set dev tap2 state 3")).is_ok())
    })
    .expect("eve's machine holds tap2");
    for port in ["tap2", "tap3", "br0", "lo", "tap9", "../tap1", ""] {
        let refusal = own.remedy(join(port)).expect_err(port);
        assert_eq!(bridge_of(&lab, "tap2"), "", "{port}: {refusal}");
    }
    assert_eq!(bridge_of(&lab, "tap3"), "");
    drop((ann, eve));
}

/// A program of this user, in namespaces of the user's own, that has done what the script says and
/// has the name of a QEMU.
fn impostor(lab: &Lab, name: &str, script: &str) -> Process {
    let mut command = lab.host().command("setpriv");
    command.args([&format!("--reuid={ANN}"), &format!("--regid={ANN}"), "--clear-groups"]);
    command.args(["unshare", "-Urmn", "sh", "-ec", script]);
    Process::start(&mut command, &lab.folder().join(format!("{name}.log"))).expect("an impostor")
}

/// A directory of ann's, which she can reach.
fn directory_of_ann() -> tempfile::TempDir {
    let directory = tempfile::tempdir().expect("a directory");
    chown(directory.path(), Some(ANN), Some(ANN)).expect("ann's");
    directory
}

fn wait_for_file(path: &Path) {
    wait_until(PATIENCE, "the impostor", || Ok(path.exists())).expect("it is ready");
}

#[test]
fn believes_no_program_that_forges_a_port_in_namespaces_of_its_users_own() {
    let Some(lab) = or_skip(Lab::new("broker-forged")) else { return };
    lab.host().ip("tuntap add dev tap1 mode tap").expect("a tap that is not ann's");
    let index = lab.host().command("cat").arg("/sys/class/net/tap1/ifindex").output();
    let index = String::from_utf8(index.expect("its index").stdout).expect("a number");
    let home = directory_of_ann();
    let at = home.path().display();
    // The interpreter is root's own, under the name of a QEMU, as a mount shows it.
    let named = format!(
        "touch {at}/qemu-system-x86_64 && \
        mount --bind $(readlink -f $(command -v python3)) {at}/qemu-system-x86_64"
    );
    let hold = |opens: &str, name: &str| {
        format!(
            "{named}\nexec env PYTHONHOME=/usr {at}/qemu-system-x86_64 -c '\n\
             import fcntl,os,struct,time\n{opens}\nopen(\"{at}/{name}\",\"w\")\ntime.sleep(600)'"
        )
    };
    let file = format!(
        "mount -t tmpfs t /dev\n{}",
        hold(&format!("f=open(\"/dev/tap{}\",\"w\")", index.trim()), "file")
    );
    let own = broker(&lab, ANN);
    let impostor = impostor(&lab, "file", &file);
    wait_for_file(&home.path().join("file"));
    let refusal = own.remedy(words("ip link set tap1 master br0")).expect_err("a forged port");
    assert!(refusal.message.contains("holds the port"), "{refusal}");
    assert_eq!(bridge_of(&lab, "tap1"), "");
    drop(impostor);
}

#[test]
fn opens_no_file_that_a_users_mounts_show_as_a_console_log() {
    let Some(lab) = or_skip(Lab::new("broker-console")) else { return };
    let home = directory_of_ann();
    let (vm, log) = (home.path().join("vm"), home.path().join("vm/console.log"));
    fs::create_dir(&vm).expect("a directory");
    chown(&vm, Some(ANN), Some(ANN)).expect("ann's");
    let mut command = lab.host().command("qemu-system-x86_64");
    command.args(["-S", "-display", "none", "-machine", "none", "-nodefaults"]);
    command.args(["-serial", &format!("file:{}", log.display())]);
    let qemu = Process::start(&mut command, &lab.folder().join("qemu.log")).expect("root's QEMU");
    wait_for_file(&log);
    let at = home.path().display();
    let script = format!(
        "mkdir {at}/ns\nmount -t tmpfs t {at}/ns\ntouch {at}/ns/console.log\n\
         mount --bind /etc/shadow {at}/ns/console.log\necho $$ > {at}/pid\nexec sleep 600"
    );
    let held = impostor(&lab, "mounts", &script);
    let pid = home.path().join("pid");
    wait_until(PATIENCE, "ann's mounts", || Ok(!fs::read(&pid).unwrap_or_default().is_empty()))
        .expect("she has mounts of her own");
    let own = broker(&lab, ANN);
    own.console(qemu.id(), &log).expect("the log of her machine");
    fs::rename(&vm, home.path().join("former")).expect("make room");
    let pid = fs::read_to_string(&pid).expect("a number");
    let inside = format!("/proc/{}/root{at}/ns", pid.trim());
    let shadow = Path::new(&inside).join("console.log");
    assert_eq!(fs::metadata(shadow).expect("root sees it").uid(), 0);
    symlink(&inside, &vm).expect("a link");
    let refusal = own.console(qemu.id(), &log).expect_err("the file of passwords");
    assert!(refusal.message.contains("symbolic links"), "{refusal}");
    // Neither does the broker open another file of root's in her directory.
    fs::remove_file(&vm).expect("make room");
    fs::create_dir(&vm).expect("a directory");
    chown(&vm, Some(ANN), Some(ANN)).expect("ann's");
    fs::write(&log, "root's").expect("a file of root's");
    let refusal = own.console(qemu.id(), &log).expect_err("a file of root's");
    assert!(refusal.message.contains("does not write to"), "{refusal}");
    drop((held, qemu));
}

#[test]
fn runs_no_command_but_those_of_remedies() {
    let Some(lab) = or_skip(Lab::new("broker-run")) else { return };
    let broker = broker(&lab, ANN);
    let rows = [
        "id",
        "sh -c id",
        "ip link delete br0",
        "ip link set br0 down",
        "ip netns add x",
        "sysctl -w kernel.core_pattern=|/tmp/x",
        "systemctl restart sshd",
        "vm hosts-sync --apply",
        "vm --manager vm-toolkit --data-dir relative hosts-sync --apply web",
        "vm hosts-sync --apply --hosts-file",
        "iptables -I INPUT -i lo -p udp --dport 67 -j ACCEPT",
        "dhcpcd -1 eth9",
    ];
    for row in rows {
        let refusal = broker.remedy(words(row)).expect_err(row);
        assert!(!refusal.message.is_empty(), "{row}");
    }
    assert!(broker.remedy(Vec::new()).is_err());
    let flush = broker.remedy(words("ip neigh flush dev br0")).expect("a command of a remedy");
    assert_eq!(flush.status, Some(0), "{flush:?}");
}

#[test]
fn listens_at_port_53_of_loopback_addresses_alone() {
    let Some(lab) = or_skip(Lab::new("broker-listen")) else { return };
    let broker = broker(&lab, ANN);
    for address in ["0.0.0.0", "192.168.77.1", "::", "::ffff:127.0.0.1"] {
        let refusal = broker.listen(address.parse().expect("an address")).expect_err(address);
        assert!(refusal.denied, "{address}: {refusal}");
    }
    lab.host().ip("link set lo up").expect("loopback");
    let loopback = "127.0.0.1".parse().expect("an address");
    let (tcp, udp) = broker.listen(loopback).expect("sockets");
    let expected = "127.0.0.1:53".parse().expect("an address");
    assert_eq!(tcp.local_addr().expect("bound"), expected);
    assert_eq!(udp.local_addr().expect("bound"), expected);
    assert!(broker.listen(loopback).is_err(), "they are in use");
}

#[test]
fn writes_no_text_of_the_callers_into_the_resolvers_files() {
    let Some(lab) = or_skip(Lab::new("broker-resolver")) else { return };
    let broker = broker(&lab, ANN);
    let loopback = "127.0.0.1".parse().expect("an address");
    for suffix in ["", "../cron.d/x", "a b", "vm.test\nDNS=192.0.2.1", "vm.local", "-x"] {
        let refusal = broker.resolver(suffix.to_owned(), Some(loopback)).expect_err(suffix);
        assert!(refusal.denied, "{suffix:?}: {refusal}");
        assert!(broker.resolver(suffix.to_owned(), None).is_err(), "{suffix:?}");
    }
    let elsewhere = "192.0.2.1".parse().expect("an address");
    let refusal = broker.resolver("vm.test".to_owned(), Some(elsewhere)).expect_err("elsewhere");
    assert!(refusal.message.contains("is not a loopback address"), "{refusal}");
}

#[test]
fn sends_discovers_and_nothing_else() {
    let Some(lab) = or_skip(Lab::new("broker-send")) else { return };
    let broker = broker(&lab, ANN);
    let plain = DiscoverRequest {
        interface: "br0".to_owned(),
        chaddr: [2, 0, 0, 0, 0, 9],
        broadcast: true,
        client_id: None,
    };
    let mut frames = broker.capture("br0").expect("a capture of the bridge");
    let hostile = [
        DiscoverRequest { interface: "lo".to_owned(), ..plain.clone() },
        DiscoverRequest { interface: "nothing".to_owned(), ..plain.clone() },
        DiscoverRequest { chaddr: [0xff; 6], ..plain.clone() },
        DiscoverRequest { client_id: Some(vec![7; 256]), ..plain.clone() },
    ];
    for request in hostile {
        let refusal = broker.discover(request.clone()).expect_err("a refusal");
        assert!(refusal.message.len() > 10, "{request:?}: {refusal}");
    }
    let xid = broker.discover(plain.clone()).expect("a DISCOVER");
    // A flood is refused; how many of a loop leave depends on the computer.
    let refused = (0..200).filter(|_| broker.discover(plain.clone()).is_err()).count();
    assert!(refused > 0, "200 DISCOVERs left at once");
    let deadline = Instant::now() + PATIENCE;
    let own = loop {
        let frame = frames.next(deadline).expect("a running capture").expect("the DISCOVER");
        if frame.data.get(46..50) == Some(&xid.to_be_bytes()[..]) {
            break frame.data.to_vec();
        }
    };
    // Option 53 comes first after the magic cookie: DISCOVER, and never a REQUEST.
    let kinds = own.windows(3).filter(|window| window[..2] == [53, 1]).map(|window| window[2]);
    assert_eq!(kinds.collect::<Vec<_>>(), [1]);
    let mac = lab.host().ip("-o link show br0").expect("the bridge");
    let source: Vec<String> = own[6..12].iter().map(|octet| format!("{octet:02x}")).collect();
    assert!(mac.contains(&source.join(":")), "{source:?} is not the bridge's own MAC: {mac}");
    let counts = frames.finish().expect("the counts");
    assert!(counts.matched > 0);
    for interface in ["lo", "nothing", "", "../br0"] {
        assert!(broker.capture(interface).is_err(), "{interface}");
    }
}

/// The broker with the capabilities that `install --capture-group` gives it, or without, started by a
/// user without sudo.
fn unprivileged(lab: &Lab, capabilities: Option<&str>) -> Broker {
    let stage = Stage::find().expect("a stage");
    let program = lab.folder().join(format!("broker-{}", capabilities.is_some()));
    std::fs::copy(stage.prefix().join("lib/vmkit/vm-broker"), &program).expect("a copy");
    if let Some(capabilities) = capabilities {
        run(Command::new("setcap").arg(capabilities).arg(&program)).expect("capabilities");
    }
    let namespace = lab.host().name().to_owned();
    // Who is not root serves itself, whatever it says.
    Broker::new(Account { uid: 0, gid: 0 }, move || {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &namespace, "setpriv", "--clear-groups"]);
        command.args([&format!("--reuid={ANN}"), &format!("--regid={ANN}")]).arg(&program);
        Ok(command)
    })
}

#[test]
fn a_group_with_its_two_capabilities_needs_no_sudo() {
    let Some(lab) = or_skip(Lab::new("broker-caps")) else { return };
    let discover = DiscoverRequest {
        interface: "br0".to_owned(),
        chaddr: [2, 0, 0, 0, 0, 9],
        broadcast: true,
        client_id: None,
    };
    let quick = || words("ip link set br0 type bridge stp_state 0");
    let with = unprivileged(&lab, Some("cap_net_raw,cap_net_admin=ep"));
    with.capture("br0").expect("a capture").finish().expect("its counts");
    with.discover(discover.clone()).expect("a DISCOVER");
    let rules = with.survey(SurveyPart::Firewall).expect("the rules");
    assert!(rules.contains("bridge-nf-call-iptables"), "{rules}");
    let result = with.remedy(quick()).expect("a remedy");
    assert_eq!(result.status, Some(0), "{result:?}");
    assert!(with.replace_hosts([0; 32], b"").is_err(), "files stay root's");

    let without = unprivileged(&lab, None);
    for refusal in [
        without.capture("br0").map(drop).expect_err("no capture"),
        without.discover(discover).map(drop).expect_err("no DISCOVER"),
        without.survey(SurveyPart::Firewall).map(drop).expect_err("no rules"),
    ] {
        assert!(refusal.denied && refusal.message.contains("CAP_NET_"), "{refusal}");
    }
    let result = without.remedy(quick()).expect("the tool says why not");
    assert_ne!(result.status, Some(0), "{result:?}");
}

/// `vm` starts it while it is root, and is killed while a child of it still holds the socket.
#[test]
fn ends_with_the_process_that_started_it_whoever_holds_its_socket() {
    let Some(lab) = or_skip(Lab::new("broker-orphan")) else { return };
    let broker = broker(&lab, ANN);
    thread::scope(|scope| {
        // The system tells the broker of the end of the thread that started it.
        scope.spawn(|| {
            broker.start();
            assert!(broker.survey(SurveyPart::Firewall).is_ok());
        });
    });
    wait_until(PATIENCE, "the end of vm-broker", || {
        Ok(broker.survey(SurveyPart::Firewall).is_err())
    })
    .expect("no broker answers");
}

#[test]
fn ends_with_its_vm() {
    let Some(lab) = or_skip(Lab::new("broker-end")) else { return };
    let broker = broker(&lab, ANN);
    let frames = broker.capture("br0").expect("a capture");
    let inside = || {
        let pids = run(Command::new("ip").args(["netns", "pids", lab.host().name()]))?;
        let name = |pid: &str| std::fs::read_to_string(format!("/proc/{pid}/comm"));
        let names = pids.split_whitespace().filter_map(|pid| name(pid).ok());
        Ok(names.filter(|name| name.trim() == "vm-broker").count())
    };
    assert_eq!(inside().expect("a list"), 1);
    drop((broker, frames));
    wait_until(Duration::from_secs(30), "the end of vm-broker", || {
        inside().map(|count| count == 0)
    })
    .expect("no broker is left");
}
