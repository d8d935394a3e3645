//! The limits, each measured in its situation.

use std::fmt::Write as _;

use anyhow::Context;
use serde_json::Value;
use vmkit_lab::Lab;

use crate::{
    crowd::{Crowd, run_batch},
    hostile,
    managers::Bare,
    measure::{Stopwatch, Time, report, vm_line},
    neighbours, parts, start,
    table::{Limit, Row},
};

/// How long a signal waits for a silent address, in ms: the SSH signal's default.
const PROBE_TIMEOUT_MS: f64 = 400.0;
/// Runs for a steady median of a command of some milliseconds.
const MANY: u32 = 50;
/// Runs for a steady median of a command of tens of milliseconds or more.
const SOME: u32 = 20;
/// Runs of a command that takes seconds.
const FEW: u32 = 5;

/// Measures everything in about three minutes.
pub(crate) fn run() -> anyhow::Result<Vec<Row>> {
    println!("scoring and capture by themselves");
    let mut rows = vec![parts::scoring()?, parts::dns()?, parts::capture()?];
    rows.extend(parts::programs()?);
    println!("starts of a machine");
    rows.push(start::added()?);
    let mut lab = Lab::new("bench")?;
    lab.use_defaults();
    let mut crowd = Crowd::new(&lab)?;
    println!("inventories of managers that are not here");
    let bare = Bare::new()?;
    rows.push(bare.more(&lab, "inventories, none of whose managers is here")?);

    println!("10 machines");
    crowd.grow(&mut lab, 10)?;
    rows.push(bare.more(&lab, "inventories, one of them asked (QEMU), 10 machines")?);
    rows.push(right_addresses(&lab, &crowd, "10 healthy machines with right addresses")?);
    rows.extend(few(&lab)?);
    println!("10,000 neighbours");
    rows.extend(neighbours::ten_thousand(&lab)?);
    println!("100,000 neighbours");
    rows.extend(neighbours::hundred_thousand(&lab)?);
    println!("console logs of 1 GB and of 1 MB lines, a lease file of 100 MB");
    rows.extend(hostile::consoles(&lab, &crowd)?);
    rows.push(hostile::leases(&lab)?);

    println!("100 machines");
    crowd.grow(&mut lab, 100)?;
    rows.push(right_addresses(&lab, &crowd, "100 healthy machines with right addresses")?);
    rows.extend(many(&lab)?);
    println!("100 machines, 10 of them off the network");
    crowd.unplug(&lab, 0..10)?;
    rows.extend(ill(&lab)?);
    println!("100 machines, 50 of them off the network");
    crowd.unplug(&lab, 10..50)?;
    rows.push(half_dead(&lab, &crowd)?);
    Ok(rows)
}

fn timed(what: &str, time: Time, asked: Option<f64>) -> Row {
    let note = format!("longest {:.1}", time.longest_ms);
    let (what, asked) = (what.to_owned(), asked.map(Limit::AtMost));
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
        timed("vm resolve, 10 healthy", watch.vm(MANY, &["resolve", "vm000"])?, Some(30.0)),
    ])
}

fn many(lab: &Lab) -> anyhow::Result<Vec<Row>> {
    let watch = Stopwatch::new(lab);
    let memory = watch.memory_mb(&["status"])?;
    let snapshot = lab.data_dir().with_file_name("snapshot");
    let snapshot = snapshot.to_str().context("the lab's path is no text")?;
    // A snapshot runs every signal; a status skips some if the others are conclusive.
    let save = vm_line(lab, &["snapshot", "save", snapshot]);
    let all = watch.command(SOME, &save, Some(&format!("rm -rf {snapshot}")))?;
    Ok(vec![
        timed("vm status, 100 healthy", watch.vm(SOME, &["status"])?, Some(60.0)),
        timed("every signal (snapshot save), 100 healthy", all, Some(150.0)),
        timed("vm resolve, 100 healthy", watch.vm(SOME, &["resolve", "vm000"])?, Some(30.0)),
        timed("vm status --basic, 100 machines", watch.vm(SOME, &["status", "--basic"])?, None),
        Row {
            what: "memory of vm status, 100 machines".to_owned(),
            measured: memory,
            asked: Some(Limit::AtMost(30.0)),
            unit: "MB",
            note: "the largest of vm and its workers".to_owned(),
        },
    ])
}

/// The doctor looks at all machines; some have lost their network.
fn ill(lab: &Lab) -> anyhow::Result<Vec<Row>> {
    let watch = Stopwatch::new(lab);
    let memory = watch.memory_mb(&["doctor", "--passive"])?;
    let asked = ["doctor", "--yes"];
    let mut times = Vec::new();
    for (what, arguments, limit) in [
        ("vm doctor --passive, 100 with 10 ill", &["doctor", "--passive"][..], None),
        ("vm doctor --yes, 100 with 10 ill", &asked, Some(6000.0)),
    ] {
        times.push(timed(what, watch.vm(FEW, arguments)?, limit));
    }
    times.push(Row {
        what: "memory of vm doctor, 100 machines".to_owned(),
        measured: memory.max(watch.memory_mb(&asked)?),
        asked: Some(Limit::AtMost(100.0)),
        unit: "MB",
        note: "the largest of vm and its workers".to_owned(),
    });
    Ok(times)
}

/// Half of the addresses are silent, although the neighbour table still has them.
fn half_dead(lab: &Lab, crowd: &Crowd) -> anyhow::Result<Row> {
    // Restore the neighbour table of the moment before they went silent for each run.
    let mut batch = String::new();
    for (guest, address) in &crowd.guests {
        let mac = guest.mac();
        writeln!(batch, "neigh replace {address} lladdr {mac} dev br0 nud stale")?;
    }
    run_batch(lab.host(), lab, &batch)?;
    let prepare = format!("ip -batch {}", lab.data_dir().with_file_name("ip.batch").display());
    let line = vm_line(lab, &["status"]);
    let time = Stopwatch::new(lab).command(10, &line, Some(&prepare))?;
    Ok(timed("vm status, 100 with 50 silent", time, Some(PROBE_TIMEOUT_MS + 60.0)))
}

/// Counts the right addresses, since speed without them is worthless.
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
        asked: Some(Limit::Exactly(count(crowd.guests.len())?)),
        unit: "machines",
        note: String::new(),
    })
}
