//! macOS's tools, each run once for all who ask at the same time.
//!
//! The first question of a look starts every tool that a look needs, all at once, so that a look takes as
//! long as the slowest of them.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, OnceLock, PoisonError},
    thread,
    time::{Duration, Instant},
};

use vmkit_types::Reading;

/// Interfaces with their kinds, and the members and MACs of all bridges: `-v` twice lists these as well.
pub(crate) const INTERFACES: &str = "/sbin/ifconfig -a -v -v";
/// Routes and neighbours of both families.
pub(crate) const ROUTES: &str = "/usr/sbin/netstat -rn";
/// Neighbours of IPv4: asked for after the probes, and where the routes show no neighbour.
pub(crate) const NEIGHBOURS: &str = "/usr/sbin/arp -an";
/// DNS servers with their ports and interfaces.
pub(crate) const RESOLVERS: &str = "/usr/sbin/scutil --dns";
/// Command lines of all processes. The tool is root's, so that it shows those of root's QEMU.
pub(crate) const PROCESSES: &str = "/bin/ps -axww -o pid=,uid=,ruid=,etime=,args=";
/// How the question for one bridge begins; its number follows.
const BRIDGE: &str = "/sbin/ifconfig bridge";

/// What a look needs.
const AT_ONCE: [&str; 4] = [INTERFACES, ROUTES, PROCESSES, RESOLVERS];

/// How long an answer serves: a look takes less, and the next one sees what changed.
const FRESH: Duration = Duration::from_secs(1);

/// Whether this is a tool that only reads, which a plugin may have run.
pub(crate) fn only_reads(line: &str) -> bool {
    let number = line.strip_prefix(BRIDGE);
    AT_ONCE.contains(&line)
        || line == NEIGHBOURS
        || number.is_some_and(|number| {
            (1..=5).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit())
        })
}

/// What the tools printed lately. `R` runs a command line.
pub(crate) struct Tools<R> {
    run: Arc<R>,
    kept: Mutex<HashMap<String, Kept>>,
}

/// One run of a tool.
#[derive(Clone)]
struct Kept {
    started: Instant,
    text: Arc<OnceLock<Reading<String>>>,
}

impl<R: Fn(&str) -> Reading<String> + Send + Sync + 'static> Tools<R> {
    pub(crate) fn new(run: R) -> Self {
        Self { run: Arc::new(run), kept: Mutex::default() }
    }

    /// What the tool with this command line prints. `afresh`: an earlier answer does not serve.
    pub(crate) fn ask(&self, line: &str, afresh: bool, now: Instant) -> Reading<String> {
        let text = self.started(line, afresh, now);
        text.get_or_init(|| (self.run)(line)).clone()
    }

    /// The answer of the tool, which may still be running.
    fn started(&self, line: &str, afresh: bool, now: Instant) -> Arc<OnceLock<Reading<String>>> {
        // After a panic, the runs that were noted are still runs.
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|_, kept| now.saturating_duration_since(kept.started) < FRESH);
        if afresh {
            kept.remove(line);
        }
        if AT_ONCE.contains(&line) && !afresh {
            for other in AT_ONCE.into_iter().filter(|other| *other != line) {
                kept.entry(other.to_owned()).or_insert_with(|| self.start(other, now));
            }
        }
        let new = || Kept { started: now, text: Arc::default() };
        kept.entry(line.to_owned()).or_insert_with(new).text.clone()
    }

    /// Runs a tool beside those who ask.
    fn start(&self, line: &'static str, now: Instant) -> Kept {
        let text: Arc<OnceLock<_>> = Arc::default();
        let (run, own) = (Arc::clone(&self.run), Arc::clone(&text));
        thread::spawn(move || {
            own.get_or_init(|| run(line));
        });
        Kept { started: now, text }
    }
}

#[cfg(test)]
mod status;

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    /// Tools that tell which of them ran.
    fn tools() -> (Tools<impl Fn(&str) -> Reading<String> + Send + Sync>, mpsc::Receiver<String>) {
        let (sender, ran) = mpsc::channel();
        let run = move |line: &str| {
            sender.send(line.to_owned()).unwrap();
            Reading::Known(format!("{line} ran"))
        };
        (Tools::new(run), ran)
    }

    /// The next runs, in order of their names.
    fn next(ran: &mpsc::Receiver<String>, count: usize) -> Vec<String> {
        // Nothing is waited for but what must come.
        let mut lines: Vec<String> = ran.iter().take(count).collect();
        lines.sort();
        lines
    }

    #[test]
    fn a_look_starts_four_tools_and_each_once() {
        let (tools, ran) = tools();
        let now = Instant::now();
        let mut all = AT_ONCE.map(str::to_owned);
        all.sort();
        // The first question starts all of them.
        assert_eq!(tools.ask(ROUTES, false, now), Reading::Known(format!("{ROUTES} ran")));
        assert_eq!(next(&ran, 4), all);
        for line in AT_ONCE.iter().chain(&AT_ONCE) {
            let late = now + FRESH / 2;
            assert_eq!(tools.ask(line, false, late), Reading::Known(format!("{line} ran")));
        }
        assert_eq!(ran.try_recv().ok(), None, "an answer of the same second serves");
        // After the probes, one table is read afresh.
        tools.ask(NEIGHBOURS, true, now);
        assert_eq!(ran.try_iter().collect::<Vec<_>>(), [NEIGHBOURS]);
        // The next look runs them anew.
        tools.ask(INTERFACES, false, now + FRESH);
        assert_eq!(next(&ran, 4), all);
    }

    #[test]
    fn a_tool_that_one_look_needs_less_often_runs_alone() {
        let (tools, ran) = tools();
        tools.ask("/sbin/ifconfig bridge100", false, Instant::now());
        drop(tools);
        assert_eq!(ran.iter().collect::<Vec<_>>(), ["/sbin/ifconfig bridge100"]);
    }

    #[test]
    fn only_tools_that_read_are_run_for_plugins() {
        let rows = [
            (INTERFACES, true),
            ("/usr/sbin/arp -an", true),
            ("/sbin/ifconfig bridge100", true),
            ("/sbin/ifconfig bridge100 destroy", false),
            ("/sbin/ifconfig bridge", false),
            ("/sbin/ifconfig bridge1000000", false),
            ("/usr/sbin/arp -d -a", false),
            ("/usr/sbin/arp", false),
        ];
        for (line, expected) in rows {
            assert_eq!(only_reads(line), expected, "{line}");
        }
    }
}
