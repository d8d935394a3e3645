//! The drawn snapshots themselves; what the doctor says of them is measured, not tested.

use std::{collections::HashSet, fs, io, path::Path};

use vmkit_accuracy::diagnosis::{FAULTS, families, fault_of, record};
use vmkit_diagnose::Catalogue;

#[test]
fn each_cause_is_drawn_or_played_in_the_lab_or_was_reported() {
    let catalogue = Catalogue::builtin().unwrap();
    let causes: HashSet<&str> = catalogue.causes().iter().map(|cause| cause.code).collect();
    let drawn: HashSet<&str> =
        FAULTS.iter().filter(|fault| fault.is_known()).map(|fault| fault.code).collect();
    let played = texts("../lab/tests").unwrap() + &texts("../corpus/reports").unwrap();
    let is_shown = |code: &&&str| drawn.contains(**code) || played.contains(&format!("\"{code}\""));
    let missing: Vec<_> = causes.iter().filter(|code| !is_shown(code)).collect();
    let strange: Vec<_> = drawn.difference(&causes).collect();
    assert!(missing.is_empty() && strange.is_empty(), "{missing:?} {strange:?}");
}

/// The Rust and TOML files below this folder, as one text.
fn texts(folder: &str) -> io::Result<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut folders = vec![folder];
    let mut text = String::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder)? {
            let path = entry?.path();
            match path.extension().and_then(|extension| extension.to_str()) {
                _ if path.is_dir() => folders.push(path),
                Some("rs" | "toml") => text += &fs::read_to_string(&path)?,
                _ => {}
            }
        }
    }
    Ok(text)
}

#[test]
fn drawing_a_snapshot_is_deterministic_and_labelled() {
    for family in families() {
        let draw = |number| record(&family.name, number, family.faults.clone());
        assert_eq!(draw(1), draw(1), "{}", family.name);
        assert_ne!(draw(1), draw(2), "{}", family.name);
        let codes: Vec<_> = family.faults.iter().filter(|f| f.is_known()).map(|f| f.code).collect();
        assert_eq!(draw(1).causes, codes, "{}", family.name);
        assert_eq!(draw(1).ails, !family.faults.is_empty(), "{}", family.name);
    }
}

#[test]
fn both_sets_have_many_families() {
    let (held_out, others): (Vec<_>, Vec<_>) =
        families().into_iter().partition(vmkit_accuracy::diagnosis::Family::is_held_out);
    assert!(held_out.len() >= 15 && others.len() >= 30, "{} {}", held_out.len(), others.len());
    assert!(fault_of("dhcp-no-server").is_some());
}
