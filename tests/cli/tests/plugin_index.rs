//! Plugins of an index: searched, fetched, compared, and installed with consent; and hostile indexes.
#![cfg(target_os = "linux")]

mod common;

use std::{
    fs,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::{Path, PathBuf},
    process::Command,
};

use common::Ann;
use vmkit_cli_tests::Output;
use vmkit_state::FileHash;

/// What the stranger's plugin needs, as its manifest says.
fn needs() -> String {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../../plugins/signal-leases/plugin.json");
    let manifest: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(manifest).expect("a manifest")).expect("JSON");
    let list = |needs: &str| manifest[needs]["read_files"].to_string();
    format!(
        "needs = {{ read_files = {} }}\nneeds_macos = {{ read_files = {} }}\n",
        list("needs"),
        list("needs_macos")
    )
}

/// An index with the stranger's plugin.
fn index(ann: &Ann) -> PathBuf {
    let library = ann.stranger();
    let place = ann.elsewhere("index");
    fs::create_dir(place.join("files")).expect("a directory");
    let file = place.join("files/lucky1.so");
    fs::copy(&library, &file).expect("a copy");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).expect("everybody may read it");
    let hash = vmkit_hosts::digest(&fs::read(&file).expect("the file"));
    let hash = FileHash::new(hash).to_string();
    write(&place, "lucky1", &entry(&hash, "path = \"files/lucky1.so\"", &needs()));
    place
}

fn entry(hash: &str, file: &str, needs: &str) -> String {
    let platform = format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS);
    format!(
        "name = \"lucky1\"\nsummary = \"addresses by luck\"\n[[versions]]\nversion = \"0.1.0\"\n\
         epoch = [1, 1]\nplatform = \"{platform}\"\n{file}\nsha256 = \"{hash}\"\n{needs}"
    )
}

fn write(index: &Path, name: &str, text: &str) {
    fs::write(index.join(format!("{name}.toml")), text).expect("an entry");
}

fn install(ann: &Ann, index: &Path) -> Output {
    let index = index.to_str().expect("UTF-8");
    ann.vm(&["plugin", "install", "lucky1", "--index", index, "--yes"])
}

fn is_installed(ann: &Ann) -> bool {
    ann.home().join(".local/share/vmkit/plugins/liblucky1.so").exists()
}

#[test]
fn installs_from_an_index_with_consent() {
    let ann = Ann::new();
    let place = index(&ann);
    let name = place.to_str().expect("UTF-8");
    let found = ann.vm(&["plugin", "search", "LUCK", "--index", name, "--json"]);
    assert_eq!(found.status, 0, "{found:?}");
    assert_eq!(found.json()["plugins"][0]["version"], "0.1.0");
    let none = ann.vm(&["plugin", "search", "router", "--index", name]);
    assert_eq!((none.status, none.stdout.as_str()), (1, "The index lists no such plugin.\n"));
    let unasked = ann.vm(&["plugin", "install", "lucky1", "--index", name]);
    assert_eq!(unasked.status, 2, "{unasked:?}");
    assert!(unasked.stdout.contains("reads /var/lib/misc/dnsmasq*.leases"), "{unasked:?}");
    assert!(!is_installed(&ann));

    fs::create_dir_all(ann.home().join(".config/vmkit")).expect("a directory");
    let config = format!("[plugins]\nindex = {name:?}\n");
    fs::write(ann.home().join(".config/vmkit/config.toml"), config).expect("a configuration");
    let installed = ann.vm(&["plugin", "install", "lucky1", "--yes"]);
    assert_eq!(installed.status, 0, "{installed:?}");
    assert!(is_installed(&ann));
    // What was fetched is not kept.
    let kept = fs::read_dir(ann.home().join(".cache/vmkit/plugins")).expect("a directory");
    assert_eq!(kept.count(), 0);
}

#[test]
fn a_file_that_is_not_what_is_listed_is_not_installed() {
    let ann = Ann::new();
    let place = index(&ann);
    let good = fs::read_to_string(place.join("lucky1.toml")).expect("the entry");
    let hash = good.split("sha256 = \"").nth(1).expect("a hash")[..64].to_owned();
    let rows = [
        (good.replace(&hash, &"0".repeat(64)), "its SHA-256 is"),
        (good.replace("version = \"0.1.0\"", "version = \"0.2.0\""), "its version is 0.1.0"),
        (entry(&hash, "path = \"files/lucky1.so\"", ""), "it needs more: read_files"),
        (good.replace("epoch = [1, 1]", "epoch = [2, 3]"), "runs here"),
        (good.replace("-linux", "-plan9"), "runs here"),
        (good.replace("\"lucky1\"", "\"other\""), "names another plugin"),
        (format!("trusted = true\n{good}"), "is not valid"),
        (
            good.replace("path = \"files/lucky1.so\"", "url = \"http://127.0.0.1:1/x\""),
            "only files",
        ),
        (good.replace("path = \"files/lucky1.so\"", ""), "names no file"),
    ];
    for (text, why) in rows {
        write(&place, "lucky1", &text);
        let refused = install(&ann, &place);
        assert!(refused.status == 2 && refused.stderr.contains(why), "{why}: {refused:?}");
        assert!(!is_installed(&ann), "{why}");
    }
}

#[test]
fn a_hostile_index_reads_and_runs_nothing() {
    let ann = Ann::new();
    let place = index(&ann);
    let good = fs::read_to_string(place.join("lucky1.toml")).expect("the entry");
    symlink("/etc/passwd", place.join("files/link.so")).expect("a link");
    symlink("/etc", place.join("etc")).expect("a link");
    for path in ["../home/lucky.so", "/etc/passwd", "files/link.so", "etc/passwd", "files", "."] {
        let file = format!("path = \"{path}\"");
        write(&place, "lucky1", &good.replace("path = \"files/lucky1.so\"", &file));
        let refused = install(&ann, &place);
        assert!(refused.status == 2 && refused.stderr.contains("cannot fetch"), "{refused:?}");
    }
    // An entry that is a link, one that is large, and one that controls a terminal hide no other.
    write(&place, "lucky1", &good);
    symlink("/etc/passwd", place.join("link.toml")).expect("a link");
    write(&place, "large", &"x".repeat(1 << 20));
    write(&place, "bell", "name = \"bell\"\nsummary = \"\\u001b[2J\"\nversions = []\n");
    let name = place.to_str().expect("UTF-8");
    let found = ann.vm(&["plugin", "search", "--index", name]);
    found.assert_harmless();
    assert!(found.stdout.contains("lucky1  0.1.0"), "{found:?}");
    for wrong in ["`link`", "`large`"] {
        assert!(found.stdout.contains(wrong), "{wrong}: {found:?}");
    }
    for address in ["ext::sh -c touch${IFS}/tmp/x", "--upload-pack=touch", "http://127.0.0.1:1/"] {
        let refused = ann.vm(&["plugin", "search", &format!("--index={address}")]);
        assert!(refused.status == 2 && refused.stderr.contains("no place"), "{refused:?}");
    }
}

/// Runs git as a keeper of an index does.
fn git(repository: &Path, arguments: &[&str]) {
    let mut command = Command::new("git");
    command.arg("-C").arg(repository).args(["-c", "user.name=x", "-c", "user.email=x@x.test"]);
    let output = command.args(arguments).output().expect("start git");
    assert!(output.status.success(), "{arguments:?}: {output:?}");
}

#[test]
fn fetches_a_repository_without_its_hooks_links_and_submodules() {
    let ann = Ann::new();
    let place = index(&ann);
    let ran = ann.home().join("ran");
    symlink("/etc/passwd", place.join("link.toml")).expect("a link");
    let modules = "[submodule \"x\"]\n\tpath = x\n\turl = ext::sh -c touch% ran\n";
    fs::write(place.join(".gitmodules"), modules).expect("a file");
    fs::write(place.join(".gitattributes"), "* filter=evil\n").expect("a file");
    git(&place, &["init", "--quiet"]);
    git(&place, &["add", "."]);
    git(&place, &["commit", "--quiet", "--message", "x"]);
    // What a configuration of hers would run.
    let evil = format!("[filter \"evil\"]\n\tsmudge = touch {}\n", ran.display());
    fs::write(ann.home().join(".gitconfig"), evil).expect("a configuration");
    chown_all(&place);
    let address = format!("file://{}", place.display());
    let found = ann.vm(&["plugin", "search", "luck", "--index", &address]);
    assert_eq!(found.status, 0, "{found:?}");
    assert!(found.stdout.contains("lucky1  0.1.0"), "{found:?}");
    let installed = ann.vm(&["plugin", "install", "lucky1", "--index", &address, "--yes"]);
    assert_eq!(installed.status, 0, "{installed:?}");
    assert!(is_installed(&ann) && !ran.exists());
    let gone = ann.vm(&["plugin", "search", "--index", "file:///nonexistent.git"]);
    assert!(gone.status == 2 && gone.stderr.contains("git cannot fetch"), "{gone:?}");
}

/// Every file below this directory.
fn files_below(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let all = entries.flat_map(|entry| match entry.file_type() {
        Ok(kind) if kind.is_dir() => files_below(&entry.path()),
        _ => vec![entry.path()],
    });
    all.collect()
}

#[test]
fn an_index_makes_no_copy_of_a_file_that_it_does_not_know() {
    let ann = Ann::new();
    let place = index(&ann);
    let secret = ann.home().join("id_ed25519");
    fs::write(&secret, "PRIVATE KEY of ann").expect("a file");
    let good = fs::read_to_string(place.join("lucky1.toml")).expect("the entry");
    let pipe = place.join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().is_ok_and(|status| status.success()));
    let link = place.join("link");
    symlink(&secret, &link).expect("a link");
    let by_url = |file: &Path| {
        let url = format!("url = \"file://{}\"", file.display());
        good.replace("path = \"files/lucky1.so\"", &url)
    };
    let rows =
        [(&secret, "its SHA-256 is"), (&pipe, "not a regular file"), (&link, "a symbolic link")];
    for (file, why) in rows {
        write(&place, "lucky1", &by_url(file));
        let refused = install(&ann, &place);
        assert!(refused.status == 2 && refused.stderr.contains(why), "{why}: {refused:?}");
        let kept = files_below(&ann.home().join(".cache"));
        assert!(kept.is_empty(), "{kept:?}");
    }
    // What somebody else wrote names no file of this computer.
    for each in [&pipe, &link] {
        fs::remove_file(each).expect("it was there");
    }
    write(&place, "lucky1", &by_url(&place.join("files/lucky1.so")));
    let installed = install(&ann, &place);
    assert_eq!(installed.status, 0, "{installed:?}");
    let address = repository(&place);
    let refused = ann.vm(&["plugin", "install", "lucky1", "--index", &address, "--yes"]);
    assert!(
        refused.status == 2 && refused.stderr.contains("only files of the index"),
        "{refused:?}"
    );
}

#[test]
fn an_index_that_is_small_to_fetch_and_large_to_unpack_is_refused_and_removed() {
    let ann = Ann::new();
    let place = index(&ann);
    let zeros = fs::File::create(place.join("zeros")).expect("a file");
    zeros.set_len(65 << 20).expect("a file with a hole");
    let address = repository(&place);
    let refused = ann.vm(&["plugin", "search", "--index", &address]);
    assert!(refused.status == 2 && refused.stderr.contains("more than 64 MiB"), "{refused:?}");
    let kept = files_below(&ann.home().join(".cache"));
    assert!(kept.is_empty(), "{kept:?}");
}

#[test]
fn an_older_version_than_the_installed_one_is_installed_only_by_its_number() {
    let ann = Ann::new();
    let place = index(&ann);
    let good = fs::read_to_string(place.join("lucky1.toml")).expect("the entry");
    assert_eq!(install(&ann, &place).status, 0);
    write(&place, "lucky1", &good.replace("version = \"0.1.0\"", "version = \"0.1.0-rc.1\""));
    let refused = install(&ann, &place);
    let why = "lucky1 0.1.0 is installed, and 0.1.0-rc.1 is older";
    assert!(refused.status == 2 && refused.stderr.contains(why), "{refused:?}");
    let name = place.to_str().expect("UTF-8");
    let by_number = |version: &str| {
        let words = ["plugin", "install", "lucky1", "--index", name, "--yes", "--version", version];
        ann.vm(&words)
    };
    let named = by_number("0.1.0-rc.1");
    assert!(named.stderr.contains("its version is 0.1.0"), "{named:?}");
    let unlisted = by_number("7.0.0");
    assert!(unlisted.status == 2 && unlisted.stderr.contains("runs here"), "{unlisted:?}");
}

/// The address of a repository of this directory, which Ann may read.
fn repository(place: &Path) -> String {
    git(place, &["init", "--quiet"]);
    git(place, &["add", "."]);
    git(place, &["commit", "--quiet", "--message", "x"]);
    chown_all(place);
    format!("file://{}", place.display())
}

/// Git serves no repository of another user.
fn chown_all(place: &Path) {
    let owner = format!("{0}:{0}", common::ANN);
    let status = Command::new("chown").arg("-hR").arg(owner).arg(place).status();
    assert!(status.is_ok_and(|status| status.success()));
}
