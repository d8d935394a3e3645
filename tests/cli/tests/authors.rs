//! What an author of a plugin does: new, build, check, run, install, remove.
#![cfg(target_os = "linux")]

mod common;

use std::{fs, path::Path, process::Command, time::Instant};

use common::Ann;
use vmkit_cli_tests::with_etc;

/// A copy of the SDK that anybody can read, wherever this checkout lies: root's home is closed to others.
fn sdk(checkout: &Path) -> String {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let text = fs::read_to_string(workspace.join("Cargo.toml")).expect("the workspace's manifest");
    let members = text.lines().find(|line| line.starts_with("members = ")).expect("its members");
    let text = text.replace(members, r#"members = ["sdk/*"]"#);
    fs::write(checkout.join("Cargo.toml"), text).expect("a manifest");
    let copied = Command::new("cp").arg("-r").arg(workspace.join("sdk")).arg(checkout).status();
    assert!(copied.expect("start cp").success(), "the crates of the SDK");
    checkout.join("sdk").to_str().expect("UTF-8").to_owned()
}

/// Runs cargo in a project, with the crates that this workspace was built from.
fn cargo(project: &Path, target: &Path, what: &str) {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let lock = project.join("Cargo.lock");
    if !lock.exists() {
        fs::copy(workspace.join("Cargo.lock"), lock).expect("the versions of other crates");
    }
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args([what, "--offline", "--quiet"]).current_dir(project);
    let output = command.env("CARGO_TARGET_DIR", target).output().expect("start cargo");
    assert!(output.status.success(), "{what}: {}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_newcomer_has_an_observation_of_their_own() {
    let began = Instant::now();
    let mut ann = Ann::new();
    let sdk = sdk(&ann.elsewhere("checkout"));
    let made = ann.vm(&["plugin", "new", "lucky", "--kind", "signal", "--sdk", &sdk]);
    assert_eq!(made.status, 0, "{made:?}");
    assert!(made.stdout.contains("  cargo build\n"), "{made:?}");

    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/outside");
    for what in ["test", "build"] {
        cargo(&ann.home().join("lucky"), &target, what);
    }
    let library = ann.own(&target.join("debug/liblucky.so"), "liblucky.so");
    let library = library.to_str().expect("UTF-8");
    let checked = ann.vm(&["plugin", "check", library, "--yes"]);
    assert_eq!(checked.status, 0, "{checked:?}");
    assert!(checked.stdout.starts_with("lucky 0.1.0: keeps all "), "{checked:?}");
    let installed = ann.vm(&["plugin", "install", library, "--yes"]);
    assert_eq!(installed.status, 0, "{installed:?}");

    ann.vms.add("web");
    ann.vms.start("web");
    let etc = ann.elsewhere("etc");
    fs::write(etc.join("hosts"), "192.0.2.7 web\n").expect("a hosts file");
    let private = || {
        let mut command = with_etc(&etc);
        command.arg("setpriv");
        command
    };
    let run = ann.vm_by(private(), &["plugin", "run", library]);
    assert_eq!(run.status, 0, "{run:?}");
    assert_eq!(
        run.stdout,
        "lucky 0.1.0: 1 observation about 1 VM.\n  web  dns-address  192.0.2.7  /etc/hosts has \
         192.0.2.7 for web\n"
    );
    let status = ann.vm_by(private(), &["status", "--explain"]);
    assert!(status.stdout.contains("lucky: /etc/hosts has 192.0.2.7 for web"), "{status:?}");
    println!("from nothing to an observation: {:.1?}", began.elapsed());
}

#[test]
fn writes_no_project_over_something_and_takes_no_name_that_cargo_refuses() {
    let ann = Ann::new();
    assert_eq!(ann.vm(&["plugin", "new", "lucky", "--kind", "advice"]).status, 0);
    let rows = [
        (&["plugin", "new", "lucky", "--kind", "advice"][..], "lucky is not empty", "--path"),
        (&["plugin", "new", "../x", "--kind", "advice"], "is no name for a plugin", ""),
        (&["plugin", "new", "crate", "--kind", "advice"], "can be named `crate`", ""),
        (&["plugin", "new", "a", "--kind", "advice", "--sdk", "/etc"], "is not the folder", ""),
    ];
    for (arguments, why, hint) in rows {
        let refused = ann.vm(arguments);
        assert_eq!(refused.status, 2, "{refused:?}");
        assert!(refused.stderr.contains(why) && refused.stderr.contains(hint), "{refused:?}");
    }
    assert!(!ann.home().join("x").exists() && !ann.home().join("a").exists());
}

#[test]
fn asks_before_code_runs_that_nobody_trusts() {
    let ann = Ann::new();
    let library = ann.stranger();
    let library = library.to_str().expect("UTF-8");
    for command in ["check", "run"] {
        let refused = ann.vm(&["plugin", command, library]);
        assert_eq!((refused.status, refused.stdout.as_str()), (2, ""), "{refused:?}");
        assert!(refused.stderr.contains("nobody is at the terminal"), "{refused:?}");
        // What it needs is shown first, beside the answer.
        assert!(refused.stderr.contains("reads /var/lib/misc/dnsmasq*.leases"), "{refused:?}");
        let ran = ann.vm(&["plugin", command, library, "--yes"]);
        assert_eq!(ran.status, 0, "{ran:?}");
    }
    let lock = ann.vm(&["plugin", "list", "--lock", "--json"]).json();
    assert_eq!(lock["plugins"], serde_json::json!([]));
}

#[test]
fn says_what_to_change_in_a_file_that_is_no_plugin() {
    let ann = Ann::new();
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../README.md");
    let file = ann.own(&readme, "readme.so");
    let checked = ann.vm(&["plugin", "check", file.to_str().expect("UTF-8"), "--json"]);
    assert_eq!(checked.status, 1, "{checked:?}");
    let document = checked.json();
    assert_eq!(document["schema"], "vmkit.plugin-check/1");
    let first = &document["rules"][0];
    assert_eq!((&first["id"], &first["outcome"]), (&"manifest".into(), &"broken".into()));
    assert!(first["change"].as_str().is_some_and(|change| change.contains("its manifest")));
    assert_eq!(document["rules"][1]["outcome"], "not-checked");
    assert_eq!(ann.vm(&["plugin", "check", "/nonexistent.so"]).status, 2);
}

#[test]
fn installs_exactly_what_was_shown_and_removes_it_with_its_trust() {
    let ann = Ann::new();
    let library = ann.stranger();
    let library = library.to_str().expect("UTF-8");
    let refused = ann.vm(&["plugin", "install", library]);
    assert_eq!(refused.status, 2, "{refused:?}");
    let place = ann.home().join(".local/share/vmkit/plugins/liblucky1.so");
    assert!(!place.exists());
    let installed = ann.vm(&["plugin", "install", library, "--yes"]);
    assert_eq!(installed.status, 0, "{installed:?}");
    assert_eq!(fs::read(&place).expect("the copy"), fs::read(library).expect("the file"));
    let info = ann.vm(&["plugin", "info", "lucky1", "--json"]).json();
    assert_eq!(info["plugins"][0]["origin"], "trusted", "{info:#}");
    let removed = ann.vm(&["plugin", "remove", "lucky1"]);
    assert_eq!(removed.status, 0, "{removed:?}");
    assert!(!place.exists() && removed.stderr.contains("no longer trusted"), "{removed:?}");
    for (id, why) in [("lucky1", "no plugin `lucky1` is installed"), ("arp", "came with vmkit")] {
        let refused = ann.vm(&["plugin", "remove", id]);
        assert!(refused.status == 2 && refused.stderr.contains(why), "{refused:?}");
    }
    let bundled = vmkit_cli_tests::vm().with_file_name("../lib/vmkit/plugins/libsignal_arp.so");
    let own = ann.own(&bundled, "libarp.so");
    let refused = ann.vm(&["plugin", "install", own.to_str().expect("UTF-8"), "--yes"]);
    assert!(refused.status == 2 && refused.stderr.contains("came with vmkit"), "{refused:?}");
}

#[test]
fn a_program_is_installed_with_its_manifest_and_removed_with_it() {
    let ann = Ann::new();
    let made = ann.vm(&["plugin", "new", "nas", "--kind", "inventory", "--lang", "python"]);
    assert_eq!(made.status, 0, "{made:?}");
    let project = ann.home().join("nas");
    let manifest = project.join("nas.plugin.json");
    let manifest = manifest.to_str().expect("UTF-8");
    let own = ann.home().join(".local/share/vmkit/plugins");
    let files = || -> Vec<String> {
        let Ok(entries) = fs::read_dir(&own) else { return Vec::new() };
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = names.filter(|name| name.starts_with("nas")).collect();
        names.sort();
        names
    };
    let refused = ann.vm(&["plugin", "install", manifest]);
    assert!(refused.status == 2 && files().is_empty(), "{refused:?}");
    for _ in ["at first", "in its own place"] {
        let installed = ann.vm(&["plugin", "install", manifest, "--yes"]);
        assert_eq!(installed.status, 0, "{installed:?}");
        assert_eq!(files(), ["nas.plugin.json", "nas.py"]);
    }
    let info = ann.vm(&["plugin", "info", "nas", "--json"]).json();
    assert_eq!(info["plugins"][0]["origin"], "trusted", "{info:#}");
    let text = fs::read_to_string(manifest).expect("the manifest");
    fs::write(
        project.join("other.plugin.json"),
        text.replace(r#""id": "nas""#, r#""id": "other""#),
    )
    .expect("write a manifest");
    let other = project.join("other.plugin.json");
    let taken = ann.vm(&["plugin", "install", other.to_str().expect("UTF-8"), "--yes"]);
    assert!(taken.status == 2 && taken.stderr.contains("nas.py is not this plugin's"), "{taken:?}");
    let removed = ann.vm(&["plugin", "remove", "nas"]);
    assert!(removed.status == 0 && removed.stderr.contains("no longer trusted"), "{removed:?}");
    assert!(files().is_empty(), "{:?}", files());
}

#[test]
fn a_project_of_a_program_passes_its_test_and_keeps_the_rules() {
    let ann = Ann::new();
    let languages = [("python", &["python3", "test_plugin.py"][..]), ("sh", &["sh", "test.sh"])];
    for (language, test) in languages {
        for kind in ["signal", "inventory"] {
            let name = format!("{kind}-{language}");
            let made = ann.vm(&["plugin", "new", &name, "--kind", kind, "--lang", language]);
            assert_eq!(made.status, 0, "{made:?}");
            assert!(made.stdout.contains(&format!("  {}\n", test.join(" "))), "{made:?}");
            let project = ann.home().join(&name);
            let tested = Command::new(test[0]).args(&test[1..]).current_dir(&project).output();
            let tested = tested.expect("start the test");
            assert!(tested.status.success(), "{tested:?}");
            let manifest = project.join(format!("{name}.plugin.json"));
            let manifest = manifest.to_str().expect("UTF-8");
            let checked = ann.vm(&["plugin", "check", manifest, "--yes"]);
            assert_eq!(checked.status, 0, "{checked:?}");
            let run = ann.vm(&["plugin", "run", manifest, "--yes"]);
            assert_eq!(run.status, 0, "{run:?}");
        }
    }
    let refused = ann.vm(&["plugin", "new", "hub", "--kind", "advice", "--lang", "sh"]);
    assert_eq!(refused.status, 2, "{refused:?}");
    assert!(refused.stderr.contains("kind advice in shell has no template"), "{refused:?}");
}
