//! What `vm doctor --fix` did, as text.

use std::io::{self, Write};

use super::{Terminal, style::Role, wrap::wrapped};
use vmkit_diagnose::{Fix, FixOutcome};

use crate::clean::shown;

/// Writes the result of each remedy.
pub(super) fn write_fixes(
    fixes: &[Fix],
    out: &mut impl Write,
    terminal: Terminal,
) -> io::Result<()> {
    for fix in fixes {
        let (role, word) = match fix.outcome {
            FixOutcome::Fixed => (Role::Good, "fixed"),
            FixOutcome::NotFixed => (Role::Bad, "not fixed"),
            FixOutcome::NotMeasured => {
                (Role::Doubtful, "perhaps fixed, which could not be measured")
            }
            FixOutcome::NotRun => (Role::Bad, "not run"),
            FixOutcome::Declined => (Role::Doubtful, "not wanted"),
        };
        let word = terminal.style.paint(role, word);
        writeln!(out, "{}: {}: {word}", shown(&fix.vm), shown(&fix.title))?;
        wrapped(out, terminal, "  ", "  ", &shown(&fix.says))?;
        for command in &fix.commands {
            writeln!(out, "  $ {}", shown(command))?;
        }
        if fix.outcome.leaves_a_change() {
            wrapped(out, terminal, "  to undo: ", "    ", &shown(&fix.undo))?;
        }
    }
    if !fixes.is_empty() {
        writeln!(out)?;
    }
    Ok(())
}
