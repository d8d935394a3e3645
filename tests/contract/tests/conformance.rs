//! Each rule of plugins has one that breaks it, and plugins that keep all of them.
#![cfg(target_os = "linux")]

use vmkit_contract::Tree;

const SIGNAL: &str = "contract-misbehave";
const ADVICE: &str = "contract-misadvise";
const INVENTORY: &str = "contract-mislist";

/// The plugin; its behaviour; a rule that it breaks; a part of what it did.
type Row = (&'static str, &'static str, &'static str, &'static str);

const ROWS: &[Row] = &[
    (SIGNAL, "panic-when-made", "load", "panic in new"),
    (SIGNAL, "lenient", "config-unknown-key", "without a word"),
    (SIGNAL, "fail", "answer", "behaviour fail"),
    (SIGNAL, "expect-a-machine", "empty", "index out of bounds"),
    (SIGNAL, "slow", "large", "ended with the error"),
    (SIGNAL, "expect-plain-names", "hostile", "behaviour expect-plain-names"),
    (SIGNAL, "hang-on-many", "cancel", "had not returned"),
    (SIGNAL, "hang-on-many", "deadline", "had not returned"),
    (SIGNAL, "lie-about-machine", "indices", "of a batch of 1"),
    (SIGNAL, "lie-about-arp", "facts", "arp-reply, which it cannot know without `arp`"),
    (SIGNAL, "ask-by-arp", "needs", "the manifest declares no `arp`"),
    (SIGNAL, "read-a-file", "needs", "/etc/passwd"),
    (SIGNAL, "segfault", "crash", "signal 11"),
    (SIGNAL, "print", "output", "vm status says what I want"),
    (SIGNAL, "log-much", "log", "2000 lines"),
    (SIGNAL, "leave-a-thread", "threads", "1 still ran"),
    (ADVICE, "lie", "advice", "has more than 24 reasons"),
    (ADVICE, "panic", "crash", "panic on demand"),
    (INVENTORY, "one-id", "machines", "has the id of another"),
    (INVENTORY, "no-name", "machines", "without an id or a name"),
];

fn check(plugin: &str, how: &str, change: impl FnOnce(&Tree)) -> Vec<(&'static str, String)> {
    let tree = Tree::with(&[plugin]);
    change(&tree);
    let file = format!("lib{}.so", plugin.replace('-', "_"));
    tree.check(&file, &serde_json::json!({ "how": how }).to_string())
}

#[track_caller]
fn assert_breaks(judged: &[(&'static str, String)], rule: &str, how: &str) {
    let of_rule = judged.iter().find(|(id, _)| *id == rule);
    assert!(of_rule.is_some_and(|(_, did)| did.contains(how)), "{rule}, {how}: {judged:?}");
}

#[test]
fn a_plugin_that_breaks_a_rule_hears_which_and_how() {
    std::thread::scope(|scope| {
        for (plugin, how, rule, did) in ROWS {
            scope.spawn(move || assert_breaks(&check(plugin, how, |_| ()), rule, did));
        }
    });
}

#[test]
fn a_manifest_that_says_something_else_than_the_library_is_found() {
    let rows = [
        (r#"["signal"]"#, r#"["advice"]"#, "kinds", "declares advice, and the library has none"),
        (r#"["signal"]"#, r#"["oracle"]"#, "manifest", "it declares none"),
        (r#"{"type": "object""#, r#"{"type": "text""#, "config-schema", "is not `object`"),
    ];
    for (old, new, rule, did) in rows {
        assert_breaks(&check(SIGNAL, "well", |tree| tree.rewrite(old, new)), rule, did);
    }
}

#[test]
fn a_default_that_the_plugin_does_not_accept_is_found() {
    let tree = Tree::with(&[SIGNAL]);
    tree.rewrite(r#""default": "well""#, r#""default": "bad" "#);
    let judged = tree.check("libcontract_misbehave.so", "{}");
    assert_breaks(&judged, "config-defaults", "no good value");
}

#[test]
fn plugins_that_behave_keep_all_rules() {
    for (plugin, how) in [(SIGNAL, "well"), (ADVICE, "brief"), (INVENTORY, "well")] {
        assert_eq!(check(plugin, how, |_| ()), [], "{plugin}");
    }
}

/// The names of the packages of plugins that vmkit comes with.
fn bundled() -> Vec<String> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../plugins");
    let entries = std::fs::read_dir(folder).expect("list the plugins").map(Result::unwrap);
    let plugins = entries.filter(|entry| entry.path().join("plugin.json").exists());
    plugins.map(|entry| entry.file_name().into_string().expect("a name in UTF-8")).collect()
}

/// How many of the many plugins are checked at once: each has a worker that computes, and 10 s a call.
const AT_ONCE: usize = 4;

#[test]
fn every_plugin_of_vmkit_keeps_the_rules_that_others_are_checked_by() {
    let plugins = bundled();
    let judge = |plugin: &String| {
        let tree = Tree::with(&[plugin]);
        let judged = tree.check(&format!("lib{}.so", plugin.replace('-', "_")), "{}");
        (plugin.clone(), judged)
    };
    let judged: Vec<_> = std::thread::scope(|scope| {
        let lanes = plugins.chunks(plugins.len().div_ceil(AT_ONCE));
        let lanes = lanes.map(|lane| scope.spawn(|| lane.iter().map(judge).collect::<Vec<_>>()));
        let lanes: Vec<_> = lanes.collect();
        lanes.into_iter().flat_map(|lane| lane.join().unwrap()).collect()
    });
    // Some need what a computer may refuse: `icmp` sends pings.
    let is_broken = |(_, did): &(&str, String)| !did.starts_with("not checked: this computer");
    let broken = judged.into_iter().filter(|(_, judged)| judged.iter().any(is_broken));
    let broken: Vec<_> = broken.collect();
    assert!(broken.is_empty(), "{broken:#?}");
}
