//! Builds other versions of the plugin interface, made from this one by edits.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::target;

/// A replacement of text in a file. The text must occur exactly once.
pub struct Edit {
    /// Path from the repository's root.
    pub file: &'static str,
    /// The text to find.
    pub find: &'static str,
    /// The new text.
    pub replace: &'static str,
}

/// The sources of a version.
const SOURCES: [&str; 5] =
    ["sdk", "core/model", "core/wire", "core/worker", "tests/contract/plugins/misbehave"];

/// Builds `packages` on the interface with these edits, and returns the directory of the results.
///
/// All versions share a build directory, so that common parts are built once. The next version
/// overwrites the results, so they are copied.
///
/// # Panics
/// An edit does not match, or the build fails.
pub fn build(name: &str, edits: &[Edit], packages: &[&str]) -> PathBuf {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let base = target().join("contract-variants");
    let root = base.join(name);
    for source in SOURCES {
        copy_tree(&repository.join(source), &root.join(source));
    }
    let manifest = fs::read_to_string(repository.join("Cargo.toml")).expect("read Cargo.toml");
    let members = manifest.lines().find(|line| line.starts_with("members = "));
    let members = members.expect("the workspace has members on one line");
    let own = SOURCES.map(|source| if source == "sdk" { "sdk/*" } else { source });
    let manifest = manifest.replace(members, &format!("members = {own:?}"));
    write_if_changed(&root.join("Cargo.toml"), &manifest);
    fs::copy(repository.join("Cargo.lock"), root.join("Cargo.lock")).expect("copy Cargo.lock");
    for Edit { file, find, replace } in edits {
        let path = root.join(file);
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{file}: {error}"));
        assert_eq!(text.matches(find).count(), 1, "{find:?} in {file}");
        write_if_changed(&path, &text.replace(find, replace));
    }
    let build = base.join("build");
    let mut cargo = Command::new(env!("CARGO"));
    cargo
        .current_dir(&root)
        .args(["build", "--offline", "--quiet"])
        .env("CARGO_TARGET_DIR", &build);
    cargo.args(packages.iter().flat_map(|package| ["-p", package]));
    let output = cargo.output().expect("start cargo");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let results = root.join("results");
    fs::create_dir_all(&results).expect("make a directory");
    for file in ["vm-worker", "libcontract_misbehave.so"] {
        let result = build.join("debug").join(file);
        if result.exists() {
            fs::copy(result, results.join(file)).expect("copy a result");
        }
    }
    results
}

fn copy_tree(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("make a directory");
    for entry in from.read_dir().unwrap_or_else(|error| panic!("{}: {error}", from.display())) {
        let entry = entry.expect("read a directory");
        let to = to.join(entry.file_name());
        if entry.file_type().expect("look at a file").is_dir() {
            copy_tree(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), &to).expect("copy a file");
        }
    }
}

fn write_if_changed(path: &Path, text: &str) {
    if fs::read_to_string(path).is_ok_and(|old| old == text) {
        return;
    }
    fs::write(path, text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
}
