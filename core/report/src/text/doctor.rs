//! `vm doctor` as text: the verdict of each machine first, then its proof and the way out.

use std::io::{self, Write};

use vmkit_diagnose::{NextTest, Remedy, State, Suspect};
use vmkit_types::Reading;

use super::{
    Terminal, counted, fix::write_fixes, ladder::write_ladder, style::Role, wrap::wrapped,
};
use crate::{Doctor, DoctorVm, PluginStatus, clean::shown};

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
        (false, None) => {
            let word = terminal.style.paint(Role::Bad, "no usable address");
            writeln!(out, "{name}: {word}")?;
        }
    }
    if diagnosis.healthy {
        return write_checked(doctor, vm, out);
    }
    if let Some(doubt) = &diagnosis.cannot_tell {
        let word = terminal.style.paint(Role::Doubtful, "cannot tell");
        writeln!(out, "  {word}: {}", shown(doubt))?;
    }
    for (place, suspect) in diagnosis.causes.iter().take(MOST_CAUSES).enumerate() {
        if place == 0 {
            write_suspect(suspect, out, terminal)?;
        } else {
            let percent = suspect.probability * 100.0;
            writeln!(out, "\n  also {percent:.0} %: {} [{}]", suspect.title, suspect.code)?;
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
    write_unseen(doctor, vm, out, terminal)
}

fn write_suspect(suspect: &Suspect, out: &mut impl Write, terminal: Terminal) -> io::Result<()> {
    let percent = suspect.probability * 100.0;
    let title = terminal.style.paint(Role::Heading, &suspect.title);
    writeln!(out, "  {percent:.0} %: {title} [{}]", suspect.code)?;
    let sides = [("for", &suspect.evidence_for), ("against", &suspect.evidence_against)];
    for (word, evidence) in sides {
        for weighed in evidence.iter().take(MOST_EVIDENCE) {
            let before = format!("    {word:<7} {:>+6.1} dB  ", weighed.decibans);
            let rest = " ".repeat(before.len());
            wrapped(out, terminal, &before, &rest, &shown(&weighed.text))?;
        }
    }
    if !suspect.folded.is_empty() {
        writeln!(out, "    so also: {}", suspect.folded.join(", "))?;
    }
    if !suspect.remedies.is_empty() {
        writeln!(out, "\n  What can be done")?;
    }
    for (place, remedy) in suspect.remedies.iter().take(MOST_REMEDIES).enumerate() {
        write_remedy(place + 1, remedy, out, terminal)?;
    }
    writeln!(out, "  More: vm explain {}", suspect.code)
}

fn write_remedy(
    number: usize,
    remedy: &Remedy,
    out: &mut impl Write,
    terminal: Terminal,
) -> io::Result<()> {
    let (risk, scope) = (remedy.risk.word(), remedy.scope.word());
    writeln!(out, "  {number}. {} ({scope}, {risk} risk)", shown(&remedy.title))?;
    for step in &remedy.steps {
        wrapped(out, terminal, "     - ", "       ", &shown(step))?;
    }
    if let Some(command) = remedy.command_line() {
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

/// What was looked at and found well.
fn write_checked(doctor: &Doctor<'_>, vm: &DoctorVm<'_>, out: &mut impl Write) -> io::Result<()> {
    let well = |finding: &&vmkit_diagnose::Finding| matches!(finding.state, State::Absent(_));
    let count = vm.findings.iter().filter(well).count();
    let sources: Vec<&str> = vm
        .findings
        .iter()
        .filter(well)
        .filter_map(|finding| doctor.catalogue.finding(finding.code))
        .map(|kind| kind.source.as_str())
        .fold(Vec::new(), |mut sources, source| {
            if !sources.contains(&source) {
                sources.push(source);
            }
            sources
        });
    if count > 0 {
        writeln!(out, "  {} found well: {}", counted(count, "thing"), sources.join(", "))?;
    }
    Ok(())
}

/// What was not looked at, by the reason.
fn write_unseen(
    doctor: &Doctor<'_>,
    vm: &DoctorVm<'_>,
    out: &mut impl Write,
    terminal: Terminal,
) -> io::Result<()> {
    let mut reasons: Vec<(String, Vec<&str>)> = Vec::new();
    for finding in &vm.findings {
        let State::NotObserved(why) = &finding.state else { continue };
        if *why == vmkit_types::Unread::NotTried {
            continue;
        }
        let Some(kind) = doctor.catalogue.finding(finding.code) else { continue };
        let why = why.to_string();
        match reasons.iter_mut().find(|(reason, _)| *reason == why) {
            Some((_, sources)) if sources.contains(&kind.source.as_str()) => {}
            Some((_, sources)) => sources.push(&kind.source),
            None => reasons.push((why, vec![&kind.source])),
        }
    }
    for (reason, sources) in reasons {
        let line = format!("{}: {}", sources.join(", "), shown(&reason));
        wrapped(out, terminal, "  Not seen: ", "    ", &line)?;
    }
    Ok(())
}

fn write_surroundings(
    doctor: &Doctor<'_>,
    out: &mut impl Write,
    terminal: Terminal,
) -> io::Result<()> {
    let router = doctor.network.router.as_ref().known();
    if let (Some(gateway), Some(identity)) =
        (doctor.network.gateway, router.and_then(|router| router.identities.first()))
    {
        let percent = identity.confidence * 100.0;
        writeln!(out, "Router: {} at {gateway} ({percent:.0} %)", shown(&identity.name))?;
    }
    for left_out in &doctor.left_out {
        let line = format!("{}: {}", shown(&left_out.what), shown(&left_out.why));
        wrapped(out, terminal, "Not done: ", "  ", &line)?;
        if let Some(command) = &left_out.command {
            writeln!(out, "  $ {}", terminal.style.paint(Role::Heading, &shown(command)))?;
        }
    }
    let failed = doctor
        .plugins
        .iter()
        .filter(|plugin| !matches!(plugin.status, PluginStatus::Ok | PluginStatus::Skipped));
    for plugin in failed {
        let message = plugin.message.as_deref().unwrap_or_default();
        writeln!(
            out,
            "Plugin {}: {}: {}",
            shown(&plugin.id),
            plugin.status.code(),
            shown(message)
        )?;
    }
    Ok(())
}

fn verdict(doctor: &Doctor<'_>) -> String {
    let ailing: Vec<&DoctorVm<'_>> = doctor.vms.iter().filter(|vm| !vm.diagnosis.healthy).collect();
    let all = counted(doctor.vms.len(), "VM");
    match ailing.as_slice() {
        [] if doctor.vms.is_empty() => "There are no VMs here.".to_owned(),
        [] => format!("{all}, nothing wrong."),
        [only] => match only.diagnosis.causes.first() {
            Some(first) if only.diagnosis.cannot_tell.is_none() => {
                format!("{all}, 1 in trouble: {}: {}.", shown(&only.name), first.code)
            }
            _ => format!("{all}, 1 in trouble: {}: the cause cannot be told.", shown(&only.name)),
        },
        several => format!("{all}, {} in trouble.", several.len()),
    }
}
