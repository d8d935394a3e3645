//! Rows of plugins that misbehave, each with the one status that comes of it.

use crate::{Tree, machine};

/// How a plugin behaves, and the status, the message and the number of facts that are expected.
pub type MisbehaviourRow = (&'static str, &'static str, &'static str, usize);

/// Runs each row for two machines on a tree of its own, with what its behaviour makes of a configuration.
///
/// # Panics
/// A row has another outcome.
pub fn assert_misbehaviours(
    rows: &[MisbehaviourRow],
    tree: impl Fn() -> Tree + Sync,
    configuration: impl Fn(&str) -> String + Sync,
) {
    let check = |(how, status, message, facts): &MisbehaviourRow| {
        let tree = tree();
        let tree = if *status == "timeout" { tree.impatient() } else { tree };
        let machines = vec![machine("web"), machine("db")];
        let ran = tree.run(machines, &[("misbehave", &configuration(how))]);
        let (got_status, got_message) = ran.outcome("misbehave");
        let got_facts = ran.evidence.len();
        let fits = got_status == *status && got_message.contains(message) && got_facts == *facts;
        (!fits).then(|| format!("{how:?}: {got_status}, {got_message:?}, {got_facts} facts"))
    };
    let check = &check;
    let (hanging, ending): (Vec<_>, Vec<_>) = rows.iter().partition(|row| row.1 == "timeout");
    // Wait for the hanging ones in parallel.
    let wrong: Vec<String> = std::thread::scope(|scope| {
        let hanging: Vec<_> = hanging.iter().map(|row| scope.spawn(move || check(row))).collect();
        let ended: Vec<_> = ending.iter().filter_map(check).collect();
        let hung = hanging.into_iter().filter_map(|row| row.join().expect("a row is run"));
        ended.into_iter().chain(hung).collect()
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
