//! Paths that the documents name exist.

use std::path::Path;

/// The page that says where things are.
const ARCHITECTURE: &str = "docs/ARCHITECTURE.md";
/// The folders of the workspace that paths begin with.
const FOLDERS: [&str; 5] = ["core/", "sdk/", "plugins/", "tests/", "docs/"];

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
