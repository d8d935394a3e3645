//! What the commands for authors of plugins show.

use std::io::{self, Write};

use super::{Terminal, command_line, counted, style::Role, wrap::wrapped};
use crate::{CheckedRule, NewProject, PluginCheck, Standing, clean::shown};

pub(crate) fn write_new_project(project: &NewProject, out: &mut impl Write) -> io::Result<()> {
    let NewProject { directory, files, next } = project;
    writeln!(out, "Wrote {}:", shown(&directory.display().to_string()))?;
    for file in files {
        writeln!(out, "  {}", shown(file))?;
    }
    writeln!(out, "\nNext:")?;
    next.iter().try_for_each(|words| writeln!(out, "  {}", command_line(words)))
}

pub(crate) fn write_plugin_check(
    check: &PluginCheck,
    out: &mut impl Write,
    terminal: Terminal,
) -> io::Result<()> {
    let version = check.version.as_deref().map(|version| format!(" {}", shown(version)));
    let name = format!("{}{}", shown(&check.id), version.unwrap_or_default());
    let name = terminal.style.paint(Role::Heading, &name);
    let is_open = |rule: &&CheckedRule| matches!(rule.standing, Standing::NotChecked(_));
    let (all, broken) = (check.rules.len(), check.broken());
    let open = check.rules.iter().filter(is_open).count();
    match (broken, open) {
        (0, 0) => writeln!(out, "{name}: keeps all {}.", counted(all, "rule"))?,
        (0, open) => writeln!(out, "{name}: breaks no rule; {open} of {all} not checked.")?,
        (broken, 0) => writeln!(out, "{name}: breaks {broken} of {}.", counted(all, "rule"))?,
        (broken, open) => writeln!(
            out,
            "{name}: breaks {broken} of {}; {open} not checked.",
            counted(all, "rule")
        )?,
    }
    // What is to be done comes first.
    for rule in &check.rules {
        if let Standing::Broken(how) = &rule.standing {
            writeln!(out)?;
            let id = terminal.style.paint(Role::Bad, rule.id);
            let rest = " ".repeat(13);
            wrapped(out, terminal, &format!("  broken: {id}  "), &rest, rule.says)?;
            for how in how {
                wrapped(out, terminal, "    it did:  ", &rest, &shown(how))?;
            }
            wrapped(out, terminal, "    change:  ", &rest, rule.change)?;
        }
    }
    writeln!(out)?;
    let is_kept = |rule: &&CheckedRule| matches!(rule.standing, Standing::Kept);
    for rule in check.rules.iter().filter(is_kept) {
        let word = terminal.style.paint(Role::Good, "kept");
        let (first, rest) = (format!("  {word}  {:<18}  ", rule.id), " ".repeat(28));
        wrapped(out, terminal, &first, &rest, rule.says)?;
    }
    write_open(&check.rules, out, terminal)
}

/// The rules that were not checked, those with the same reason together.
fn write_open(rules: &[CheckedRule], out: &mut impl Write, terminal: Terminal) -> io::Result<()> {
    let mut open: Vec<(&str, Vec<&str>)> = Vec::new();
    for rule in rules {
        let Standing::NotChecked(why) = &rule.standing else { continue };
        match open.iter_mut().find(|(reason, _)| reason == why) {
            Some((_, ids)) => ids.push(rule.id),
            None => open.push((why, vec![rule.id])),
        }
    }
    for (why, ids) in open {
        let text = format!("{}: {why}.", ids.join(", "));
        wrapped(out, terminal, "  not checked  ", &" ".repeat(15), &text)?;
    }
    Ok(())
}
