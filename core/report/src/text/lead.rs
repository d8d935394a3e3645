//! The beginning of an answer that is incomplete: why, and the command that helps.

use std::io::{self, Write};

use vmkit_scoring::{Pick, Unchecked};
use vmkit_types::escaped;

use super::{Terminal, style::Role, unchecked::named, wrap::wrapped};
use crate::clean::{shown, stored};

/// The indentation of the lines after the first.
const INDENT: &str = "  ";

/// Names the machines whose addresses could not be looked for, by reason.
pub(super) fn write_lead<'v, 'p: 'v>(
    vms: impl IntoIterator<Item = (&'v str, &'v Pick)>,
    out: &mut impl Write,
    terminal: Terminal,
) -> io::Result<()> {
    let mut reasons: Vec<(&Unchecked, Vec<&str>)> = Vec::new();
    for (name, pick) in vms {
        let Some(unchecked) = &pick.unchecked else { continue };
        match reasons.iter_mut().find(|(known, _)| *known == unchecked) {
            Some((_, names)) => names.push(name),
            None => reasons.push((unchecked, vec![name])),
        }
    }
    for (unchecked, names) in &reasons {
        write_reason(&named(names), unchecked, out, terminal)?;
    }
    if reasons.is_empty() { Ok(()) } else { writeln!(out) }
}

/// Why `what` was not checked, and the next command.
pub(super) fn write_reason(
    what: &str,
    unchecked: &Unchecked,
    out: &mut impl Write,
    terminal: Terminal,
) -> io::Result<()> {
    let first = format!("{}: not checked: ", terminal.style.paint(Role::Bad, what));
    wrapped(out, terminal, &first, INDENT, &reason(unchecked))?;
    writeln!(out, "{INDENT}Next: {}", terminal.style.paint(Role::Heading, &shown(&unchecked.hint)))
}

/// Why a machine's address was not looked for, in one line and uncut: its end has the cause.
pub(crate) fn reason(unchecked: &Unchecked) -> String {
    escaped(&stored(&unchecked.reason))
}
