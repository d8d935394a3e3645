//! `vm hosts-sync` as text.

use std::io::{self, Write};

use vmkit_scoring::Lack;

use super::{
    Terminal, counted,
    lead::write_reason,
    pastes,
    style::Role,
    table::{Cell, Table},
};
use crate::{HostsDecision, HostsOutcome, HostsSync, HostsVm, clean::shown};

/// Columns between tab stops.
const TAB: usize = 8;

pub(crate) fn write_hosts(
    sync: &HostsSync,
    out: &mut impl Write,
    terminal: Terminal,
) -> io::Result<()> {
    if let Some(unchecked) = &sync.unchecked {
        write_reason("Addresses", unchecked, out, terminal)?;
        writeln!(out)?;
    }
    write_diff(sync, out, terminal)?;
    if !sync.vms.is_empty() {
        let table = Table {
            heading: ["NAME", "LINE", "ADDRESS", "WHY"],
            dispensable: &[],
            omitted: &[],
            rows: sync.vms.iter().map(row).collect(),
        };
        table.write(out, terminal)?;
        writeln!(out)?;
    }
    let mut names = sync
        .vms
        .iter()
        .flat_map(|vm| vm.names_left_out.iter().map(move |(name, why)| (vm, name, why)))
        .peekable();
    let some = names.peek().is_some();
    for (vm, name, why) in names {
        writeln!(
            out,
            "{}: without its host name {}: {}",
            shown(&vm.name),
            shown(name),
            shown(why)
        )?;
    }
    for line in &sync.adopted {
        writeln!(out, "Line {line}, outside of the block, is taken over.")?;
    }
    if some || !sync.adopted.is_empty() {
        writeln!(out)?;
    }
    for (command, outcome) in &sync.caches {
        let command = shown(command);
        let says = match outcome {
            Ok(()) => format!("Cached lookups were flushed: {command}"),
            Err(why) => format!("Cached lookups may persist: {command}: {}", shown(why)),
        };
        writeln!(out, "{says}")?;
    }
    if let Some(backup) = &sync.backup {
        writeln!(out, "The former file is {}.", shown(backup))?;
    }
    writeln!(out, "{}", verdict(sync))
}

fn write_diff(sync: &HostsSync, out: &mut impl Write, terminal: Terminal) -> io::Result<()> {
    if sync.diff.is_empty() {
        return Ok(());
    }
    let file = shown(&sync.file);
    let heading = |text: String| terminal.style.paint(Role::Heading, &text);
    writeln!(out, "{}", heading(format!("--- {file}")))?;
    writeln!(out, "{}", heading(format!("+++ {file}")))?;
    for line in &sync.diff {
        let role = match line.as_bytes().first() {
            Some(b'+') => Role::Good,
            Some(b'-') => Role::Bad,
            Some(b'@') => Role::Aside,
            _ => Role::Normal,
        };
        writeln!(out, "{}", terminal.style.paint(role, &shown(&without_tabs(line))))?;
    }
    writeln!(out)
}

/// The line with its tabs as spaces. The diff's sign before it counts as no column.
fn without_tabs(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut column = 0;
    for (index, character) in line.char_indices() {
        if character == '\t' {
            let stop = TAB - column % TAB;
            out.extend(std::iter::repeat_n(' ', stop));
            column += stop;
        } else {
            out.push(character);
            column += usize::from(index > 0);
        }
    }
    out
}

fn row(vm: &HostsVm) -> [Cell; 4] {
    let (role, line) = match vm.decision {
        HostsDecision::Add => (Role::Good, "add"),
        HostsDecision::Change => (Role::Good, "change"),
        HostsDecision::Keep => (Role::Normal, "keep"),
        HostsDecision::Stale => (Role::Doubtful, "keep, marked stale"),
        HostsDecision::Remove => (Role::Bad, "remove"),
        HostsDecision::LeaveOut => (Role::Doubtful, "none"),
    };
    let address = vm.address.map_or_else(|| "-".to_owned(), |address| address.to_string());
    let why = match (&vm.reason, vm.former, vm.decision) {
        (Some(reason), _, _) => shown(reason),
        (None, Some(former), _) => format!("it was {former}"),
        (None, None, HostsDecision::Change) => "its names or its mark changed".to_owned(),
        (None, None, _) => "its address is certain".to_owned(),
    };
    [
        Cell::new(Role::Normal, shown(&vm.name)),
        Cell::new(role, line),
        Cell::new(Role::Normal, address),
        Cell::new(Role::Normal, why),
    ]
}

/// The last line: a summary and the next command.
fn verdict(sync: &HostsSync) -> String {
    let file = shown(&sync.file);
    let omitted = sync.vms.iter().filter(|vm| vm.decision == HostsDecision::LeaveOut).count();
    let omitted = match omitted {
        0 => String::new(),
        some => format!("; {} without a line", counted(some, "VM")),
    };
    let says = match sync.outcome {
        HostsOutcome::Unchanged | HostsOutcome::Preview if could_not_look(sync) => {
            format!("{file} stays unchanged: no address could be looked for.")
        }
        HostsOutcome::Unchanged => format!("{file} needs no change{omitted}."),
        HostsOutcome::Preview if sync.diff.is_empty() => {
            format!("{file} needs no change{omitted}.")
        }
        HostsOutcome::Preview => {
            format!("Nothing was written. {file} would change: {}{omitted}.", changes(sync))
        }
        HostsOutcome::Replaced => format!("{file} was changed: {}{omitted}.", changes(sync)),
        HostsOutcome::WrittenInPlace => {
            format!(
                "{file} was overwritten, since it cannot be replaced: {}{omitted}.",
                changes(sync)
            )
        }
        HostsOutcome::Undone => format!("{file} was restored to the state before the last change."),
    };
    match &sync.next {
        Some(words) => {
            let what = match sync.outcome {
                HostsOutcome::Preview => "To write it",
                _ => "To undo it",
            };
            format!("{says} {what}: {}", command_line(words))
        }
        None => says,
    }
}

/// Whether no address could be looked for, so that nothing changes.
fn could_not_look(sync: &HostsSync) -> bool {
    let all = sync.unchecked.as_ref().is_some_and(|unchecked| unchecked.lack == Lack::All);
    all && sync.diff.is_empty()
}

fn changes(sync: &HostsSync) -> String {
    let kinds = [
        (HostsDecision::Add, "added"),
        (HostsDecision::Change, "changed"),
        (HostsDecision::Stale, "marked stale"),
        (HostsDecision::Remove, "removed"),
    ];
    let count = |decision| sync.vms.iter().filter(|vm| vm.decision == decision).count();
    let counts = kinds.map(|(decision, word)| (count(decision), word));
    let some: Vec<String> = counts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{count} {word}"))
        .collect();
    if some.is_empty() { "its block is repaired".to_owned() } else { some.join(", ") }
}

/// A command quoted for a shell.
pub fn command_line(words: &[String]) -> String {
    words.iter().map(|word| pasted(word)).collect::<Vec<_>>().join(" ")
}

/// The word quoted for a shell, or `…` if it could control the terminal.
fn pasted(word: &str) -> String {
    let option = word.strip_prefix("--").is_some_and(pastes);
    if pastes(word) || option {
        word.to_owned()
    } else if shown(word) == word {
        format!("'{}'", word.replace('\'', r"'\''"))
    } else {
        "…".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_words_for_a_shell() {
        let rows = [
            ("web", "web"),
            ("--apply", "--apply"),
            ("/my files/hosts", "'/my files/hosts'"),
            ("$(reboot)", "'$(reboot)'"),
            ("it's", r"'it'\''s'"),
            ("a\x1b[2J", "…"),
        ];
        for (word, expected) in rows {
            assert_eq!(pasted(word), expected);
        }
    }

    #[test]
    fn expands_tabs_to_the_stops_of_the_file() {
        assert_eq!(without_tabs("+192.168.1.64\tweb"), "+192.168.1.64    web");
        assert_eq!(without_tabs(" \tx"), "         x");
    }
}
