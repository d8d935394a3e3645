//! The view model of `vm status`.

use std::{
    net::SocketAddr,
    time::{Duration, SystemTime},
};

use serde::Serialize;
use vmkit_model::{Card, CommandPlace, Endpoint, Machine, Mode, PluginOutcome, Power, Problem};
use vmkit_scoring::Pick;
use vmkit_types::{Reading, Unread};

use crate::{Ssh, State, state};

/// The port of SSH in a guest.
const SSH: u16 = 22;

/// Mode, time and duration of a status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meta {
    /// How much was asked.
    pub mode: Mode,
    /// When the answer was ready.
    pub generated_at: SystemTime,
    /// How long it took.
    pub elapsed: Duration,
    /// Id of the table of weights, if addresses were scored.
    pub weights: Option<String>,
    /// Whether to show statistics. Only the full mode has them.
    pub statistics: bool,
    /// The managers whose machines were looked for; empty: in a snapshot.
    pub managers: Vec<String>,
    /// Where the next command looks.
    pub place: CommandPlace,
}

/// Numbers of machines by state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Statistics {
    /// All machines.
    pub total: usize,
    /// With an address and SSH.
    pub running: usize,
    /// With an address, without SSH.
    pub booting: usize,
    /// Running without a usable address.
    pub initializing: usize,
    /// Paused.
    pub paused: usize,
    /// Without a process.
    pub stopped: usize,
    /// Registered, but their directory is missing.
    pub missing: usize,
    /// Of unknown state.
    pub unknown: usize,
}

/// One machine with its pick and values derived from both.
#[derive(Clone, Debug)]
pub struct Vm<'a> {
    /// The machine.
    pub machine: &'a Machine,
    /// Its address.
    pub pick: &'a Pick,
    /// How long its process has run.
    pub uptime: Reading<Duration>,
    /// Its state.
    pub state: Reading<State>,
    /// SSH at the picked address, or at the endpoint.
    pub ssh: Ssh,
    /// Where it is reached in place of an address.
    pub endpoint: Option<&'a Endpoint>,
}

/// The answer of `vm status`.
#[derive(Clone, Debug)]
pub struct Status<'a> {
    /// Mode, time and duration of the run.
    pub meta: Meta,
    /// The machines, in the order they were given.
    pub vms: Vec<Vm<'a>>,
    /// The plugins, in the order they were given.
    pub plugins: &'a [PluginOutcome],
    /// Files and directories that could not be used.
    pub problems: &'a [Problem],
    /// Counts over all machines.
    pub statistics: Statistics,
}

impl<'a> Status<'a> {
    /// The status of these machines, each with its pick.
    pub fn new(
        meta: Meta,
        machines: impl IntoIterator<Item = (&'a Machine, &'a Pick)>,
        plugins: &'a [PluginOutcome],
        problems: &'a [Problem],
    ) -> Self {
        let machines = machines.into_iter();
        let vms: Vec<Vm<'a>> =
            machines.map(|(machine, pick)| Vm::new(machine, pick, meta.generated_at)).collect();
        let mut statistics = Statistics { total: vms.len(), ..Statistics::default() };
        for vm in &vms {
            *statistics.count_of(vm.state.as_ref().known().copied()) += 1;
        }
        Self { meta, vms, plugins, problems, statistics }
    }
}

impl<'a> Vm<'a> {
    pub(crate) fn new(machine: &'a Machine, pick: &'a Pick, now: SystemTime) -> Self {
        let endpoint = pick.endpoint(machine);
        let ssh = endpoint.map_or_else(|| Ssh::of(pick), Ssh::at);
        let state = state(machine.power, pick, endpoint.is_some(), ssh.state);
        Self { machine, pick, uptime: uptime(machine, now), state, ssh, endpoint }
    }

    /// Whether SSH is ready at an endpoint in place of an address.
    pub(crate) fn is_reached_at_endpoint(&self) -> bool {
        self.endpoint.is_some_and(Endpoint::is_ready)
    }

    /// Where its SSH server is reached.
    pub(crate) fn ssh_at(&self) -> Option<SocketAddr> {
        let address = self.pick.address.map(|address| SocketAddr::new(address, SSH));
        self.endpoint.map(|endpoint| endpoint.address).or(address)
    }

    /// Whether it is reached somewhere: at an address or an endpoint.
    pub(crate) fn is_reached(&self) -> bool {
        self.pick.address.is_some() || self.endpoint.is_some()
    }

    /// Remarks for people: those of its pick, of its manager, and of how it is reached.
    pub(crate) fn notes(&self) -> Vec<String> {
        let Machine { foreign, user, pid, remarks, .. } = self.machine;
        let mut notes = self.pick.notes.clone();
        if *foreign {
            let whose = user.map_or("another user".to_owned(), |user| format!("user {user}"));
            let process = pid.map_or("its process".to_owned(), |pid| format!("process {pid}"));
            notes.push(format!("{process} is that of {whose}; its address is not looked for"));
        }
        let remarks = remarks.as_ref().known().into_iter().flatten();
        notes.extend(remarks.map(|remark| remark.says.clone()));
        let inside = self.pick.address_inside(self.machine).filter(|_| self.endpoint.is_some());
        if let Some(address) = inside {
            notes.push(format!(
                "{address} is its address inside of user networking, which this computer cannot reach"
            ));
        }
        notes
    }

    /// The card that has the picked address, or else the first one.
    pub(crate) fn card(&self) -> &'a Card {
        let cards = &self.machine.cards;
        let picked = self.pick.picked().and_then(|candidate| cards.get(candidate.card?));
        picked.unwrap_or(&cards.first)
    }

    /// Whether its process is known to run it.
    pub(crate) fn runs(&self) -> bool {
        self.machine.power == Power::Running
    }
}

/// How long the machine's process has run. Absent: it has none.
fn uptime(machine: &Machine, now: SystemTime) -> Reading<Duration> {
    match (machine.pid, machine.started_at) {
        (None, _) => Reading::Absent,
        (Some(_), None) => {
            Reading::Unknown(Unread::Failed("the start of the process is unknown".to_owned()))
        }
        // After the clock was set back, the start lies ahead of `now`.
        (Some(_), Some(start)) => Reading::Known(now.duration_since(start).unwrap_or_default()),
    }
}

impl Statistics {
    fn count_of(&mut self, state: Option<State>) -> &mut usize {
        match state {
            Some(State::Running) => &mut self.running,
            Some(State::Booting) => &mut self.booting,
            Some(State::Initializing) => &mut self.initializing,
            Some(State::Paused) => &mut self.paused,
            Some(State::Stopped) => &mut self.stopped,
            Some(State::Missing) => &mut self.missing,
            None => &mut self.unknown,
        }
    }
}
