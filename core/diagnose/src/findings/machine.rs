//! What the manager and the process of a machine say.

use vmkit_types::{Reading, Remark, Unread, bounded, escaped};

use super::sheet::Sheet;
use crate::{Facts, FindingCode, Machine, Process};

/// Bytes of a manager's sentence that are shown.
const LONGEST_REMARK: usize = 200;

pub(super) fn judge(facts: &Facts<'_>, sheet: &mut Sheet) {
    let machine = facts.machine;
    let is = |wanted: Process| machine.process.as_ref().map(|process| *process == wanted);
    let (not_running, paused) = (FindingCode::MachineNotRunning, FindingCode::MachinePaused);
    // A process that runs, or is missing, is all that the finding's own sentence says.
    let (says, runs) = match machine.process {
        Reading::Known(Process::Stopped) => ("", false),
        Reading::Known(Process::Crashed) => {
            ("its process ended without being shut down, and left its pid file", false)
        }
        Reading::Known(Process::Missing) => ("it is registered, but its directory is gone", false),
        _ => ("", true),
    };
    let stopped = machine.process.as_ref().map(|_| !runs);
    sheet.read(not_running, &stopped, says, "");
    if runs {
        let yes = "QEMU reports it as paused";
        sheet.read(paused, &is(Process::Paused), yes, "QEMU does not report it as paused");
    }
    let down = machine.link_up.as_ref().map(|up| !*up);
    let yes = "QEMU reports its network link as down";
    sheet.read(FindingCode::MachineLinkDown, &down, yes, "QEMU reports its network link as up");
    shared_mac(facts, sheet);
    recorded_mac(facts, sheet);
    network(facts, sheet);
}

fn shared_mac(facts: &Facts<'_>, sheet: &mut Sheet) {
    let (code, machine) = (FindingCode::MachineMacShared, facts.machine);
    if machine.macs.is_empty() {
        return sheet.unknown(code, &Unread::NotTried);
    }
    let others = || {
        let all = machine
            .macs
            .iter()
            .flat_map(|mac| facts.machines.with_mac(*mac).map(move |other| (mac, other)));
        all.filter(|(_, other)| other.name != machine.name)
    };
    let runs = |other: &Machine| {
        matches!(other.process, Reading::Known(Process::Running | Process::Paused))
    };
    let may_run = others().find_map(|(_, other)| match &other.process {
        Reading::Unknown(why) => Some(why),
        Reading::Known(_) | Reading::Absent => None,
    });
    if let Some((mac, other)) = others().find(|(_, other)| runs(other)) {
        sheet.present(code, format!("{mac} is also the MAC of {}", escaped(&other.name)));
    } else if let Some(why) = may_run {
        sheet.unknown(code, why);
    } else {
        sheet.absent(code, format!("only it has {}", machine.macs[0]));
    }
}

fn recorded_mac(facts: &Facts<'_>, sheet: &mut Sheet) {
    let code = FindingCode::MachineMacNotRegistered;
    match (&facts.machine.recorded_mac, facts.machine.macs.first()) {
        (Reading::Known(recorded), Some(mac)) => sheet.judged(
            code,
            !facts.machine.macs.contains(recorded),
            format!("it runs with {mac}, but {recorded} is recorded"),
            format!("it runs with {recorded}, as recorded"),
        ),
        (Reading::Unknown(why), _) => sheet.unknown(code, why),
        _ => sheet.unknown(code, &Unread::NotTried),
    }
}

fn network(facts: &Facts<'_>, sheet: &mut Sheet) {
    let code = FindingCode::MachineNetworkInactive;
    let remarks = match &facts.machine.remarks {
        Reading::Known(remarks) => remarks.as_slice(),
        Reading::Absent => &[],
        Reading::Unknown(why) => return sheet.unknown(code, why),
    };
    match remarks.iter().find(|remark| remark.code == Remark::NETWORK_INACTIVE) {
        Some(remark) => sheet.present(code, escaped(bounded(&remark.says, LONGEST_REMARK))),
        None => sheet.absent(code, "its manager reports no network that is stopped"),
    }
}
