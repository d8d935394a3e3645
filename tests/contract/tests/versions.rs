//! Plugins of other versions of the interface: a grown one works in both directions, a changed one is
//! refused with one clear line.
#![cfg(target_os = "linux")]

use std::{fs, path::Path};

use vmkit_contract::{
    Tree, machine,
    variant::{Edit, build},
};

const PLUGIN: &str = "libcontract_misbehave.so";

/// A later version with one more field in the module and one more method of the host.
const GROWN: &[Edit] = &[
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
const CHANGED: &[Edit] = &[
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

fn outcome(tree: &Tree) -> (String, String) {
    let ran = tree.run(vec![machine("web")], &[]);
    let outcome = &ran.outcomes[0];
    (outcome.status.code().to_owned(), outcome.message.clone().unwrap_or_default())
}

fn works() -> (String, String) {
    ("ok".to_owned(), String::new())
}

#[test]
fn other_versions_work_or_are_refused_with_a_reason() {
    let grown = build("grown", GROWN, &["vm-worker", "contract-misbehave"]);
    let newer_plugin = Tree::with(&[]);
    newer_plugin.add(&grown.join(PLUGIN), PLUGIN);
    assert_eq!(outcome(&newer_plugin), works(), "a plugin newer than the host");

    let older_plugin = Tree::with(&["contract-misbehave"]);
    older_plugin.replace_worker(&grown.join("vm-worker"));
    assert_eq!(outcome(&older_plugin), works(), "a plugin older than the host");

    let changed = build("changed", CHANGED, &["vm-worker", "contract-misbehave"]);
    let tree = Tree::with(&[]);
    tree.add(&changed.join(PLUGIN), PLUGIN);
    let (status, message) = outcome(&tree);
    assert_eq!(status, "incompatible");
    assert!(message.contains("Observation"), "{message}");
    assert!(message.len() < 400, "one line, not a report: {message}");

    let other_way = Tree::with(&["contract-misbehave"]);
    other_way.replace_worker(&changed.join("vm-worker"));
    assert_eq!(outcome(&other_way).0, "incompatible");
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
