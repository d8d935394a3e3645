//! Neighbour tables as large as those of a host on a large network.

use std::fmt::Write as _;

use vmkit_lab::Lab;

use crate::{
    crowd::run_batch,
    measure::{Stopwatch, plugin_ms},
    table::{Limit, Row},
};

/// Runs for a steady median of a command of some milliseconds.
const MANY: u32 = 50;

/// The extra time for a neighbour table of 10,000 entries instead of 10, and the ARP signal's time.
pub(crate) fn ten_thousand(lab: &Lab) -> anyhow::Result<Vec<Row>> {
    let watch = Stopwatch::new(lab);
    let before = watch.vm(MANY, &["status"])?;
    change(lab, "add", 10_000)?;
    let after = watch.vm(MANY, &["status"])?;
    let plugin = plugin_ms(lab, "arp", 9)?;
    change(lab, "del", 10_000)?;
    let note = format!("{:.1} instead of {:.1}", after.median_ms, before.median_ms);
    Ok(vec![
        Row {
            what: "10,000 neighbours more than 10, 10 healthy".to_owned(),
            measured: after.median_ms - before.median_ms,
            asked: Some(Limit::AtMost(10.0)),
            unit: "ms",
            note,
        },
        in_plugin("10,000", plugin, 5.0),
    ])
}

/// A table of 100,000 entries: the ARP signal's time, and memory.
pub(crate) fn hundred_thousand(lab: &Lab) -> anyhow::Result<Vec<Row>> {
    change(lab, "add", 100_000)?;
    let plugin = plugin_ms(lab, "arp", 9)?;
    let memory = Stopwatch::new(lab).memory_mb(&["status"])?;
    change(lab, "del", 100_000)?;
    Ok(vec![
        in_plugin("100,000", plugin, 60.0),
        crate::hostile::memory("100,000 neighbours", memory),
    ])
}

fn in_plugin(entries: &str, measured: f64, bound: f64) -> Row {
    Row {
        what: format!("arp plugin, {entries} neighbours"),
        measured,
        asked: Some(Limit::AtMost(bound)),
        unit: "ms",
        note: "by the report, loading included".to_owned(),
    }
}

fn change(lab: &Lab, command: &str, entries: u32) -> anyhow::Result<()> {
    let mut batch = String::new();
    for number in 0..entries {
        let [_, block, high, low] = number.to_be_bytes();
        // Permanent entries are exempt from the kernel's limit.
        let mac = format!("lladdr 02:00:00:{block:02x}:{high:02x}:{low:02x} nud permanent");
        writeln!(batch, "neigh {command} 10.{}.{high}.{low} dev br0 {mac}", 9 + block)?;
    }
    run_batch(lab.host(), lab, &batch)
}
