//! What `vm doctor` shows at a terminal of 80 columns and 24 lines, on recorded faults.

use std::{fs, path::Path};

use vmkit_cli_tests::{Output, run};

/// Columns and lines of the terminal; one line is the prompt's.
const COLUMNS: usize = 80;
const LINES: usize = 24;

fn corpus() -> Vec<String> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../corpus/doctor");
    let entries = fs::read_dir(folder).expect("the corpus");
    let mut names: Vec<String> = entries
        .map(|entry| entry.expect("an entry").path().display().to_string())
        .filter(|path| Path::new(path).join("snapshot.json").is_file())
        .collect();
    names.sort();
    assert!(names.len() > 30, "{names:?}");
    names
}

fn doctor(snapshot: &str, more: &[&str]) -> Output {
    let output = run(&[&["doctor", "--from", snapshot], more].concat());
    output.assert_harmless();
    output
}

/// The lines that a text takes at the terminal, which wraps those that are longer.
fn lines_at_terminal(text: &str) -> usize {
    text.lines().map(|line| line.chars().count().div_ceil(COLUMNS).max(1)).sum()
}

#[test]
fn each_recorded_fault_fits_one_screen() {
    let mut wrong = Vec::new();
    for snapshot in corpus() {
        let output = doctor(&snapshot, &[]);
        // Each further VM with a problem takes some lines more.
        if output.stdout.contains(" VMs have a problem") {
            continue;
        }
        // A command is pasted as one line.
        let is_long = |line: &&str| line.chars().count() > COLUMNS && !line.starts_with("  $ ");
        let long: Vec<&str> = output.stdout.lines().filter(is_long).collect();
        let lines = lines_at_terminal(&output.stdout) + 1;
        if !long.is_empty() || lines > LINES {
            wrong.push(format!("{snapshot}: {lines} lines\n{}", output.stdout));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_readmes_example_is_what_the_doctor_says() {
    let record = concat!(env!("CARGO_MANIFEST_DIR"), "/data/router-drops");
    let readme = concat!(env!("CARGO_MANIFEST_DIR"), "/../../README.md");
    let readme = fs::read_to_string(readme).expect("the README");
    let command = "$ vm doctor --from tests/cli/data/router-drops\n";
    let example = readme.split(command).nth(1).and_then(|rest| rest.split("```").next());
    assert_eq!(Some(doctor(record, &[]).stdout.as_str()), example);
}

#[test]
fn the_verdict_comes_before_the_way_out_and_that_before_the_reasons() {
    for name in ["firewall-drops-bridged", "router-guards-chaddr", "uplink-down"] {
        let snapshot = format!("{}/../corpus/doctor/{name}", env!("CARGO_MANIFEST_DIR"));
        let output = doctor(&snapshot, &[]).stdout;
        let place = |text: &str| output.find(text).unwrap_or_else(|| panic!("{text} in {output}"));
        let places = [" %: ", "Way out: ", "Path\n", "Why [", "Not checked: "].map(place);
        assert!(places.is_sorted(), "{output}");
        let whole = doctor(&snapshot, &["--explain"]).stdout;
        assert!(whole.contains(" dB  ") && !output.contains(" dB  "), "{whole}");
    }
}

#[test]
fn the_short_answer_has_three_lines_with_versions() {
    for snapshot in corpus() {
        let output = doctor(&snapshot, &["--short"]);
        let lines: Vec<&str> = output.stdout.lines().collect();
        assert_eq!(lines.len(), 3, "{snapshot}: {lines:?}");
        assert!(lines.iter().all(|line| !line.is_empty()), "{lines:?}");
        assert!(
            lines[2].starts_with(concat!("vmkit ", env!("CARGO_PKG_VERSION"), ", ")),
            "{lines:?}"
        );
    }
}
