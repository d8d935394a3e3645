//! The whole account of `vm doctor`: for each machine the verdict, its proof, what can be done, and
//! what was not checked.

use std::io::{self, Write};

use vmkit_diagnose::{Diagnosis, Proposal, Remedy, Suspect};
use vmkit_scoring::Unchecked;
use vmkit_types::Reading;

use super::{
    Terminal,
    booting::booting_lines,
    checked::{write_checked, write_surroundings},
    doctor_verdict::doctor_verdict,
    fix::write_fixes,
    headline::headline,
    ladder::write_ladder,
    lead,
    path::path_lines,
    style::Role,
    wrap::{room, wrapped},
};
use crate::{Doctor, DoctorVm, clean::shown};

/// Findings of a cause that are shown; the JSON has all.
const MOST_EVIDENCE: usize = 5;
/// Remedies of a cause that are shown; the JSON has all.
const MOST_REMEDIES: usize = 4;
/// Most causes that are shown: the first with its proof, the others in one line each.
const MOST_CAUSES: usize = 3;

pub(crate) fn write_doctor(
    doctor: &Doctor<'_>,
    out: &mut impl Write,
    terminal: Terminal,
) -> io::Result<()> {
    for (place, vm) in doctor.vms.iter().enumerate() {
        if place > 0 {
            writeln!(out)?;
        }
        write_vm(doctor, vm, out, terminal)?;
    }
    if !doctor.vms.is_empty() {
        writeln!(out)?;
    }
    write_surroundings(doctor, out, terminal)?;
    write_fixes(&doctor.fixes, out, terminal)?;
    writeln!(out, "{}", doctor_verdict(doctor))
}

fn write_vm(
    doctor: &Doctor<'_>,
    vm: &DoctorVm,
    out: &mut impl Write,
    terminal: Terminal,
) -> io::Result<()> {
    let diagnosis = &vm.diagnosis;
    if let Some(booting) = &diagnosis.booting {
        booting_lines(vm, booting, terminal).iter().try_for_each(|line| writeln!(out, "{line}"))?;
        return write_checked(doctor, vm, out, terminal);
    }
    writeln!(out, "{}", headline(vm, terminal.style))?;
    for note in &vm.pick.notes {
        wrapped(out, terminal, "  note: ", "        ", &shown(note))?;
    }
    if vm.at_rest {
        return Ok(());
    }
    write_ignored(diagnosis, out, terminal)?;
    if diagnosis.healthy {
        return write_checked(doctor, vm, out, terminal);
    }
    if let Some(doubt) = &diagnosis.cannot_tell {
        let word = terminal.style.paint(Role::Doubtful, "cannot tell");
        match &vm.pick.unchecked {
            Some(unchecked) => write_lack(&word, unchecked, out, terminal)?,
            None => writeln!(out, "  {word}: {}", shown(doubt))?,
        }
    }
    write_causes(diagnosis, out, terminal)?;
    let path = path_lines(&vm.path, room(terminal), terminal.style);
    if !path.is_empty() {
        writeln!(out, "\n  Path")?;
        path.iter().try_for_each(|line| writeln!(out, "{line}"))?;
    }
    if let Reading::Known(ladder) = &vm.ladder {
        writeln!(out)?;
        write_ladder(ladder, out, terminal)?;
    }
    if let Some(test) = &diagnosis.next_test {
        writeln!(out)?;
        write_test(test, out, terminal)?;
    }
    write_checked(doctor, vm, out, terminal)
}

/// The first cause with its proof and remedies, the others in one line each.
fn write_causes(diagnosis: &Diagnosis, out: &mut impl Write, terminal: Terminal) -> io::Result<()> {
    for (place, suspect) in diagnosis.causes.iter().take(MOST_CAUSES).enumerate() {
        if diagnosis.cannot_tell.is_some() {
            // A cause that is not likely gets no remedies.
            write_proof(suspect, out, terminal)?;
        } else if place == 0 {
            write_suspect(suspect, out, terminal)?;
        } else {
            let percent = suspect.probability * 100.0;
            let title = shown(&suspect.title);
            writeln!(out, "\n  also {percent:.0} %: {title} [{}]", suspect.code)?;
        }
    }
    Ok(())
}

/// The causes that the configuration ignores, in one line each.
fn write_ignored(
    diagnosis: &Diagnosis,
    out: &mut impl Write,
    terminal: Terminal,
) -> io::Result<()> {
    for suspect in &diagnosis.ignored {
        let percent = suspect.probability * 100.0;
        let line = format!("{percent:.0} %: {} [{}]", shown(&suspect.title), suspect.code);
        wrapped(out, terminal, "  ignored: ", "    ", &line)?;
    }
    Ok(())
}

/// Why its address was not looked for, and the command that helps.
fn write_lack(
    word: &str,
    unchecked: &Unchecked,
    out: &mut impl Write,
    terminal: Terminal,
) -> io::Result<()> {
    wrapped(out, terminal, &format!("  {word}: "), "    ", &lead::reason(unchecked))?;
    writeln!(out, "  Next: {}", terminal.style.paint(Role::Heading, &shown(&unchecked.hint)))
}

fn write_suspect(suspect: &Suspect, out: &mut impl Write, terminal: Terminal) -> io::Result<()> {
    write_proof(suspect, out, terminal)?;
    if !suspect.folded.is_empty() {
        writeln!(out, "    also explains: {}", suspect.folded.join(", "))?;
    }
    if !suspect.remedies.is_empty() {
        writeln!(out, "\n  What can be done")?;
    }
    for (place, remedy) in suspect.remedies.iter().take(MOST_REMEDIES).enumerate() {
        write_remedy(place + 1, remedy, out, terminal)?;
    }
    writeln!(out, "\n  More: vm explain {}", suspect.code)
}

/// A cause with the evidence for and against it.
fn write_proof(suspect: &Suspect, out: &mut impl Write, terminal: Terminal) -> io::Result<()> {
    let percent = suspect.probability * 100.0;
    let title = terminal.style.paint(Role::Heading, &shown(&suspect.title));
    writeln!(out, "  {percent:.0} %: {title} [{}]", suspect.code)?;
    let sides = [("for", &suspect.evidence_for), ("against", &suspect.evidence_against)];
    for (word, evidence) in sides {
        for weighed in evidence.iter().take(MOST_EVIDENCE) {
            let before = format!("    {word:<7} {:>+6.1} dB  ", weighed.decibans);
            let rest = " ".repeat(before.len());
            wrapped(out, terminal, &before, &rest, &shown(&weighed.text))?;
        }
    }
    Ok(())
}

fn write_remedy(
    number: usize,
    remedy: &Remedy,
    out: &mut impl Write,
    terminal: Terminal,
) -> io::Result<()> {
    let (risk, scope) = (remedy.risk.word(), remedy.scope.word());
    let risk = if risk == "none" { "no" } else { risk };
    writeln!(out, "  {number}. {} ({scope}, {risk} risk)", shown(&remedy.title))?;
    for step in &remedy.steps {
        wrapped(out, terminal, "     - ", "       ", &shown(step))?;
    }
    for command in remedy.command_lines() {
        let command = terminal.style.paint(Role::Heading, &shown(&command));
        writeln!(out, "     $ {command}")?;
    }
    Ok(())
}

fn write_test(test: &Proposal, out: &mut impl Write, terminal: Terminal) -> io::Result<()> {
    let seconds = test.cost_ms.div_ceil(1000);
    let line = format!("{} (about {seconds} s): {}", test.title, test.why);
    wrapped(out, terminal, "  Next test: ", "    ", &shown(&line))?;
    if !test.needs.is_empty() {
        writeln!(out, "    needs {}", test.needs.join(", "))?;
    }
    if let Some(command) = command_line(&test.command) {
        writeln!(out, "    $ {}", terminal.style.paint(Role::Heading, &shown(&command)))?;
    }
    Ok(())
}

/// Whether these commands only open a VM's console, where a person does the steps of the remedy.
pub(super) fn only_opens_a_console(commands: &[String]) -> bool {
    commands.iter().all(|command| command.split(' ').any(|word| word == "console"))
}

/// The words as a command for a shell, if each can be quoted.
pub(super) fn command_line(words: &[String]) -> Option<String> {
    let line = super::command_line(words);
    (!words.is_empty() && !line.contains('…')).then_some(line)
}
