//! What `vm start` adds to the time that QEMU and the guest take, from traces of one run.

use std::{
    fs,
    path::Path,
    thread,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use anyhow::{Context, ensure};
use vmkit_lab::{Image, Lab, Login, PATIENCE, Process, run, wait_until};

use crate::table::{Limit, Row};

/// The small guest's last words before it can be reached: its address is set, its SSH server listens.
const READY: [&str; 2] = ["init: address set", "Not backgrounding"];
/// How often the console is read: little beside the limit.
const LOOK: Duration = Duration::from_millis(1);
/// What may be added, in ms.
const LIMIT: f64 = 150.0;
/// A guest boots for some seconds, so few runs have to do.
const RUNS: usize = 3;

/// Measures some starts, and tells the median.
pub(crate) fn added() -> anyhow::Result<Row> {
    let image = Image::Small.path()?;
    let mut lab = Lab::new("bench-start")?;
    lab.use_defaults();
    lab.expect_emulation()?;
    let login = Login::new(&lab)?;
    let (image, key) = (image.display().to_string(), login.public_key().display().to_string());
    let create = ["create", "web", "--image", &image, "--ssh-key", &key, "--user", "me"];
    succeed(&lab, &[&create[..], &["--memory", "256", "--cpus", "1"]].concat())?;
    let runs: Vec<_> = (0..RUNS).map(|_| start(&lab)).collect::<anyhow::Result<_>>()?;
    Ok(row(runs))
}

/// What one start added, in ms.
#[derive(Clone, Copy, Debug)]
struct Added {
    /// From the start of `vm` until it starts QEMU.
    before: f64,
    /// From the guest's readiness until `vm` says so and ends.
    after: f64,
}

impl Added {
    fn sum(&self) -> f64 {
        self.before + self.after
    }
}

fn row(mut runs: Vec<Added>) -> Row {
    runs.sort_by(|one, other| one.sum().total_cmp(&other.sum()));
    let median = runs[runs.len() / 2];
    let longest = runs.iter().map(Added::sum).fold(0.0, f64::max);
    let (before, after) = (median.before, median.after);
    Row {
        what: "what vm start adds to QEMU and the guest".to_owned(),
        measured: median.sum(),
        asked: Some(Limit::AtMost(LIMIT)),
        unit: "ms",
        note: format!("{before:.0} before QEMU, {after:.0} after the guest; longest {longest:.1}"),
    }
}

/// Starts the machine under a tracer, which stops `vm` at no other system calls, and stops it again.
fn start(lab: &Lab) -> anyhow::Result<Added> {
    let trace = lab.folder().join("start.trace");
    let console = lab.data_dir().join("vms/web/console.log");
    // Of the start before.
    for file in [&trace, &console] {
        drop(fs::remove_file(file));
    }
    let vm = lab.vm_command(&["start", "web", "--net", "bridged", "--bridge", "br0", "--yes"]);
    let mut tracer = lab.host().command("strace");
    tracer.args(["-f", "--seccomp-bpf", "-ttt", "-s", "200", "-e", "abbrev=none"]);
    tracer.args(["-e", "trace=execve,exit_group", "-o"]).arg(&trace);
    // Behind `ip netns exec NAMESPACE`, where the tracer already is.
    tracer.args(vm.get_args().skip(3));
    tracer.env("HOME", lab.folder()).env("XDG_STATE_HOME", lab.folder().join("state"));
    let ready = thread::spawn(move || ready(&console));
    let _tracer = Process::start(&mut tracer, &lab.folder().join("start.log"))?;
    let mut times = None;
    wait_until(PATIENCE, "the end of vm start", || {
        times = Times::read(&fs::read_to_string(&trace).unwrap_or_default());
        Ok(times.is_some())
    })?;
    let ready = ready.join().map_err(|_| anyhow::anyhow!("the reader of the console ended"))??;
    succeed(lab, &["stop", "web"])?;
    let times = times.context("no times")?;
    ensure!(times.status == 0, "vm start ended with {}", times.status);
    let milliseconds = |from: f64, to: f64| (to - from) * 1e3;
    Ok(Added { before: milliseconds(times.vm, times.qemu), after: milliseconds(ready, times.end) })
}

/// When the guest can be reached, in seconds of the clock.
fn ready(console: &Path) -> anyhow::Result<f64> {
    let deadline = SystemTime::now() + PATIENCE;
    loop {
        let said = fs::read(console).unwrap_or_default();
        let said = String::from_utf8_lossy(&said);
        let now = SystemTime::now();
        if READY.iter().all(|words| said.contains(words)) {
            return Ok(now.duration_since(UNIX_EPOCH)?.as_secs_f64());
        }
        ensure!(now < deadline, "the guest did not become ready: {said}");
        thread::park_timeout(LOOK);
    }
}

fn succeed(lab: &Lab, arguments: &[&str]) -> anyhow::Result<()> {
    run(&mut lab.vm_command(arguments)).map(drop).context("the machine of the measurement")
}

/// When things happened, in seconds of the clock.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Times {
    vm: f64,
    qemu: f64,
    end: f64,
    status: i32,
}

impl Times {
    /// From strace's lines `PID SECONDS execve("PROGRAM", …`, once `vm` has ended.
    fn read(trace: &str) -> Option<Self> {
        let lines = || trace.lines().filter_map(Line::read);
        let first = lines().next()?;
        let qemu = lines().find(|line| {
            let what = line.what;
            what.starts_with("execve(") && what.contains("qemu-system-") && what.contains("-netdev")
        })?;
        let end = lines().rfind(|line| line.pid == first.pid)?;
        let status = end.what.strip_prefix("+++ exited with ")?.split(' ').next()?.parse().ok()?;
        Some(Self { vm: first.seconds, qemu: qemu.seconds, end: end.seconds, status })
    }
}

struct Line<'a> {
    pid: &'a str,
    seconds: f64,
    what: &'a str,
}

impl<'a> Line<'a> {
    fn read(line: &'a str) -> Option<Self> {
        let (pid, rest) = line.split_once(' ')?;
        let (seconds, what) = rest.trim_start().split_once(' ')?;
        Some(Self { pid, seconds: seconds.parse().ok()?, what })
    }
}

#[cfg(test)]
mod tests {
    use super::Times;

    const TRACE: &str = r#"10 100.000 execve("/x/vm", ["/x/vm", "start"], []) = 0
11 100.020 execve("/usr/bin/qemu-system-x86_64", ["qemu-system-x86_64", "-version"], []) = 0
11 100.030 +++ exited with 0 +++
12 100.050 execve("/usr/bin/qemu-system-x86_64", ["qemu-system-x86_64", "-netdev", "tap"], []) = 0
10 109.000 exit_group(0)   = ?
"#;

    #[test]
    fn reads_when_programs_started_and_vm_ended() {
        assert_eq!(Times::read(TRACE), None, "vm has not ended");
        let ended = format!("{TRACE}10 109.001 +++ exited with 0 +++\n");
        let expected = Times { vm: 100.0, qemu: 100.05, end: 109.001, status: 0 };
        assert_eq!(Times::read(&ended), Some(expected));
        assert_eq!(Times::read(""), None);
    }
}
