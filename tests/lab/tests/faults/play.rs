//! Plays a scenario: healthy first, then broken, then judged live and from the snapshot.

use std::{
    any::Any,
    fs,
    path::Path,
    time::{Duration, Instant},
};

use serde_json::Value;
use vmkit_lab::Finished;

use crate::{
    corpus,
    row::{BY_CHANCE, GuestOf, HEALTHY, Row, Then},
    scene::{ADDRESS, Scene},
};

/// The result of a scenario.
pub(crate) struct Played {
    pub(crate) row: Row,
    /// Shown causes, likeliest first.
    pub(crate) causes: Vec<(String, f64)>,
    /// The time of `vm doctor` without probes, and with its options.
    pub(crate) passive: Duration,
    pub(crate) asked: Duration,
    /// Wrong answers.
    pub(crate) wrong: Vec<String>,
}

impl Played {
    /// The result of a scenario that failed to play.
    pub(crate) fn broken(row: &Row, panic: &(dyn Any + Send)) -> Self {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("a panic");
        let (passive, asked) = (Duration::ZERO, Duration::ZERO);
        let wrong = vec![format!("not played: {text}")];
        Self { row: *row, causes: Vec::new(), passive, asked, wrong }
    }

    /// The wrong answers as a line.
    pub(crate) fn complaint(&self) -> Option<String> {
        (!self.wrong.is_empty()).then(|| format!("{}: {}", self.row.name, self.wrong.join("; ")))
    }
}

/// Plays the scenario. `as_users`: with the time limits that users have, and `vm doctor` is timed while it
/// records nothing: a record asks every signal.
pub(crate) fn play(row: &Row, as_users: bool) -> Played {
    let mut scene = Scene::new(row, as_users);
    if scene.guest.namespace().is_some() {
        scene.ask(Some(row.client));
        scene.wait_until_leased();
        scene.lab.greet(ADDRESS).expect("an answer");
        scene.prompt();
    }
    let mut wrong = Vec::new();
    // A guest that is broken from its boot is never healthy.
    if !matches!(row.guest, GuestOf::Linux(words) if !words.is_empty()) {
        if scene.guest.namespace().is_none() {
            scene.lab.wait_for_lease(&scene.guest, ADDRESS).expect("a lease");
            scene.lab.greet(ADDRESS).expect("an answer");
        }
        let (finished, report) = scene.doctor(&["--yes"]);
        if finished.status.code() != Some(HEALTHY) {
            wrong.push(format!("not healthy at first: {}", shown(&report)));
        }
    }
    break_it(&mut scene, row);
    let began = Instant::now();
    let (_, passively) = scene.doctor(&["--passive"]);
    let passive = began.elapsed();
    let unrecorded = as_users.then(|| {
        let began = Instant::now();
        scene.doctor(row.options);
        began.elapsed()
    });
    let directory = scene.lab.folder().join("snapshot");
    let path = directory.to_str().expect("a plain path");
    let options: Vec<&str> = row.options.iter().copied().chain(["--save", path]).collect();
    let began = Instant::now();
    let (live, report) = scene.doctor(&options);
    let asked = unrecorded.unwrap_or_else(|| began.elapsed());
    let (replayed, replay) = scene.doctor(&["--from", path]);
    let causes = causes(&report);
    judge(row, &live, &report, &mut wrong);
    for cause in self::causes(&passively) {
        if !allowed(row, &cause.0) && cause.1 >= 0.5 {
            wrong.push(format!("passively it accuses {} {:.2}", cause.0, cause.1));
        }
    }
    let again = self::causes(&replay);
    let same = causes.first().map(|c| &c.0) == again.first().map(|c| &c.0);
    // A lossy link may give the address while the record is made.
    if row.exit != BY_CHANCE && (!same || live.status != replayed.status) {
        wrong.push(format!("its record says {}", shown(&replay)));
    }
    if !wrong.is_empty() {
        keep(row, &scene, &report, &directory);
    }
    corpus::keep(row, &directory);
    Played { row: *row, causes, passive, asked, wrong }
}

/// Has the fault act on the healthy scene, until it is complete.
fn break_it(scene: &mut Scene, row: &Row) {
    for act in row.breaks {
        scene.act(act);
    }
    if row.then != Then::Nothing {
        scene.reboot(row.then);
    }
    for act in row.after {
        scene.act(act);
    }
    if let GuestOf::Linux(words) = row.guest
        && words.contains("fault=")
    {
        match fault_sign(words) {
            Some(sign) => scene.guest.wait_for_console(sign).expect("the fault"),
            // Firmware without a serial console says nothing. It gives up within a few seconds.
            None => scene.guest.wait_for_age(FIRMWARE).expect("firmware that has given up"),
        }
    }
}

/// After this time firmware has looked for something to start, and the doctor takes its silence for an end.
const FIRMWARE: Duration = Duration::from_secs(20);

/// The text on a broken guest's console when the fault is complete. `None`: it writes nothing.
fn fault_sign(words: &str) -> Option<&'static str> {
    Some(match words {
        _ if words.contains("disk") => return None,
        _ if words.contains("panic") => "Kernel panic",
        _ if words.contains("slow") || words.contains("nossh") => "lease of ",
        _ if words.contains("early") => "init: checks file systems",
        _ => "login:",
    })
}

fn allowed(row: &Row, code: &str) -> bool {
    row.causes.contains(&code) || row.may.contains(&code)
}

/// Compares the answer with the right one.
fn judge(row: &Row, finished: &Finished, report: &Value, wrong: &mut Vec<String>) {
    let causes = causes(report);
    let first: Vec<&str> =
        causes.iter().take(row.causes.len()).map(|(code, _)| code.as_str()).collect();
    let named = row.causes.iter().all(|code| first.contains(code));
    let accused = causes.iter().filter(|(code, p)| *p >= 0.5 && !allowed(row, code));
    let accused: Vec<&str> = accused.map(|(code, _)| code.as_str()).collect();
    let booting = machine(report).and_then(|own| own["booting"]["awaits"].as_str());
    if row.exit != BY_CHANCE && booting.unwrap_or_default() != row.awaits {
        wrong.push(format!("of its boot it awaits {booting:?}"));
    }
    let ended = row.exit == BY_CHANCE || finished.status.code() == Some(row.exit);
    if !named || !accused.is_empty() || !ended {
        let exit = finished.status.code();
        wrong.push(format!("exit {exit:?}, says {}; {}", shown(report), finished.stderr.trim()));
    }
}

/// The causes of `web`, likeliest first.
pub(crate) fn causes(report: &Value) -> Vec<(String, f64)> {
    let causes = machine(report).and_then(|own| own["causes"].as_array()).into_iter().flatten();
    causes
        .filter_map(|cause| {
            Some((cause["code"].as_str()?.to_owned(), cause["probability"].as_f64()?))
        })
        .collect()
}

/// The entry of `web` in a report.
fn machine(report: &Value) -> Option<&Value> {
    report["vms"].as_array()?.iter().find(|machine| machine["name"] == "web")
}

fn shown(report: &Value) -> String {
    let causes = causes(report);
    let causes: Vec<String> =
        causes.iter().map(|(code, probability)| format!("{code} {probability:.2}")).collect();
    if causes.is_empty() { "nothing".to_owned() } else { causes.join(", ") }
}

/// Keeps a wrong report.
fn keep(row: &Row, scene: &Scene, report: &Value, directory: &Path) {
    let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join("faults").join(row.name);
    drop(fs::remove_dir_all(&kept));
    fs::create_dir_all(&kept).expect("a folder");
    fs::write(kept.join("doctor.json"), format!("{report:#}\n")).expect("a report");
    if let Ok(console) = scene.guest.console() {
        fs::write(kept.join("console.log"), console).expect("a console");
    }
    corpus::copy(directory, &kept.join("snapshot"));
}
