//! The figures as text: what was asked beside what was measured, misses first, then the families,
//! the weak ones first.

use std::fmt::Write as _;

use crate::{
    families::Set,
    measure::Figures,
    rules::RULES,
    run::{Answered, Of, total},
};

/// What a line tells, and its figure.
type Line = (&'static str, fn(&Figures) -> String);

/// What must hold: what it is, whether it is a least or a most, and the bound.
const ASKED: [(&str, Bound); 4] = [
    ("likeliest answer right, of those that can be known", Bound::AtLeast(0.995)),
    ("wrong address shown as resolved", Bound::AtMost(0.001)),
    ("expected calibration error", Bound::AtMost(0.03)),
    ("abstention, of those that can be known", Bound::AtMost(0.05)),
];

#[derive(Clone, Copy)]
enum Bound {
    AtLeast(f64),
    AtMost(f64),
}

impl Bound {
    fn misses(self, measured: f64) -> bool {
        match self {
            Self::AtLeast(bound) => measured < bound,
            Self::AtMost(bound) => measured > bound,
        }
    }

    fn text(self) -> String {
        match self {
            Self::AtLeast(bound) => format!("≥ {}", percent(Some(bound))),
            Self::AtMost(bound) => format!("≤ {}", percent(Some(bound))),
        }
    }
}

fn measured(figures: &Figures) -> [f64; 4] {
    let of = |share: Option<f64>| share.unwrap_or(0.0);
    [
        figures.top.unwrap_or(1.0),
        figures.wrong_resolved,
        figures.calibration_error,
        of(figures.abstention),
    ]
}

fn percent(share: Option<f64>) -> String {
    share.map_or_else(|| "–".to_owned(), |share| format!("{:.2} %", share * 100.0))
}

/// Everything that a run prints.
pub fn render(answered: &[Answered]) -> String {
    asked(answered) + &rules(&total(answered, Of::All).figures()) + &families(answered)
}

/// What was asked beside what was measured.
pub fn asked(answered: &[Answered]) -> String {
    let columns = [Of::All, Of::Set(Set::HeldOut), Of::Set(Set::Fit), Of::Linux, Of::MacOs];
    let totals = columns.map(|of| total(answered, of).figures());
    let mut rows: Vec<(bool, String)> = Vec::new();
    for (index, (what, bound)) in ASKED.iter().enumerate() {
        let missed = bound.misses(measured(&totals[0])[index]);
        let shown = totals.each_ref().map(|figures| percent(Some(measured(figures)[index])));
        let mark = if missed { "MISS" } else { "" };
        rows.push((missed, row(mark, what, &bound.text(), &shown)));
    }
    let wrong_writes = totals[0].wrong_writes > 0;
    let shown = totals.each_ref().map(in_ten_thousand);
    let mark = if wrong_writes { "MISS" } else { "" };
    let what = "wrong hosts writes in 10,000 (p ≥ 0.99, seen there)";
    rows.push((wrong_writes, row(mark, what, "0", &shown)));
    rows.sort_by_key(|(missed, _)| !missed);
    let missed = rows.iter().filter(|(missed, _)| *missed).count();
    let targets = rows.len();
    let names = ["all", "held out", "fit", "on Linux", "on macOS"].map(str::to_owned);
    let mut text = row("", "", "asked", &names);
    text.extend(rows.into_iter().map(|(_, row)| row));
    let more: [Line; 5] = [
        ("Brier score of the likeliest answer", |of| format!("{:.4}", of.brier)),
        ("mean −ln of the truth's probability", |of| format!("{:.4}", of.log_loss)),
        ("wrong address shown, resolved or probable", |of| percent(Some(of.wrong_shown))),
        ("not called resolved, of those that cannot be known", |of| percent(of.withheld)),
        ("machines; of them can be known", |of| format!("{}; {}", of.machines, of.knowable)),
    ];
    for (what, figure) in more {
        text += &row("", what, "–", &totals.each_ref().map(figure));
    }
    let _ = writeln!(
        text,
        "\n{missed} of {targets} targets missed; calibration error over 10 bins of equal width\n"
    );
    text
}

fn row(mark: &str, what: &str, bound: &str, shown: &[String; 5]) -> String {
    let [all, held_out, fit, linux, macos] = shown;
    format!(
        "{mark:<5}{what:<52}{bound:>10}{all:>14}{held_out:>14}{fit:>14}{linux:>14}{macos:>14}\n"
    )
}

/// Wrong ones among the addresses that would be written: how many in 10,000, and of how many.
fn in_ten_thousand(figures: &Figures) -> String {
    let (wrong, all) = (figures.wrong_writes, figures.writes);
    let share = f64::from(wrong) / f64::from(all.max(1)) * 10_000.0;
    format!("{share:.1} ({wrong})")
}

fn rules(all: &Figures) -> String {
    let mut text = format!("{:<24}{:>12}{:>28}\n", "answered by", "right", "untrue address given");
    let row = |name: &str, right, wrong| {
        format!("{name:<24}{:>12}{:>28}\n", percent(right), percent(Some(wrong)))
    };
    text += &row("vmkit", all.top, all.wrong_shown);
    for (index, (name, _)) in RULES.iter().enumerate() {
        text += &row(name, all.rules[index], all.rules_wrong[index]);
    }
    text + "\n"
}

/// How weak a family is: the sum of what it misses, in units of the bounds.
fn weakness(figures: &Figures) -> f64 {
    let [top, wrong, error, abstention] = measured(figures);
    let over = |excess: f64, unit: f64| (excess / unit).max(0.0);
    over(0.995 - top, 0.005)
        + over(wrong - 0.001, 0.001)
        + over(error - 0.03, 0.03)
        + over(abstention - 0.05, 0.05)
}

fn families(answered: &[Answered]) -> String {
    let mut rows: Vec<(f64, String)> = Vec::new();
    for Answered { family, sums, .. } in answered {
        let figures = sums.figures();
        let weak = weakness(&figures);
        let set = if family.set() == Set::HeldOut { "held out" } else { "fit" };
        let known = f64::from(figures.knowable) / f64::from(figures.machines.max(1));
        let mut row = format!(
            "{:<5}{:<27}{set:<9}{:>8.0} %{:>10}{:>10}{:>8.3}{:>8.3}{:>10}",
            if weak > 0.0 { "weak" } else { "" },
            family.name,
            known * 100.0,
            percent(figures.top),
            percent(Some(figures.wrong_resolved)),
            figures.brier,
            figures.calibration_error,
            percent(figures.abstention),
        );
        for rule in &figures.rules {
            let _ = write!(row, "{:>10}", percent(*rule));
        }
        rows.push((weak, row + "\n"));
    }
    rows.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut text = format!(
        "{:<5}{:<27}{:<9}{:>10}{:>10}{:>10}{:>8}{:>8}{:>10}{:>10}{:>10}{:>10}\n",
        "",
        "family",
        "set",
        "knowable",
        "top-1",
        "wrong",
        "Brier",
        "ECE",
        "abstain",
        "1st ARP",
        "1st lease",
        "toolkit"
    );
    text.extend(rows.into_iter().map(|(_, row)| row));
    text
}
