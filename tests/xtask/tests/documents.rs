//! Paths, tests and verbs that the documents name exist.

use std::path::Path;

/// The page that says where things are.
const ARCHITECTURE: &str = "docs/ARCHITECTURE.md";
/// The folders of the workspace that paths begin with.
const FOLDERS: [&str; 5] = ["core/", "sdk/", "plugins/", "tests/", "docs/"];
/// The page that says what is promised and what the broker does.
const SECURITY: &str = "docs/security.md";
/// All that can be asked of the broker.
const REQUESTS: &str = "core/rights/src/request.rs";

#[test]
fn every_path_in_the_architecture_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let page = std::fs::read_to_string(root.join(ARCHITECTURE)).expect("the page can be read");
    let quoted = page.split('`').skip(1).step_by(2);
    let is_path = |text: &&str| {
        FOLDERS.iter().any(|folder| text.starts_with(folder)) && !text.contains(['…', '*', ' '])
    };
    let named: Vec<&str> = quoted.filter(is_path).collect();
    assert!(named.len() > 20, "paths are found: {named:?}");
    let missing: Vec<_> = named.iter().filter(|path| !root.join(path).exists()).collect();
    assert!(missing.is_empty(), "{ARCHITECTURE} names what does not exist: {missing:?}");
}

#[test]
fn every_promise_names_tests_that_exist() {
    let mut wrong = Vec::new();
    let rows = rows_below("## Promises");
    for row in &rows {
        let [promise, tests] = &row[..] else { panic!("two columns: {row:?}") };
        let named: Vec<&str> =
            tests.split('`').skip(1).step_by(2).filter(|text| text.contains("::")).collect();
        if named.is_empty() {
            wrong.push(format!("no test: {promise}"));
        }
        wrong.extend(named.iter().filter(|test| !exists(test)).map(|test| format!("no {test}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(rows.len() > 10, "promises are found: {rows:?}");
}

#[test]
fn the_table_of_verbs_is_that_of_the_broker() {
    let mut shown: Vec<String> = rows_below("## What the broker does")
        .into_iter()
        .filter_map(|row| Some(row.first()?.trim_matches('`').to_owned()))
        .collect();
    let text = read(REQUESTS);
    let list = text.split_once("pub enum Request {").expect("the list of requests").1;
    let list = list.split_once("\n}").expect("its end").0;
    let is_name =
        |line: &&str| line.starts_with("    ") && line[4..].starts_with(char::is_uppercase);
    let name = |line: &str| {
        let end = line.find(|c: char| !c.is_alphanumeric()).unwrap_or(line.len());
        kebab(&line[..end])
    };
    let mut verbs: Vec<String> =
        list.lines().filter(is_name).map(|line| name(&line[4..])).collect();
    shown.sort();
    verbs.sort();
    assert_eq!(shown, verbs, "the table in {SECURITY}, then {REQUESTS}");
}

fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The cells of the table below a heading, without its head.
fn rows_below(heading: &str) -> Vec<Vec<String>> {
    let page = read(SECURITY);
    let mut lines = page.lines().skip_while(|line| *line != heading).skip(1);
    let rows = lines.by_ref().skip_while(|line| !line.starts_with('|'));
    let cells = |line: &str| line.trim_matches('|').split('|').map(|it| it.trim().into()).collect();
    rows.skip(2).take_while(|line| line.starts_with('|')).map(cells).collect()
}

/// Whether the file of `file::test` has this test.
fn exists(test: &str) -> bool {
    let Some((file, name)) = test.split_once("::") else { return false };
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(file);
    let code = std::fs::read_to_string(path).unwrap_or_default();
    let Some((before, _)) = code.split_once(&format!("fn {name}()")) else { return false };
    // Attributes may stand between.
    let above = before.lines().rev().skip_while(|line| !line.contains("#[test]")).count();
    let nearest = before.lines().count().saturating_sub(above);
    above > 0 && nearest <= 5
}

/// `WhoHas` as it is written in requests and in the page.
fn kebab(name: &str) -> String {
    let mut out = String::new();
    for character in name.chars() {
        if character.is_uppercase() && !out.is_empty() {
            out.push('-');
        }
        out.extend(character.to_lowercase());
    }
    out
}
