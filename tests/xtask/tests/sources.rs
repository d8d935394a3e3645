//! What every crate and every source file of the workspace keeps to.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Past this, a file has a second thing in it.
const LONGEST_FILE: usize = 400;

/// The command line keeps flags, asking, printing and exit statuses; what is longer decides something.
const LONGEST_CLI: usize = 3300;

/// Where `unsafe` may stand: at the binary interface, in the process that loads through it, at the
/// memory that a raw socket shares with the kernel, at the groups of a process on macOS, in the plugins
/// that misbehave on purpose.
const UNSAFE_ALLOWED: &[&str] = &[
    "sdk/abi",
    "sdk/plugin",
    "core/worker",
    "core/capture",
    "core/rights",
    "tests/contract/plugins",
];

fn root() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    root.canonicalize().expect("the workspace's root")
}

/// Every file below the workspace's source folders with this name or extension, as a path below the
/// root.
fn files(wanted: impl Fn(&Path) -> bool) -> Vec<PathBuf> {
    let root = root();
    let mut folders: Vec<_> =
        ["core", "plugins", "sdk", "tests"].iter().map(|folder| root.join(folder)).collect();
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a readable folder") {
            let path = entry.expect("a readable entry").path();
            if path.is_dir() {
                // Crates outside the workspace, such as fuzzing's, build beside themselves.
                if !path.ends_with("target") {
                    folders.push(path);
                }
            } else if wanted(&path) {
                found.push(path.strip_prefix(&root).expect("a path below the root").to_owned());
            }
        }
    }
    found.sort();
    assert!(!found.is_empty(), "no files were looked at");
    found
}

fn rust_files() -> Vec<PathBuf> {
    files(|path| path.extension().is_some_and(|extension| extension == "rs"))
}

/// The root source file of every crate: of its library and of its program.
fn crate_roots() -> Vec<PathBuf> {
    files(|path| path.ends_with("src/lib.rs") || path.ends_with("src/main.rs"))
}

fn read(path: &Path) -> String {
    fs::read_to_string(root().join(path)).expect("a readable source file")
}

#[track_caller]
fn assert_none(rule: &str, broken: &[String]) {
    assert!(broken.is_empty(), "{rule}:\n{}", broken.join("\n"));
}

#[test]
fn every_crate_inherits_the_lints() {
    let manifests = files(|path| path.ends_with("Cargo.toml"));
    let broken = manifests.iter().filter(|path| {
        let manifest: toml::Table = read(path).parse().expect("a manifest in TOML");
        let inherits = manifest.get("lints").and_then(|lints| lints.get("workspace"));
        inherits.and_then(toml::Value::as_bool) != Some(true)
    });
    let broken: Vec<_> = broken.map(|path| path.display().to_string()).collect();
    assert_none("every Cargo.toml has `[lints] workspace = true`", &broken);
}

#[test]
fn no_file_holds_two_things() {
    let lengths = rust_files().into_iter().map(|path| (read(&path).lines().count(), path));
    let broken = lengths.filter(|(lines, _)| *lines > LONGEST_FILE);
    let broken: Vec<_> =
        broken.map(|(lines, path)| format!("{}: {lines} lines", path.display())).collect();
    assert_none(&format!("no source file has more than {LONGEST_FILE} lines"), &broken);
}

#[test]
fn the_command_line_stays_small() {
    let files = rust_files();
    let own = files.iter().filter(|path| path.starts_with("core/cli"));
    let lines: usize = own.map(|path| read(path).lines().count()).sum();
    assert!(lines <= LONGEST_CLI, "core/cli has {lines} lines, and may have {LONGEST_CLI}");
}

#[test]
fn every_crate_says_what_it_is() {
    let broken = crate_roots().into_iter().filter(|path| !read(path).starts_with("//! "));
    let broken: Vec<_> = broken.map(|path| path.display().to_string()).collect();
    assert_none("every crate's root starts with its documentation", &broken);
}

#[test]
fn unsafe_code_stays_where_it_belongs() {
    let elsewhere = |path: &Path| !UNSAFE_ALLOWED.iter().any(|folder| path.starts_with(folder));
    // The macro of plugins exports symbols, which is unsafe; so plugins deny and cannot forbid.
    let closed = |path: &Path| {
        let word = if path.starts_with("plugins") { "deny" } else { "forbid" };
        read(path).contains(&format!("#![{word}(unsafe_code)]"))
    };
    let broken = crate_roots().into_iter().filter(|path| elsewhere(path) && !closed(path));
    let broken: Vec<_> = broken.map(|path| path.display().to_string()).collect();
    assert_none("unsafe code is forbidden in this crate's root (plugins: denied)", &broken);
}
