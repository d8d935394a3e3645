//! The pages of `docs/causes`: what `vm explain` shows, so that they promise no command that this
//! `vm` lacks. `UPDATE_DOCS=1` writes them.

use std::{collections::BTreeMap, env, fmt::Write as _, fs, path::Path};

use vmkit_diagnose::{Catalogue, page};

use super::catalogue;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/causes");

fn pages(catalogue: &Catalogue) -> BTreeMap<String, String> {
    let mut index =
        "# Causes\n\nWhat `vm doctor` can find, and what `vm explain CODE` shows. A code \
                     keeps its meaning once it\nis released. Made from `core/diagnose/causes`.\n"
            .to_owned();
    let mut pages = BTreeMap::new();
    // Writing to a string cannot fail.
    let mut layer = None;
    for cause in catalogue.causes() {
        if layer.replace(cause.layer) != Some(cause.layer) {
            let _ = write!(index, "\n## {}\n\n| code | fault |\n|---|---|\n", cause.layer.word());
        }
        let _ = writeln!(index, "| [{0}]({0}.md) | {1} |", cause.code, cause.title);
        let page = page(cause.code, catalogue).map(|page| page.markdown());
        pages.insert(format!("{}.md", cause.code), page.unwrap_or_default());
    }
    pages.insert("README.md".to_owned(), index);
    pages
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
