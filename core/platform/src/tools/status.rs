//! Which tools a whole `vm status` starts on a Mac, by the plan: everybody who asks, in every stage.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Condvar, Mutex},
    time::{Duration, Instant},
};

use serde::Deserialize;
use vmkit_types::Reading;

use super::{AT_ONCE, BRIDGE, FRESH, INTERFACES, NEIGHBOURS, PROCESSES, RESOLVERS, ROUTES, Tools};

/// Who asks for a tool during a status, with its command line. `true`: after the probes, whose answers an
/// earlier text does not have.
const STATUS: [(&str, &str, bool); 9] = [
    ("Platform::network", ROUTES, false),
    ("Platform::network", INTERFACES, false),
    ("Platform::processes", PROCESSES, false),
    ("signal-arp", ROUTES, false),
    ("signal-bridge", INTERFACES, false),
    ("signal-dns", RESOLVERS, false),
    ("signal-dns", INTERFACES, false),
    // Again, for the probes.
    ("Platform::network", ROUTES, false),
    // The neighbours that answered them.
    ("signal-arp", ROUTES, true),
];
/// Lines that plugins have started only where a release leaves something out of those of the plan: the
/// neighbours of the routes, and the lists of single bridges.
const WHERE_A_RELEASE_HIDES: [&str; 2] = [NEIGHBOURS, BRIDGE];
/// How long a tool of the test waits for the others. They are started together, and this ends the test
/// where they are not.
const PATIENCE: Duration = Duration::from_secs(20);

/// Tools that each run until all have been started.
#[derive(Default)]
struct Together {
    started: Mutex<Vec<String>>,
    changed: Condvar,
}

impl Together {
    /// Starts one, and returns whether this many were running at one time.
    fn run(&self, line: &str, count: usize) -> bool {
        let mut started = self.started.lock().unwrap();
        started.push(line.to_owned());
        self.changed.notify_all();
        let waiting = |started: &mut Vec<String>| started.len() < count;
        let started = self.changed.wait_timeout_while(started, PATIENCE, waiting).unwrap();
        !started.1.timed_out()
    }
}

#[test]
fn a_whole_status_starts_four_tools_at_once_and_one_after_its_probes() {
    let together: Arc<Together> = Arc::default();
    let of_tools = Arc::clone(&together);
    // The first four wait for each other; those after them wait for nobody.
    let tools =
        Tools::new(move |line: &str| Reading::Known(of_tools.run(line, AT_ONCE.len()).to_string()));
    let began = Instant::now();
    for (who, line, after_probes) in STATUS {
        // All of it lies within the second in which an answer serves.
        let now = began + if after_probes { FRESH / 2 } else { Duration::ZERO };
        let answer = tools.ask(line, after_probes, now);
        assert_eq!(answer, Reading::Known("true".to_owned()), "{who} asks for {line}");
    }
    let started = together.started.lock().unwrap();
    let (first, after) = started.split_at(AT_ONCE.len());
    let planned: BTreeSet<&str> = AT_ONCE.into_iter().collect();
    assert_eq!(first.iter().map(String::as_str).collect::<BTreeSet<_>>(), planned);
    assert_eq!(after, [ROUTES], "an answer of the same second serves");
}

#[derive(Deserialize)]
struct Manifest {
    #[serde(default)]
    needs_macos: Needs,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Needs {
    exec: Vec<String>,
}

fn plugins() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugins");
    let entries = fs::read_dir(folder).expect("the plugins");
    entries.map(|entry| entry.expect("an entry").path()).collect()
}

/// The command lines of the system's tools that stand in the sources of a plugin.
fn lines_of(plugin: &Path) -> BTreeSet<String> {
    let mut folders = vec![plugin.join("src")];
    let mut lines = BTreeSet::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten() {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if let Ok(source) = fs::read_to_string(&path) {
                let strings = source.split('"').skip(1).step_by(2);
                let begins = ["/usr/sbin/", "/sbin/", "/usr/bin/", "/bin/", "/usr/libexec/"];
                let is_line = |text: &&str| {
                    begins.iter().any(|begin| text.starts_with(begin)) && text.contains(' ')
                };
                lines.extend(strings.filter(is_line).map(str::to_owned));
            }
        }
    }
    lines
}

#[test]
fn the_plan_of_a_status_has_every_tool_of_every_plugin() {
    let mut declared = 0;
    for plugin in plugins() {
        let Ok(text) = fs::read_to_string(plugin.join("plugin.json")) else { continue };
        let manifest: Manifest = serde_json::from_str(&text).expect("a manifest");
        let name = plugin.file_name().unwrap_or_default().to_string_lossy().into_owned();
        for program in &manifest.needs_macos.exec {
            declared += 1;
            let starts = |line: &str| line.split(' ').next() == Some(program.as_str());
            let asked = STATUS.iter().any(|(who, line, _)| *who == name && starts(line));
            let hidden = WHERE_A_RELEASE_HIDES.into_iter().any(starts);
            assert!(
                asked || hidden,
                "{name} declares {program}, and the plan does not have it ask"
            );
        }
        if manifest.needs_macos.exec.is_empty() {
            continue;
        }
        for line in lines_of(&plugin) {
            // The name of a bridge is put in where the program runs.
            let line = line.replace("{bridge}", "bridge");
            let in_plan = STATUS.iter().any(|(who, planned, _)| *who == name && *planned == line);
            let hidden = WHERE_A_RELEASE_HIDES.iter().any(|begin| line.starts_with(begin));
            assert!(in_plan || hidden, "{name} asks for {line:?}, which the plan lacks");
        }
    }
    assert!(declared >= 4, "{declared} programs are declared");
}
