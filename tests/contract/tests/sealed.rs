//! What of a plugin gets mapped, and what its worker is and is not, seen from outside.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a faulty fixture must end its test")]

use std::{collections::BTreeMap, fs, path::Path, thread};

use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, apply_filter};
use vmkit_contract::{Tree, machine};

const PLUGIN: &str = "contract-misbehave";

/// Runs this on a kernel that has no Landlock, as far as the thread and its processes can tell.
fn without_landlock<T: Send>(run: impl FnOnce() -> T + Send) -> T {
    let rules = BTreeMap::from([(libc::SYS_landlock_create_ruleset, Vec::new())]);
    let absent = SeccompAction::Errno(libc::ENOSYS.unsigned_abs());
    let filter = SeccompFilter::new(
        rules,
        SeccompAction::Allow,
        absent,
        std::env::consts::ARCH.try_into().unwrap(),
    );
    let program: BpfProgram = filter.unwrap().try_into().unwrap();
    thread::scope(|scope| {
        let limited = scope.spawn(move || {
            apply_filter(&program).unwrap();
            run()
        });
        limited.join().unwrap()
    })
}

#[test]
fn without_landlock_a_plugin_of_others_needs_consent_to_that_and_the_report_says_so() {
    let tree = Tree::with(&[]);
    // What its user has agreed to, whether there is Landlock, and how it ends.
    let rows = [
        (Some(false), true, "ok", ""),
        (Some(true), true, "ok", ""),
        (None, true, "refused", "did not come with vmkit, and nobody has trusted it"),
        (Some(false), false, "refused", "this kernel has no Landlock"),
        (Some(true), false, "ok", "runs unconfined: this kernel has no Landlock"),
    ];
    for (trusted, has_landlock, status, message) in rows {
        let run = || tree.run_outside(PLUGIN, trusted, |_| ());
        let ran = if has_landlock { run() } else { without_landlock(run) };
        let outcome = &ran.outcomes[0];
        assert_eq!(outcome.status.code(), status, "{outcome:?}");
        let said = outcome.message.as_deref().unwrap_or_default();
        assert!(said.contains(message) && said.is_empty() == message.is_empty(), "{outcome:?}");
        if (trusted, has_landlock) == (Some(false), false) {
            let hint = outcome.hint.as_deref().unwrap();
            assert!(hint.starts_with("vm plugin trust --unconfined "), "{hint}");
        }
    }
    // What came with vmkit runs with the other seals.
    let bundled = Tree::with(&[PLUGIN]);
    let ran = without_landlock(|| bundled.run(vec![machine("web")], &[]));
    assert_eq!(ran.outcome("misbehave"), ("ok", ""));
}

/// What happens to a library after it was vetted.
type Change = fn(&Path);

#[test]
fn maps_what_was_hashed_though_the_file_changes_by_then() {
    let tree = Tree::with(&[]);
    let rows: [(&str, Change); 3] = [
        ("emptied", |library| fs::write(library, "").unwrap()),
        ("replaced", |library| {
            fs::remove_file(library).unwrap();
            fs::write(library, "other").unwrap();
        }),
        ("gone", |library| fs::remove_file(library).unwrap()),
    ];
    for (how, change) in rows {
        let ran = tree.run_outside(PLUGIN, Some(false), change);
        assert_eq!(ran.outcome("misbehave"), ("ok", ""), "{how}");
    }
}
