//! The pages of `docs/causes`. They have the text of `vm explain`, so they name only commands that
//! `vm` has. `UPDATE_DOCS=1` writes them.

use std::{collections::BTreeMap, env, fmt::Write as _, fs, path::Path};

use vmkit_diagnose::{Catalogue, Page, page};

use super::catalogue;

/// A finding that a cause produces this often or more is typical of it.
const TYPICAL_FROM: f64 = 0.5;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/causes");

fn pages(catalogue: &Catalogue) -> BTreeMap<String, String> {
    let mut index =
        "# Causes\n\nThe causes that `vm doctor` can name; `vm explain CODE` shows the same page. A code keeps its\n \
                     meaning once it is released. Made from `core/diagnose/causes`.\n"
            .to_owned();
    let mut pages = BTreeMap::new();
    // Writing to a string cannot fail.
    let mut layer = None;
    for cause in catalogue.causes() {
        if layer.replace(cause.layer) != Some(cause.layer) {
            let _ = write!(index, "\n## {}\n\n| code | fault |\n|---|---|\n", cause.layer.word());
        }
        let _ = writeln!(index, "| [{0}]({0}.md) | {1} |", cause.code, cause.title);
        let page = page(cause.code, catalogue).map(|page| markdown(&page));
        pages.insert(format!("{}.md", cause.code), page.unwrap_or_default());
    }
    pages.insert("README.md".to_owned(), index);
    pages
}

fn markdown(page: &Page<'_>) -> String {
    let mut out = format!("# {}\n\n{}.\n", page.code, page.title);
    let mut section = |head: &str, text: &str| {
        // Writing to a string cannot fail.
        let _ = write!(out, "\n## {head}\n\n{text}\n");
    };
    section("Why it happens", page.why.trim());
    section("How it shows", page.shows.trim());
    section("How it differs", page.apart.trim());
    section("Findings", &finding_lines(page));
    section("What helps", &remedy_lines(page));
    if !page.explains.is_empty() {
        let links: Vec<String> =
            page.explains.iter().map(|code| format!("[{code}]({code}.md)")).collect();
        section("What follows from it", &format!("{}.", links.join(", ")));
    }
    let sources: Vec<String> = page.sources.iter().map(|each| format!("- {each}")).collect();
    section("Sources", &sources.join("\n"));
    out
}

fn finding_lines(page: &Page<'_>) -> String {
    let line = |(says, often): &(&str, f64)| {
        let how = if *often >= TYPICAL_FROM { "typical" } else { "possible" };
        format!("- {says} ({how})")
    };
    page.findings.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn remedy_lines(page: &Page<'_>) -> String {
    let each = page.remedies.iter().map(|remedy| {
        let mut out = format!("### {}\n\n", remedy.title);
        for (at, step) in remedy.steps.iter().enumerate() {
            let _ = writeln!(out, "{}. {step}", at + 1);
        }
        if !remedy.commands.is_empty() {
            let _ = write!(out, "\n```sh\n{}\n```\n", remedy.commands.join("\n"));
        }
        let (risk, says) = (remedy.risk.word(), remedy.risk_says);
        let _ = write!(out, "\nRisk: {risk}. {says} Scope: {}. ", remedy.scope.word());
        let _ = write!(out, "To undo: {}", remedy.undo);
        out
    });
    each.collect::<Vec<_>>().join("\n\n")
}

#[test]
fn the_pages_are_up_to_date() {
    let expected = pages(&catalogue().unwrap());
    let folder = Path::new(FOLDER);
    if env::var_os("UPDATE_DOCS").is_some() {
        fs::create_dir_all(folder).unwrap();
        for (name, text) in &expected {
            fs::write(folder.join(name), text).unwrap();
        }
    }
    let there: BTreeMap<String, String> = fs::read_dir(folder)
        .expect("docs/causes; UPDATE_DOCS=1 makes it")
        .map(|entry| {
            let entry = entry.unwrap();
            let text = fs::read_to_string(entry.path()).unwrap();
            (entry.file_name().into_string().unwrap(), text)
        })
        .collect();
    let names = |pages: &BTreeMap<String, String>| pages.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&there), names(&expected), "UPDATE_DOCS=1 writes them");
    for (name, text) in expected {
        assert_eq!(there[&name], text, "{name} is out of date; UPDATE_DOCS=1 writes it");
    }
}

#[test]
fn a_code_that_nobody_knows_has_no_page() {
    let catalogue = catalogue().unwrap();
    assert_eq!(page("no-such-cause", &catalogue), None);
}
