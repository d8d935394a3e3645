//! The blocks of one machine.

use vmkit_diagnose::{Diagnosis, Proposal, Remedy, Suspect};

use super::fit::Block;
use crate::{
    DoctorVm, Terminal,
    clean::shown,
    text::{
        booting::booting_lines,
        doctor::{command_line, only_opens_a_console},
        headline::headline,
        lead,
        path::path_lines,
        style::Role,
        wrap::{cut, lines},
    },
};

/// Most steps of a remedy that no command does.
const MOST_STEPS: usize = 3;
/// Most findings for a cause, and against it.
const MOST_FOR: usize = 3;
const MOST_AGAINST: usize = 1;
/// Most lines of one text of a guest, a router or a plugin.
const MOST_LINES: usize = 2;

/// Ranks, the least important first.
const AGAINST: u8 = 1;
const LATER_EVIDENCE: u8 = 2;
const NEXT_TEST: u8 = 3;
const ALSO: u8 = 4;
const SECOND_REMEDY: u8 = 5;
const SECOND_EVIDENCE: u8 = 6;
const PATH: u8 = 7;

/// The columns that are used, and the style.
#[derive(Clone, Copy)]
pub(super) struct Canvas(pub(super) Terminal);

impl Canvas {
    fn paint(self, role: Role, text: &str) -> String {
        self.0.style.paint(role, text)
    }

    pub(super) fn width(self) -> usize {
        self.0.width.unwrap_or_default()
    }

    /// A text of at most [`MOST_LINES`].
    pub(super) fn text(self, first: &str, rest: &str, text: &str) -> Vec<String> {
        cut(lines(self.width(), first, rest, text), MOST_LINES, self.width())
    }

    /// A command to paste, which is never wrapped.
    fn command(self, command: &str) -> String {
        format!("  $ {}", self.paint(Role::Heading, &shown(command)))
    }
}

/// The verdict on a machine, the way out, the path and why.
pub(super) fn blocks(vm: &DoctorVm, canvas: Canvas) -> Vec<Block> {
    let diagnosis = &vm.diagnosis;
    let style = canvas.0.style;
    if let Some(booting) = &diagnosis.booting {
        return vec![Block::kept(booting_lines(vm, booting, canvas.0))];
    }
    let mut verdict = vec![headline(vm, style)];
    for suspect in &diagnosis.ignored {
        verdict.extend(canvas.text("  ignored: ", "    ", &titled(suspect)));
    }
    if diagnosis.healthy {
        return vec![Block::kept(verdict)];
    }
    if let Some(unchecked) = &vm.pick.unchecked {
        let word = canvas.paint(Role::Doubtful, "cannot tell");
        verdict.extend(lines(
            canvas.width(),
            &format!("  {word}: "),
            "    ",
            &lead::reason(unchecked),
        ));
        let hint = canvas.paint(Role::Heading, &shown(&unchecked.hint));
        verdict.push(format!("  Next: {hint}"));
        return vec![Block::kept(verdict)];
    }
    if let Some(doubt) = &diagnosis.cannot_tell {
        let word = canvas.paint(Role::Doubtful, "cannot tell");
        verdict.extend(canvas.text(&format!("  {word}: "), "    ", &shown(doubt)));
    } else if let Some(first) = diagnosis.causes.first() {
        verdict.extend(canvas.text(&percent(first), "        ", &shown(&first.title)));
    }
    let mut blocks = vec![Block::kept(verdict)];
    match diagnosis.causes.first().filter(|_| diagnosis.cannot_tell.is_none()) {
        Some(first) => blocks.extend(way_out(first, canvas)),
        None => blocks.extend(next_test(diagnosis, canvas).map(|it| Block::kept(it).apart())),
    }
    let path = path_lines(&vm.path, canvas.width(), style);
    if vm.path.stations.len() > 1 {
        let heading = vec![canvas.paint(Role::Heading, "Path")];
        blocks.push(Block::ranked(PATH, [heading, path].concat()).apart());
    }
    blocks.extend(why(diagnosis, canvas));
    if diagnosis.cannot_tell.is_none() {
        let test = next_test(diagnosis, canvas);
        blocks.extend(test.map(|it| Block::ranked(NEXT_TEST, it).apart()));
    }
    blocks
}

/// The remedies of the cause that is named.
fn way_out(suspect: &Suspect, canvas: Canvas) -> Vec<Block> {
    let mut remedies = suspect.remedies.iter();
    let Some(best) = remedies.next() else {
        let page = canvas.command(&format!("vm explain {}", suspect.code));
        return vec![
            Block::kept(vec!["Way out: none is known; more about it:".to_owned(), page]).apart(),
        ];
    };
    let heading = canvas.paint(Role::Heading, "Way out: ");
    let mut blocks = vec![Block::kept(remedy(&heading, best, canvas)).apart()];
    let second = remedies.next().map(|second| remedy("Or: ", second, canvas));
    blocks.extend(second.map(|second| Block::ranked(SECOND_REMEDY, second)));
    blocks
}

/// A remedy with the commands to paste, and with its steps where no command does them.
fn remedy(first: &str, remedy: &Remedy, canvas: Canvas) -> Vec<String> {
    let (risk, scope) = (remedy.risk.word(), remedy.scope.word());
    let risk = if risk == "none" { "no" } else { risk };
    let title = format!("{} ({scope}, {risk} risk)", shown(&remedy.title));
    let mut shown_lines = canvas.text(first, "  ", &title);
    let commands = remedy.command_lines();
    shown_lines.extend(commands.iter().map(|command| canvas.command(command)));
    if only_opens_a_console(&commands) {
        for step in remedy.steps.iter().take(MOST_STEPS) {
            shown_lines.extend(canvas.text("  - ", "    ", &shown(step)));
        }
        let more = remedy.steps.len().saturating_sub(MOST_STEPS);
        if more > 0 {
            shown_lines.push(format!("  - … {more} more"));
        }
    }
    shown_lines
}

/// The evidence: of the named cause, or of those that are not likely enough.
fn why(diagnosis: &Diagnosis, canvas: Canvas) -> Vec<Block> {
    let heading = canvas.paint(Role::Heading, "Why");
    if diagnosis.cannot_tell.is_some() {
        let mut blocks = Vec::new();
        for (place, suspect) in diagnosis.causes.iter().enumerate() {
            let mut about = canvas.text(&percent(suspect), "        ", &cause(suspect));
            let first = suspect.evidence_for.first();
            about.extend(
                first.iter().flat_map(|it| canvas.text("    for  ", "         ", &shown(&it.text))),
            );
            let block = Block::ranked(if place == 0 { SECOND_EVIDENCE } else { ALSO }, about);
            blocks.push(if place == 0 { block.apart() } else { block });
        }
        return blocks;
    }
    let Some((first, others)) = diagnosis.causes.split_first() else { return Vec::new() };
    let mut evidence = vec![format!("{heading} [{}]", first.code)];
    let side =
        |word: &str, text: &str| canvas.text(&format!("  {word:<8}"), "          ", &shown(text));
    let mut for_it = first.evidence_for.iter().take(MOST_FOR).map(|it| side("for", &it.text));
    evidence.extend(for_it.next().unwrap_or_default());
    let mut blocks = vec![Block::kept(evidence).apart()];
    blocks.extend(for_it.enumerate().map(|(place, lines)| {
        Block::ranked(if place == 0 { SECOND_EVIDENCE } else { LATER_EVIDENCE }, lines)
    }));
    let against = first.evidence_against.iter().take(MOST_AGAINST);
    blocks.extend(against.map(|it| Block::ranked(AGAINST, side("against", &it.text))));
    let also = others.iter().map(|suspect| {
        let before = format!("  also {:.0} %: ", suspect.probability * 100.0);
        Block::ranked(ALSO, canvas.text(&before, "    ", &cause(suspect)))
    });
    blocks.extend(also);
    blocks
}

/// The test that would tell the most, with its command.
fn next_test(diagnosis: &Diagnosis, canvas: Canvas) -> Option<Vec<String>> {
    let test: &Proposal = diagnosis.next_test.as_ref()?;
    let needs = if test.needs.is_empty() {
        String::new()
    } else {
        format!(", needs {}", test.needs.join(", "))
    };
    let seconds = test.cost_ms.div_ceil(1000);
    let title = format!("{} (about {seconds} s{needs})", shown(&test.title));
    let mut about = canvas.text("Next test: ", "  ", &title);
    about.extend(command_line(&test.command).map(|command| canvas.command(&command)));
    Some(about)
}

fn percent(suspect: &Suspect) -> String {
    format!("  {:.0} %: ", suspect.probability * 100.0)
}

fn titled(suspect: &Suspect) -> String {
    format!("{:.0} %: {}", suspect.probability * 100.0, cause(suspect))
}

fn cause(suspect: &Suspect) -> String {
    format!("{} [{}]", shown(&suspect.title), suspect.code)
}
