//! From the stages' results to what the report shows.

use std::time::{Duration, SystemTime};

use vmkit_model::{Machine, PluginOutcome, PluginStatus, Power, Problem};
use vmkit_report::{PluginReport, VmInput};
use vmkit_scoring::Pick;
use vmkit_types::{Reading, Unread};

/// One machine with its pick. `now` is when the answer was ready.
pub(crate) fn vm(machine: &Machine, pick: Pick, now: SystemTime) -> VmInput {
    let net = machine.net.as_ref();
    let interface = match net {
        Reading::Known(net) => net.interface.clone().map_or(Reading::Absent, Reading::Known),
        Reading::Absent => Reading::Absent,
        Reading::Unknown(why) => Reading::Unknown(why),
    };
    VmInput {
        name: machine.name.clone(),
        power: power(machine.power),
        pick,
        mac: machine.mac.clone(),
        hostname: machine.hostname.clone(),
        username: machine.username.clone(),
        pid: machine.pid.map_or(Reading::Absent, Reading::Known),
        uptime: uptime(machine, now),
        manager: machine.manager.to_owned(),
        net_mode: machine.net.as_ref().map(|net| net.mode),
        interface,
        memory_mb: machine.memory_mb.clone(),
        vcpus: machine.vcpus.clone(),
        disk_size: machine.disk_size.clone(),
        os_version: machine.os_version.clone(),
        directory: Reading::Known(machine.directory.display().to_string()),
        findings: Vec::new(),
    }
}

pub(crate) fn power(power: Power) -> Reading<vmkit_report::Power> {
    Reading::Known(match power {
        Power::Missing => vmkit_report::Power::Missing,
        Power::Stopped => vmkit_report::Power::Stopped,
        Power::Paused => vmkit_report::Power::Paused,
        Power::Running => vmkit_report::Power::Running,
        Power::Unknown => {
            let why = "it could not be told whether it runs".to_owned();
            return Reading::Unknown(Unread::Failed(why));
        }
    })
}

fn uptime(machine: &Machine, now: SystemTime) -> Reading<Duration> {
    match (machine.pid, machine.started_at) {
        (None, _) => Reading::Absent,
        (Some(_), None) => {
            Reading::Unknown(Unread::Failed("the start of the process is unknown".to_owned()))
        }
        // A clock that was set back makes the start lie ahead: then it has just begun.
        (Some(_), Some(start)) => Reading::Known(now.duration_since(start).unwrap_or_default()),
    }
}

/// How a plugin's part went.
pub(crate) fn plugin(outcome: &PluginOutcome) -> PluginReport {
    PluginReport {
        id: outcome.id.clone(),
        version: outcome.version.clone(),
        status: plugin_status(outcome.status),
        elapsed: outcome.elapsed,
        message: outcome.message.clone(),
        hint: outcome.hint.clone(),
    }
}

/// The same status in the report's words.
pub(crate) fn plugin_status(status: PluginStatus) -> vmkit_report::PluginStatus {
    match status {
        PluginStatus::Ok => vmkit_report::PluginStatus::Ok,
        PluginStatus::Timeout => vmkit_report::PluginStatus::Timeout,
        PluginStatus::Crashed => vmkit_report::PluginStatus::Crashed,
        PluginStatus::Refused => vmkit_report::PluginStatus::Refused,
        PluginStatus::Incompatible => vmkit_report::PluginStatus::Incompatible,
        PluginStatus::Denied => vmkit_report::PluginStatus::Denied,
        PluginStatus::Skipped => vmkit_report::PluginStatus::Skipped,
        PluginStatus::Error => vmkit_report::PluginStatus::Error,
    }
}

pub(crate) fn problems(problems: &[Problem]) -> Vec<vmkit_report::Problem> {
    problems
        .iter()
        .map(|problem| vmkit_report::Problem {
            path: problem.path.display().to_string(),
            message: problem.message.clone(),
        })
        .collect()
}
