//! Time and memory for very large inputs.

use std::{
    fs::{self, File},
    io::{BufWriter, Seek, SeekFrom, Write as _},
    path::Path,
};

use anyhow::Context;
use vmkit_lab::Lab;

use crate::{
    crowd::Crowd,
    measure::{Stopwatch, plugin_ms},
    table::{Limit, Row},
};

/// Bytes before the last boot in the console log.
const LONG_CONSOLE: u64 = 1 << 30;
/// Size of the largest lease file.
const LONG_LEASES: usize = 100 << 20;
/// Length of an absurdly long line.
const LONG_LINE: usize = 1 << 20;

/// A console log of 1 GB and one with lines of 1 MB: the signal's time, and memory.
pub(crate) fn consoles(lab: &Lab, crowd: &Crowd) -> anyhow::Result<Vec<Row>> {
    let [(long, _), (wide, _), ..] = &crowd.guests[..] else { anyhow::bail!("too few machines") };
    let (long, wide) = (long.console_file(), wide.console_file());
    let read = |path: &Path| fs::read(path).context("cannot read a console log");
    let (long_before, wide_before) = (read(&long)?, read(&wide)?);
    write_at(&long, LONG_CONSOLE, &long_before)?;
    let messages = "[  100.000000] systemd[1]: Started a service.\n".repeat(1000);
    write_at(&long, LONG_CONSOLE + u64::try_from(long_before.len())?, messages.as_bytes())?;
    let time = plugin_ms(lab, "console", 9)?;
    write_at(&wide, 0, format!("{}\n", "x".repeat(LONG_LINE)).repeat(20).as_bytes())?;
    let used = Stopwatch::new(lab).memory_mb(&["status"])?;
    for (path, before) in [(&long, long_before), (&wide, wide_before)] {
        fs::write(path, before).context("cannot write a console log")?;
    }
    Ok(vec![
        Row {
            what: "console plugin, a log of 1 GB, 10 machines".to_owned(),
            measured: time,
            asked: Some(Limit::AtMost(20.0)),
            unit: "ms",
            note: "by the report, loading included".to_owned(),
        },
        memory("a console of 1 GB, one of 1 MB lines", used),
    ])
}

/// A lease file of 100 MB: half of it leases of others, half of it one line. A snapshot holds it, which
/// the same parser reads.
pub(crate) fn leases(lab: &Lab) -> anyhow::Result<Row> {
    let snapshot = lab.data_dir().with_file_name("snapshot");
    let snapshot = snapshot.to_str().context("the lab's path is no text")?;
    let saved = lab.vm(&["snapshot", "save", snapshot])?;
    anyhow::ensure!(saved.status.success(), "no snapshot was saved: {}", saved.stderr);
    let path = Path::new(snapshot).join("leases/dnsmasq.leases");
    fs::create_dir_all(path.parent().context("a file without a folder")?)?;
    let mut out = BufWriter::new(File::create(&path).context("cannot write a lease file")?);
    let mut written = 0;
    for number in 0_u32.. {
        let [_, block, high, low] = number.to_be_bytes();
        let mac = format!("02:00:00:{block:02x}:{high:02x}:{low:02x}");
        let line = format!("1999999999 {mac} 10.{block}.{high}.{low} guest{number} *\n");
        out.write_all(line.as_bytes())?;
        written += line.len();
        if written > LONG_LEASES / 2 {
            break;
        }
    }
    out.write_all(&vec![b'x'; LONG_LEASES / 2])?;
    out.flush().context("cannot write a lease file")?;
    let used = Stopwatch::new(lab).memory_mb(&["status", "--from", snapshot])?;
    fs::remove_dir_all(snapshot).context("cannot remove a snapshot")?;
    Ok(memory("a lease file of 100 MB", used))
}

/// A row with the memory limit for hostile input.
pub(crate) fn memory(what: &str, measured: f64) -> Row {
    Row {
        what: format!("memory, {what}"),
        measured,
        asked: Some(Limit::AtMost(64.0)),
        unit: "MB",
        note: "the largest of vm and its workers".to_owned(),
    }
}

/// Writes after a hole, which takes neither disk nor memory.
fn write_at(path: &Path, offset: u64, bytes: &[u8]) -> anyhow::Result<()> {
    let mut file = File::options().write(true).open(path).context("cannot open a console log")?;
    file.seek(SeekFrom::Start(offset)).context("cannot seek in a console log")?;
    file.write_all(bytes).context("cannot write a console log")
}
