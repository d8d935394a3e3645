//! A plugin that did not come with vmkit runs only as what its user has agreed to.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a faulty fixture must end its test")]

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use serde_json::Value;
use vmkit_cli_tests::DataDirectory;
use vmkit_contract::place::{ANN, Place, give};

const PREFIX: &str = "usr/local";
const ID: &str = "strangers";
/// What of the manifest gets replaced, and with what, of the same length.
const ID_EDIT: (&str, &str) = (r#""id": "misbehave""#, r#""id": "strangers""#);

/// A root's installation, ann's home with a plugin of somebody else, and a VM.
struct World {
    place: Place,
    data: DataDirectory,
}

impl World {
    fn new(edits: &[(&str, &str)]) -> Option<Self> {
        let place = Place::new()?;
        place.lay_out(PREFIX, (0, 0), &[], &[]);
        let world = Self { place, data: DataDirectory::new() };
        let plugins = world.home().join(".local/share/vmkit/plugins");
        fs::create_dir_all(&plugins).unwrap();
        world.put(&[&[ID_EDIT], edits].concat());
        Some(world)
    }

    fn home(&self) -> PathBuf {
        self.place.path("home/ann")
    }

    fn library(&self) -> PathBuf {
        self.home().join(".local/share/vmkit/plugins/lib it's.so")
    }

    /// Writes the stranger's plugin with another manifest.
    fn put(&self, edits: &[(&str, &str)]) {
        let mut bytes = fs::read(vmkit_contract::built("libcontract_misbehave.so")).unwrap();
        for (old, new) in edits {
            let new = format!("{new:<width$}", width = old.len());
            assert_eq!(new.len(), old.len(), "{new}");
            let found = bytes.windows(old.len()).position(|window| window == old.as_bytes());
            let at = found.unwrap_or_else(|| panic!("the manifest has {old}"));
            bytes[at..at + old.len()].copy_from_slice(new.as_bytes());
        }
        fs::write(self.library(), bytes).unwrap();
        give(&self.home(), (ANN, ANN));
    }

    fn start_vm(mut self) -> Self {
        self.data.add("web");
        self.data.start("web");
        // QEMU makes it private, but every user must see the VM here.
        vmkit_contract::place::mode(&self.data.path("vms/web/web.pid"), 0o644);
        self
    }

    /// Has the plugin behave like this.
    fn behave(&self, how: &str) -> String {
        let text = format!("[plugins.{ID}]\nhow = {how:?}\n");
        self.data.write(&format!("{how}.toml"), text).display().to_string()
    }

    fn command(&self) -> Command {
        let vm = self.place.path(PREFIX).join("bin");
        let mut command = Command::new("setpriv");
        command
            .args([&format!("--reuid={ANN}"), &format!("--regid={ANN}"), "--clear-groups"])
            .env_clear()
            .env("HOME", self.home())
            .env("PATH", format!("{}:/usr/bin:/bin", vm.display()))
            .current_dir("/");
        command
    }

    fn vm(&self, arguments: &[&str]) -> Output {
        self.command().arg("vm").args(arguments).output().unwrap()
    }

    fn shell(&self, line: &str) -> Output {
        self.command().args(["sh", "-ec", line]).output().unwrap()
    }

    /// The stranger's plugin in a document, by its id or the name of its file.
    fn plugin(&self, arguments: &[&str]) -> Value {
        let output = self.vm(arguments);
        let text = String::from_utf8_lossy(&output.stderr);
        let document: Value = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{arguments:?}: {error}: {text}"));
        let named = |plugin: &&Value| {
            [ID, "lib it's.so", "liba.so"].contains(&plugin["id"].as_str().unwrap())
        };
        let plugins = document["plugins"].as_array().unwrap();
        plugins.iter().find(named).unwrap_or_else(|| panic!("{document:#}")).clone()
    }

    /// The plugin in a run on the VM.
    fn run(&self, how: &str) -> Value {
        let (data, config) = (self.data.path("").display().to_string(), self.behave(how));
        let arguments = [
            "--timeout",
            "60",
            "--manager",
            "vm-toolkit",
            "--data-dir",
            &data,
            "--config",
            &config,
        ];
        self.plugin(&[&arguments[..], &["status", "--json"]].concat())
    }
}

fn text<'a>(plugin: &'a Value, field: &str) -> &'a str {
    plugin[field].as_str().unwrap_or_else(|| panic!("no {field} in {plugin}"))
}

#[track_caller]
fn assert_refused(plugin: &Value, why: &str) {
    assert_eq!(plugin["status"], "refused", "{plugin}");
    assert!(text(plugin, "message").contains(why), "{plugin}");
    assert!(text(plugin, "hint").starts_with("vm plugin trust "), "{plugin}");
}

#[track_caller]
fn assert_succeeds(output: &Output) -> String {
    let said = [output.stdout.as_slice(), &output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    assert!(output.status.success(), "{said}");
    said
}

#[test]
fn a_plugin_of_others_runs_only_once_it_is_trusted_and_as_it_was_then() {
    let Some(world) = World::new(&[]).map(World::start_vm) else { return };
    let refused = world.run("well");
    assert_refused(&refused, "did not come with vmkit, and nobody has trusted it");
    let hint = text(&refused, "hint").to_owned();

    // Nobody is at a terminal who could agree, so the shown command alone changes nothing.
    let asked = world.shell(&hint);
    assert_eq!(asked.status.code(), Some(2), "{asked:?}");
    assert!(String::from_utf8_lossy(&asked.stdout).contains("reads the console logs"), "{asked:?}");
    assert_refused(&world.run("well"), "nobody has trusted it");

    let said = assert_succeeds(&world.shell(&format!("{hint} --yes")));
    assert!(said.contains("strangers may run."), "{said}");
    let plugin = world.run("well");
    assert_eq!((&plugin["status"], &plugin["message"]), (&"ok".into(), &Value::Null), "{plugin}");
    let locked = world.plugin(&["plugin", "list", "--lock", "--json"]);
    assert_eq!(locked["needs"], serde_json::json!({"needs": {"read_files": ["{console}"]}}));
    let shown = world.plugin(&["plugin", "info", "--json", ID]);
    assert_eq!((&shown["origin"], &shown["sha256"]), (&"trusted".into(), &locked["sha256"]));

    // Another file is another plugin, even with the same needs.
    world.put(&[ID_EDIT, (r#""version": "0.1.0""#, r#""version": "0.1.1""#)]);
    assert_refused(
        &world.run("well"),
        "has changed since version 0.1.0 of `strangers` was trusted",
    );
    let said = assert_succeeds(&world.shell(&format!("{hint} --yes")));
    assert!(said.contains("another file of this plugin is trusted, with the same needs"), "{said}");
    assert_eq!(world.run("well")["status"], "ok");

    assert_succeeds(&world.vm(&["plugin", "untrust", ID]));
    assert_refused(&world.run("well"), "nobody has trusted it");
    assert_eq!(world.vm(&["plugin", "untrust", ID]).status.code(), Some(2));
}

#[test]
fn what_is_trusted_for_one_user_is_not_for_another_nor_for_root() {
    let Some(world) = World::new(&[]) else { return };
    let library = world.library().display().to_string();
    assert_succeeds(&world.vm(&["plugin", "trust", "--yes", &library]));
    let shown = world.plugin(&["plugin", "list", "--json"]);
    assert_eq!(shown["origin"], "trusted");
    let list =
        world.place.vm(PREFIX, vmkit_contract::place::As::Root, &["plugin", "list", "--json"]);
    assert!(list["plugins"].as_array().unwrap().iter().all(|plugin| plugin["id"] != ID), "{list}");
    let other = Command::new("setpriv")
        .args(["--reuid=41002", "--regid=41002", "--clear-groups"])
        .arg(world.place.path(PREFIX).join("bin/vm"))
        .args(["plugin", "info", "--json", &library])
        .env_clear()
        .env("HOME", "/nonexistent")
        .output()
        .unwrap();
    // The file is ann's, who could change it.
    let text = String::from_utf8_lossy(&other.stdout).into_owned();
    assert!(text.contains("belongs to user 41001"), "{text}");
}

#[test]
fn shows_new_needs_and_what_is_dangerous_about_them() {
    let Some(world) = World::new(&[]) else { return };
    let library = world.library().display().to_string();
    let trust = ["plugin", "trust", "--yes", &library];
    assert_succeeds(&world.vm(&trust));
    let old = r#""cost": "network",
  "modes": ["fast", "full"],
  "needs": {"read_files": ["{console}"]}"#;
    let new = r#""needs":{"read_files":["{console}","/etc/hosts"],"network":true}"#;
    world.put(&[ID_EDIT, (old, new)]);
    let said = assert_succeeds(&world.vm(&trust));
    for part in [
        "another file of this plugin is trusted, with other needs",
        "makes connections on the network",
        "reads /etc/hosts",
        "It reads and has the network: it can send what it reads to anybody.",
    ] {
        assert!(said.contains(part), "{part} in {said}");
    }
}

#[test]
fn a_manifest_that_wants_too_much_cannot_be_trusted() {
    let old = r#"{"read_files": ["{console}"]}"#;
    for (needs, entry) in [
        (r#"{"read_files": ["/"]}"#, "\"/\""),
        (r#"{"read_files": ["/etc/*"]}"#, "\"/etc/*\""),
        (r#"{"read_files": ["/root/x"]}"#, "\"/root/x\""),
        (r#"{"exec": ["/tmp/x/y"]}"#, "\"/tmp/x/y\""),
    ] {
        let Some(world) = World::new(&[(old, needs)]) else { return };
        let output =
            world.vm(&["plugin", "trust", "--yes", &world.library().display().to_string()]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(entry) && said.contains("may not name"), "{said}");
        let shown = world.plugin(&["plugin", "list", "--json"]);
        assert!(text(&shown, "message").contains("may not name"), "{shown}");
    }
}

#[test]
fn a_plugin_that_crashes_or_floods_three_times_is_quarantined_until_somebody_lifts_that() {
    let Some(world) = World::new(&[]).map(World::start_vm) else { return };
    assert_succeeds(&world.vm(&[
        "plugin",
        "trust",
        "--yes",
        &world.library().display().to_string(),
    ]));
    for (how, status) in [("abort", "crashed"), ("flood", "error"), ("panic", "crashed")] {
        assert_eq!(world.run(how)["status"], status);
        // Its own mistakes in a report count for nothing.
        if how != "panic" {
            assert_eq!(world.run("lie-about-machine")["status"], "error");
        }
    }
    let held = world.run("well");
    assert_refused(&held, "is in quarantine, since it failed 3 times; the last time: ");
    assert!(text(&held, "message").ends_with("panicked: panic on demand"), "{held}");
    // The same file elsewhere is the same plugin.
    let moved = world.library().with_file_name("liba.so");
    fs::rename(world.library(), &moved).unwrap();
    assert_refused(&world.run("well"), "is in quarantine");
    fs::rename(&moved, world.library()).unwrap();

    let hint = text(&held, "hint").to_owned();
    assert_succeeds(&world.shell(&format!("{hint} --yes")));
    assert_eq!(world.run("well")["status"], "ok");
}

#[test]
fn a_lock_that_is_not_valid_trusts_nothing_and_is_kept() {
    let Some(world) = World::new(&[]) else { return };
    let library = world.library().display().to_string();
    assert_succeeds(&world.vm(&["plugin", "trust", "--yes", &library]));
    let lock = world.home().join(".local/state/vmkit/plugins.lock");
    fs::write(&lock, "{").unwrap();
    assert_refused(&world.plugin(&["plugin", "list", "--json"]), "nobody has trusted it");
    assert_eq!(world.vm(&["plugin", "trust", "--yes", &library]).status.code(), Some(2));
    assert_eq!(fs::read_to_string(&lock).unwrap(), "{");
}

/// A file below `lib/vmkit`, what happens to it, and a part of the message.
type Change<'a> = (&'a str, &'a dyn Fn(&Path), &'a str);

#[test]
fn what_was_installed_runs_only_as_it_was_installed() {
    let Some(place) = Place::new() else { return };
    let library = |place: &Place, name: &str| place.path(PREFIX).join("lib/vmkit").join(name);
    let append = |path: &Path| {
        // Another file, since trees share theirs by hard links.
        let bytes = [fs::read(path).unwrap(), vec![0]].concat();
        fs::remove_file(path).unwrap();
        fs::write(path, bytes).unwrap();
        vmkit_contract::place::mode(path, 0o755);
    };
    let rows: [Change<'_>; 4] = [
        ("plugins/libcontract_misbehave.so", &append, "is not the file that was installed"),
        ("vm-worker", &append, "is not the file that was installed"),
        ("pins.json", &|path| fs::remove_file(path).unwrap(), "cannot tell which files"),
        ("pins.json", &|path| fs::write(path, "{}").unwrap(), "cannot tell which files"),
    ];
    for (file, change, why) in rows {
        place.lay_out(PREFIX, (0, 0), &[], &[]);
        change(&library(&place, file));
        let list =
            place.vm(PREFIX, vmkit_contract::place::As::User(ANN), &["plugin", "list", "--json"]);
        let plugin = &list["plugins"][0];
        assert_eq!(plugin["status"], "refused", "{file}: {plugin}");
        assert!(text(plugin, "message").contains(why), "{file}: {plugin}");
        assert!(text(plugin, "hint").contains("cargo xtask install"), "{file}: {plugin}");
    }
    // A plugin that somebody puts beside those that were installed is a stranger's.
    place.lay_out(PREFIX, (0, 0), &[], &[]);
    let bundled = library(&place, "plugins/libcontract_misbehave.so");
    fs::rename(&bundled, bundled.with_file_name("libadded.so")).unwrap();
    let list =
        place.vm(PREFIX, vmkit_contract::place::As::User(ANN), &["plugin", "list", "--json"]);
    assert_refused(&list["plugins"][0], "nobody has trusted it");
}
