//! The machines as a diagnosis sees them.

use std::collections::BTreeSet;

use vmkit_diagnose::{Attachment, Machine, Platform, Process};
use vmkit_model::{Card, End, Power};
use vmkit_scoring::{Pick, Verdict};
use vmkit_session::{Row, Scene};
use vmkit_types::{HostNetwork, Reading, Unread};

/// All machines of a scene, and the interfaces that are of interest.
pub(crate) struct Subjects {
    /// The host's operating system.
    pub(crate) platform: Platform,
    /// All machines of the scene, by name.
    pub(crate) machines: Vec<Machine>,
    /// Names of those that run and have no usable address.
    pub(crate) ailing: BTreeSet<String>,
    network: Option<HostNetwork>,
}

impl Subjects {
    pub(crate) fn new(scene: &Scene, rows: &[Row<'_>]) -> Self {
        let platform = match scene.platform.as_deref() {
            Some("linux") => Platform::Linux,
            Some("macos") => Platform::MacOs,
            _ => Platform::Unknown,
        };
        let lacks = |pick: &Pick| matches!(pick.verdict, Verdict::NoAddress | Verdict::Ambiguous);
        let ailing =
            rows.iter().filter(|row| row.machine.power == Power::Running && lacks(row.pick));
        Self {
            platform,
            machines: scene
                .machines
                .iter()
                .map(|of| machine(of, card(of, rows), scene.network.as_ref()))
                .collect(),
            ailing: ailing.map(|row| row.machine.name.clone()).collect(),
            network: scene.network.clone(),
        }
    }

    /// The machine of this name.
    pub(crate) fn find(&self, name: &str) -> Option<&Machine> {
        self.machines.iter().find(|machine| machine.name == name)
    }

    /// The machine as a diagnosis sees it.
    pub(crate) fn describe(&self, row: Row<'_>) -> Machine {
        machine(row.machine, card(row.machine, &[row]), self.network.as_ref())
    }

    /// Where the machine's cable ends.
    pub(crate) fn place(&self, machine: &Machine) -> Attachment<'_> {
        Attachment::of_machine(machine, self.network.as_ref())
    }
}

/// The card to diagnose: the one that has the picked address, or else the first one that this
/// computer can reach.
fn card<'m>(machine: &'m vmkit_model::Machine, rows: &[Row<'_>]) -> &'m Card {
    let row = rows.iter().find(|row| row.machine.name == machine.name);
    let picked = row.and_then(|row| machine.cards.get(row.pick.picked()?.card?));
    picked.unwrap_or(machine.cards.reachable())
}

fn machine(machine: &vmkit_model::Machine, card: &Card, network: Option<&HostNetwork>) -> Machine {
    let net = card.net.as_ref().known();
    let of_card = card.mac.as_ref().known().copied();
    let others = machine.cards.macs().filter(|mac| Some(*mac) != of_card);
    let process = match machine.power {
        Power::Running => Reading::Known(Process::Running),
        Power::Paused => Reading::Known(Process::Paused),
        Power::Stopped if machine.end == Reading::Known(End::ByItself) => {
            Reading::Known(Process::Crashed)
        }
        Power::Stopped | Power::Missing => Reading::Known(Process::Stopped),
        Power::Unknown => Reading::Unknown(Unread::Failed("whether it runs is unknown".to_owned())),
    };
    let known = Machine {
        name: machine.name.clone(),
        process,
        started_at: machine.started_at,
        link_up: card.link_up.clone(),
        macs: of_card.into_iter().chain(others).collect(),
        recorded_mac: card.recorded_mac.clone(),
        mode: net.map(|net| net.mode),
        interface: net.and_then(|net| net.interface.clone()),
        port: net.and_then(|net| net.port.clone()),
    };
    let mode = Attachment::mode(&known, network);
    Machine { mode, ..known }
}
