//! The structure that the code keeps to: no circles, short functions, nothing public without a user.

mod circles;
mod examples;
mod lengths;
mod public;
mod tree;

use crate::tree::Workspace;

/// A longer body does two things.
const LONGEST_FUNCTION: usize = 60;

/// Crates whose public items are for code outside of the workspace.
const PUBLISHED: &[&str] = &["sdk"];

/// What authors of plugins build on.
const FOR_AUTHORS: [&str; 3] = ["sdk/types", "sdk/plugin", "sdk/testkit"];

/// Folders with public items that have no user.
const WITH_UNUSED_ITEMS: &[&str] = &[];

#[track_caller]
fn assert_none(rule: &str, broken: &[String]) {
    assert!(broken.is_empty(), "{rule}:\n{}", broken.join("\n"));
}

#[test]
fn files_form_no_circles() {
    let workspace = Workspace::load();
    let circles: Vec<_> = workspace.crates.iter().flat_map(circles::circles).collect();
    assert_none("files of a crate use each other in one direction only", &circles);
}

#[test]
fn functions_do_one_thing() {
    let workspace = Workspace::load();
    let files = workspace.crates.iter().flat_map(|each| &each.files);
    let long: Vec<_> =
        files.flat_map(|file| lengths::longer_than(LONGEST_FUNCTION, file)).collect();
    assert_none(&format!("no function has more than {LONGEST_FUNCTION} lines"), &long);
}

#[test]
fn public_items_have_users_outside_their_crate() {
    let workspace = Workspace::load();
    let checked = workspace.crates.iter().filter(|each| {
        let is_published = PUBLISHED.iter().any(|folder| each.folder.starts_with(folder));
        let is_exempt = WITH_UNUSED_ITEMS.iter().any(|folder| each.folder.starts_with(folder));
        each.is_library && !is_published && !is_exempt
    });
    let unused =
        checked.flat_map(|each| public::unused(each, &workspace.names_outside(&each.package)));
    let unused: Vec<_> = unused.collect();
    assert_none("an item is `pub` because another crate uses it", &unused);
}

#[test]
fn what_authors_use_has_an_example_that_runs() {
    let workspace = Workspace::load();
    let folders = FOR_AUTHORS.map(std::path::PathBuf::from);
    let checked =
        workspace.crates.iter().filter(|each| each.is_library && folders.contains(&each.folder));
    let missing: Vec<_> = checked.flat_map(examples::missing).collect();
    assert_none("each public item of the SDK has an example in its documentation", &missing);
}
