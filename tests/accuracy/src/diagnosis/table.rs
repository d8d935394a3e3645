//! Counts the doctor's right answers and prints the figures.

use std::{collections::BTreeMap, fmt::Write as _, net::IpAddr};

use serde::Serialize;

use super::{Answer, Family, Kind, Label, Record};
use crate::bins::Bins;

/// One snapshot with its answer.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each selects outcomes on its own")]
pub struct Outcome {
    /// The family or the recorded snapshot.
    pub family: String,
    /// The number in the family.
    pub number: u64,
    /// Whether it was recorded in the lab.
    pub recorded: bool,
    /// Whether its family is held out.
    pub held_out: bool,
    /// Whether its family is of the newest faults or pairs.
    pub newest: bool,
    /// The system of the computer: `linux` or `macos`.
    pub system: String,
    kind: Kind,
    causes: Vec<String>,
    knowable: bool,
    /// The VM's address, where the case has one to be shown.
    address: Option<IpAddr>,
    answer: Answer,
}

impl Outcome {
    pub(super) fn new(family: &Family, number: u64, record: &Record, answer: Answer) -> Self {
        Self {
            family: family.name.clone(),
            number,
            recorded: false,
            held_out: family.is_held_out(),
            newest: family.is_newest(),
            system: record.system.to_owned(),
            kind: family.kind(),
            causes: record.causes.iter().map(|code| (*code).to_owned()).collect(),
            knowable: record.knowable,
            address: record.address.map(IpAddr::from),
            answer,
        }
    }

    pub(super) fn of_label(name: &str, label: &Label, system: &str, answer: Answer) -> Self {
        let kind = match (label.causes.len(), label.may.is_empty()) {
            (0, true) => Kind::Healthy,
            (0, false) => Kind::Unknown,
            (1, _) => Kind::One,
            _ => Kind::Two,
        };
        Self {
            family: name.to_owned(),
            number: 0,
            recorded: true,
            held_out: false,
            newest: false,
            system: system.to_owned(),
            kind,
            causes: label.causes.clone(),
            knowable: label.knowable,
            address: None,
            answer,
        }
    }

    fn in_top_three(&self, code: &String) -> bool {
        self.answer.causes.iter().take(3).any(|(shown, _)| shown == code)
    }

    fn named_right(&self) -> bool {
        self.answer.named().is_some_and(|named| self.causes.iter().any(|code| code == named))
    }

    /// Whether the answer is wrong.
    pub fn is_missed(&self) -> bool {
        match self.kind {
            Kind::One | Kind::Two if !self.knowable => {
                self.answer.named().is_some() && !self.named_right()
            }
            Kind::One => !self.named_right(),
            Kind::Two => !self.causes.iter().all(|code| self.in_top_three(code)),
            Kind::Unknown => self.answer.named().is_some(),
            // Without evidence of a healthy VM's address, asking for more is right.
            Kind::Healthy if !self.knowable => self.answer.named().is_some(),
            Kind::Healthy => !self.answer.healthy || self.answer.status != Some(0),
        }
    }

    /// Whether an address is shown that is not the VM's.
    fn is_misplaced(&self) -> bool {
        self.address.is_some() && self.answer.address.is_some_and(|ip| self.address != Some(ip))
    }

    /// The case and its answer in a line.
    pub fn line(&self) -> String {
        let said: Vec<String> =
            self.answer.causes.iter().map(|(code, p)| format!("{code} {p:.2}")).collect();
        let word = match (self.answer.healthy, self.answer.cannot_tell) {
            (true, _) => "healthy",
            (_, true) => "cannot tell:",
            _ => "named",
        };
        let knowable = if self.knowable { "" } else { " (cannot be known)" };
        let misplaced = match (self.is_misplaced(), self.answer.address) {
            (true, Some(address)) => format!("; its address is not {address}"),
            _ => String::new(),
        };
        let (family, number, system, said) =
            (&self.family, self.number, &self.system, said.join(", "));
        format!("{family} {number} on {system}{knowable}: {word} {said}{misplaced}")
    }
}

/// Sums over answers.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Sums {
    /// Snapshots.
    pub records: u32,
    /// With one cause, which can be known.
    pub one: u32,
    /// Of those, named.
    pub top_one: u32,
    /// Of those, among the first three.
    pub top_three: u32,
    /// With causes that cannot all be known.
    pub unknowable: u32,
    /// Of those, with another cause named.
    pub misled: u32,
    /// With two causes that can both be known.
    pub two: u32,
    /// Of those, both among the first three.
    pub both: u32,
    /// With a fault that has no code.
    pub unknown: u32,
    /// Of those, none named.
    pub abstained: u32,
    /// With nothing wrong.
    pub healthy: u32,
    /// Of those, something was found.
    pub alarms: u32,
    /// With an address that can be known.
    pub placed: u32,
    /// Of those, it is shown.
    pub shown: u32,
    /// With an address.
    pub addresses: u32,
    /// Of those, another one is shown.
    pub misplaced: u32,
    /// Of those, as resolved.
    pub misplaced_surely: u32,
    /// Squared differences between the probability of the likeliest cause and its truth.
    pub squares: f64,
    /// With a fault, whether it has a code or not.
    pub caused: u32,
    /// Their likeliest causes, by probability.
    #[serde(skip)]
    bins: Bins,
}

impl Sums {
    /// The sum over these.
    pub fn of<'a>(outcomes: impl Iterator<Item = &'a Outcome>) -> Self {
        let mut sums = Self::default();
        for outcome in outcomes {
            sums.add(outcome);
        }
        sums
    }

    fn add(&mut self, outcome: &Outcome) {
        self.records += 1;
        // The likeliest cause is never right where the fault has no code.
        let caused = outcome.kind != Kind::Healthy;
        match outcome.answer.causes.first() {
            Some((code, probability)) if caused => {
                let right = outcome.causes.contains(code);
                self.squares += (probability - f64::from(u8::from(right))).powi(2);
                self.bins.add(*probability, right);
            }
            // A cause that can be known was given no probability at all.
            None if caused && outcome.knowable && outcome.kind != Kind::Unknown => {
                self.squares += 1.0;
            }
            _ => {}
        }
        self.caused += u32::from(caused);
        self.add_address(outcome);
        let missed = u32::from(outcome.is_missed());
        match (outcome.kind, outcome.knowable) {
            (Kind::One, true) => {
                self.one += 1;
                self.top_one += 1 - missed;
                self.top_three += u32::from(outcome.causes.iter().all(|c| outcome.in_top_three(c)));
            }
            (Kind::Two, true) => {
                self.two += 1;
                self.both += 1 - missed;
            }
            (Kind::One | Kind::Two, false) => {
                self.unknowable += 1;
                self.misled += missed;
            }
            (Kind::Unknown, _) => {
                self.unknown += 1;
                self.abstained += 1 - missed;
            }
            (Kind::Healthy, _) => {
                self.healthy += 1;
                self.alarms += missed;
            }
        }
    }

    fn add_address(&mut self, outcome: &Outcome) {
        let Some(address) = outcome.address else { return };
        let Answer { address: shown, verdict, .. } = &outcome.answer;
        let wrong = u32::from(outcome.is_misplaced());
        self.addresses += 1;
        self.misplaced += wrong;
        self.misplaced_surely += if verdict == "resolved" { wrong } else { 0 };
        self.placed += u32::from(outcome.knowable);
        self.shown += u32::from(outcome.knowable && *shown == Some(address));
    }

    /// How well the probabilities of the likeliest causes hold.
    pub fn bins(&self) -> Bins {
        self.bins
    }

    /// Figure, count, target, and whether it is met.
    fn rows(&self) -> Vec<(&'static str, String, &'static str, Option<bool>)> {
        let share = |part: u32, all: u32| (all > 0).then(|| f64::from(part) / f64::from(all));
        let row = |name, part, all, target, met: &dyn Fn(f64) -> bool| {
            let share = share(part, all);
            let text = share.map_or_else(
                || "–".to_owned(),
                |share| format!("{:.1} % ({part} of {all})", share * 100.0),
            );
            (name, text, target, share.map(met))
        };
        let brier = (self.caused > 0).then(|| self.squares / f64::from(self.caused));
        let brier_text = brier.map_or_else(|| "–".to_owned(), |brier| format!("{brier:.3}"));
        let error = (self.bins.answers() > 0).then(|| self.bins.error());
        let error_text = error.map_or_else(|| "–".to_owned(), |error| format!("{error:.3}"));
        vec![
            row(
                "cause named, of those that can be known",
                self.top_one,
                self.one,
                "≥ 97 %",
                &|s| s >= 0.97,
            ),
            row("cause among the first three", self.top_three, self.one, "≥ 99 %", &|s| {
                s >= 0.99
            }),
            row("both of two among the first three", self.both, self.two, "≥ 90 %", &|s| {
                s >= 0.9
            }),
            row("alarm at a healthy computer", self.alarms, self.healthy, "none", &|s| s <= 0.0),
            ("Brier score of the likeliest cause", brier_text, "≤ 0.04", brier.map(|b| b <= 0.04)),
            ("its calibration error", error_text, "≤ 0.04", error.map(|e| e <= 0.04)),
            row("unknown fault, none named", self.abstained, self.unknown, "≥ 90 %", &|s| {
                s >= 0.9
            }),
            row(
                "another cause named where none can be known",
                self.misled,
                self.unknowable,
                "–",
                &|_| true,
            ),
            row(
                "address shown, of those that can be known",
                self.shown,
                self.placed,
                "–",
                &|_| true,
            ),
            row("another address shown", self.misplaced, self.addresses, "–", &|_| true),
            row("the same as resolved", self.misplaced_surely, self.addresses, "≤ 0.1 %", &|s| {
                s <= 0.001
            }),
        ]
    }

    fn text(title: &str, columns: &[Self; 3]) -> String {
        let [all, linux, macos] = columns.each_ref().map(Self::rows);
        let counts = columns.map(|column| column.records.to_string());
        let mut text = format!("{title}\n");
        let mut line = |word: &str, name: &str, values: [&str; 3], target: &str| {
            let [all, linux, macos] = values;
            writeln!(text, "{word:<5}{name:<47}{all:>19}{linux:>20}{macos:>20}   {target}").ok();
        };
        line("", "", ["all", "on Linux", "on macOS"], "");
        line("", "snapshots", counts.each_ref().map(String::as_str), "–");
        let mut rows: Vec<_> = all.into_iter().zip(linux).zip(macos).collect();
        rows.sort_by_key(|(((.., met), _), _)| *met != Some(false));
        for (((name, value, target, met), linux), macos) in rows {
            if value != "–" {
                let word = if met == Some(false) { "MISS" } else { "" };
                line(word, name, [&value, &linux.1, &macos.1], target);
            }
        }
        text
    }
}

/// The figures of all sets, then the families, worst first.
pub fn render(outcomes: &[Outcome]) -> String {
    type Keep = fn(&&Outcome) -> bool;
    let mut text = String::from("Diagnosis\n\n");
    let sets: [(&str, Keep); 5] = [
        ("generated, newest families", |o| o.newest),
        ("generated", |o| !o.recorded),
        ("generated, held-out families", |o| !o.recorded && o.held_out),
        ("generated, the other families", |o| !o.recorded && !o.held_out && !o.newest),
        ("recorded in the lab", |o| o.recorded),
    ];
    for (title, keep) in sets {
        let of = |system: &str| {
            let on = |o: &&Outcome| system.is_empty() || o.system == system;
            Sums::of(outcomes.iter().filter(keep).filter(on))
        };
        let columns = ["", "linux", "macos"].map(of);
        if columns[0].records > 0 {
            text += &Sums::text(title, &columns);
            text.push('\n');
        }
    }
    let mut families: BTreeMap<&str, (u32, u32, &str)> = BTreeMap::new();
    for outcome in outcomes.iter().filter(|o| !o.recorded) {
        let set = match (outcome.held_out, outcome.newest) {
            (true, _) => "held out",
            (_, true) => "newest",
            _ => "",
        };
        let entry = families.entry(&outcome.family).or_insert((0, 0, set));
        entry.0 += u32::from(outcome.is_missed());
        entry.1 += 1;
    }
    let mut weak: Vec<_> = families.iter().filter(|(_, (missed, ..))| *missed > 0).collect();
    weak.sort_by_key(|(_, (missed, ..))| std::cmp::Reverse(*missed));
    for (name, (missed, all, set)) in weak {
        writeln!(text, "weak {name:<50} {missed} of {all} missed  {set}").ok();
    }
    for outcome in outcomes.iter().filter(|o| o.recorded && o.is_missed()) {
        writeln!(text, "WRONG lab, {}", outcome.line()).ok();
    }
    text
}
