//! The report's view of a plan.

use std::{
    net::IpAddr,
    time::{Duration, SystemTime},
};

use vmkit_hosts::{Decision, Store, unified};
use vmkit_report::{HostsDecision, HostsOutcome, HostsSync, HostsVm};

use super::machines::Planned;

/// The answer without machines.
pub(super) fn untouched(store: &Store, outcome: HostsOutcome) -> HostsSync {
    HostsSync {
        file: store.path().display().to_string(),
        outcome,
        diff: Vec::new(),
        vms: Vec::new(),
        adopted: Vec::new(),
        backup: None,
        caches: Vec::new(),
        next: None,
        plugins: Vec::new(),
        unchecked: None,
        generated_at: SystemTime::UNIX_EPOCH,
        elapsed: Duration::ZERO,
    }
}

/// The answer for this plan.
pub(super) fn sync(store: &Store, planned: Planned, outcome: HostsOutcome) -> HostsSync {
    HostsSync {
        diff: unified(&planned.before, &planned.plan.bytes),
        vms: planned.plan.decisions.iter().map(|(name, it)| vm(name, it, &planned)).collect(),
        adopted: planned.plan.adopted,
        ..untouched(store, outcome)
    }
}

fn vm(name: &str, decision: &Decision, planned: &Planned) -> HostsVm {
    let line = planned.lines.iter().find(|line| line.machine == name).map(|line| line.address);
    let machine = planned.machines.iter().find(|machine| machine.name == name);
    let certain = machine.and_then(|machine| machine.address.as_ref().ok()).copied();
    let (decision, address, former, reason): (_, Option<IpAddr>, _, _) = match decision {
        Decision::Add => (HostsDecision::Add, certain, None, None),
        Decision::Change { from } => {
            (HostsDecision::Change, certain, Some(*from).filter(|_| certain != Some(*from)), None)
        }
        Decision::Keep => (HostsDecision::Keep, certain, None, None),
        Decision::NotChecked(why) => (HostsDecision::Keep, line, None, Some(why.clone())),
        Decision::Stale(why) => (HostsDecision::Stale, line, None, Some(why.clone())),
        Decision::Remove => {
            (HostsDecision::Remove, None, line, Some("it no longer exists".to_owned()))
        }
        Decision::Omit(why) => (HostsDecision::LeaveOut, None, line, Some(why.to_string())),
    };
    let names = planned.plan.omitted_names.iter().filter(|(machine, _, _)| machine == name);
    HostsVm {
        name: name.to_owned(),
        decision,
        address,
        former,
        reason,
        names_left_out: names.map(|(_, name, why)| (name.clone(), why.to_string())).collect(),
    }
}
