//! The machines of a look, as a diagnosis describes them.

use std::{
    collections::{BTreeSet, HashMap},
    net::IpAddr,
};

use vmkit_diagnose::{Attachment, Machine, Machines, Process};
use vmkit_model::{Card, End, Platform, Power};
use vmkit_scoring::{Flag, Verdict};
use vmkit_session::{Look, Row, Scene, Selection};
use vmkit_types::{HostNetwork, Kind, Mac, Reading, Remark, Unread, attribute};

use crate::Error;

/// Most addresses of one machine for which a route is asked: the likeliest come first.
const MOST_ROUTES: usize = 8;

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
    /// Names of the machines to examine that run and have no usable address of their own: none, or one
    /// that another has as well.
    pub(crate) without_address: Vec<String>,
    /// Names of the running machines that are not to be examined and answer at the address of one that is.
    twins: Vec<String>,
}

impl<'a> Subjects<'a> {
    pub(crate) fn new(look: &'a Look, selection: &Selection) -> Result<Self, Error> {
        let scene = &look.scene;
        let platform = Platform::named(scene.platform.as_deref());
        let mut rows = look.rows(selection)?;
        // What a stranger runs is nobody's fault here, unless somebody asks for it.
        rows.retain(|row| !row.machine.foreign || !selection.is_all());
        let lacks = |row: &Row<'_>| {
            let v6 = row.pick.address.is_some_and(|address| address.is_ipv6());
            let shared = || {
                row.pick.picked().is_some_and(|picked| picked.flags.contains(&Flag::DuplicateIp))
            };
            (v6 || matches!(row.pick.verdict, Verdict::NoAddress | Verdict::Ambiguous) || shared())
                && !row.pick.is_reached_at_endpoint(row.machine)
                && !row.machine.foreign
        };
        let without = rows.iter().filter(|it| it.machine.power == Power::Running && lacks(it));
        let without_address: Vec<String> = without.map(|row| row.machine.name.clone()).collect();
        let network = scene.network.as_ref();
        let by_name: HashMap<&str, Row<'_>> =
            rows.iter().map(|row| (row.machine.name.as_str(), *row)).collect();
        let described = scene.machines.iter().map(|machine| {
            describe(machine, card(machine, by_name.get(machine.name.as_str()).copied()), network)
        });
        let machines: Machines = described.collect();
        let places = machines.iter().enumerate().map(|(place, it)| (it.name.clone(), place));
        let places = places.collect();
        let twins = twins(look, &rows, &machines);
        Ok(Self { look, rows, platform, machines, places, without_address, twins })
    }

    pub(crate) fn scene(&self) -> &'a Scene {
        &self.look.scene
    }

    /// The running machines without a usable address, as a diagnosis describes them.
    pub(crate) fn without_address(&self) -> impl Iterator<Item = &Machine> {
        self.without_address.iter().filter_map(|name| self.find(name))
    }

    /// The running machines that are not to be examined and answer at the address of one that is.
    pub(crate) fn twins(&self) -> impl Iterator<Item = &Machine> {
        self.twins.iter().filter_map(|name| self.find(name))
    }

    /// The addresses that the machines to examine may have, without those that need no route.
    pub(crate) fn addresses(&self) -> Vec<IpAddr> {
        let candidates = self.rows.iter().flat_map(|row| {
            let candidates = row.pick.candidates.iter();
            candidates.filter(|it| !it.flags.contains(&Flag::LinkLocal)).take(MOST_ROUTES)
        });
        let addresses: BTreeSet<IpAddr> = candidates.map(|candidate| candidate.address).collect();
        addresses.into_iter().collect()
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

/// The running machines beside these rows whose MACs answered at an address of a row beside its own.
fn twins(look: &Look, rows: &[Row<'_>], machines: &Machines) -> Vec<String> {
    let is_row = |name: &String| rows.iter().any(|row| row.machine.name == *name);
    let ids: Vec<_> = rows.iter().map(|row| row.machine.id()).collect();
    let evidence = ids.iter().flat_map(|id| look.evidence_of(id));
    let counts = evidence.filter(|item| item.observation.kind == Kind::ArpDuplicate);
    let texts = counts.filter_map(|item| item.observation.attribute(attribute::MACS));
    let answering: BTreeSet<Mac> =
        texts.flat_map(|text| text.split(',')).filter_map(|mac| mac.trim().parse().ok()).collect();
    let twin = |machine: &&Machine| {
        machine.process == Reading::Known(Process::Running)
            && !is_row(&machine.name)
            && machine.macs.iter().any(|mac| answering.contains(mac))
    };
    machines.iter().filter(twin).map(|machine| machine.name.clone()).collect()
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
        own_name: is_own(machine).then(|| machine.own_name.clone()),
        host_name: machine.hostname.clone(),
        process,
        started_at: machine.started_at,
        console_written_at: machine.console_written_at,
        link_up: card.link_up.clone(),
        devices: machine.devices.clone(),
        macs: of_card.into_iter().chain(others).collect(),
        recorded_mac: card.recorded_mac.clone(),
        mode: net.map(|net| net.mode),
        interface: net.and_then(|net| net.interface.clone()),
        port: net.and_then(|net| net.port.clone()),
        remarks: remarks(machine),
    };
    let mode = Attachment::mode(&known, network);
    Machine { mode, ..known }
}

/// Whether `vm start` and its like can work on it.
fn is_own(machine: &vmkit_model::Machine) -> bool {
    &*machine.manager == vmkit_model::MANAGER && !machine.foreign
}

/// What its manager remarks on. The remedy for a stopped network is a command of libvirt, so that only
/// libvirt's remark leads there.
fn remarks(machine: &vmkit_model::Machine) -> Reading<Vec<Remark>> {
    let is_libvirt = &*machine.manager == "libvirt";
    let counts = |remark: &Remark| is_libvirt || remark.code != Remark::NETWORK_INACTIVE;
    machine.remarks.as_ref().map(|all| all.iter().filter(|it| counts(it)).cloned().collect())
}
