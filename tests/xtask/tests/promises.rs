//! What the pages promise is held by tests that exist, and docs/security.md lists all that the broker serves.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

const SECURITY: &str = "docs/security.md";
/// The page with the faults of Macs, and the replays that hold them.
const MAC: &str = "docs/mac.md";
const MACS: &str = "tests/corpus/macs.toml";
/// The pages with promises.
const PAGES: [&str; 2] = [SECURITY, "docs/net.md"];
/// Where the tests are.
const FOLDERS: [&str; 4] = ["core", "plugins", "sdk", "tests"];
/// Where the requests are.
const REQUESTS: &str = "core/rights/src/request.rs";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The rows of all tables of a page that begin with this header, without the header.
fn rows(page: &str, header: &str) -> Vec<String> {
    let page = text(&root().join(page));
    let mut rows = Vec::new();
    let mut lines = page.lines();
    while lines.by_ref().any(|line| line.starts_with(header)) {
        let table = lines.by_ref().skip(1).take_while(|line| line.starts_with('|'));
        rows.extend(table.map(str::to_owned));
    }
    rows
}

/// The words of the cell between backticks.
fn quoted(cell: &str) -> Vec<String> {
    cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// The names of all tests.
fn tests() -> BTreeSet<String> {
    let mut folders: Vec<PathBuf> = FOLDERS.iter().map(|folder| root().join(folder)).collect();
    let mut names = BTreeSet::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a readable folder") {
            let path = entry.expect("a readable entry").path();
            if path.is_dir() && !path.is_symlink() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                names.extend(tests_of(&text(&path)));
            }
        }
    }
    names
}

/// The functions that stand below `#[test]`, perhaps with further attributes between.
fn tests_of(source: &str) -> Vec<String> {
    let after = source.split("#[test]").skip(1);
    let function = after.filter_map(|rest| {
        let line = rest.lines().map(str::trim).find(|line| line.starts_with("fn "))?;
        line.strip_prefix("fn ")?.split('(').next()
    });
    function.map(str::to_owned).collect()
}

/// The variants of the enum, in kebab case.
fn variants(source: &str, name: &str) -> BTreeSet<String> {
    let body = source.split(&format!("pub enum {name} {{\n")).nth(1).expect("the enum");
    let body = body.split("\n}").next().unwrap_or_default();
    let own = body.lines().filter_map(|line| line.strip_prefix("    "));
    let words = own.filter(|line| line.starts_with(|first: char| first.is_ascii_uppercase()));
    words
        .map(|line| {
            let word = line.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
            let mut kebab = String::new();
            for (index, letter) in word.char_indices() {
                if letter.is_ascii_uppercase() && index > 0 {
                    kebab.push('-');
                }
                kebab.push(letter.to_ascii_lowercase());
            }
            kebab
        })
        .collect()
}

#[test]
fn every_promise_names_a_test_that_exists() {
    let tests = tests();
    for page in PAGES {
        let rows = rows(page, "| promise |");
        assert!(rows.len() >= 5, "promises are found: {rows:#?}");
        for row in rows {
            let cell = row.trim_end_matches(['|', ' ']).rsplit('|').next().unwrap_or_default();
            let named = quoted(cell);
            assert!(!named.is_empty(), "no test holds this: {row}");
            let missing: Vec<_> = named.iter().filter(|name| !tests.contains(*name)).collect();
            assert!(missing.is_empty(), "{page} names tests that do not exist: {missing:?}");
        }
    }
}

#[test]
fn every_fault_of_a_mac_names_a_test_or_a_replay_that_exists() {
    let corpus = text(&root().join(MACS));
    let titles =
        corpus.lines().filter_map(|line| line.strip_prefix("title = \"")?.strip_suffix('"'));
    let held: BTreeSet<String> = tests().into_iter().chain(titles.map(str::to_owned)).collect();
    let rows = rows(MAC, "| fault of the Mac |");
    assert!(rows.len() >= 10, "faults are found: {rows:#?}");
    for row in rows {
        let cell = row.trim_end_matches(['|', ' ']).rsplit('|').next().unwrap_or_default();
        let named = quoted(cell);
        assert!(!named.is_empty(), "no test holds this: {row}");
        let missing: Vec<_> = named.iter().filter(|name| !held.contains(*name)).collect();
        assert!(missing.is_empty(), "{MAC} names what does not exist: {missing:?}");
    }
}

#[test]
fn the_page_lists_every_request_of_the_broker() {
    let listed: BTreeSet<String> = rows(SECURITY, "| request |")
        .iter()
        .filter_map(|row| quoted(row.split('|').nth(1)?).into_iter().next())
        .collect();
    assert_eq!(listed, variants(&text(&root().join(REQUESTS)), "Request"));
}

#[test]
fn tests_and_variants_are_read_from_sources() {
    let source =
        "#[test]\nfn one() {}\n\n    #[test]\n    #[ignore]\n    fn two() {}\nfn three() {}\n";
    assert_eq!(tests_of(source), ["one", "two"]);
    let source = "pub enum Request {\n    /// A\n    WhoHas(X),\n    Capture {\n        interface: Y,\n    },\n}\n";
    assert_eq!(variants(source, "Request"), ["capture", "who-has"].map(str::to_owned).into());
}
