//! Whether a guest is still booting, and what it has yet to do.

use std::time::{Duration, SystemTime};

use vmkit_model::{DiskUse, Evidence};
use vmkit_scoring::Verdict;
use vmkit_types::{Kind, NetworkMode, Reading, attribute};

use crate::{
    Catalogue, Facts, Finding, FindingCode, Process, State, WhileBooting,
    catalogue::{BootPhase, BootTimes},
    ledger::is_outdated,
};

/// The state of a boot, with the evidence for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Boot {
    /// It has ended.
    Ended(String),
    /// It continues.
    GoesOn(String),
    /// Neither is known, and why.
    Unknown(String),
}

/// A guest whose boot has not ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Booting {
    /// What the guest has yet to do.
    pub awaits: Awaited,
    /// The same in words, such as `its SSH server`.
    pub awaited: String,
    /// How long the machine's process has run, if known.
    pub uptime: Option<Duration>,
    /// The evidence that the boot continues; escape it before showing it.
    pub because: String,
    /// How long it usually takes, in words.
    pub usual: String,
    /// After this time a guest counts as booted.
    pub limit: Duration,
    /// The sources of these times.
    pub sources: Vec<String>,
}

/// What a booting guest has yet to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Awaited {
    /// Get a usable address.
    Address,
    /// Start its SSH server.
    Ssh,
}

impl Awaited {
    /// Its name in JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Address => "address",
            Self::Ssh => "ssh",
        }
    }

    /// What the guest has yet to do. `None`: nothing, or nobody looked.
    pub(crate) fn of(facts: &Facts<'_>) -> Option<Self> {
        match facts.pick.verdict {
            Verdict::NoAddress | Verdict::Ambiguous => Some(Self::Address),
            Verdict::Probable if facts.pick.address.is_some_and(|at| is_outdated(facts, at)) => {
                Some(Self::Address)
            }
            Verdict::Resolved | Verdict::Probable => {
                let silent =
                    [Kind::SshRefused, Kind::SshTimeout, Kind::SshUnreachable, Kind::SshNoBanner];
                let of_picked = facts.pick.picked();
                let mut seen = of_picked.iter().flat_map(|picked| &picked.ledger);
                seen.any(|entry| silent.contains(&entry.evidence.observation.kind))
                    .then_some(Self::Ssh)
            }
            Verdict::NotRunning | Verdict::NotChecked => None,
        }
    }

    fn phase(self, times: &BootTimes) -> &BootPhase {
        match self {
            Self::Address => &times.address,
            Self::Ssh => &times.ssh,
        }
    }
}

/// Less than any boot reads: firmware reads a few sectors to see whether a disk can be started from, and a
/// kernel alone has several MiB.
const LEAST_READ: u64 = 1 << 20;

/// Firmware that finds nothing to start from gives up, or tries the network, well within this time.
const FIRMWARE: Duration = Duration::from_secs(8);

/// Whether less was read of the disks than a boot reads.
pub(crate) fn is_unread(disk: &DiskUse) -> bool {
    disk.read_bytes < LEAST_READ
}

/// Whether the console shows more than firmware.
pub(crate) fn shows_kernel(facts: &Facts<'_>) -> bool {
    facts.evidence.iter().any(|seen| {
        let phase = seen.observation.attribute(attribute::PHASE);
        seen.observation.kind == Kind::ConsolePhase
            && phase.is_some_and(|phase| !matches!(phase, "none" | "firmware"))
    })
}

/// A machine whose firmware has stopped reading its disks without having started from them.
fn firmware_gave_up(facts: &Facts<'_>) -> Option<String> {
    let devices = facts.machine.devices.as_ref().known()?;
    let disk = devices.disk.as_ref().known().filter(|disk| is_unread(disk))?;
    if shows_kernel(facts) {
        return None;
    }
    // A disk that nobody has asked for anything is as old as the process.
    let idle = disk.idle.or(uptime(facts)).filter(|idle| *idle >= FIRMWARE)?;
    let seconds = idle.as_secs();
    Some(format!(
        "its firmware has started nothing from its disks, and not read them for {seconds} s"
    ))
}

impl Boot {
    /// The state of the machine's boot.
    pub(crate) fn of(facts: &Facts<'_>, times: &BootTimes) -> Self {
        let limit = Duration::from_secs(times.limit_s);
        let uptime = uptime(facts);
        if matches!(facts.machine.process, Reading::Unknown(_)) {
            return Self::Unknown("whether the VM runs is unknown".to_owned());
        }
        if facts.machine.process == Reading::Known(Process::Paused) {
            return Self::Unknown("the VM is paused".to_owned());
        }
        if facts.machine.process != Reading::Known(Process::Running) {
            return Self::Unknown("the VM does not run".to_owned());
        }
        if let Some(seen) = greeting(facts).filter(|_| logins(facts) != Some("refused")) {
            return Self::Ended(seen.observation.says.clone());
        }
        if let Some(says) = firmware_gave_up(facts) {
            return Self::Ended(says);
        }
        match (Console::of(facts), uptime) {
            (Some(Console::Ended(says)), _) => Self::Ended(says),
            (Some(Console::Earlier { says, .. }), Some(uptime)) if uptime < limit => {
                Self::GoesOn(says)
            }
            // A guest that reboots keeps its process.
            (Some(Console::Earlier { says, boots, kernel }), uptime) => {
                let age = Age { kernel, boots, silent: silence(facts), process: uptime };
                match age.over(limit, given_address(facts)) {
                    Some(because) => Self::Ended(because),
                    None => Self::GoesOn(says),
                }
            }
            (None, Some(uptime)) if uptime < limit => {
                let seconds = uptime.as_secs();
                Self::GoesOn(format!(
                    "its process has run for {seconds} s, and its console shows nothing"
                ))
            }
            (None, Some(uptime)) => Self::Ended(minutes("its process has run", uptime)),
            (None, None) => Self::Unknown("the start time of its process is unknown".to_owned()),
        }
    }
}

/// The evidence for the age of the boot that a console shows.
struct Age {
    /// The kernel's last time stamp.
    kernel: Option<Duration>,
    /// The boots that the console shows.
    boots: Option<u64>,
    /// Time since the console was last written to.
    silent: Option<Duration>,
    /// Time since the process started.
    process: Option<Duration>,
}

impl Age {
    /// The evidence that the boot has lasted longer than `limit`; `None`: it may have begun later.
    fn over(&self, limit: Duration, given_address: bool) -> Option<String> {
        let silent = self.silent.unwrap_or_default();
        if self.silent.is_some_and(|silent| silent >= limit) {
            return Some(minutes("its console has been silent", silent));
        }
        let kernel = self.kernel.map(|stamp| stamp.saturating_add(silent));
        if let Some(kernel) = kernel.filter(|kernel| *kernel >= limit) {
            return Some(minutes("its kernel has run", kernel));
        }
        // The process only dates the first boot, and a lease may be from a later one.
        let only_boot = self.boots.is_none_or(|boots| boots < 2);
        let dated = self.silent.is_none() && only_boot && !given_address;
        let process = self.process.filter(|process| dated && *process >= limit)?;
        Some(minutes("its process has run", process))
    }
}

fn minutes(what: &str, time: Duration) -> String {
    format!("{what} for {} min", time.as_secs() / 60)
}

/// Time since the machine's console was last written to.
fn silence(facts: &Facts<'_>) -> Option<Duration> {
    Some(facts.now.duration_since(facts.machine.console_written_at?).unwrap_or_default())
}

/// Whether it got an address within the last minute, as a guest does at the end of a boot.
fn given_address(facts: &Facts<'_>) -> bool {
    facts.evidence.iter().any(|seen| is_new(seen, facts))
}

/// What the console says about logins: `finished` or `refused`.
fn logins<'e>(facts: &Facts<'e>) -> Option<&'e str> {
    let of_phase = |seen: &&&'e Evidence| seen.observation.kind == Kind::ConsolePhase;
    facts.evidence.iter().rfind(of_phase)?.observation.attribute(attribute::LOGINS)
}

/// What the console shows of a boot.
enum Console {
    /// The boot has ended.
    Ended(String),
    /// The boot had not ended yet.
    Earlier {
        says: String,
        /// The boots that it shows.
        boots: Option<u64>,
        /// The kernel's last time stamp.
        kernel: Option<Duration>,
    },
}

impl Console {
    /// `None`: it shows nothing.
    fn of(facts: &Facts<'_>) -> Option<Self> {
        let of =
            |kind: Kind| facts.evidence.iter().filter(move |seen| seen.observation.kind == kind);
        let gave_up = of(Kind::ConsoleFault)
            .find(|seen| seen.observation.attribute(attribute::FAULT) == Some("boot-gave-up"));
        if let Some(gave_up) = gave_up {
            return Some(Self::Ended(gave_up.observation.says.clone()));
        }
        let last = &of(Kind::ConsolePhase).next_back()?.observation;
        let says = last.says.clone();
        let number = |name| -> Option<u64> { last.attribute(name)?.parse().ok() };
        let earlier = |says| Self::Earlier {
            says,
            boots: number(attribute::BOOTS),
            kernel: number(attribute::KERNEL_S).map(Duration::from_secs),
        };
        Some(match (last.attribute(attribute::PHASE)?, logins(facts)) {
            ("panic", _) | (_, Some("finished")) => Self::Ended(says),
            (_, Some("refused")) => earlier(says),
            // A quiet kernel and a guest without a serial console show nothing.
            ("none", _) => return None,
            ("login" | "ssh", _) => Self::Ended(says),
            _ => earlier(says),
        })
    }
}

/// The time since the machine's process started; zero where the clock was set back since.
fn uptime(facts: &Facts<'_>) -> Option<Duration> {
    let started_at: SystemTime = facts.machine.started_at?;
    Some(facts.now.duration_since(started_at).unwrap_or_default())
}

/// An SSH server that answers at the machine's address: users can log in, so the boot is over.
fn greeting<'e>(facts: &Facts<'e>) -> Option<&'e Evidence> {
    const GREETINGS: [Kind; 3] = [Kind::SshReady, Kind::SshHostKey, Kind::SshNewHostKey];
    let seen = facts.pick.picked()?.ledger.iter().map(|entry| &entry.evidence);
    seen.into_iter().find(|seen| GREETINGS.contains(&seen.observation.kind))
}

/// Whether it reports an address that was given within the last minute.
fn is_new(seen: &Evidence, facts: &Facts<'_>) -> bool {
    const NEW: Duration = Duration::from_mins(1);
    let given = [Kind::DhcpAck, Kind::LeaseCurrent];
    let dated = seen.observation.age.is_some() && given.contains(&seen.observation.kind);
    dated && facts.now.duration_since(seen.seen_at()).unwrap_or_default() <= NEW
}

/// Whether the findings show that the guest has tried its network. Then a missing address has another
/// cause than the boot.
pub(crate) fn tried_network(
    facts: &Facts<'_>,
    findings: &[Finding],
    catalogue: &Catalogue,
) -> bool {
    if facts.machine.mode == Some(NetworkMode::User) {
        // It never gets an address that this computer can reach.
        return true;
    }
    let asked = asks_by_console(facts);
    findings.iter().filter(|finding| matches!(finding.state, State::Present(_))).any(|finding| {
        // Its console says that it asks, and none of its frames pass its port.
        asked && finding.code == FindingCode::GuestPortSilent
            || catalogue.finding(finding.code).while_booting == WhileBooting::ShowsNetwork
    })
}

fn asks_by_console(facts: &Facts<'_>) -> bool {
    facts.evidence.iter().any(|seen| {
        let phase = seen.observation.attribute(attribute::PHASE);
        seen.observation.kind == Kind::ConsolePhase && phase == Some("dhcp")
    })
}

/// Whether the guest has begun to ask for an address, so that a test can show whether a server
/// answers.
pub(crate) fn asks(facts: &Facts<'_>) -> bool {
    let captured = facts.guest_traffic.as_ref().known().is_some_and(|traffic| {
        traffic.messages().any(|message| {
            message.kind.is_of_client() && facts.machine.macs.contains(&message.chaddr)
        })
    });
    captured || asks_by_console(facts)
}

/// The boot that explains why something is missing; `None`: the boot does not explain it.
pub(crate) fn booting(
    facts: &Facts<'_>,
    findings: &[Finding],
    catalogue: &Catalogue,
) -> Option<Booting> {
    let times = &catalogue.boot;
    let Boot::GoesOn(because) = Boot::of(facts, times) else { return None };
    let awaits = Awaited::of(facts)?;
    if awaits == Awaited::Address && tried_network(facts, findings, catalogue) {
        return None;
    }
    let phase = awaits.phase(times);
    Some(Booting {
        awaits,
        awaited: phase.awaited.clone(),
        uptime: uptime(facts),
        because,
        usual: phase.usual.clone(),
        limit: Duration::from_secs(times.limit_s),
        sources: phase.sources.iter().chain(&times.sources).cloned().collect(),
    })
}
