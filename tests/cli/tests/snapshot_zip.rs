//! A snapshot in one file is written, read and refused like one in a directory.

use std::{
    fs,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::Path,
};

use vmkit_cli_tests::{DataDirectory, Output, run};

fn bridged() -> String {
    format!("{}/data/macos-bridged", env!("CARGO_MANIFEST_DIR"))
}

/// A redacted copy of a snapshot, once as a directory and once as a zip.
fn copies() -> (tempfile::TempDir, String, String) {
    let place = tempfile::tempdir().expect("make a directory");
    let path = |name: &str| place.path().join(name).to_str().expect("UTF-8").to_owned();
    let (directory, zip) = (path("copy"), path("copy.zip"));
    for to in [&directory, &zip] {
        let output = run(&["snapshot", "redact", &bridged(), to]);
        assert_eq!(output.status, 0, "{output:?}");
    }
    (place, directory, zip)
}

/// The output of a command without what differs from one run to the next, and from one place to the
/// other.
fn answer(command: &[&str], from: &str) -> Output {
    let output = run(&[command, &["--from", from]].concat());
    output.assert_harmless();
    let is_same = |line: &&str| !line.contains("elapsed_ms") && !line.contains("Took ");
    let stdout = output.stdout.lines().filter(is_same).collect::<Vec<_>>().join("\n");
    Output {
        stdout: stdout.replace(from, "FROM"),
        stderr: output.stderr.replace(from, "FROM"),
        ..output
    }
}

#[test]
fn every_command_answers_from_a_zip_as_from_its_directory() {
    let (_place, directory, zip) = copies();
    let mode = fs::metadata(&zip).expect("a file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let commands: [&[&str]; 5] = [
        &["status", "--json", "--no-stats"],
        &["status"],
        &["doctor", "--json"],
        &["doctor"],
        &["doctor", "--short"],
    ];
    for command in commands {
        let (one, other) = (answer(command, &directory), answer(command, &zip));
        assert_eq!(one.status, other.status, "{command:?} {other:?}");
        assert_eq!(one.stdout, other.stdout, "{command:?} {}", other.stderr);
        assert_eq!(one.stderr, other.stderr, "{command:?}");
    }
    for command in ["check", "show"] {
        let output = |from: &str| run(&["snapshot", command, from]);
        let (one, other) = (output(&directory), output(&zip));
        assert_eq!(one.stdout.replace(&directory, "FROM"), other.stdout.replace(&zip, "FROM"));
        assert_eq!((one.status, other.status), (0, 0), "{other:?}");
    }
}

#[test]
fn a_look_is_saved_as_a_zip_that_is_never_overwritten() {
    let (place, data) = (tempfile::tempdir().expect("make a directory"), DataDirectory::new());
    let zip = place.path().join("new/look.zip");
    let (zip, data) = (zip.to_str().expect("UTF-8"), data.path(""));
    let data = data.to_str().expect("UTF-8");
    for save in [&["doctor", "--passive", "--save", zip][..], &["snapshot", "save", zip]] {
        let saved = run(&[&["--data-dir", data], save].concat());
        assert!(Path::new(zip).is_file(), "{saved:?}");
        let look = format!("what was seen is saved in {zip}; look at it: vm doctor --from {zip}\n");
        assert_eq!(saved.stderr.ends_with(&look), save[0] == "doctor", "{saved:?}");
        let before = fs::read(zip).expect("a file");
        let again = run(&[&["--data-dir", data], save].concat());
        assert_eq!(again.status, 2, "{again:?}");
        let says = format!("error: cannot use {zip}: it exists already");
        assert!(again.stderr.starts_with(&says), "{again:?}");
        assert_eq!(fs::read(zip).expect("a file"), before);
        assert_eq!(run(&["status", "--from", zip]).status, 0);
        fs::remove_file(zip).expect("remove it");
    }
}

#[test]
fn a_file_that_is_no_zip_of_a_snapshot_is_refused_by_its_name() {
    let (place, _, zip) = copies();
    let bytes = fs::read(&zip).expect("a file");
    let mut damaged = bytes.clone();
    damaged[200] ^= 0xff;
    let rows = [
        ("empty.zip", Vec::new(), "too short"),
        ("text.zip", b"no zip at all, and longer than its end".to_vec(), "no plain record"),
        ("longer.zip", [&bytes[..], b"x"].concat(), "no plain record"),
        ("damaged.zip", damaged, "no zip of a snapshot"),
    ];
    for (name, bytes, why) in rows {
        let path = place.path().join(name);
        fs::write(&path, bytes).expect("write a file");
        for command in [&["status", "--from"][..], &["doctor", "--from"], &["snapshot", "show"]] {
            let output = run(&[command, &[path.to_str().expect("UTF-8")]].concat());
            output.assert_harmless();
            assert_eq!(output.status, 2, "{name}: {output:?}");
            let said = output.stderr.contains(name) && output.stderr.contains(why);
            assert!(said, "{name}: {output:?}");
        }
    }
    // A link that the user names is followed, as to a directory.
    let link = place.path().join("link.zip");
    symlink(&zip, &link).expect("make a link");
    assert_eq!(run(&["status", "--from", link.to_str().expect("UTF-8")]).status, 0);
}
