//! The command in a refusal fixes its cause.
#![cfg(target_os = "linux")]

use std::{
    fs,
    os::unix::fs::{MetadataExt as _, chown, symlink},
    path::Path,
};

use serde_json::Value;
use vmkit_contract::place::{ANN, As, EVE, Owned, Place, STAFF, mode};

/// A shell needs quotes around this.
const PREFIX: &str = "usr/it's a tree; $(false)";
const PLUGIN: &str = "usr/it's a tree; $(false)/lib/vmkit/plugins/libcontract_misbehave.so";
const PLUGINS: &str = "usr/it's a tree; $(false)/lib/vmkit/plugins";
const LIB: &str = "usr/it's a tree; $(false)/lib";
const WORKER: &str = "usr/it's a tree; $(false)/lib/vmkit/vm-worker";

/// Faults of a tree owned by root; the user who runs `vm`; a part of the message; the beginning of
/// the command.
type Row = (&'static [Owned], As, &'static str, &'static str);

const ROWS: &[Row] = &[
    (&[(PLUGIN, EVE, 0, 0o755)], As::User(ANN), "belongs to user 41003", "sudo chown root "),
    (&[(PLUGIN, EVE, 0, 0o755)], As::Root, "belongs to user 41003", "chown root "),
    (&[(PLUGINS, EVE, 0, 0o777)], As::Sudo(ANN), "belongs to user 41003", "sudo chown root "),
    (
        &[(PLUGIN, EVE, 0, 0o666), (PLUGINS, EVE, EVE, 0o775), (LIB, 0, STAFF, 0o775)],
        As::User(ANN),
        "belongs to user 41003",
        "sudo chown root ",
    ),
    (&[(PLUGIN, 0, 0, 0o666)], As::User(ANN), "has mode 666", "sudo chmod go-w "),
    (&[(PLUGIN, ANN, 0, 0o666)], As::User(ANN), "has mode 666", "chmod go-w "),
    (&[(LIB, 0, STAFF, 0o775)], As::Root, "has mode 775", "chmod go-w "),
    (&[(PLUGINS, 0, 0, 0o1777)], As::Sudo(ANN), "has mode 1777", "sudo chmod go-w "),
    (&[(WORKER, 0, 0, 0o777)], As::User(ANN), "no plugin can be run: ", "sudo chmod go-w "),
    (&[(WORKER, EVE, 0, 0o755)], As::Root, "no plugin can be run: ", "chown root "),
    (&[(WORKER, 0, 0, 0o644)], As::User(ANN), "no plugin can be run: ", "sudo chmod a+rx "),
    (&[(PLUGIN, 0, 0, 0o600)], As::User(ANN), "Permission denied", "sudo chmod a+r "),
    (&[(PLUGIN, ANN, 0, 0)], As::User(ANN), "Permission denied", "chmod a+r "),
    (&[(PLUGIN, 0, 0, 0o600)], As::Root, "cannot read it", "chmod a+r "),
    (&[(PLUGIN, 0, 0, 0o600)], As::Sudo(ANN), "Permission denied", "sudo chmod a+r "),
    (&[(PLUGINS, 0, 0, 0o700)], As::User(ANN), "Permission denied", "sudo chmod a+rx "),
    (&[(PLUGINS, 0, 0, 0o744)], As::User(ANN), "Permission denied", "sudo chmod a+rx "),
    (&[(LIB, 0, 0, 0o700)], As::User(ANN), "Permission denied", "sudo chmod a+rx "),
];

fn plugins(place: &Place, by: As, more: &[&str]) -> Vec<Value> {
    let list = place.vm(PREFIX, by, &[more, &["plugin", "list", "--json"]].concat());
    list["plugins"].as_array().expect("a list").clone()
}

fn text<'a>(plugin: &'a Value, field: &str) -> &'a str {
    plugin[field].as_str().unwrap_or_else(|| panic!("no {field} in {plugin}"))
}

/// The command in a hint.
fn command_of(refused: &Value) -> &str {
    let hint = text(refused, "hint");
    hint.split_once(": ").map_or(hint, |(_, command)| command)
}

/// Runs the command of the first refused plugin.
fn follow(place: &Place, by: As, refused: &Value) {
    let command = command_of(refused);
    let ran = place.shell(by, command);
    let said = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "{by:?} {command}: {said}");
}

#[test]
fn the_suggested_command_makes_the_tree_trusted() {
    let Some(place) = Place::new() else { return };
    for (but, by, message, command) in ROWS {
        place.lay_out(PREFIX, (0, 0), but, &[]);
        let before = plugins(&place, *by, &[]);
        assert_eq!(before[0]["status"], "refused", "{but:?} {by:?}");
        assert!(text(&before[0], "message").contains(message), "{but:?} {by:?}: {before:?}");
        assert!(command_of(&before[0]).starts_with(command), "{but:?} {by:?}: {before:?}");
        follow(&place, *by, &before[0]);
        let after = plugins(&place, *by, &[]);
        assert_eq!(after[0]["status"], "ok", "{but:?} {by:?}: {after:?}");
        assert_eq!((after.len(), &after[0]["hint"]), (1, &Value::Null));
    }
}

/// Makes a plugin directory and a configuration that lists it.
fn elsewhere(place: &Place, directory: &str, fill: impl FnOnce(&Path)) -> String {
    place.lay_out(PREFIX, (0, 0), &[], &[]);
    let directory = place.path(directory);
    fs::remove_dir_all(&directory).ok();
    fs::create_dir_all(&directory).expect("make a directory");
    fill(&directory);
    let config = place.path("config.toml");
    let list = format!("plugin_directories = [{:?}]\n", directory.display().to_string());
    fs::write(&config, list).expect("write the configuration");
    config.display().to_string()
}

/// Copies the plugin that the tree lacks.
fn other_plugin(to: &Path) {
    let library = vmkit_contract::built("libcontract_trespass.so");
    fs::copy(library, to.join("libother.so")).expect("copy a plugin");
}

/// The command moves the plugin instead of taking rights from a directory that others use.
#[test]
fn a_plugin_in_others_directory_is_moved_to_the_programs_plugins() {
    let Some(place) = Place::new() else { return };
    let rows: [(&str, &[Owned]); 3] = [
        ("shared", &[("shared", 0, 0, 0o1777)]),
        ("eve/plugins", &[("eve", EVE, EVE, 0o755)]),
        ("group/plugins", &[("group", 0, STAFF, 0o775)]),
    ];
    for (directory, changed) in rows {
        let config = elsewhere(&place, directory, other_plugin);
        for (path, user, group, bits) in changed {
            chown(place.path(path), Some(*user), Some(*group)).expect("give it away");
            mode(&place.path(path), *bits);
        }
        let before = plugins(&place, As::Sudo(ANN), &["--config", &config]);
        assert_eq!((before.len(), &before[1]["status"]), (2, &"refused".into()), "{before:?}");
        follow(&place, As::Sudo(ANN), &before[1]);
        let after = plugins(&place, As::Sudo(ANN), &["--config", &config]);
        // There it is one that the user may agree to.
        assert!(after.len() == 2 && after[0]["status"] == "ok", "{after:?}");
        assert!(text(&after[1], "message").ends_with("nobody has trusted it"), "{after:?}");
        assert!(text(&after[1], "hint").starts_with("sudo vm plugin trust "), "{after:?}");
        let status = fs::metadata(place.path(changed[0].0)).expect("it is still there");
        let bits = status.mode() & 0o7777;
        assert_eq!(bits, changed[0].3, "{directory} is as it was");
    }
}

/// Adds a faulty file to a directory.
type Fill = fn(&Path);

/// Files that no change of rights can fix are moved away.
#[test]
fn invalid_and_duplicate_plugins_are_moved_away() {
    let Some(place) = Place::new() else { return };
    let own = |to: &Path| {
        let library = vmkit_contract::built("libcontract_misbehave.so");
        fs::copy(library, to.join("libagain.so")).expect("copy a plugin");
    };
    let rows: [(&str, Fill); 4] = [
        ("is taken by", own),
        ("not a library", |to| fs::write(to.join("lib x.so"), "text").expect("write a file")),
        ("is not a regular file", |to| fs::create_dir(to.join("lib.so")).expect("make it")),
        ("cannot open", |to| {
            symlink("/nonexistent", to.join("lib.so")).expect("link");
        }),
    ];
    for (message, fill) in rows {
        let config = elsewhere(&place, "more", fill);
        let before = plugins(&place, As::Root, &["--config", &config]);
        assert!(text(&before[1], "message").contains(message), "{before:?}");
        follow(&place, As::Root, &before[1]);
        let after = plugins(&place, As::Root, &["--config", &config]);
        assert!(after.len() == 1 && after[0]["status"] == "ok", "{message}: {after:?}");
    }
}

#[test]
fn a_missing_worker_is_installed_again() {
    let Some(place) = Place::new() else { return };
    place.lay_out(PREFIX, (0, 0), &[], &[]);
    fs::remove_file(place.path(WORKER)).expect("remove the worker");
    let list = plugins(&place, As::User(ANN), &[]);
    assert!(text(&list[0], "message").contains("vm-worker: No such file"), "{list:?}");
    let words = shlex::split(command_of(&list[0])).expect("a shell reads it");
    assert_eq!(words[..5], ["sudo", "env", "PATH=$PATH", "cargo", "xtask"]);
    assert_eq!(words[5..], ["install", "--prefix", &place.path(PREFIX).display().to_string()]);
}
