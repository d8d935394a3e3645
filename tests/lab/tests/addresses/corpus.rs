//! Records that are kept as labelled cases.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use crate::scenario::{Expected, Scenario};

/// Replaces the records that are kept.
const UPDATE: &str = "UPDATE_LAB_CORPUS";

/// Keeps the record in the corpus, with its label, where that is asked for.
pub(crate) fn keep(scenario: &Scenario, record: &Path) {
    if std::env::var_os(UPDATE).is_none() {
        return;
    }
    let kept = folder().join(scenario.name);
    if kept.exists() {
        fs::remove_dir_all(&kept).expect("the old record removed");
    }
    copy(record, &kept);
    fs::write(kept.with_extension("toml"), label(scenario)).expect("a label");
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus/lab")
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a record") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            // Not `fs::copy`, which would keep the mode that nobody but the owner can read.
            let bytes = fs::read(entry.path()).expect("a file");
            fs::write(target, bytes).expect("a file");
        }
    }
}

/// The label, with the fields of a hand-written case.
fn label(scenario: &Scenario) -> String {
    let Scenario { name, title, why, machines } = scenario;
    let mut text =
        format!("from = {:?}\ntitle = {title:?}\nwhy = {why:?}\n", format!("lab, {name}"));
    for Expected { name, truth, knowable, verdict, ip, .. } in *machines {
        let none = if *verdict == "ambiguous" { "ambiguous" } else { "none" };
        let expect = ip.unwrap_or(none);
        let _ = write!(
            text,
            "\n[[machines]]\nname = {name:?}\nexpect = {expect:?}\nverdict = {verdict:?}\n\
             truth = {truth:?}\nknowable = {knowable}\n"
        );
    }
    text
}
