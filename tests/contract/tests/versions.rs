//! Plugins of other versions of the interface: a grown one works in both directions, a changed one is
//! refused with one clear line.
#![cfg(target_os = "linux")]

use std::{fs, path::Path};

use vmkit_contract::{
    Tree, machine,
    variant::{Edit, How, build},
};

const PLUGIN: &str = "libcontract_misbehave.so";

/// A later version with one more field in the module and one more method of the host.
const GROWN: &[Edit<'_>] = &[
    Edit {
        file: "sdk/abi/src/module.rs",
        find: "    pub advice: Make<AdviceBox>,\n",
        replace: "    pub advice: Make<AdviceBox>,\n    pub later: ROption<u64>,\n",
    },
    Edit {
        file: "sdk/abi/src/module.rs",
        find: "advice: ROption::RNone };",
        replace: "advice: ROption::RNone, later: ROption::RSome(2) };",
    },
    Edit {
        file: "sdk/abi/src/traits.rs",
        find: "}\n\nfn older_host() -> Error {\n",
        replace: "    fn later(&self) -> u64 { 7 }\n}\n\nfn older_host() -> Error {\n",
    },
];

/// A broken version with another layout of frozen data.
const CHANGED: &[Edit<'_>] = &[
    Edit {
        file: "sdk/abi/src/data.rs",
        find: "    pub kind: RString,\n",
        replace: "    pub severity: u64,\n    pub kind: RString,\n",
    },
    Edit {
        file: "sdk/plugin/src/convert.rs",
        find: "        kind: kind.code().into(),\n",
        replace: "        severity: 0,\n        kind: kind.code().into(),\n",
    },
    Edit {
        file: "core/worker/src/call.rs",
        find: "        kind: bounded(&seen.kind),\n",
        replace: "        kind: bounded(&seen.kind).replace('\\u{0}', &seen.severity.to_string()),\n",
    },
];

const MANIFEST: &str = "sdk/abi/Cargo.toml";

/// The line of the interface's version in its manifest, and the line of the next minor version.
fn version_lines() -> (String, String) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(MANIFEST);
    let manifest = fs::read_to_string(path).expect("read the manifest of the interface");
    let line = manifest.lines().find(|line| line.starts_with("version = "));
    let line = line.expect("the manifest has a version of its own");
    let numbers: Vec<&str> = line.split(['"', '.']).collect();
    let [_, major, minor, _, _] = numbers[..] else { panic!("{line:?} is no version") };
    let next = minor.parse::<u64>().expect("a number") + 1;
    (format!("{line}\n"), format!("version = \"{major}.{next}.0\"\n"))
}

fn outcome(tree: &Tree) -> (String, String) {
    let ran = tree.run(vec![machine("web")], &[]);
    let outcome = &ran.outcomes[0];
    (outcome.status.code().to_owned(), outcome.message.clone().unwrap_or_default())
}

fn works() -> (String, String) {
    ("ok".to_owned(), String::new())
}

/// A tree of this version, in whose place these files of others stand.
fn tree(worker: Option<&Path>, plugin: Option<&Path>) -> Tree {
    let tree = Tree::with(if plugin.is_none() { &["contract-misbehave"] } else { &[] });
    if let Some(worker) = worker {
        tree.replace_worker(&worker.join("vm-worker"));
    }
    if let Some(plugin) = plugin {
        tree.add(&plugin.join(PLUGIN), PLUGIN);
    }
    tree
}

#[test]
fn versions_that_only_grew_work_with_each_other_however_each_was_built() {
    let (version, next) = version_lines();
    let raised = Edit { file: MANIFEST, find: &version, replace: &next };
    let grown: Vec<Edit<'_>> = GROWN.iter().copied().chain([raised]).collect();
    let both = ["vm-worker", "contract-misbehave"];
    let later = build("grown", &grown, How::Debug, &both);
    let later_release = build("grown", &grown, How::Release, &both);
    let release = build("same", &[], How::Release, &both);
    let (here, later, later_release, release) =
        (None, Some(&*later), Some(&*later_release), Some(&*release));
    let rows = [
        ("this debug, next debug", here, later),
        ("this debug, next release", here, later_release),
        ("this release, next debug", release, later),
        ("this release, next release", release, later_release),
        ("next debug, this debug", later, here),
        ("next debug, this release", later, release),
        ("next release, this debug", later_release, here),
        ("next release, this release", later_release, release),
        ("this debug, this release", here, release),
        ("this release, this debug", release, here),
    ];
    for (name, worker, plugin) in rows {
        assert_eq!(outcome(&tree(worker, plugin)), works(), "host and plugin: {name}");
    }
}

#[test]
fn a_changed_struct_is_refused_in_one_readable_line() {
    let changed = build("changed", CHANGED, How::Debug, &["vm-worker", "contract-misbehave"]);
    let (status, message) = outcome(&tree(None, Some(&changed)));
    assert_eq!(status, "incompatible");
    assert!(message.starts_with("built for another plugin interface: Observation: "), "{message}");
    assert!(message.len() < 400 && !message.contains('\n'), "one line, not a report: {message}");
    assert!(message.contains("host 200") && message.contains("plugin 208"), "{message}");
    assert_eq!(outcome(&tree(Some(&changed), None)).0, "incompatible");
}

/// With `panic = "abort"` nothing in the plugin can catch its panic.
#[test]
fn a_plugin_that_aborts_in_a_panic_has_crashed_and_the_others_answer() {
    let aborting = build("same", &[], How::Aborting, &["contract-misbehave"]);
    let with_others = |how: &str| {
        let tree = Tree::with(&["signal-console"]);
        tree.add(&aborting.join(PLUGIN), PLUGIN);
        let configuration = format!(r#"{{"how": "{how}"}}"#);
        let ran = tree.run(vec![machine("web")], &[("misbehave", &configuration)]);
        let (status, message) = ran.outcome("misbehave");
        assert_eq!(ran.outcome("console"), ("ok", ""), "{how}");
        (status.to_owned(), message.to_owned())
    };
    assert_eq!(with_others("well"), works());
    for how in ["panic", "panic-when-made"] {
        let (status, message) = with_others(how);
        assert_eq!(status, "crashed", "{message}");
        assert!(message.contains("an abort (SIGABRT)"), "{message}");
    }
}

#[test]
fn refuses_a_plugin_of_another_epoch() {
    let tree = Tree::with(&["contract-misbehave"]);
    let library = tree.plugins().join(PLUGIN);
    change_epoch(&library);
    let expected = "built for plugin interface epoch 2, this vm speaks epoch 1";
    assert_eq!(outcome(&tree), ("incompatible".to_owned(), expected.to_owned()));
}

/// Overwrites the epoch in the library's manifest.
fn change_epoch(library: &Path) {
    let (old, new) = (b"\"epoch\": 1", b"\"epoch\": 2");
    let mut bytes = fs::read(library).expect("read the library");
    let at = bytes.windows(old.len()).position(|window| window == old);
    let at = at.expect("the manifest states its epoch");
    bytes[at..at + new.len()].copy_from_slice(new);
    fs::write(library, bytes).expect("write the library");
}
