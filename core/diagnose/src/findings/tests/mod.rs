//! Facts as rows of text, and their findings.

mod attachment;
mod boot;
mod comparison;
mod dhcp;
mod firewall;
mod host;
mod inside;
mod membership;
mod own_lease;
mod route;
mod scene;
mod servers;
mod span;
mod surroundings;

use std::sync::LazyLock;

use scene::Scene;

use crate::{Catalogue, State, findings};

/// Parsed once, because it is long.
static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| Catalogue::builtin().unwrap());

/// The codes of present findings.
fn present(scene: &Scene) -> Vec<&'static str> {
    codes(scene, |state| matches!(state, State::Present(_)))
}

/// The codes of absent findings.
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
    // It is only known that the machine runs and that no signal names an address.
    assert_eq!(present(&scene), ["address-missing"]);
    let absent = absent(&scene);
    let known = ["machine-not-running", "machine-paused", "machine-mac-shared"];
    assert!(known.iter().all(|code| absent.contains(code)), "{absent:?}");
    // Its process has run for longer than a boot takes.
    // No other machine is there that could be its twin.
    let known = ["address-link-local", "boot-unfinished", "host-key-shared", "host-name-shared"];
    assert!(absent.iter().all(|code| code.starts_with("machine-") || known.contains(code)));
}
