//! The parts of a guest's answer.

use std::collections::BTreeMap;

use vmkit_types::{Reading, Unread, bounded, escaped};

/// Longest reason that is quoted.
const LONGEST_REASON: usize = 200;
/// Statuses of `timeout` after the time: of coreutils, and of busybox.
const TIMED_OUT: [u8; 2] = [124, 143];
/// The shell's statuses of a command that is not there or cannot be run.
const NOT_THERE: [u8; 2] = [126, 127];
/// What a system says where root's rights are missing.
const DENIALS: [&str; 4] = ["not permitted", "denied", "password is required", "must be root"];

/// The output of one command.
#[derive(Default)]
pub(crate) struct Part {
    pub(crate) text: String,
    /// Its exit status. `None`: the answer ended before.
    pub(crate) status: Option<u8>,
}

/// The output of all commands, by name.
pub(crate) struct Parts(BTreeMap<String, Part>);

impl Parts {
    /// Splits an answer. Lines outside the format are skipped, and the first part of a name counts.
    pub(crate) fn of(answer: &str) -> Self {
        let mut parts: BTreeMap<String, Part> = BTreeMap::new();
        let mut open: Option<(String, Part)> = None;
        for line in answer.lines() {
            if let Some(name) = line.strip_prefix("= ") {
                keep(&mut parts, open.take());
                open = Some((name.to_owned(), Part::default()));
            } else if let (Some(text), Some((_, part))) = (line.strip_prefix(' '), &mut open) {
                part.text.push_str(text);
                part.text.push('\n');
            } else if let (Some(status), Some((_, part))) = (line.strip_prefix("! "), &mut open) {
                part.status = status.trim().parse().ok();
                keep(&mut parts, open.take());
            }
        }
        keep(&mut parts, open);
        Self(parts)
    }

    /// The output of this command, if it succeeded.
    pub(crate) fn text(&self, name: &str) -> Result<&str, Unread> {
        let part = self.part(name)?;
        match part.status {
            Some(0) => Ok(&part.text),
            _ => Err(part.reason()),
        }
    }

    /// The output of this command, however it ended.
    pub(crate) fn part(&self, name: &str) -> Result<&Part, Unread> {
        self.0.get(name).ok_or_else(|| Unread::Failed("the guest's answer lacks it".to_owned()))
    }

    /// What this function reads in the output of this command.
    pub(crate) fn read<T>(
        &self,
        name: &str,
        read: impl FnOnce(&str) -> Result<T, Unread>,
    ) -> Reading<T> {
        match self.text(name).and_then(read) {
            Ok(value) => Reading::Known(value),
            Err(why) => Reading::Unknown(why),
        }
    }
}

impl Part {
    /// Why it failed.
    fn reason(&self) -> Unread {
        let line = self.text.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default();
        let line = escaped(bounded(line.trim(), LONGEST_REASON));
        match self.status {
            None => Unread::Failed("the guest's answer was cut off".to_owned()),
            Some(status) if TIMED_OUT.contains(&status) => Unread::TimedOut,
            Some(status) if NOT_THERE.contains(&status) => Unread::Unsupported,
            Some(_) if DENIALS.iter().any(|denial| line.contains(denial)) => Unread::Denied(line),
            Some(status) => Unread::Failed(format!("in the guest, exit status {status}: {line}")),
        }
    }
}

fn keep(parts: &mut BTreeMap<String, Part>, part: Option<(String, Part)>) {
    if let Some((name, part)) = part {
        parts.entry(name).or_insert(part);
    }
}
