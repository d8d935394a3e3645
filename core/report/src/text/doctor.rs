//! `vm doctor` as text: the verdict of each machine first, then its proof and the way out.

use std::io::{self, Write};

use vmkit_diagnose::{NextTest, Remedy, Suspect};
use vmkit_scoring::Unchecked;
use vmkit_types::Reading;

use super::{
    Terminal,
    checked::{write_checked, write_surroundings},
    counted,
    fix::write_fixes,
    ladder::write_ladder,
    lead,
    style::Role,
    wrap::wrapped,
};
use crate::{Doctor, DoctorVm, clean::shown};

/// Findings of a cause that are shown; the JSON has all.
const MOST_EVIDENCE: usize = 5;
/// Remedies of a cause that are shown; the JSON has all.
const MOST_REMEDIES: usize = 4;
/// Further causes are one line each.
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
    writeln!(out, "{}", verdict(doctor))
}

fn write_vm(
    doctor: &Doctor<'_>,
    vm: &DoctorVm<'_>,
    out: &mut impl Write,
    terminal: Terminal,
) -> io::Result<()> {
    let name = terminal.style.paint(Role::Heading, &shown(&vm.name));
    let diagnosis = &vm.diagnosis;
    let address = vm.pick.address.filter(|_| vm.has_address());
    match (diagnosis.healthy, address) {
        (true, Some(address)) => {
            let word = terminal.style.paint(Role::Good, "well");
            writeln!(out, "{name}: {word}, at {address}")?;
        }
        (true, None) => writeln!(out, "{name}: does not run")?,
        (false, Some(address)) => writeln!(out, "{name}: at {address}, with trouble")?,
        (false, None) if vm.pick.unchecked.is_some() => {
            let word = terminal.style.paint(Role::Bad, "not checked");
            writeln!(out, "{name}: {word}")?;
        }
        (false, None) => {
            let word = terminal.style.paint(Role::Bad, "no usable address");
            writeln!(out, "{name}: {word}")?;
        }
    }
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
    for (place, suspect) in diagnosis.causes.iter().take(MOST_CAUSES).enumerate() {
        if diagnosis.cannot_tell.is_some() {
            // What would help against a cause that is not likely is no advice.
            write_proof(suspect, out, terminal)?;
        } else if place == 0 {
            write_suspect(suspect, out, terminal)?;
        } else {
            let percent = suspect.probability * 100.0;
            let title = shown(&suspect.title);
            writeln!(out, "\n  also {percent:.0} %: {title} [{}]", suspect.code)?;
        }
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

/// Why its address was not looked for, and what leads on.
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
        writeln!(out, "    so also: {}", suspect.folded.join(", "))?;
    }
    if !suspect.remedies.is_empty() {
        writeln!(out, "\n  What can be done")?;
    }
    for (place, remedy) in suspect.remedies.iter().take(MOST_REMEDIES).enumerate() {
        write_remedy(place + 1, remedy, out, terminal)?;
    }
    writeln!(out, "\n  More: vm explain {}", suspect.code)
}

/// A cause with what speaks for it and what against.
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

fn write_test(test: &NextTest, out: &mut impl Write, terminal: Terminal) -> io::Result<()> {
    let seconds = test.cost_ms.div_ceil(1000);
    let line = format!("{} (about {seconds} s): {}", test.title, test.why);
    wrapped(out, terminal, "  Next test: ", "    ", &shown(&line))?;
    if !test.needs.is_empty() {
        writeln!(out, "    needs {}", test.needs.join(", "))?;
    }
    if let Ok(command) = command_line(&test.command) {
        writeln!(out, "    $ {}", terminal.style.paint(Role::Heading, &shown(&command)))?;
    }
    Ok(())
}

/// The words as a shell takes them, where every one is plain.
fn command_line(words: &[String]) -> Result<String, ()> {
    let plain = words.iter().all(|word| super::pastes(word) || word.starts_with("--"));
    if words.is_empty() || !plain { Err(()) } else { Ok(words.join(" ")) }
}

/// More machines than this are counted and not named.
const MOST_NAMED: usize = 3;

fn verdict(doctor: &Doctor<'_>) -> String {
    let ailing: Vec<&DoctorVm<'_>> = doctor.vms.iter().filter(|vm| !vm.diagnosis.healthy).collect();
    let all = counted(doctor.vms.len(), "VM");
    if doctor.vms.is_empty() {
        return "There are no VMs here.".to_owned();
    }
    if ailing.is_empty() {
        return format!("{all}, nothing wrong.");
    }
    let unchecked = ailing.iter().all(|vm| vm.pick.unchecked.is_some());
    let said = |vm: &&DoctorVm<'_>| {
        let named = vm.diagnosis.causes.first().filter(|_| vm.diagnosis.cannot_tell.is_none());
        let name = shown(&vm.name);
        match named {
            Some(suspect) => format!("{name}: {}", suspect.code),
            None if unchecked => name,
            None if vm.pick.unchecked.is_some() => format!("{name}: not checked"),
            None => format!("{name}: the cause cannot be told"),
        }
    };
    let mut words: Vec<String> = ailing.iter().take(MOST_NAMED).map(said).collect();
    if ailing.len() > MOST_NAMED {
        words.push(format!("{} more", ailing.len() - MOST_NAMED));
    }
    let what = if unchecked { "not checked" } else { "in trouble" };
    format!("{all}, {} {what}: {}.", ailing.len(), words.join("; "))
}
