//! Plugins that cannot be used: the VMs are not checked instead of having no address.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a faulty fixture must end its test")]

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _},
    net::UdpSocket,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Child,
    time::Duration,
};

use vmkit_cli_tests::{DataDirectory, Output, run, serve_names, vm};
use vmkit_host::Pins;

/// A tree like the staged one with another worker or choice of plugins.
struct Tree(tempfile::TempDir);

impl Tree {
    /// A tree with the plugins whose file names `wanted` accepts.
    fn with(wanted: impl Fn(&str) -> bool) -> Self {
        let staged = fs::canonicalize(vm()).unwrap();
        let staged = staged.ancestors().nth(2).unwrap();
        // Plugins beside the staged tree are trusted.
        let root = tempfile::Builder::new().prefix("unchecked-").tempdir_in(staged).unwrap();
        fs::set_permissions(root.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let tree = Self(root);
        let plugins = fs::read_dir(staged.join("lib/vmkit/plugins")).unwrap();
        let names = plugins.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let plugins =
            names.filter(|name| wanted(name)).map(|name| format!("lib/vmkit/plugins/{name}"));
        let programs = ["bin/vm", "lib/vmkit/vm-worker", "lib/vmkit/vm-broker"].map(str::to_owned);
        for file in plugins.chain(programs) {
            let to = tree.path(&file);
            for folder in [to.parent().unwrap(), tree.path("lib/vmkit/plugins").as_path()] {
                fs::create_dir_all(folder).unwrap();
            }
            fs::hard_link(staged.join(&file), to).unwrap();
        }
        tree.pin();
        tree
    }

    /// Writes down what the tree holds now, as an installation does.
    fn pin(&self) {
        let library = self.path("lib/vmkit");
        let plugins = fs::read_dir(library.join("plugins")).unwrap();
        let plugins = plugins
            .map(|entry| format!("plugins/{}", entry.unwrap().file_name().into_string().unwrap()));
        let programs = ["vm-worker", "vm-broker"].map(str::to_owned);
        let names: Vec<String> = programs.into_iter().chain(plugins).collect();
        let pins = Pins::of_files(&library, &names).unwrap();
        fs::write(library.join(Pins::FILE), pins.to_text()).unwrap();
    }

    fn path(&self, below: &str) -> PathBuf {
        self.0.path().join(below)
    }

    /// Everybody can write the plugins, so they are refused.
    fn refused() -> Self {
        let tree = Self::with(|_| true);
        let mode = fs::Permissions::from_mode(0o777);
        fs::set_permissions(tree.path("lib/vmkit/plugins"), mode).unwrap();
        tree
    }

    /// The worker exits at once.
    fn crashed() -> Self {
        let tree = Self::with(|_| true);
        let worker = tree.path("lib/vmkit/vm-worker");
        fs::remove_file(&worker).unwrap();
        fs::copy(fs::canonicalize("/bin/false").unwrap(), &worker).unwrap();
        tree.pin();
        tree
    }

    /// Without plugins that find addresses.
    fn only_probes() -> Self {
        Self::with(|name| ["libsignal_icmp.so", "libsignal_ssh.so"].contains(&name))
    }

    fn without_plugins() -> Self {
        Self::with(|_| false)
    }

    /// One plugin is a text file.
    fn broken() -> Self {
        let tree = Self::with(|_| true);
        let arp = tree.path("lib/vmkit/plugins/libsignal_arp.so");
        fs::remove_file(&arp).unwrap();
        fs::write(&arp, "no library").unwrap();
        tree.pin();
        tree
    }

    fn run(&self, directory: &DataDirectory, arguments: &[&str]) -> Output {
        let output = directory.run_program(&self.path("bin/vm"), arguments);
        output.assert_harmless();
        output
    }
}

/// A running VM `web` and a stopped one.
fn machines() -> DataDirectory {
    let mut directory = DataDirectory::new();
    directory.add("off");
    directory.add("web");
    directory.start_running("web");
    directory
}

const NONE: &str = "no plugin that finds addresses could be used: ";
const SOME: &str = "not every plugin that finds addresses could be used: ";

const MISSING: &str = "there is no plugin that finds addresses";

/// A tree, the exit status, and the beginnings of the reason and of the next command.
fn trees() -> Vec<(&'static str, Tree, i32, &'static str, &'static str)> {
    vec![
        ("refused", Tree::refused(), 2, NONE, "chmod go-w "),
        ("crashed", Tree::crashed(), 2, NONE, "vm "),
        ("only probes", Tree::only_probes(), 2, MISSING, "vm "),
        ("without plugins", Tree::without_plugins(), 2, MISSING, "vm "),
        ("broken", Tree::broken(), 3, SOME, "mv "),
    ]
}

#[test]
fn a_vm_that_nobody_could_look_for_is_not_checked() {
    let directory = machines();
    for (name, tree, status, reason, next) in trees() {
        for arguments in [&["status"][..], &["status", "web"], &["status", "--explain"]] {
            let output = tree.run(&directory, arguments);
            assert_eq!(output.status, status, "{name}, {arguments:?}: {output:?}");
            let text = output.stdout.replace("\n  ", " ");
            assert!(text.starts_with(&format!("web: not checked: {reason}")), "{name}: {text}");
            let next = format!("\n  Next: {next}");
            assert!(output.stdout.contains(&next), "{name}: {}", output.stdout);
            assert!(!text.contains("no usable address"), "{name}: {text}");
        }
        let json = tree.run(&directory, &["status", "--json"]);
        assert_eq!(json.status, status, "{name}");
        let web = json.machine("web");
        assert_eq!(
            (&web["verdict"], &web["state"]),
            (&"not-checked".into(), &serde_json::Value::Null)
        );
        for field in ["ip", "state"] {
            let why = web["unknown"][field].as_str().unwrap_or_default();
            assert!(why.starts_with(reason), "{name}, {field}: {web:#}");
        }
        let basic = tree.run(&directory, &["status", "--basic"]);
        assert_eq!(basic.status, 0, "{name}: {basic:?}");
        let off = tree.run(&directory, &["status", "off"]);
        assert_eq!(off.status, 1, "{name}: it is stopped, which needs no plugin: {off:?}");
    }
}

#[test]
fn the_doctor_names_no_cause_for_an_unchecked_vm() {
    let directory = machines();
    for (name, tree, status, reason, _) in trees() {
        // Nobody asks DNS, and the machine has neither console nor guest agent.
        let (status, reason) = if reason == SOME { (2, NONE) } else { (status, reason) };
        let output = tree.run(&directory, &["doctor", "web", "--passive"]);
        assert_eq!(output.status, status, "{name}: {output:?}");
        let text = output.stdout.replace("\n    ", " ");
        let lead = format!("web: not checked\n  cannot tell: {reason}");
        assert!(text.starts_with(&lead), "{name}: {text}");
        assert!(text.ends_with("1 of 1 VM was not checked: web.\n"), "{name}: {text}");
        let json = tree.run(&directory, &["doctor", "web", "--passive", "--json"]);
        assert_eq!(json.status, status, "{name}");
        let web = json.machine("web");
        assert_eq!((&web["verdict"], &web["healthy"]), (&"not-checked".into(), &false.into()));
        assert_eq!(web["causes"].as_array().map(Vec::len), Some(0), "{name}: {web:#}");
        assert!(web["unknown_probability"].is_null(), "{name}: {web:#}");
    }
}

#[test]
fn scripts_get_the_reason_instead_of_an_address() {
    let directory = machines();
    for (name, tree, status, reason, next) in trees() {
        for arguments in
            [&["resolve", "web"][..], &["ssh", "web", "--", "true"], &["ssh-connect", "web"]]
        {
            let output = tree.run(&directory, arguments);
            assert_eq!((output.status, output.stdout.as_str()), (status, ""), "{name}: {output:?}");
            let said = format!("web was not checked: {reason}");
            assert!(output.stderr.starts_with(&said), "{name}, {arguments:?}: {output:?}");
            let next = format!("; next: {next}");
            assert!(output.stderr.contains(&next), "{name}: {output:?}");
        }
    }
}

#[test]
fn the_hosts_file_does_not_change() {
    let directory = machines();
    let block = "127.0.0.1\tlocalhost\n\
        # BEGIN vmkit: `vm hosts-sync` writes the lines up to END; edits here are lost\n\
        192.168.1.71\tgone\t# vm gone\n\
        192.168.1.70\toff\t# vm off\n\
        192.168.1.64\tweb\t# vm web\n\
        # END vmkit\n";
    for (name, tree, status, reason, _) in trees() {
        let file = directory.write("hosts", block);
        let path = file.to_str().unwrap();
        // Only web, if other VMs could be looked for.
        let names = if status == 2 { &[][..] } else { &["web"] };
        let arguments = [&["hosts-sync", "--apply", "--file", path], names].concat();
        let output = tree.run(&directory, &arguments);
        assert_eq!(output.status, status, "{name}: {output:?}");
        let text = output.stdout.replace("\n  ", " ");
        assert!(text.starts_with(&format!("Addresses: not checked: {reason}")), "{name}: {text}");
        assert!(text.contains("keep"), "{name}: {text}");
        assert_eq!(fs::read_to_string(&file).unwrap(), block, "{name}: {text}");
    }
}

#[test]
fn a_snapshot_without_addresses_is_a_failure() {
    let directory = machines();
    for (name, tree, status, reason, _) in trees() {
        let record = directory.path(&format!("record of {name}"));
        let output = tree.run(&directory, &["snapshot", "save", record.to_str().unwrap()]);
        assert_eq!(output.status, status, "{name}: {output:?}");
        let said = format!("the record lacks addresses: {reason}");
        assert!(output.stderr.contains(&said), "{name}: {output:?}");
        // Where some plugins answered, a replay knows what they recorded.
        if status == 2 {
            assert_replay_is_not_checked(&record, "web", status);
        }
    }
}

#[test]
fn a_snapshot_in_which_nothing_was_recorded_is_not_checked() {
    let corpus = concat!(env!("CARGO_MANIFEST_DIR"), "/../corpus/doctor/guest-still-booting");
    let record = tempfile::tempdir().unwrap();
    for file in ["snapshot.json", "qmp.json"] {
        fs::copy(Path::new(corpus).join(file), record.path().join(file)).unwrap();
    }
    let snapshot: serde_json::Value =
        serde_json::from_slice(&fs::read(record.path().join("snapshot.json")).unwrap()).unwrap();
    let name = snapshot["vms"][0]["name"].as_str().unwrap();
    assert_replay_is_not_checked(record.path(), name, 2);
}

/// All plugins are asked, and none finds what it reads.
fn assert_replay_is_not_checked(record: &Path, name: &str, status: i32) {
    let from = record.to_str().unwrap();
    let json = run(&["status", name, "--from", from, "--json"]);
    let machine = json.machine(name);
    assert_eq!((json.status, &machine["verdict"]), (status, &"not-checked".into()), "{machine:#}");
    let text = run(&["status", name, "--from", from]);
    let quoted = if from.contains(' ') { format!("'{from}'") } else { from.to_owned() };
    let next = format!("\n  Next: vm -vv status {name} --from {quoted}\n");
    assert!(text.stdout.contains(&next), "{text:?}");
    assert!(!text.stdout.contains("100.0 %"), "{text:?}");
    let resolved = run(&["resolve", name, "--from", from]);
    assert_eq!((resolved.status, resolved.stdout.as_str()), (status, ""), "{resolved:?}");
    assert!(resolved.stderr.starts_with(&format!("{name} was not checked: ")), "{resolved:?}");
}

#[test]
fn a_paused_vm_is_known_without_plugins() {
    let mut directory = DataDirectory::new();
    directory.add("held");
    directory.start("held");
    let tree = Tree::refused();
    let output = tree.run(&directory, &["status", "--json"]);
    let held = output.machine("held");
    assert_eq!((&held["state"], &held["verdict"]), (&"paused".into(), &"not-checked".into()));
    assert_eq!(output.status, 2, "{output:?}");
}

/// `vm dns` of a tree, stopped on drop.
struct Server(Child, String);

impl Server {
    fn start(
        program: &Path,
        directory: &DataDirectory,
    ) -> (Self, BufReader<std::process::ChildStderr>) {
        let (child, said, address) = serve_names(program, directory);
        (Self(child, address), said)
    }

    /// The response code to a query for an IPv4 address.
    fn ask(&self, label: &str) -> u8 {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        // When the test gives up; an answer takes less than a millisecond.
        socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        socket.connect(&self.1).unwrap();
        let mut question = vec![0, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
        for label in [label, "vm", "test"] {
            question.push(u8::try_from(label.len()).unwrap());
            question.extend_from_slice(label.as_bytes());
        }
        question.extend([0, 0, 1, 0, 1]);
        socket.send(&question).unwrap();
        let mut answer = [0; 512];
        socket.recv(&mut answer).unwrap();
        answer[3] & 15
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

#[test]
fn names_of_unchecked_vms_are_not_nxdomain() {
    const NO_ERROR: u8 = 0;
    const SERVER_FAILURE: u8 = 2;
    const NO_SUCH_NAME: u8 = 3;
    let directory = machines();
    for (name, tree, status, reason, _) in trees() {
        let (server, mut said) = Server::start(&tree.path("bin/vm"), &directory);
        let codes = ["web", "off", "nobody"].map(|label| server.ask(label));
        assert_eq!(codes, [SERVER_FAILURE, NO_ERROR, NO_SUCH_NAME], "{name}");
        if status == 2 {
            let expected = format!("cannot look: {reason}");
            let mut lines = said.by_ref().lines().map_while(Result::ok);
            assert!(lines.any(|line| line.starts_with(&expected)), "{name}: {expected}");
        }
    }
}
