//! The machines of a look, as a diagnosis describes them.

use std::collections::HashMap;

use vmkit_diagnose::{Attachment, Machine, Machines, Platform, Process};
use vmkit_model::{Card, End, Power};
use vmkit_scoring::{Pick, Verdict};
use vmkit_session::{Look, Row, Scene, Selection};
use vmkit_types::{HostNetwork, Reading, Unread};

use crate::Error;

/// The machines of a look.
pub(crate) struct Subjects<'a> {
    pub(crate) look: &'a Look,
    /// The machines to examine.
    pub(crate) rows: Vec<Row<'a>>,
    /// The host's operating system.
    pub(crate) platform: Platform,
    /// All machines of the scene.
    pub(crate) machines: Machines,
    /// Their places in the list, by name.
    places: HashMap<String, usize>,
    /// Names of the machines to examine that run and have no usable address.
    pub(crate) without_address: Vec<String>,
}

impl<'a> Subjects<'a> {
    pub(crate) fn new(look: &'a Look, selection: &Selection) -> Result<Self, Error> {
        let scene = &look.scene;
        let platform = match scene.platform.as_deref() {
            Some("linux") => Platform::Linux,
            Some("macos") => Platform::MacOs,
            _ => Platform::Unknown,
        };
        let rows = look.rows(selection)?;
        let lacks = |pick: &Pick| matches!(pick.verdict, Verdict::NoAddress | Verdict::Ambiguous);
        let without = rows.iter().filter(|it| it.machine.power == Power::Running && lacks(it.pick));
        let without_address = without.map(|row| row.machine.name.clone()).collect();
        let network = scene.network.as_ref();
        let by_name: HashMap<&str, Row<'_>> =
            rows.iter().map(|row| (row.machine.name.as_str(), *row)).collect();
        let described = scene.machines.iter().map(|machine| {
            describe(machine, card(machine, by_name.get(machine.name.as_str()).copied()), network)
        });
        let machines: Machines = described.collect();
        let places = machines.iter().enumerate().map(|(place, it)| (it.name.clone(), place));
        let places = places.collect();
        Ok(Self { look, rows, platform, machines, places, without_address })
    }

    pub(crate) fn scene(&self) -> &'a Scene {
        &self.look.scene
    }

    /// The running machines without a usable address, as a diagnosis describes them.
    pub(crate) fn without_address(&self) -> impl Iterator<Item = &Machine> {
        self.without_address.iter().filter_map(|name| self.find(name))
    }

    /// The machine with this name.
    pub(crate) fn find(&self, name: &str) -> Option<&Machine> {
        self.machines.get(*self.places.get(name)?)
    }

    /// The machine of this row, as a diagnosis describes it.
    pub(crate) fn describe(&self, row: Row<'_>) -> Machine {
        describe(row.machine, card(row.machine, Some(row)), self.scene().network.as_ref())
    }

    /// Where the machine's cable ends.
    pub(crate) fn attachment(&self, machine: &Machine) -> Attachment<'_> {
        Attachment::of_machine(machine, self.scene().network.as_ref())
    }
}

/// The card to diagnose: the one with the picked address, or else the first one that this computer
/// can reach.
fn card<'m>(machine: &'m vmkit_model::Machine, row: Option<Row<'_>>) -> &'m Card {
    let picked = row.and_then(|row| machine.cards.get(row.pick.picked()?.card?));
    picked.unwrap_or(machine.cards.reachable())
}

fn describe(machine: &vmkit_model::Machine, card: &Card, network: Option<&HostNetwork>) -> Machine {
    let net = card.net.as_ref().known();
    let of_card = card.mac.as_ref().known().copied();
    let others = machine.cards.macs().filter(|mac| Some(*mac) != of_card);
    let process = match machine.power {
        Power::Running => Reading::Known(Process::Running),
        Power::Paused => Reading::Known(Process::Paused),
        Power::Stopped if machine.end == Reading::Known(End::ByItself) => {
            Reading::Known(Process::Crashed)
        }
        Power::Stopped => Reading::Known(Process::Stopped),
        Power::Missing => Reading::Known(Process::Missing),
        Power::Unknown => Reading::Unknown(Unread::Failed("whether it runs is unknown".to_owned())),
    };
    let known = Machine {
        name: machine.name.clone(),
        process,
        started_at: machine.started_at,
        console_written_at: machine.console_written_at,
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
