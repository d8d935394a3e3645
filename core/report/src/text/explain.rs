//! The ledger behind each pick, in words and numbers.

use std::{
    fmt::Write as _,
    io::{self, Write},
};

use vmkit_model::{Mode, Power};
use vmkit_scoring::{Candidate, Entry, Verdict};

use super::{
    Terminal, lead::write_lead, no_address, status::picks, style::Role, summary::conclusion,
    unchecked::write_unchecked,
};
use crate::{Ssh, Status, Vm, clean::shown, time::short};

pub(crate) fn write_explanation(
    status: &Status<'_>,
    out: &mut impl Write,
    terminal: Terminal,
) -> io::Result<()> {
    write_lead(picks(status), out, terminal)?;
    for vm in &status.vms {
        write_machine(vm, out, terminal)?;
        writeln!(out)?;
    }
    if status.meta.mode != Mode::Basic && !status.vms.is_empty() {
        writeln!(out, "Weights are natural logarithms: +2.3 makes an address ten times likelier,")?;
        writeln!(out, "-2.3 ten times less likely. \"no address\" is a candidate of weight 0.")?;
        if let Some(weights) = &status.meta.weights {
            writeln!(out, "Table of weights: {}.", shown(weights))?;
        }
        writeln!(out)?;
    }
    write_unchecked(status, out, terminal)?;
    writeln!(out, "{}", conclusion(status))
}

fn write_machine(vm: &Vm<'_>, out: &mut impl Write, terminal: Terminal) -> io::Result<()> {
    let pick = &vm.pick;
    let name = terminal.style.paint(Role::Heading, &shown(&vm.machine.name));
    writeln!(out, "{name}: {}", headline(vm))?;
    if pick.verdict == Verdict::NotRunning {
        return Ok(());
    }
    for candidate in &pick.candidates {
        write_candidate(candidate, out, terminal)?;
    }
    if pick.verdict != Verdict::NotChecked {
        writeln!(out, "  no address  {}", percent(pick.none_probability))?;
    }
    if pick.candidates.is_empty() {
        for entry in &pick.about_machine {
            write_entry(entry, out, terminal)?;
        }
    }
    for endpoint in &vm.machine.endpoints {
        let ssh = Ssh::at(endpoint).state.words();
        writeln!(out, "  endpoint {} ({}): SSH {ssh}", endpoint.address, endpoint.how.code())?;
    }
    for note in vm.notes() {
        writeln!(out, "  note: {}", shown(&note))?;
    }
    Ok(())
}

fn headline(vm: &Vm<'_>) -> String {
    let pick = vm.pick;
    match (pick.verdict, pick.address, pick.confidence) {
        (Verdict::NotRunning, ..) if vm.machine.power == Power::Unknown => {
            "unknown whether it runs".to_owned()
        }
        (Verdict::NotRunning, ..) => "not running".to_owned(),
        (Verdict::NotChecked, ..) => "not checked".to_owned(),
        (verdict, Some(address), Some(confidence)) => {
            format!("{address}, {}, {}", verdict.code(), percent(confidence))
        }
        (verdict, ..) => match no_address(pick) {
            Some(reason) if verdict == Verdict::NoAddress => format!("no usable address, {reason}"),
            Some(reason) => reason,
            None => verdict.code().to_owned(),
        },
    }
}

fn write_candidate(
    candidate: &Candidate,
    out: &mut impl Write,
    terminal: Terminal,
) -> io::Result<()> {
    let mut line = format!("  {}", candidate.address);
    match candidate.struck_out {
        Some(reason) => _ = write!(line, "  struck out: {reason}"),
        None => _ = write!(line, "  {}", percent(candidate.probability)),
    }
    if !candidate.flags.is_empty() {
        let flags: Vec<_> = candidate.flags.iter().map(|flag| flag.code()).collect();
        _ = write!(line, "  [{}]", flags.join(", "));
    }
    writeln!(out, "{line}")?;
    if let Some(doubt) = &candidate.doubt {
        write_weight(out, terminal, doubt.weight, &shown(&doubt.says))?;
    }
    for entry in &candidate.ledger {
        write_entry(entry, out, terminal)?;
    }
    Ok(())
}

fn write_entry(entry: &Entry, out: &mut impl Write, terminal: Terminal) -> io::Result<()> {
    let evidence = &entry.evidence;
    let mut says = format!("{}: {}", shown(&evidence.plugin), shown(&evidence.observation.says));
    if evidence.observation.age.is_some() {
        _ = write!(says, " ({} ago)", short(entry.age));
    }
    if evidence.observation.kind.plugin().is_some() {
        says.push_str(" (its own claim)");
    }
    match entry.why_not {
        None => write_weight(out, terminal, entry.weight, &says),
        Some(reason) => {
            let line = format!("    not counted           {says}; {reason}");
            writeln!(out, "{}", terminal.style.paint(Role::Aside, &line))
        }
    }
}

fn write_weight(
    out: &mut impl Write,
    terminal: Terminal,
    weight: f64,
    says: &str,
) -> io::Result<()> {
    let (direction, role) = match weight {
        w if w < 0.0 => ("against", Role::Bad),
        _ => ("for", Role::Good),
    };
    let direction = terminal.style.paint(role, &format!("{direction:<7}"));
    writeln!(out, "    {direction} {weight:>+5.2} {:<8} {says}", strength(weight))
}

/// A weight in a word. The bounds are odds of 3, 10 and 50.
fn strength(weight: f64) -> &'static str {
    match weight.abs().exp() {
        odds if odds < 3.0 => "weak",
        odds if odds < 10.0 => "fair",
        odds if odds < 50.0 => "strong",
        _ => "decisive",
    }
}

/// An uncertain probability is never shown as 100 %.
fn percent(probability: f64) -> String {
    match probability {
        p if (0.9995..1.0).contains(&p) => "> 99.9 %".to_owned(),
        p if p > 0.0 && p < 0.0005 => "< 0.1 %".to_owned(),
        p => format!("{:.1} %", p * 100.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn never_rounds_a_probability_to_certainty() {
        let rows = [
            (1.0, "100.0 %"),
            (0.9998, "> 99.9 %"),
            (0.9994, "99.9 %"),
            (0.0, "0.0 %"),
            (1e-9, "< 0.1 %"),
        ];
        for (probability, expected) in rows {
            assert_eq!(percent(probability), expected);
        }
    }

    #[test]
    fn chooses_words_by_the_odds() {
        let rows = [(2.0, "weak"), (8.0, "fair"), (30.0, "strong"), (100.0, "decisive")];
        for (odds, word) in rows {
            assert_eq!(strength(f64::ln(odds)), word, "{odds}");
            assert_eq!(strength(-f64::ln(odds)), word, "1/{odds}");
        }
    }
}
