//! Records that are kept as labelled cases.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::json;

use crate::row::Row;

/// Replaces the records that are kept.
const UPDATE: &str = "UPDATE_LAB_CORPUS";

/// Keeps the record in the corpus, with its label, where that is asked for.
pub(crate) fn keep(row: &Row, record: &Path) {
    if std::env::var_os(UPDATE).is_none() {
        return;
    }
    let kept = folder().join(row.name);
    drop(fs::remove_dir_all(&kept));
    copy(record, &kept);
    let label = json!({ "causes": row.causes, "machine": "web", "may": row.may });
    fs::write(kept.join("label.json"), format!("{label:#}\n")).expect("a label");
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus/doctor")
}

/// Copies a folder, whatever rights its files have.
pub(crate) fn copy(from: &Path, to: &Path) {
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
