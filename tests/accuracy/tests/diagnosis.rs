//! The drawn snapshots themselves; what the doctor says of them is measured, not tested.

use std::collections::HashSet;

use vmkit_accuracy::diagnosis::{FAULTS, families, fault_of, record};
use vmkit_diagnose::Catalogue;

/// Causes of which no snapshot shows anything: who asks for the page that a portal answers, or how
/// large a packet may be, has no place in the format; and an entry that a table has lost leaves
/// nothing behind.
const NOT_DRAWN: [&str; 3] = ["captive-portal", "mtu-mismatch", "wifi-mac-nat-entry-lost"];

#[test]
fn causes_and_families_match() {
    let catalogue = Catalogue::builtin().unwrap();
    let causes: HashSet<&str> = catalogue.causes().iter().map(|cause| cause.code).collect();
    let drawn: HashSet<&str> =
        FAULTS.iter().filter(|fault| fault.is_known()).map(|fault| fault.code).collect();
    let missing: Vec<_> = causes.difference(&drawn).filter(|c| !NOT_DRAWN.contains(c)).collect();
    let strange: Vec<_> = drawn.difference(&causes).collect();
    assert!(missing.is_empty() && strange.is_empty(), "{missing:?} {strange:?}");
}

#[test]
fn drawing_a_snapshot_is_deterministic_and_labelled() {
    for family in families() {
        let draw = |number| record(&family.name, number, family.faults.clone());
        assert_eq!(draw(1), draw(1), "{}", family.name);
        assert_ne!(draw(1), draw(2), "{}", family.name);
        let codes: Vec<_> = family.faults.iter().filter(|f| f.is_known()).map(|f| f.code).collect();
        assert_eq!(draw(1).causes, codes, "{}", family.name);
        assert_eq!(draw(1).ails, !family.faults.is_empty(), "{}", family.name);
    }
}

#[test]
fn both_sets_have_many_families() {
    let (held_out, others): (Vec<_>, Vec<_>) =
        families().into_iter().partition(vmkit_accuracy::diagnosis::Family::is_held_out);
    assert!(held_out.len() >= 15 && others.len() >= 30, "{} {}", held_out.len(), others.len());
    assert!(fault_of("dhcp-no-server").is_some());
}
