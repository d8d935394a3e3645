//! Builds other versions of the plugin interface, made from this one by edits.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::target;

/// A replacement of text in a file. The text must occur exactly once.
#[derive(Clone, Copy, Debug)]
pub struct Edit<'a> {
    /// Path from the repository's root.
    pub file: &'a str,
    /// The text to find.
    pub find: &'a str,
    /// The new text.
    pub replace: &'a str,
}

/// How a version is built.
#[derive(Clone, Copy, Debug)]
pub enum How {
    /// As the tests are.
    Debug,
    /// Optimised and without the checks of debug builds, as plugins are published.
    Release,
    /// The same, and a panic ends the process.
    Aborting,
}

impl How {
    /// The settings of cargo. The profile stays the one of tests, so that all versions share one
    /// directory, and what runs while they are built is built once.
    fn settings(self) -> &'static [(&'static str, &'static str)] {
        const RELEASE: [(&str, &str); 6] = [
            ("OPT_LEVEL", "1"),
            ("DEBUG_ASSERTIONS", "false"),
            ("OVERFLOW_CHECKS", "false"),
            ("BUILD_OVERRIDE_DEBUG_ASSERTIONS", "true"),
            ("BUILD_OVERRIDE_OVERFLOW_CHECKS", "true"),
            ("PANIC", "abort"),
        ];
        match self {
            Self::Debug => &[],
            Self::Release => RELEASE.split_last().map_or(&[], |(_, all)| all),
            Self::Aborting => &RELEASE,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Release => "release",
            Self::Aborting => "aborting",
        }
    }
}

/// The sources of a version.
const SOURCES: [&str; 5] =
    ["sdk", "core/model", "core/wire", "core/worker", "tests/contract/plugins/misbehave"];

/// Builds `packages` so on the interface with these edits, and returns the directory of the results.
///
/// All versions share a build directory, so that common parts are built once. The next version
/// overwrites the results, so they are copied.
///
/// # Panics
/// An edit does not match, or the build fails.
pub fn build(name: &str, edits: &[Edit<'_>], how: How, packages: &[&str]) -> PathBuf {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let base = target().join("contract-variants");
    let root = base.join(name);
    for source in SOURCES {
        copy_tree(&repository, Path::new(source), &root, edits);
    }
    let manifest = fs::read_to_string(repository.join("Cargo.toml")).expect("read Cargo.toml");
    let members = manifest.lines().find(|line| line.starts_with("members = "));
    let members = members.expect("the workspace has members on one line");
    let own = SOURCES.map(|source| if source == "sdk" { "sdk/*" } else { source });
    let manifest = manifest.replace(members, &format!("members = {own:?}"));
    write_if_changed(&root.join("Cargo.toml"), manifest.as_bytes());
    fs::copy(repository.join("Cargo.lock"), root.join("Cargo.lock")).expect("copy Cargo.lock");
    let build = base.join("build");
    let mut cargo = Command::new(env!("CARGO"));
    cargo
        .current_dir(&root)
        .args(["build", "--offline", "--quiet"])
        .env("CARGO_TARGET_DIR", &build);
    for (setting, value) in how.settings() {
        cargo.env(format!("CARGO_PROFILE_DEV_{setting}"), value);
    }
    cargo.args(packages.iter().flat_map(|package| ["-p", package]));
    let output = cargo.output().expect("start cargo");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let results = root.join("results").join(how.name());
    fs::create_dir_all(&results).expect("make a directory");
    for file in ["vm-worker", "libcontract_misbehave.so"] {
        let result = build.join("debug").join(file);
        if result.exists() {
            fs::copy(result, results.join(file)).expect("copy a result");
        }
    }
    results
}

/// Copies a folder of the repository with the edits. A file that is there already is left alone, so that
/// cargo builds nothing again.
fn copy_tree(repository: &Path, folder: &Path, root: &Path, edits: &[Edit<'_>]) {
    fs::create_dir_all(root.join(folder)).expect("make a directory");
    let from = repository.join(folder);
    for entry in from.read_dir().unwrap_or_else(|error| panic!("{}: {error}", from.display())) {
        let entry = entry.expect("read a directory");
        let below = folder.join(entry.file_name());
        if entry.file_type().expect("look at a file").is_dir() {
            copy_tree(repository, &below, root, edits);
        } else {
            let bytes = fs::read(entry.path()).expect("read a file");
            let own = edits.iter().filter(|edit| Path::new(edit.file) == below);
            write_if_changed(&root.join(&below), &own.fold(bytes, edited));
        }
    }
}

fn edited(bytes: Vec<u8>, Edit { file, find, replace }: &Edit<'_>) -> Vec<u8> {
    let text = String::from_utf8(bytes).unwrap_or_else(|error| panic!("{file}: {error}"));
    assert_eq!(text.matches(find).count(), 1, "{find:?} in {file}");
    text.replace(find, replace).into_bytes()
}

fn write_if_changed(path: &Path, bytes: &[u8]) {
    if fs::read(path).is_ok_and(|old| old == bytes) {
        return;
    }
    fs::write(path, bytes).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
}
