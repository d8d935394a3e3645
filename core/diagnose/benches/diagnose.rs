//! Time to diagnose one machine: the design promises well under 10 ms.

#[path = "../tests/common/mod.rs"]
mod common;

use std::{
    io::Write,
    time::{Duration, Instant},
};

use vmkit_diagnose::{Catalogue, FindingCode};
use vmkit_scoring::Verdict;
use vmkit_types::{Reading, Unread};

const RUNS: usize = 200;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut out = std::io::stdout();
    let start = Instant::now();
    let catalogue = Catalogue::builtin()?;
    writeln!(out, "catalogue of {} causes: {:.2?}", catalogue.causes().len(), start.elapsed())?;
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let given = words("mode:bridged uplink:wifi platform:macos");
    let scene = common::Scene {
        name: "web",
        given: &given,
        verdict: Verdict::NoAddress,
        unchecked: None,
        router: Reading::Unknown(Unread::NotTried),
    };
    let present = words("address-missing address-link-local discover-unanswered");
    let all: Vec<String> = FindingCode::ALL.iter().map(ToString::to_string).collect();
    for (what, absent) in [("little looked at", Vec::new()), ("all looked at", all)] {
        let findings = common::findings(&catalogue, &present, &absent, &[]);
        let mut times: Vec<Duration> = (0..RUNS)
            .map(|_| {
                let start = Instant::now();
                std::hint::black_box(scene.diagnose(&findings, &catalogue));
                start.elapsed()
            })
            .collect();
        times.sort_unstable();
        let (fastest, median) = (times[0], times[RUNS / 2]);
        writeln!(out, "diagnosis, {what}: {median:.2?}, fastest {fastest:.2?}")?;
    }
    Ok(())
}
