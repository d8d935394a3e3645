//! One machine that is waited for.

use std::{
    collections::BTreeSet,
    net::IpAddr,
    time::{Duration, Instant},
};

use vmkit_power::Acceleration;
use vmkit_report::{Ssh, SshState, StartResult, StartedVm};
use vmkit_scoring::Verdict;
use vmkit_session::{Look, Selection};
use vmkit_types::{Kind, attribute};

use super::{
    event::Event,
    events::{Console, Events},
    probe::Probe,
    progress::{Stage, phase},
};
use crate::launched::Launched;

/// How long to wait for an address where hardware runs the guest: a guest's first boot takes half a minute,
/// and one waits at most two for its network (systemd-networkd-wait-online).
const LONGEST: Duration = Duration::from_mins(2);
/// The same where QEMU emulates the processor.
const LONGEST_EMULATED: Duration = Duration::from_mins(10);

/// A machine that is waited for.
pub(super) struct Waited {
    pub(super) launched: Launched,
    pub(super) stage: Stage,
    /// What became of it, once that is known.
    pub(super) result: Option<StartResult>,
    pub(super) until: Instant,
    /// Where the last look found it.
    address: Option<IpAddr>,
    /// Whether the look was as sure as one can be.
    resolved: bool,
    /// Addresses at which it was seen since its start. What looks find may be of an earlier one.
    seen: BTreeSet<IpAddr>,
    /// An SSH server answered there.
    ssh: Option<IpAddr>,
    probe: Option<Probe>,
    console: Console,
    settled: Option<Instant>,
}

impl Waited {
    pub(super) fn new(launched: Launched, wait: Option<Duration>) -> Self {
        let console = Console::new(launched.started.running.files().console_log());
        let emulated = launched.started.acceleration == Acceleration::Tcg;
        let usual = if emulated { LONGEST_EMULATED } else { LONGEST };
        let until = Instant::now() + wait.unwrap_or(usual);
        let stage = Stage::Started;
        Self {
            launched,
            stage,
            result: None,
            until,
            address: None,
            resolved: false,
            seen: BTreeSet::new(),
            ssh: None,
            probe: None,
            console,
            settled: None,
        }
    }

    /// Whether its console has grown, which matters as long as it boots.
    pub(super) fn console_has_grown(&mut self) -> bool {
        matches!(self.stage, Stage::Started | Stage::Boots(_)) && self.console.has_grown()
    }

    /// Takes note of an event. Whether a look is due at once.
    pub(super) fn takes(&mut self, event: Event) -> bool {
        if self.result.is_some() {
            return false;
        }
        match event {
            Event::Asked => self.advance(Stage::Asks),
            Event::Refused => self.advance(Stage::Refused),
            Event::Has(address) => {
                self.advance(Stage::Says(address.to_string()));
                return self.seen.insert(address);
            }
            Event::Answers(address) => return self.seen.insert(address),
            Event::Ssh(address) => {
                self.seen.insert(address);
                self.ssh = Some(address);
                return true;
            }
        }
        false
    }

    fn advance(&mut self, stage: Stage) {
        if !matches!(self.stage, Stage::Says(_) | Stage::Has(_)) {
            self.stage = stage;
        }
    }

    fn probe(&mut self, place: usize, address: IpAddr, events: &Events) {
        if self.probe.as_ref().is_none_or(|probe| probe.address != address) {
            self.probe = Some(events.probe(place, address));
        }
    }

    /// Takes over what a look found.
    pub(super) fn sees(&mut self, place: usize, look: &Look, events: &Events) {
        let selection = Selection::named(std::slice::from_ref(&self.launched.name));
        let rows = look.rows(&selection).unwrap_or_default();
        let Some(row) = rows.first() else { return };
        let code = look
            .evidence_of(&row.machine.id())
            .filter(|item| item.observation.kind == Kind::ConsolePhase)
            .find_map(|item| phase(item.observation.attribute(attribute::PHASE)?));
        if let (Some(words), Stage::Started | Stage::Boots(_)) = (code, &self.stage) {
            self.stage = Stage::Boots(words);
        }
        let found = matches!(row.pick.verdict, Verdict::Resolved | Verdict::Probable);
        let Some(address) = row.pick.address.filter(|_| found) else { return };
        self.address = Some(address);
        self.resolved = row.pick.verdict == Verdict::Resolved;
        let ready = Ssh::of(row.pick).state == SshState::Ready || self.ssh == Some(address);
        if ready {
            return self.settle(StartResult::Up);
        }
        if self.seen.contains(&address) {
            self.stage = Stage::Has(address.to_string());
        }
        self.probe(place, address, events);
    }

    /// Its address, if it is of this start. Where no port is followed, a look that is sure has to do.
    fn known_address(&self) -> Option<IpAddr> {
        let looks_count = self.launched.port.is_none() && self.resolved;
        self.address.filter(|address| looks_count || self.seen.contains(address))
    }

    /// Ends the wait with this.
    pub(super) fn settle(&mut self, result: StartResult) {
        if self.result.is_none() {
            self.result = Some(result);
            self.stage = Stage::Settled;
            self.probe = None;
            self.settled = Some(Instant::now());
        }
    }

    /// Looks whether QEMU has ended, and whether the time is over. What became of a machine without an address is
    /// decided by the doctor.
    pub(super) fn check(&mut self, now: Instant) {
        if self.result.is_some() {
            return;
        }
        if let Some(said) = self.launched.started.ended() {
            let said = if said.is_empty() { "nothing".to_owned() } else { said.join(" / ") };
            self.settle(StartResult::Failed(format!("QEMU has ended; its log says: {said}")));
        } else if self.known_address().is_some()
            && (now >= self.until || self.launched.launch.apart)
        {
            // Where this computer cannot reach it, its SSH server never answers.
            self.settle(StartResult::Addressed);
        }
    }

    /// Whether it has no address and the time is over.
    pub(super) fn is_late(&self, now: Instant) -> bool {
        self.result.is_none() && self.known_address().is_none() && now >= self.until
    }

    /// Ends the wait because a person does not want to wait any more.
    pub(super) fn leave(&mut self) {
        let known = self.known_address().is_some();
        self.settle(if known { StartResult::Addressed } else { StartResult::Started });
    }

    /// What is reported.
    pub(super) fn report(self, began: Instant) -> StartedVm {
        let settled = self.settled.unwrap_or_else(Instant::now);
        let has = matches!(self.result, Some(StartResult::Up | StartResult::Addressed));
        StartedVm {
            name: self.launched.name,
            result: self.result.unwrap_or(StartResult::Started),
            launch: Some(self.launched.launch),
            address: self.address.filter(|_| has),
            elapsed: settled.duration_since(began),
        }
    }
}
