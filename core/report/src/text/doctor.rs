//! `vm doctor` as text: for each machine the verdict, then its proof and what can be done.

use std::{
    io::{self, Write},
    net::IpAddr,
    time::Duration,
};

use vmkit_diagnose::{Booting, Diagnosis, Proposal, Remedy, Suspect};
use vmkit_model::Power;
use vmkit_scoring::Unchecked;
use vmkit_types::Reading;

use super::{
    Terminal,
    checked::{write_checked, write_surroundings},
    doctor_verdict::doctor_verdict,
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
    let name = terminal.style.paint(Role::Heading, &shown(&vm.name));
    let diagnosis = &vm.diagnosis;
    let address = vm.pick.address.filter(|_| vm.has_address());
    if let Some(booting) = &diagnosis.booting {
        write_booting(booting, &name, address, out, terminal)?;
        return write_checked(doctor, vm, out, terminal);
    }
    write_headline(vm, &name, address, out, terminal)?;
    if vm.at_rest {
        return Ok(());
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
    write_causes(diagnosis, out, terminal)?;
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

/// The name of a machine with the verdict.
fn write_headline(
    vm: &DoctorVm,
    name: &str,
    address: Option<IpAddr>,
    out: &mut impl Write,
    terminal: Terminal,
) -> io::Result<()> {
    match (vm.diagnosis.healthy, address) {
        (true, _) if vm.at_rest => writeln!(out, "{name}: {}", at_rest(vm))?,
        (true, Some(address)) => {
            let word = terminal.style.paint(Role::Good, "ok");
            writeln!(out, "{name}: {word}, {address}")?;
        }
        (true, None) => {
            let word = terminal.style.paint(Role::Good, "ok");
            writeln!(out, "{name}: {word}")?;
        }
        (false, Some(address)) => {
            writeln!(out, "{name}: {address}, reachable, with a problem")?;
        }
        (false, None) if vm.pick.unchecked.is_some() => {
            let word = terminal.style.paint(Role::Bad, "not checked");
            writeln!(out, "{name}: {word}")?;
        }
        (false, None) if vm.power == Power::Stopped && vm.diagnosis.causes.is_empty() => {
            writeln!(out, "{name}: not running")?;
        }
        (false, None) => {
            let word = terminal.style.paint(Role::Bad, "no usable address");
            writeln!(out, "{name}: {word}")?;
        }
    }
    Ok(())
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

/// The state of a machine that was not diagnosed, since nobody asked for it by name.
fn at_rest(vm: &DoctorVm) -> &'static str {
    match vm.power {
        Power::Paused => "paused",
        _ => "not running",
    }
}

/// The next step of the boot, and how long it usually takes.
fn write_booting(
    booting: &Booting,
    name: &str,
    address: Option<IpAddr>,
    out: &mut impl Write,
    terminal: Terminal,
) -> io::Result<()> {
    let word = terminal.style.paint(Role::Doubtful, "still booting");
    let at = address.map_or_else(String::new, |address| format!(", at {address}"));
    let since = booting.uptime.map_or_else(String::new, |uptime| {
        format!(", {} after the start of its process", seconds(uptime))
    });
    writeln!(out, "{name}: {word}{at}{since}")?;
    wrapped(out, terminal, "  awaited  ", "           ", &shown(&booting.awaited))?;
    wrapped(out, terminal, "  seen     ", "           ", &shown(&booting.because))?;
    wrapped(out, terminal, "  usual    ", "           ", &shown(&booting.usual))?;
    let limit = seconds(booting.limit);
    let line = format!(
        "{limit} after the start or the console's last line; what is missing after that is a fault"
    );
    wrapped(out, terminal, "  at most  ", "           ", &line)
}

fn seconds(time: Duration) -> String {
    match time.as_secs() {
        seconds @ 0..120 => format!("{seconds} s"),
        seconds => format!("{} min", seconds / 60),
    }
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
    if let Ok(command) = command_line(&test.command) {
        writeln!(out, "    $ {}", terminal.style.paint(Role::Heading, &shown(&command)))?;
    }
    Ok(())
}

/// The words as a command for a shell, if every one is plain.
fn command_line(words: &[String]) -> Result<String, ()> {
    let plain = words.iter().all(|word| super::pastes(word) || word.starts_with("--"));
    if words.is_empty() || !plain { Err(()) } else { Ok(words.join(" ")) }
}
