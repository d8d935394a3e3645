//! The doctor's answer in three lines, to paste into a chat: the verdict, why and what helps, and
//! the versions.

use std::io::{self, Write};

use vmkit_types::Reading;

use crate::{
    Doctor, DoctorVm, Style,
    clean::shown,
    text::{
        checked::unchecked_sources,
        counted,
        doctor::{command_line, only_opens_a_console},
        doctor_verdict::doctor_verdict,
        headline::headline,
    },
};

/// Most addresses of healthy machines that are named.
const MOST_ADDRESSES: usize = 3;

pub(crate) fn write_doctor_short(doctor: &Doctor<'_>, out: &mut impl Write) -> io::Result<()> {
    let mut ill = doctor.vms.iter().filter(|vm| !vm.diagnosis.healthy);
    let (verdict, why) = match (ill.next(), ill.next()) {
        (None, _) => (doctor_verdict(doctor), addresses(doctor)),
        (Some(only), None) => (verdict(only), why(only)),
        (Some(first), Some(_)) => {
            (doctor_verdict(doctor), format!("{}: {}", shown(&first.name), why(first)))
        }
    };
    writeln!(out, "{verdict}\n{why}\n{}", versions(doctor))
}

fn verdict(vm: &DoctorVm) -> String {
    let headline = headline(vm, Style::Plain);
    let diagnosis = &vm.diagnosis;
    match (&diagnosis.cannot_tell, diagnosis.causes.first()) {
        (Some(why), _) => format!("{headline}; cannot tell why: {}", shown(why)),
        (None, Some(cause)) => format!(
            "{headline}; {:.0} %: {} [{}]",
            cause.probability * 100.0,
            shown(&cause.title),
            cause.code
        ),
        (None, None) => headline,
    }
}

/// The best evidence, where frames stop, and the best remedy or the next test.
fn why(vm: &DoctorVm) -> String {
    let diagnosis = &vm.diagnosis;
    let named = diagnosis.causes.first().filter(|_| diagnosis.cannot_tell.is_none());
    let mut parts = Vec::new();
    let evidence = diagnosis.causes.first().and_then(|cause| cause.evidence_for.first());
    parts.extend(evidence.map(|it| format!("seen: {}", shown(&it.text))));
    parts.extend(vm.path.stops.first().map(|stop| format!("stops: {}", shown(&stop.says))));
    let remedy = named.and_then(|cause| cause.remedies.first());
    parts.extend(remedy.map(|remedy| {
        let commands = remedy.command_lines();
        let way = match commands.join("; ") {
            none if none.is_empty() => remedy.title.clone(),
            joined if only_opens_a_console(&commands) => format!("{}: {joined}", remedy.title),
            joined => joined,
        };
        format!("way out: {}", shown(&way))
    }));
    let test = diagnosis.next_test.as_ref().filter(|_| named.is_none());
    parts.extend(test.map(|test| {
        let way = command_line(&test.command).unwrap_or_else(|| test.title.clone());
        format!("next test: {}", shown(&way))
    }));
    let unchecked = vm.pick.unchecked.as_ref();
    parts.extend(unchecked.map(|it| format!("next: {}", shown(&it.hint))));
    if parts.is_empty() {
        parts.push("nothing that was looked at says why".to_owned());
    }
    parts.join("; ")
}

fn addresses(doctor: &Doctor<'_>) -> String {
    let of = |vm: &DoctorVm| {
        let address = vm.usable_address()?;
        Some(format!("{} {address}", shown(&vm.name)))
    };
    let mut all: Vec<String> = doctor.vms.iter().filter_map(of).collect();
    let more = all.len().saturating_sub(MOST_ADDRESSES);
    all.truncate(MOST_ADDRESSES);
    if more > 0 {
        all.push(format!("{more} more"));
    }
    if all.is_empty() { "no address".to_owned() } else { all.join(", ") }
}

/// The versions of what was at work, and what was not looked at.
fn versions(doctor: &Doctor<'_>) -> String {
    let mut parts = vec![format!("vmkit {}", env!("CARGO_PKG_VERSION"))];
    parts.push(match &doctor.host.system {
        Reading::Known(system) => shown(system),
        Reading::Absent | Reading::Unknown(_) => {
            let platform = doctor.host.platform.as_deref().unwrap_or("unknown system");
            format!("{} (version not known)", shown(platform))
        }
    });
    let mut qemu: Vec<String> = Vec::new();
    for version in doctor.vms.iter().filter_map(|vm| vm.qemu.as_deref()) {
        let version = format!("QEMU {}", shown(version));
        if !qemu.contains(&version) {
            qemu.push(version);
        }
    }
    parts.extend(qemu);
    parts.extend(
        doctor.host.privileged.map(|root| if root { "root" } else { "not root" }.to_owned()),
    );
    let ill = doctor.vms.iter().find(|vm| !vm.diagnosis.healthy);
    let unchecked = ill.map_or(0, |vm| unchecked_sources(doctor, vm).len());
    if unchecked > 0 {
        parts.push(format!("{} not checked", counted(unchecked, "source")));
    }
    parts.join(", ")
}
