//! What the documents name exists: paths, pages and headings. The book has every page.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Component, Path, PathBuf},
};

/// The page that says where things are.
const ARCHITECTURE: &str = "docs/ARCHITECTURE.md";
/// The table of contents of the book.
const SUMMARY: &str = "docs/SUMMARY.md";
/// The folders of the workspace that paths begin with.
const FOLDERS: [&str; 5] = ["core/", "sdk/", "plugins/", "tests/", "docs/"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The pages below `docs` and the README, by their paths.
fn pages() -> BTreeMap<PathBuf, String> {
    let mut pages = BTreeMap::new();
    let mut folders = vec![PathBuf::from("docs")];
    let mut add = |path: PathBuf| {
        let text = fs::read_to_string(root().join(&path)).expect("a readable page");
        pages.insert(path, text);
    };
    add("README.md".into());
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(root().join(&folder)).expect("a readable folder") {
            let entry = entry.expect("a readable entry");
            let path = folder.join(entry.file_name());
            if entry.path().is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "md") {
                add(path);
            }
        }
    }
    pages
}

/// The text without code, in which brackets are no links.
fn prose(page: &str) -> String {
    let mut prose = String::new();
    let mut in_block = false;
    for line in page.lines() {
        if line.trim_start().starts_with("```") {
            in_block = !in_block;
        } else if !in_block {
            for (index, part) in line.split('`').enumerate() {
                // What is quoted stays as a letter, so that `[`a`](b)` is still a link.
                prose.push_str(if index % 2 == 0 { part } else { "x" });
            }
            prose.push('\n');
        }
    }
    prose
}

/// Where the links of a page lead.
fn links(page: &str) -> Vec<String> {
    let prose = prose(page);
    let after = prose.split("](").skip(1);
    after.filter_map(|rest| Some(rest.split_once(')')?.0.to_owned())).collect()
}

/// The anchors of a page's headings.
fn anchors(page: &str) -> BTreeSet<String> {
    let mut in_block = false;
    let headings = page.lines().filter(|line| {
        in_block ^= line.starts_with("```");
        !in_block && line.starts_with('#')
    });
    let anchor = |heading: &str| {
        let words = heading.trim_start_matches('#').trim().to_lowercase();
        let kept = words.chars().filter(|it| it.is_alphanumeric() || " -_".contains(*it));
        kept.map(|it| if it == ' ' { '-' } else { it }).collect()
    };
    headings.map(anchor).collect()
}

/// The path from the root that a link of a page means.
fn target(page: &Path, link: &str) -> PathBuf {
    let mut path = PathBuf::new();
    for part in page.parent().expect("a page lies in a folder").join(link).components() {
        match part {
            Component::ParentDir => _ = path.pop(),
            part => path.push(part),
        }
    }
    path
}

#[test]
fn every_link_leads_to_a_page_and_its_heading() {
    let pages = pages();
    let mut dead = Vec::new();
    let mut count = 0;
    for (page, text) in &pages {
        for link in links(text) {
            if link.starts_with("http") || link.starts_with("mailto:") {
                continue;
            }
            count += 1;
            let (path, anchor) = link.split_once('#').unwrap_or((&link, ""));
            let target = if path.is_empty() { page.clone() } else { target(page, path) };
            let has_heading = |text: &String| anchor.is_empty() || anchors(text).contains(anchor);
            let leads = match pages.get(&target) {
                Some(text) => has_heading(text),
                None => root().join(&target).exists() && anchor.is_empty(),
            };
            // A book holds nothing outside of its folder.
            let in_book = !page.starts_with("docs") || target.starts_with("docs");
            if !(leads && in_book) {
                dead.push(format!("{}: {link}", page.display()));
            }
        }
    }
    assert!(count > 50, "links are found: {count}");
    assert!(dead.is_empty(), "links that lead nowhere:\n{}", dead.join("\n"));
}

#[test]
fn the_book_has_every_page_once() {
    let pages = pages();
    let summary = Path::new(SUMMARY);
    let mut listed = BTreeMap::new();
    for link in links(&pages[summary]) {
        *listed.entry(target(summary, &link)).or_insert(0) += 1;
    }
    let of_book = pages.keys().filter(|page| page.starts_with("docs") && *page != summary);
    let wrong: Vec<_> = of_book.filter(|page| listed.get(*page) != Some(&1)).collect();
    assert!(wrong.is_empty(), "{SUMMARY} lists each of these once: {wrong:?}");
}

#[test]
fn every_path_in_the_architecture_exists() {
    let root = root();
    let page = fs::read_to_string(root.join(ARCHITECTURE)).expect("the page can be read");
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
fn links_and_headings_are_read_as_browsers_show_them() {
    let page =
        "# A b, `c`-d!\n```\n[no](code.md)\n# no\n```\n[x](a.md#b) `[no](q.md)` [`y`](z.md)\n";
    assert_eq!(links(page), ["a.md#b", "z.md"]);
    assert_eq!(anchors(page), BTreeSet::from(["a-b-c-d".to_owned()]));
    assert_eq!(target(Path::new("docs/guides/a.md"), "../b.md"), Path::new("docs/b.md"));
}
