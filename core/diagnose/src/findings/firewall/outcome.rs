//! What was found out about several packets, put together.

use vmkit_survey::{Passage, Quoted};
use vmkit_types::{Unread, escaped};

use crate::{FindingCode, findings::sheet::Sheet};

/// The findings of all questions. One question may answer yes and another no: then yes counts.
#[derive(Default)]
pub(super) struct Outcome {
    present: Vec<(FindingCode, String)>,
    unknown: Vec<(FindingCode, Unread)>,
    absent: Vec<(FindingCode, String)>,
    settled: Vec<FindingCode>,
}

impl Outcome {
    /// Takes over what becomes of a packet: a rule that drops it is this finding, and one that is not
    /// understood leaves these open.
    pub(super) fn add(&mut self, passage: &Passage, code: FindingCode, open: &[FindingCode]) {
        match passage {
            Passage::Passes { .. } => {}
            // A rule that has dropped no frame has dropped none of the machine's.
            Passage::Drops { rule } if rule.frames == Some(0) => {
                let says = format!("{} has dropped no frame", escaped(&rule.text));
                self.absent.push((code, says));
            }
            Passage::Drops { rule } => self.present.push((code, quoted(rule))),
            Passage::DropsSome { rule, .. } if rule.frames == Some(0) => {}
            Passage::DropsSome { rule, by_chance: true } => {
                self.present.push((FindingCode::FirewallDropsAtRandom, quoted(rule)));
            }
            Passage::DropsSome { rule, by_chance: false } => {
                let says = format!("frames above a rate are dropped: {}", escaped(&rule.text));
                self.open(open, &says);
            }
            Passage::Unknown { rule } => {
                let says = format!("it depends on this rule: {}", escaped(&rule.text));
                self.open(open, &says);
            }
        }
    }

    fn open(&mut self, codes: &[FindingCode], says: &str) {
        let why = Unread::Malformed(says.to_owned());
        self.unknown.extend(codes.iter().map(|code| (*code, why.clone())));
    }

    /// Whether this is found.
    pub(super) fn found(&self, wanted: FindingCode) -> bool {
        self.present.iter().any(|(code, _)| *code == wanted)
    }

    /// These findings are absent unless a question says otherwise.
    pub(super) fn settles(&mut self, codes: &[FindingCode]) {
        self.settled.extend(codes);
    }

    /// Writes the findings down.
    pub(super) fn write(self, sheet: &mut Sheet) {
        for (code, says) in self.present {
            sheet.present(code, says);
        }
        for (code, why) in self.unknown {
            sheet.unknown(code, &why);
        }
        for (code, says) in self.absent {
            sheet.absent(code, says);
        }
        for code in self.settled {
            sheet.absent(code, "the rules let the packets in question pass");
        }
    }
}

/// The rule with its counter.
fn quoted(rule: &Quoted) -> String {
    let text = escaped(&rule.text);
    match rule.frames {
        Some(frames) => format!("{text} ({frames} frames so far)"),
        None => text,
    }
}
