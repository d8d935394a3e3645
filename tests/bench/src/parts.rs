//! Rows from benches of single crates.

use std::{env, path::Path, process::Command};

use anyhow::Context;

use crate::{
    scoring,
    table::{Limit, Row},
};

/// 1,000 machines with ten candidates of eight items each.
pub(crate) fn scoring() -> anyhow::Result<Row> {
    let times = scoring::times().map_err(|error| anyhow::anyhow!("cannot score: {error}"))?;
    let median = times.get(times.len() / 2).context("nothing was scored")?;
    Ok(Row {
        what: "scoring 1,000 machines of 10 × 8 items".to_owned(),
        measured: median.as_secs_f64() * 1e3,
        asked: Some(Limit::AtMost(10.0)),
        unit: "ms",
        note: String::new(),
    })
}

/// Required DNS answers per second and core, in thousands.
const DNS_ANSWERS: f64 = 10.0;

/// Runs the DNS server's bench, which takes some seconds.
pub(crate) fn dns() -> anyhow::Result<Row> {
    let report = bench("vmkit-dns", "questions")?;
    let rate = |beginning: &str| {
        let found = report.lines().find_map(|line| numbers(line, beginning));
        let first = found.and_then(|numbers| numbers.first().copied());
        first.with_context(|| format!("the DNS server's bench says: {report}"))
    };
    let of_core = rate("answers a second of the server's processor time")?;
    let beside_client = rate("answers a second")?;
    Ok(Row {
        what: "DNS answers a second and core".to_owned(),
        measured: of_core / 1e3,
        asked: Some(Limit::AtLeast(DNS_ANSWERS)),
        unit: "thousand",
        note: format!("{:.0} thousand with one client", beside_client / 1e3),
    })
}

/// Starts of plugins that are programs.
pub(crate) fn programs() -> anyhow::Result<Vec<Row>> {
    let report = bench("vm-worker", "start")?;
    let row = |line: &str| {
        let (what, figures) = line.split_once(": ")?;
        let (median, note) = figures.split_once(" ms, ")?;
        let (what, measured) = (what.to_owned(), median.parse().ok()?);
        Some(Row { what, measured, asked: None, unit: "ms", note: note.to_owned() })
    };
    let rows: Vec<Row> = report.lines().filter_map(row).collect();
    anyhow::ensure!(!rows.is_empty(), "the worker's bench says: {report}");
    Ok(rows)
}

/// The report of a crate's bench.
fn bench(package: &str, name: &str) -> anyhow::Result<String> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["bench", "--quiet", "--package", package, "--bench", name]);
    Ok(vmkit_lab::run(command.current_dir(Path::new(env!("CARGO_MANIFEST_DIR"))))?)
}

/// Other frames per second, in thousands, at which a capture must lose no DHCP frame.
const FLOOD_RATE: f64 = 500.0;

/// Runs the capture's bench, which takes half a minute.
pub(crate) fn capture() -> anyhow::Result<Row> {
    let report = bench("vmkit-capture", "flood")?;
    let flood = worst(&report).with_context(|| format!("the capture's bench says: {report}"))?;
    let Flood { thousands, sent, captured, lost } = flood;
    let reached = if thousands < FLOOD_RATE { "only " } else { "" };
    Ok(Row {
        what: "DHCP frames lost at 500,000 others a second".to_owned(),
        measured: lost,
        asked: Some(Limit::Exactly(0.0)),
        unit: "frames",
        note: format!("{captured} of {sent} at {reached}{thousands:.0} thousand/s"),
    })
}

/// One run of the capture's bench.
#[derive(Debug, PartialEq)]
struct Flood {
    thousands: f64,
    sent: f64,
    captured: f64,
    /// Frames lost in the capture's ring.
    lost: f64,
}

/// The run that lost most at the required rate; if none reached it, the fastest.
fn worst(report: &str) -> Option<Flood> {
    let mut rates = report.lines().filter_map(|line| numbers(line, "frames at the capture"));
    let mut frames = report.lines().filter_map(|line| numbers(line, "DHCP frames"));
    let mut floods = Vec::new();
    while let (Some(rate), Some(frames)) = (rates.next(), frames.next()) {
        let [thousands] = rate[..] else { return None };
        let [sent, captured, lost] = frames[..] else { return None };
        floods.push(Flood { thousands, sent, captured, lost });
    }
    if floods.iter().any(|flood| flood.thousands >= FLOOD_RATE) {
        floods.retain(|flood| flood.thousands >= FLOOD_RATE);
        floods.into_iter().max_by(|a, b| a.lost.total_cmp(&b.lost))
    } else {
        floods.into_iter().max_by(|a, b| a.thousands.total_cmp(&b.thousands))
    }
}

/// The numbers in a line with this beginning.
fn numbers(line: &str, beginning: &str) -> Option<Vec<f64>> {
    let rest = line.trim().strip_prefix(beginning)?;
    Some(rest.split_whitespace().filter_map(|word| word.parse().ok()).collect())
}

#[cfg(test)]
mod tests {
    use super::{Flood, worst};

    const SLOW: &str = "  frames at the capture  420 thousand/s\n  DHCP frames            \
                        9000 sent, 9000 captured, 3 lost in the ring\n";
    const FAST: &str = "  frames at the capture  880 thousand/s\n  DHCP frames            \
                        8000 sent, 7999 captured, 1 lost in the ring\n";

    #[test]
    fn shows_the_worst_run_at_the_required_rate() {
        let fast = Flood { thousands: 880.0, sent: 8000.0, captured: 7999.0, lost: 1.0 };
        let slow = Flood { thousands: 420.0, sent: 9000.0, captured: 9000.0, lost: 3.0 };
        let rows = [(format!("{SLOW}{FAST}"), Some(fast)), (SLOW.to_owned(), Some(slow))];
        for (report, expected) in rows.into_iter().chain([("nothing".to_owned(), None)]) {
            assert_eq!(worst(&report), expected, "{report}");
        }
    }
}
