//! Facts as rows of text, and the findings that they are.

mod attachment;
mod boot;
mod dhcp;
mod host;
mod scene;
mod surroundings;

use std::sync::LazyLock;

use scene::Scene;

use crate::{Catalogue, State, findings};

/// Read once: it is text, and long.
static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| Catalogue::builtin().unwrap());

/// The findings of a scene that are there, by code.
fn present(scene: &Scene) -> Vec<&'static str> {
    codes(scene, |state| matches!(state, State::Present(_)))
}

/// The findings of a scene that were looked for and are not there, by code.
fn absent(scene: &Scene) -> Vec<&'static str> {
    codes(scene, |state| matches!(state, State::Absent(_)))
}

fn codes(scene: &Scene, wanted: impl Fn(&State) -> bool) -> Vec<&'static str> {
    scene.facts(|facts| {
        let found = findings(facts, &CATALOGUE).into_iter();
        found.filter(|finding| wanted(&finding.state)).map(|finding| finding.code.code()).collect()
    })
}

#[test]
fn what_was_not_looked_at_is_neither_present_nor_absent() {
    let scene = Scene::default();
    // That the machine runs, and that no signal names an address, is all that is known.
    assert_eq!(present(&scene), ["address-missing"]);
    let absent = absent(&scene);
    let known = ["machine-not-running", "machine-paused", "machine-mac-shared"];
    assert!(known.iter().all(|code| absent.contains(code)), "{absent:?}");
    // Its process has run for longer than a boot takes.
    let known = ["address-link-local", "boot-unfinished"];
    assert!(absent.iter().all(|code| code.starts_with("machine-") || known.contains(code)));
}
