//! The promises, each in the situation that it speaks of.

use std::{
    fmt::Write as _,
    fs::File,
    io::{Seek, SeekFrom, Write as _},
    path::Path,
};

use anyhow::Context;
use serde_json::Value;
use vmkit_lab::Lab;

use crate::{
    crowd::{Crowd, run_batch},
    measure::{Stopwatch, Time, plugin_ms, report},
    table::{Asked, Row},
};

/// What one signal waits for a silent address, ms: the SSH signal's own default.
const PROBE_TIMEOUT_MS: f64 = 400.0;
/// Enough for a steady median of a command of some milliseconds.
const MANY: u32 = 50;
/// The same for one of tens of milliseconds and more.
const SOME: u32 = 20;

/// Measures everything; takes some two minutes.
pub(crate) fn run() -> anyhow::Result<Vec<Row>> {
    let mut rows = Vec::new();
    let mut lab = Lab::new("bench")?;
    let mut crowd = Crowd::new(&lab)?;

    println!("10 machines");
    crowd.grow(&mut lab, 10)?;
    rows.push(right_addresses(&lab, &crowd, "10 healthy machines shown rightly")?);
    rows.extend(few(&lab)?);
    println!("10,000 neighbours");
    rows.push(many_neighbours(&lab)?);
    println!("a console log of 1 GB");
    rows.push(long_console(&lab, &crowd)?);

    println!("100 machines");
    crowd.grow(&mut lab, 100)?;
    rows.push(right_addresses(&lab, &crowd, "100 healthy machines shown rightly")?);
    rows.extend(many(&lab)?);
    println!("100 machines, 50 of them off the network");
    crowd.unplug(&lab, 50)?;
    rows.push(half_dead(&lab, &crowd)?);
    Ok(rows)
}

fn timed(what: &str, time: Time, asked: Option<f64>) -> Row {
    let note = format!("longest {:.1}", time.longest_ms);
    let (what, asked) = (what.to_owned(), asked.map(Asked::AtMost));
    Row { what, measured: time.median_ms, asked, unit: "ms", note }
}

fn few(lab: &Lab) -> anyhow::Result<Vec<Row>> {
    let watch = Stopwatch::new(lab);
    Ok(vec![
        timed("ip neigh, to compare", watch.command(MANY, "ip neigh", None)?, None),
        timed("vm --help", watch.vm(MANY, &["--help"])?, Some(5.0)),
        timed("vm status --basic, 10 machines", watch.vm(MANY, &["status", "--basic"])?, Some(5.0)),
        timed("vm status --fast, 10 healthy", watch.vm(MANY, &["status", "--fast"])?, None),
        timed("vm status, 10 healthy", watch.vm(MANY, &["status"])?, Some(25.0)),
    ])
}

fn many(lab: &Lab) -> anyhow::Result<Vec<Row>> {
    let watch = Stopwatch::new(lab);
    let memory = watch.memory_mb(&["status"])?;
    Ok(vec![
        timed("vm status, 100 healthy", watch.vm(SOME, &["status"])?, Some(60.0)),
        timed("vm status --basic, 100 machines", watch.vm(SOME, &["status", "--basic"])?, None),
        Row {
            what: "memory of vm status, 100 machines".to_owned(),
            measured: memory,
            asked: Some(Asked::AtMost(30.0)),
            unit: "MB",
            note: "the largest of vm and its workers".to_owned(),
        },
    ])
}

/// How much a neighbour table of 10,000 entries costs more than one of 10.
fn many_neighbours(lab: &Lab) -> anyhow::Result<Row> {
    let watch = Stopwatch::new(lab);
    let before = watch.vm(MANY, &["status"])?;
    let entries = |command: &str| -> anyhow::Result<()> {
        let mut batch = String::new();
        for number in 0..10_000_u32 {
            let [_, _, high, low] = number.to_be_bytes();
            // Permanent, so that the kernel's limit on its own entries does not count.
            let mac = format!("lladdr 02:00:00:00:{high:02x}:{low:02x} nud permanent");
            writeln!(batch, "neigh {command} 10.9.{high}.{low} dev br0 {mac}")?;
        }
        run_batch(lab.host(), lab, &batch)
    };
    entries("add")?;
    let after = watch.vm(MANY, &["status"])?;
    entries("del")?;
    let note = format!("{:.1} instead of {:.1}", after.median_ms, before.median_ms);
    Ok(Row {
        what: "10,000 neighbours more than 10, 10 healthy".to_owned(),
        measured: after.median_ms - before.median_ms,
        asked: Some(Asked::AtMost(10.0)),
        unit: "ms",
        note,
    })
}

/// The address in a log of 1 GB: the last boot's, followed by what a system writes afterwards.
fn long_console(lab: &Lab, crowd: &Crowd) -> anyhow::Result<Row> {
    const SIZE: u64 = 1 << 30;
    let (guest, _) = crowd.guests.first().context("no machine")?;
    let path = guest.console_file();
    let short = std::fs::read(&path).context("cannot read a console log")?;
    write_at(&path, SIZE, &short)?;
    let messages = "[  100.000000] systemd[1]: Started a service.\n".repeat(1000);
    write_at(&path, SIZE + u64::try_from(short.len())?, messages.as_bytes())?;
    let measured = plugin_ms(lab, "console", 9)?;
    std::fs::write(&path, short).context("cannot write a console log")?;
    Ok(Row {
        what: "console plugin, a log of 1 GB, 10 machines".to_owned(),
        measured,
        asked: Some(Asked::AtMost(20.0)),
        unit: "ms",
        note: "by the report".to_owned(),
    })
}

/// Writes behind a hole: what lies before costs neither disk nor memory.
fn write_at(path: &Path, offset: u64, bytes: &[u8]) -> anyhow::Result<()> {
    let mut file = File::options().write(true).open(path).context("cannot open a console log")?;
    file.seek(SeekFrom::Start(offset)).context("cannot seek in a console log")?;
    file.write_all(bytes).context("cannot write a console log")
}

/// Half of the addresses are silent although the neighbour table still has them.
fn half_dead(lab: &Lab, crowd: &Crowd) -> anyhow::Result<Row> {
    // The first run finds the table as it was when they went silent; so must each that follows.
    let mut batch = String::new();
    for (guest, address) in &crowd.guests {
        let mac = guest.mac();
        writeln!(batch, "neigh replace {address} lladdr {mac} dev br0 nud stale")?;
    }
    run_batch(lab.host(), lab, &batch)?;
    let prepare = format!("ip -batch {}", lab.data_dir().with_file_name("ip.batch").display());
    let line = crate::measure::vm_line(lab, &["status"]);
    let time = Stopwatch::new(lab).command(10, &line, Some(&prepare))?;
    Ok(timed("vm status, 100 of which 50 are silent", time, Some(PROBE_TIMEOUT_MS + 60.0)))
}

/// Speed counts only for right answers.
fn right_addresses(lab: &Lab, crowd: &Crowd, what: &str) -> anyhow::Result<Row> {
    let report = report(lab)?;
    let machines = report["vms"].as_array().map_or(&[][..], Vec::as_slice);
    let right = crowd.guests.iter().filter(|(guest, address)| {
        let is_it = |machine: &&Value| machine["name"] == guest.name();
        let machine = machines.iter().find(is_it);
        machine.is_some_and(|each| each["ip"] == address.to_string() && each["state"] == "running")
    });
    let count = |number: usize| u32::try_from(number).map(f64::from).context("too many machines");
    Ok(Row {
        what: what.to_owned(),
        measured: count(right.count())?,
        asked: Some(Asked::Exactly(count(crowd.guests.len())?)),
        unit: "machines",
        note: String::new(),
    })
}
