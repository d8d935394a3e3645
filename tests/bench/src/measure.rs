//! Measures a command many times with hyperfine.

use std::{path::PathBuf, process::Command};

use anyhow::{Context, ensure};
use serde_json::Value;
use vmkit_lab::{Lab, run};

/// The duration of a command.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Time {
    /// The median in ms.
    pub(crate) median_ms: f64,
    /// The slowest run in ms.
    pub(crate) longest_ms: f64,
}

/// Measures commands in the host's namespace.
pub(crate) struct Stopwatch<'a> {
    lab: &'a Lab,
    export: PathBuf,
}

impl<'a> Stopwatch<'a> {
    pub(crate) fn new(lab: &'a Lab) -> Self {
        Self { lab, export: lab.data_dir().with_file_name("hyperfine.json") }
    }

    /// Measures `vm` with these arguments.
    pub(crate) fn vm(&self, runs: u32, arguments: &[&str]) -> anyhow::Result<Time> {
        self.command(runs, &vm_line(self.lab, arguments), None)
    }

    /// Measures a command. `prepare` runs before each run, unmeasured.
    pub(crate) fn command(
        &self,
        runs: u32,
        line: &str,
        prepare: Option<&str>,
    ) -> anyhow::Result<Time> {
        let mut hyperfine = self.lab.host().command("hyperfine");
        // Without a shell, whose start would be measured and subtracted.
        hyperfine.args(["--shell=none", "--style=none", "--warmup=2", "--ignore-failure"]);
        hyperfine.args(["--runs", &runs.to_string(), "--export-json"]).arg(&self.export);
        hyperfine.env("XDG_STATE_HOME", self.lab.folder().join("state"));
        if let Some(prepare) = prepare {
            hyperfine.args(["--prepare", prepare]);
        }
        run(hyperfine.arg(line))?;
        let text = std::fs::read_to_string(&self.export).context("hyperfine left no results")?;
        let results: Value = serde_json::from_str(&text).context("hyperfine's results")?;
        let milliseconds = |name: &str| {
            let seconds = results["results"][0][name].as_f64();
            seconds
                .map(|seconds| seconds * 1e3)
                .with_context(|| format!("hyperfine gave no {name}"))
        };
        Ok(Time { median_ms: milliseconds("median")?, longest_ms: milliseconds("max")? })
    }

    /// The peak memory of `vm` or one of its workers, in MB.
    pub(crate) fn memory_mb(&self, arguments: &[&str]) -> anyhow::Result<f64> {
        let line = vm_line(self.lab, arguments);
        let mut time = self.lab.host().command("time");
        time.env("XDG_STATE_HOME", self.lab.folder().join("state"));
        time.args(["--format=%M", "--output"]).arg(&self.export).args(line.split(' '));
        // vm's exit status does not matter, only that time could measure.
        vmkit_lab::finish(&mut time)?;
        let text = std::fs::read_to_string(&self.export).context("time left no result")?;
        let last = text.lines().last().context("time left no result")?;
        let kilobytes: f64 = last.trim().parse().context("time's result is no number")?;
        Ok(kilobytes / 1e3)
    }
}

/// `vm` with these arguments as one line. No word may contain a space.
pub(crate) fn vm_line(lab: &Lab, arguments: &[&str]) -> String {
    let command: Command = lab.vm_command(arguments);
    // Skip `ip netns exec NAMESPACE`, since hyperfine already runs there.
    let words = command.get_args().skip(3).map(|word| word.to_string_lossy().into_owned());
    words.collect::<Vec<_>>().join(" ")
}

/// The output of `vm status --json`.
pub(crate) fn report(lab: &Lab) -> anyhow::Result<Value> {
    let finished = lab.vm(&["status", "--json"])?;
    let report = serde_json::from_str(&finished.stdout);
    report.with_context(|| format!("`{}` printed no JSON: {}", finished.line, finished.stderr))
}

/// The plugin's time in ms from the report: the median of some runs.
pub(crate) fn plugin_ms(lab: &Lab, id: &str, runs: usize) -> anyhow::Result<f64> {
    let mut times = Vec::new();
    for _ in 0..runs {
        let report = report(lab)?;
        let mut plugins = report["plugins"].as_array().into_iter().flatten();
        let plugin = plugins.find(|plugin| plugin["id"] == id);
        let plugin = plugin.with_context(|| format!("the report lacks the plugin {id}"))?;
        let time = plugin["elapsed_ms"].as_f64();
        times.push(time.with_context(|| format!("no time of the plugin {id}: {plugin}"))?);
    }
    ensure!(!times.is_empty(), "nothing was measured");
    times.sort_by(f64::total_cmp);
    Ok(times[times.len() / 2])
}
