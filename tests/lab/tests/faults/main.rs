//! `vm doctor` on real faults: real servers, clients and hosts with one thing broken, and healthy ones,
//! for which it must name no cause.
//!
//! `FAULTS` selects the scenarios whose names contain one of its words. With
//! `UPDATE_LAB_CORPUS`, records replace those in `tests/corpus/doctor`. With `FAULTS_TIMED`, `vm` has the
//! time limits that users have, and few scenarios play at once: for the figures of time.
#![cfg(target_os = "linux")]

mod address;
mod corpus;
mod dhcp;
mod double;
mod firewall;
mod guest;
mod healthy;
mod host;
mod lossy;
mod play;
mod row;
mod scene;
mod tally;
mod unknown;
mod wifi;

use std::{
    env,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Mutex,
};

use play::Played;
use row::{GuestOf, Row};
use vmkit_lab::{Lab, or_skip};

/// Parallel namespace scenarios, which mostly wait for clients and probes.
const NAMESPACES_AT_ONCE: usize = 4;
/// Parallel scenarios with Linux guests; each guest needs a processor.
const MACHINES_AT_ONCE: usize = 2;

fn rows() -> Vec<Row> {
    let tables: [&[Row]; 10] = [
        guest::ROWS,
        healthy::ROWS,
        double::ROWS,
        wifi::ROWS,
        dhcp::ROWS,
        lossy::ROWS,
        host::ROWS,
        firewall::ROWS,
        address::ROWS,
        unknown::ROWS,
    ];
    let wanted = env::var("FAULTS").unwrap_or_default();
    let words: Vec<&str> = wanted.split([',', ' ']).filter(|word| !word.is_empty()).collect();
    let asked = |row: &Row| words.is_empty() || words.iter().any(|word| row.name.contains(word));
    tables.concat().into_iter().filter(asked).collect()
}

#[test]
fn names_every_fault_and_blames_no_healthy_vm() {
    // Skips the test where labs cannot be built.
    if or_skip(Lab::new("faults")).is_none() {
        return;
    }
    let rows = rows();
    let timed = env::var_os("FAULTS_TIMED").is_some();
    let (machines_at_once, namespaces_at_once) =
        if timed { (1, 1) } else { (MACHINES_AT_ONCE, NAMESPACES_AT_ONCE) };
    let (machines, namespaces): (Vec<&Row>, Vec<&Row>) =
        rows.iter().partition(|row| matches!(row.guest, GuestOf::Linux(_)));
    let machines = Mutex::new(machines.into_iter());
    let namespaces = Mutex::new(namespaces.into_iter());
    let done = Mutex::new(Vec::new());
    let work = |todo: &Mutex<std::vec::IntoIter<&Row>>| {
        loop {
            let next = todo.lock().expect("the scenarios").next();
            let Some(row) = next else { return };
            let played = catch_unwind(AssertUnwindSafe(|| play::play(row, timed)))
                .unwrap_or_else(|panic| Played::broken(row, panic.as_ref()));
            done.lock().expect("the results").push(played);
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..machines_at_once {
            scope.spawn(|| work(&machines));
        }
        for _ in 0..namespaces_at_once {
            scope.spawn(|| work(&namespaces));
        }
    });
    let mut played = done.into_inner().expect("the results");
    played.sort_by_key(|played| rows.iter().position(|row| row.name == played.row.name));
    tally::show(&played);
    let wrong: Vec<String> = played.iter().filter_map(Played::complaint).collect();
    assert!(
        wrong.is_empty(),
        "{} of {} scenarios:\n{}",
        wrong.len(),
        played.len(),
        wrong.join("\n")
    );
}
