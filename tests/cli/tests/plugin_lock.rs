//! The plugins that root agrees to by `sudo vm plugin trust`, which the broker writes down.
//!
//! These tests run as root and stand for sudo. `/etc` is a directory of the test's.
#![cfg(target_os = "linux")]

use std::{
    fs,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, symlink},
    path::{Path, PathBuf},
    time::SystemTime,
};

use serde_json::{Value, json};
use vmkit_cli_tests::{DataDirectory, vm, with_etc};
use vmkit_rights::{Account, Broker, PluginLockChange};
use vmkit_state::{FileHash, TrustedPlugin};

/// The user who calls sudo; the user database need not know them.
const ANN: u32 = 41001;
/// Where root has put a stranger's plugin.
const LIBRARY: &str = "/etc/plugins/liblucky.so";

/// The directory that stands for `/etc`, with a plugin that did not come with vmkit.
struct Etc {
    directory: DataDirectory,
    path: PathBuf,
}

impl Etc {
    fn new() -> Self {
        let directory = DataDirectory::new();
        let bundled = vm().with_file_name("../lib/vmkit/plugins");
        let mut libraries: Vec<PathBuf> = fs::read_dir(&bundled)
            .expect("the plugins of the stage")
            .map(|entry| entry.expect("an entry").path())
            .collect();
        libraries.sort();
        let bytes = fs::read(&libraries[0]).expect("a plugin");
        let library = directory.write("etc/plugins/liblucky.so", bytes);
        let path = library.ancestors().nth(2).expect("a directory").to_owned();
        Self { directory, path }
    }

    /// Runs `sudo vm plugin …` of ann's.
    fn plugin(&self, arguments: &[&str]) -> std::process::Output {
        let mut command = with_etc(&self.path);
        command
            .arg(vm())
            .args(["--manager", "vm-toolkit", "--data-dir"])
            .arg(self.directory.path(""))
            .arg("plugin");
        command.args(arguments).env("SUDO_UID", ANN.to_string());
        command.env("SUDO_GID", ANN.to_string()).output().expect("start it")
    }

    /// The lock as `vm` shows it.
    fn listed(&self) -> Value {
        let output = self.plugin(&["list", "--lock", "--json"]);
        assert!(output.status.success(), "{output:?}");
        let document: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        document["plugins"].clone()
    }

    /// The broker of a `sudo vm` of ann's that she has taken over.
    fn broker(&self) -> Broker {
        let (etc, program) = (self.path.clone(), vm().with_file_name("../lib/vmkit/vm-broker"));
        Broker::new(Account { uid: ANN, gid: ANN }, move || {
            let mut command = with_etc(&etc);
            command.arg(&program);
            Ok(command)
        })
    }
}

#[test]
fn what_root_trusts_is_written_by_the_broker_under_sudo() {
    let etc = Etc::new();
    let trusted = etc.plugin(&["trust", "--yes", LIBRARY]);
    assert!(trusted.status.success(), "{trusted:?}");
    let listed = etc.listed();
    assert_eq!((&listed[0]["by"], &listed[0]["path"]), (&"root".into(), &LIBRARY.into()));
    let file = fs::metadata(etc.path.join("vmkit/plugins.lock")).expect("the lock");
    assert_eq!((file.uid(), file.mode() & 0o7777), (0, 0o644));
    let info = etc.plugin(&["info", "--json", LIBRARY]);
    let info: Value = serde_json::from_slice(&info.stdout).expect("JSON");
    assert_eq!(info["plugins"][0]["origin"], "trusted", "{info:#}");
    let untrusted = etc.plugin(&["untrust", LIBRARY]);
    assert!(untrusted.status.success(), "{untrusted:?}");
    assert_eq!(etc.listed(), json!([]));
}

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("this runs as root");
}

/// An entry about a file, as an honest `vm` would make it.
fn entry(path: &Path, seen_at: &str) -> TrustedPlugin {
    TrustedPlugin {
        id: "lucky".to_owned(),
        version: "1".to_owned(),
        sha256: FileHash::new(vmkit_hosts::digest(&fs::read(path).unwrap_or_default())),
        needs: json!({"needs": {"network": true}}),
        unconfined: false,
        limit: None,
        path: seen_at.into(),
        trusted_at: SystemTime::UNIX_EPOCH,
    }
}

#[test]
fn the_broker_has_root_trust_only_what_root_alone_can_change() {
    let etc = Etc::new();
    let library = etc.path.join("plugins/liblucky.so");
    let others = [("hers.so", ANN), ("open.so", 0)].map(|(name, owner)| {
        let path = etc.path.join("plugins").join(name);
        fs::copy(&library, &path).expect("a copy");
        chown(&path, Some(owner), None).expect("this runs as root");
        path
    });
    mode(&others[1], 0o666);
    let hers = etc.directory.write("etc/hers/liblucky.so", "x");
    chown(hers.parent().expect("a directory"), Some(ANN), None).expect("this runs as root");
    symlink(LIBRARY, etc.path.join("plugins/link.so")).expect("a link");
    let good = entry(&library, LIBRARY);
    let path = |path: &str| TrustedPlugin { path: path.into(), ..good.clone() };
    let needs = |needs: Value| TrustedPlugin { needs, ..good.clone() };
    let many: Vec<String> = (0..400).map(|index| format!("/{index:099}")).collect();
    let rows = [
        (path("/etc/plugins/hers.so"), "others than root can change it"),
        (path("/etc/plugins/open.so"), "others than root can change it"),
        (entry(&hers, "/etc/hers/liblucky.so"), "others than root can change it"),
        (path("/etc/plugins/link.so"), "is a link"),
        (path("/tmp/liblucky.so"), "/tmp"),
        (path("/etc/plugins"), "is no plugin"),
        (path("/etc/plugins/missing.so"), "No such file"),
        (path("/etc/plugins/../plugins/liblucky.so"), "path of the plugin"),
        (path("etc/plugins/liblucky.so"), "path of the plugin"),
        (path(&format!("/etc/{}", "x".repeat(2000))), "path of the plugin"),
        (path("/etc/\n/x"), "path of the plugin"),
        (TrustedPlugin { sha256: FileHash::new([7; 32]), ..good.clone() }, "has changed since"),
        (TrustedPlugin { id: "../x".to_owned(), ..good.clone() }, "the id may hold"),
        (TrustedPlugin { version: "1\n2".to_owned(), ..good.clone() }, "the version"),
        (TrustedPlugin { version: "1".repeat(65), ..good.clone() }, "the version"),
        (needs(json!({"needs": {"read_files": ["/etc/*"]}})), "may not name"),
        (needs(json!({"needs": {}, "extra": "x"})), "not written as"),
        (needs(json!({"needs": {}, "gateway": many})), "the needs of the plugin are too long"),
        (needs(json!(null)), "no needs"),
    ];
    let broker = etc.broker();
    for (hostile, why) in rows {
        let change = PluginLockChange::Trust(Box::new(hostile.clone()));
        let refusal = broker.change_plugin_lock(change).expect_err(why);
        assert!(refusal.message.contains(why), "{hostile:?}: {refusal}");
    }
    assert_eq!(etc.listed(), json!([]));
    broker.change_plugin_lock(PluginLockChange::Trust(Box::new(good.clone()))).expect("an entry");
    assert_eq!(etc.listed()[0]["id"], "lucky");
    assert!(etc.listed()[0]["trusted_at"] != "1970-01-01T00:00:00Z", "the time is the broker's");
    broker.change_plugin_lock(PluginLockChange::Untrust(good.sha256)).expect("no entry");
    assert_eq!(etc.listed(), json!([]));
}

#[test]
fn the_broker_has_root_trust_a_manifest_with_its_program() {
    let etc = Etc::new();
    let manifest = etc.path.join("plugins/lucky.plugin.json");
    let program = etc.path.join("plugins/lucky.py");
    let text = r#"{"id":"lucky","version":"1","epoch":1,"kinds":["signal"],"program":{"file":"lucky.py",
        "interpreter":"/usr/bin/python3"},"needs":{"network":true}}"#;
    let write = |path: &Path, text: &str, owner: u32| {
        fs::write(path, text).expect("a file");
        chown(path, Some(owner), None).expect("this runs as root");
        mode(path, 0o644);
    };
    let seen_at = "/etc/plugins/lucky.plugin.json";
    let joint = |manifest: &str, program: &str| {
        let [manifest, program] =
            [manifest, program].map(|text| FileHash::new(vmkit_hosts::digest(text.as_bytes())));
        let text = format!("vmkit plugin\nmanifest {manifest}\nprogram {program}\n");
        FileHash::new(vmkit_hosts::digest(text.as_bytes()))
    };
    // Manifest, program, its owner, the hash of the entry, and why it is refused.
    let alone = FileHash::new(vmkit_hosts::digest(text.as_bytes()));
    let rows = [
        (text, "pass", 0, joint(text, "pass"), ""),
        (text, "other", 0, joint(text, "pass"), "has changed since"),
        (text, "pass", 0, alone, "has changed since"),
        (text, "pass", ANN, joint(text, "pass"), "others than root can change it"),
        ("{}", "pass", 0, joint("{}", "pass"), "is no manifest of a program"),
    ];
    for (text, body, owner, sha256, why) in rows {
        write(&manifest, text, 0);
        write(&program, body, owner);
        let entry = TrustedPlugin { sha256, ..entry(&manifest, seen_at) };
        let answer = etc.broker().change_plugin_lock(PluginLockChange::Trust(Box::new(entry)));
        let said = answer.err().map_or_else(String::new, |refusal| refusal.message);
        assert!(said.contains(why) && said.is_empty() == why.is_empty(), "{why}: {said}");
    }
}

#[test]
fn the_broker_writes_the_plugin_lock_into_no_directory_of_others() {
    let etc = Etc::new();
    let elsewhere = etc.directory.write("elsewhere/plugins.lock", "precious");
    let folder = etc.path.join("vmkit");
    let good = entry(&etc.path.join("plugins/liblucky.so"), LIBRARY);
    let refused = |why: &str| {
        let change = PluginLockChange::Trust(Box::new(good.clone()));
        let refusal = etc.broker().change_plugin_lock(change).expect_err(why);
        assert!(refusal.message.contains(why), "{refusal}");
    };
    symlink(elsewhere.parent().expect("a directory"), &folder).expect("a link");
    refused("/etc/vmkit");
    fs::remove_file(&folder).expect("remove the link");
    fs::create_dir(&folder).expect("a directory");
    mode(&folder, 0o777);
    refused("others than root can change it");
    chown(&folder, Some(ANN), None).expect("this runs as root");
    refused("user 41001 owns it");
    assert_eq!(fs::read_to_string(&elsewhere).expect("the file"), "precious");
    // A lock that nobody understands stays as it is.
    chown(&folder, Some(0), None).expect("this runs as root");
    mode(&folder, 0o755);
    fs::write(folder.join("plugins.lock"), "{").expect("write it");
    refused("not a file of this kind");
    // A link in place of the lock is not followed.
    fs::remove_file(folder.join("plugins.lock")).expect("remove it");
    symlink(&elsewhere, folder.join("plugins.lock")).expect("a link");
    refused("plugins.lock");
    assert_eq!(fs::read_to_string(&elsewhere).expect("the file"), "precious");
}
