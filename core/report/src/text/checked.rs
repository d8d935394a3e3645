//! Which sources were looked at without a finding, and which were not looked at: without these, a
//! reader would take them for good.

use std::io::{self, Write};

use vmkit_diagnose::{Finding, State};
use vmkit_inside::Way;
use vmkit_model::{PluginOutcome, PluginStatus};
use vmkit_types::{Reading, Unread};

use super::{
    Terminal, counted,
    style::Role,
    unchecked::{by_outcome, named},
    wrap::wrapped,
};
use crate::{Doctor, DoctorVm, clean::shown};

/// Sources of findings with their names for people, in the order of the output.
const SOURCES: [(&str, &str); 17] = [
    ("machine", "process and QEMU"),
    ("devices", "card and disk"),
    ("console", "console log"),
    ("signals", "ARP and SSH"),
    ("leases", "lease files"),
    ("hosts", "hosts file"),
    ("guest-capture", "frames at its port"),
    ("uplink-capture", "frames at the uplink"),
    ("both-captures", "port against uplink"),
    ("capture", "answers of DHCP servers"),
    ("dhcp-test", "DHCP test"),
    ("interfaces", "interfaces and routes"),
    ("bridge", "bridge"),
    ("firewall", "firewall"),
    ("listeners", "DHCP server here"),
    ("router", "router"),
    ("inside", "the guest from inside"),
];
/// Sources that an option adds.
const BY_OPTION: [(&str, &str); 1] = [("inside", "--inside")];
/// The reason of a source that was left out without root's rights.
const NEEDS_ROOT: &str = "needs root";
/// Width of the label that begins a line.
const LABEL: usize = 13;
/// A longer reason gets a line of its own.
const LONGEST_REASON: usize = 40;

/// The sources of a machine's findings by what they found.
pub(crate) struct Sources {
    pub(crate) ok: Vec<&'static str>,
    pub(crate) unseen: Vec<(&'static str, Option<String>)>,
    pub(crate) faults: Vec<(&'static str, String)>,
}

pub(crate) fn sources(doctor: &Doctor<'_>, vm: &DoctorVm) -> Sources {
    let mut sources = Sources { ok: Vec::new(), unseen: Vec::new(), faults: Vec::new() };
    for (source, name) in SOURCES {
        let of_source: Vec<(&Finding, Option<&str>)> = vm
            .findings
            .iter()
            .filter_map(|finding| {
                let kind = doctor.catalogue.finding(finding.code);
                (kind.source == source).then_some((finding, kind.needs.as_deref()))
            })
            .collect();
        let is = |wanted: fn(&State) -> bool| of_source.iter().any(|(each, _)| wanted(&each.state));
        if is(|state| matches!(state, State::Present(_))) {
            continue;
        }
        if is(|state| matches!(state, State::Absent(_))) {
            sources.ok.push(name);
            continue;
        }
        let why = of_source.iter().find_map(|(each, _)| match &each.state {
            State::NotObserved(Unread::NotTried) | State::Present(_) | State::Absent(_) => None,
            State::NotObserved(why) => Some(shown(&why.to_string())),
        });
        let needs = of_source.iter().find_map(|(_, needs)| *needs);
        let option = BY_OPTION.iter().find(|(name, _)| *name == source);
        match why.or_else(|| option.map(|(_, option)| (*option).to_owned())) {
            Some(why) if why.len() > LONGEST_REASON => sources.faults.push((name, why)),
            Some(why) => sources.unseen.push((name, Some(why))),
            None if of_source.is_empty() => {}
            None if doctor.host.privileged == Some(false) && needs.is_some() => {
                sources.unseen.push((name, Some(NEEDS_ROOT.to_owned())));
            }
            None => sources.unseen.push((name, None)),
        }
    }
    sources
}

/// The sources that were not looked at for the machine, and whether each would need root.
pub(super) fn unchecked_sources(doctor: &Doctor<'_>, vm: &DoctorVm) -> Vec<(&'static str, bool)> {
    let Sources { unseen, faults, .. } = sources(doctor, vm);
    let unseen = unseen.into_iter().map(|(name, why)| (name, why.as_deref() == Some(NEEDS_ROOT)));
    unseen.chain(faults.into_iter().map(|(name, _)| (name, false))).collect()
}

/// The sources without a finding, if the machine is healthy, and those that were not checked.
pub(super) fn write_checked(
    doctor: &Doctor<'_>,
    vm: &DoctorVm,
    out: &mut impl Write,
    terminal: Terminal,
) -> io::Result<()> {
    let Sources { ok, unseen, faults } = sources(doctor, vm);
    let rest = " ".repeat(LABEL + 2);
    if vm.diagnosis.healthy && !ok.is_empty() {
        let first = format!("  {:<LABEL$}", "Ok:");
        wrapped(out, terminal, &first, &rest, &ok.join(", "))?;
    }
    if let Reading::Known(way) = vm.inside {
        let first = format!("  {:<LABEL$}", "From inside:");
        wrapped(out, terminal, &first, &rest, asked(way))?;
    }
    // Sources with the same reason stand together.
    let mut grouped: Vec<(Option<&str>, Vec<&str>)> = Vec::new();
    for (name, why) in &unseen {
        match grouped.iter_mut().find(|(reason, _)| *reason == why.as_deref()) {
            Some((_, names)) => names.push(name),
            None => grouped.push((why.as_deref(), vec![name])),
        }
    }
    let groups: Vec<String> = grouped
        .iter()
        .map(|(why, names)| match why {
            Some(why) => format!("{} ({why})", names.join(", ")),
            None => names.join(", "),
        })
        .collect();
    if !groups.is_empty() {
        let first = format!("  {:<LABEL$}", "Not checked:");
        wrapped(out, terminal, &first, &rest, &groups.join("; "))?;
    }
    for (name, why) in faults {
        let first = format!("  {:<LABEL$}", "Not checked:");
        wrapped(out, terminal, &first, &rest, &format!("{name}: {why}"))?;
    }
    Ok(())
}

/// How a guest was asked.
pub(crate) const fn asked(way: Way) -> &'static str {
    match way {
        Way::Ssh => "the guest was asked by a login with SSH",
        Way::GuestAgent => "the guest was asked by its guest agent, as its root",
    }
}

/// The outcome of a plugin that did not answer.
fn outcome(plugin: &PluginOutcome) -> String {
    let word = plugin.status.code();
    match &plugin.message {
        Some(message) => format!("{word}: {}", shown(message)),
        None => word.to_owned(),
    }
}

/// The rights, the router, the plugins and what was omitted.
pub(super) fn write_surroundings(
    doctor: &Doctor<'_>,
    out: &mut impl Write,
    terminal: Terminal,
) -> io::Result<()> {
    let mut line = |label: &str, text: &str| {
        let rest = " ".repeat(LABEL);
        wrapped(out, terminal, &format!("{label:<LABEL$}"), &rest, text)
    };
    match doctor.host.privileged {
        Some(true) => line("Rights:", "root: nothing was skipped")?,
        Some(false) => line(
            "Rights:",
            "not root: frames, the firewall and the DHCP test need root (sudo vm doctor)",
        )?,
        None => {}
    }
    let router = doctor.network.router.as_ref().known();
    let identity = router.and_then(|router| router.identities.first());
    match (doctor.network.gateway, identity) {
        (Some(gateway), Some(identity)) => {
            let percent = identity.confidence * 100.0;
            line("Router:", &format!("{} at {gateway} ({percent:.0} %)", shown(&identity.title)))?;
        }
        (Some(gateway), None) => line("Router:", &format!("{gateway}, not recognised"))?,
        (None, _) => {}
    }
    let asked = doctor.plugins.iter().filter(|plugin| plugin.status != PluginStatus::Skipped);
    let answered = asked.clone().filter(|plugin| plugin.status == PluginStatus::Ok).count();
    let all = asked.clone().count();
    match (answered, all) {
        (_, 0) => line("Plugins:", "none was asked")?,
        (answered, all) if answered == all => {
            line("Plugins:", &format!("all {all} answered"))?;
        }
        _ => line("Plugins:", &format!("{answered} of {} answered", counted(all, "plugin")))?,
    }
    let failed =
        asked.filter(|plugin| plugin.status != PluginStatus::Ok || plugin.message.is_some());
    for (outcome, ids) in by_outcome(failed, outcome) {
        line("", &format!("{}: {outcome}", named(&ids)))?;
    }
    for omission in &doctor.omissions {
        let text = format!("{}: {}", shown(&omission.what), shown(&omission.why));
        wrapped(out, terminal, &format!("{:<LABEL$}", "Not done:"), &" ".repeat(LABEL), &text)?;
        if let Some(command) = &omission.command {
            let command = terminal.style.paint(Role::Heading, &shown(command));
            writeln!(out, "{}$ {command}", " ".repeat(LABEL))?;
        }
    }
    Ok(())
}
