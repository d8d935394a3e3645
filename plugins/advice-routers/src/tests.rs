//! The table against itself and its manifest.

use std::collections::BTreeSet;

use crate::{
    ranking::{Answer, shown},
    remedy::remedies,
    table::{On, Table},
};

/// What the host keeps of one line.
const LONGEST_LINE: usize = 300;

#[test]
fn the_manifest_declares_the_pages_of_the_table() {
    let manifest: serde_json::Value = serde_json::from_str(include_str!("../plugin.json")).unwrap();
    let declared = manifest["gateway"].as_array().unwrap().iter();
    let declared: BTreeSet<_> = declared.filter_map(|page| page["path"].as_str()).collect();
    let table = Table::builtin().unwrap();
    let clues = table.routers.iter().flat_map(|router| &router.clues);
    let wanted: BTreeSet<_> = clues.filter_map(|clue| clue.path.as_deref()).collect();
    assert_eq!(declared, wanted);
}

#[test]
fn every_entry_is_valid() {
    let table = Table::builtin().unwrap();
    let mut ids = BTreeSet::new();
    for router in &table.routers {
        let id = &router.id;
        assert!(ids.insert(id), "{id} is there twice");
        assert_ne!(id, "bt-smart-hub-2", "has a plugin of its own");
        assert!(!router.source.is_empty(), "{id} has no source");
        for maker in &router.makers {
            assert!(table.makers.contains_key(maker), "{id}: nobody knows the maker {maker}");
        }
        for clue in &router.clues {
            assert_eq!(clue.path.is_some(), clue.on == On::Page, "{id}: a path is of a page");
            let texts = clue.any.iter().all(|text| text.trim().len() >= 3);
            assert!(texts && !clue.any.is_empty(), "{id}: {:?}", clue.any);
        }
        for setting in &router.settings {
            assert!(!setting.source.is_empty(), "{id}: {} has no source", setting.name);
            assert!(setting.advice.ends_with('.'), "{id}: {}", setting.advice);
            assert!(!setting.effect.ends_with('.'), "{id}: {}", setting.effect);
        }
    }
    for (id, maker) in &table.makers {
        let plain = |prefix: &String| prefix.len() == 8 && *prefix == prefix.to_ascii_lowercase();
        assert!(maker.prefixes.iter().all(plain), "{id}");
    }
}

#[test]
fn every_line_fits_the_limit_of_the_host() {
    let table = Table::builtin().unwrap();
    for router in &table.routers {
        let clues = router.clues.iter();
        let because: Vec<String> = clues.map(|clue| shown(clue, &clue.any[0], router)).collect();
        let answer = Answer { router, confidence: 1.0, because: because.clone() };
        let advice = remedies(&answer, Some("192.168.100.254"));
        let of_advice = advice.into_iter().flat_map(|item| {
            let lines =
                item.because.into_iter().chain(item.steps.into_iter().map(|step| step.text));
            lines.chain([item.title, item.id])
        });
        for line in of_advice.chain(because) {
            assert!(line.len() <= LONGEST_LINE, "{}: {line}", router.id);
        }
    }
}
