//! The libraries that may be loaded, by path, owner, mode, kind of file and manifest.
#![cfg(target_os = "linux")]

use std::{
    fs,
    os::unix::fs::{PermissionsExt as _, chown, symlink},
    path::Path,
};

use vmkit_contract::{Tree, machine};

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("set the mode");
}

/// Status and message of a plugin after a change to its tree.
fn after(change: impl FnOnce(&Tree, &Path)) -> (String, String) {
    let tree = Tree::with(&["contract-misbehave"]);
    let library = tree.plugins().join("libcontract_misbehave.so");
    change(&tree, &library);
    let ran = tree.run(vec![machine("web")], &[]);
    let outcome = &ran.outcomes[0];
    (outcome.status.code().to_owned(), outcome.message.clone().unwrap_or_default())
}

#[test]
fn refuses_a_library_that_others_could_change() {
    let (status, message) = after(|_, library| mode(library, 0o666));
    assert_eq!(status, "refused");
    assert!(message.ends_with("has mode 666: others could change it"), "{message}");

    let (status, message) = after(|tree, _| mode(&tree.plugins(), 0o777));
    assert_eq!(status, "refused");
    assert!(message.contains("lib/vmkit/plugins has mode 777"), "{message}");

    let (status, message) = after(|tree, _| mode(&tree.plugins(), 0o1777));
    assert_eq!(status, "refused", "sticky is not enough for root: {message}");
}

#[test]
fn refuses_a_library_of_another_user() {
    let (status, message) = after(|_, library| chown(library, Some(12345), None).unwrap());
    assert_eq!(status, "refused");
    assert!(message.contains("belongs to user 12345"), "{message}");

    let (status, message) = after(|tree, library| {
        let elsewhere = tree.root().join("elsewhere");
        fs::create_dir(&elsewhere).unwrap();
        fs::rename(library, elsewhere.join("plugin.so")).unwrap();
        chown(&elsewhere, Some(12345), None).unwrap();
        symlink(elsewhere.join("plugin.so"), library).unwrap();
    });
    assert_eq!(status, "refused");
    assert!(message.contains("elsewhere belongs to user 12345"), "{message}");
}

#[test]
fn refuses_files_that_are_no_library_without_blocking() {
    let replace = |library: &Path, with: &dyn Fn(&Path)| {
        fs::remove_file(library).unwrap();
        with(library);
    };
    let (status, message) =
        after(|_, library| replace(library, &|path| fs::write(path, "\x1b[2J#!/bin/sh").unwrap()));
    assert_eq!(status, "refused");
    assert!(message.contains("not a library"), "{message}");

    let (status, message) =
        after(|_, library| replace(library, &|path| fs::create_dir(path).unwrap()));
    assert_eq!((status.as_str(), message.contains("is not a regular file")), ("refused", true));

    let (status, message) = after(|_, library| {
        replace(library, &|path| {
            let made = std::process::Command::new("mkfifo").arg(path).status().unwrap();
            assert!(made.success());
            mode(path, 0o644);
        });
    });
    assert_eq!((status.as_str(), message.contains("is not a regular file")), ("refused", true));

    let (status, message) =
        after(|_, library| replace(library, &|path| symlink(path, path).unwrap()));
    assert_eq!(status, "refused");
    assert!(message.contains("cannot open"), "{message}");
}

#[test]
fn the_first_plugin_of_an_id_is_used() {
    let tree = Tree::with(&["contract-misbehave"]);
    let library = tree.plugins().join("libcontract_misbehave.so");
    tree.add(&library, "libz.so");
    let ran = tree.run(vec![machine("web")], &[]);
    assert_eq!(ran.outcome("misbehave"), ("ok", ""));
    let (status, message) = ran.outcome("libz.so");
    assert_eq!(status, "refused");
    assert!(message.starts_with("the id `misbehave` is taken by"), "{message}");
}

#[test]
fn starts_the_worker_that_was_vetted_though_a_link_to_it_leads_elsewhere_by_then() {
    let tree = Tree::with(&["contract-misbehave"]);
    let worker = tree.root().join("lib/vmkit/vm-worker");
    let (vetted, other) = (tree.root().join("lib/vetted"), tree.root().join("lib/other"));
    fs::rename(&worker, &vetted).unwrap();
    fs::write(&other, "#!/bin/sh\nexit 0\n").unwrap();
    mode(&other, 0o755);
    symlink(&vetted, &worker).unwrap();
    let ran = tree.run_changed_after_vetting(vec![machine("web")], || {
        fs::remove_file(&worker).unwrap();
        symlink(&other, &worker).unwrap();
    });
    assert_eq!(ran.outcome("misbehave"), ("ok", ""));

    // Nor is a worker started that came to lie on the vetted path.
    let moved = tree.root().join("lib/moved");
    fs::remove_file(&worker).unwrap();
    symlink(&vetted, &worker).unwrap();
    let ran = tree.run_changed_after_vetting(vec![machine("web")], || {
        fs::rename(&vetted, &moved).unwrap();
        fs::rename(&other, &vetted).unwrap();
    });
    assert_eq!(ran.outcome("misbehave"), ("ok", ""));
}
