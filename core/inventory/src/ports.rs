//! Where the cards of a QEMU lead: the port that it was handed, the port's bridge, and an adapter below it.

use vmkit_attach::SHARED_BRIDGE;
use vmkit_model::{Card, Machine};
use vmkit_platform::{HeldPort, Platform};
use vmkit_qemu::{CommandLine, LineCard};
use vmkit_types::{HostNetwork, Net, NetworkMode, Reading};

use crate::sight::Sight;

/// Looks up ports. The network is read once there is a port.
pub(crate) struct Ports<'a, P> {
    sight: &'a Sight<'a, P>,
    network: Option<Reading<HostNetwork>>,
}

impl<'a, P: Platform> Ports<'a, P> {
    pub(crate) fn new(sight: &'a Sight<'a, P>) -> Self {
        Self { sight, network: None }
    }

    /// Adds to the cards of a command line where they lead. `pid`: its process, if there is one.
    pub(crate) fn complete(&mut self, cards: &mut [LineCard], pid: Option<u32>) {
        let is_unnamed = |card: &LineCard| {
            card.descriptor.is_some()
                && card.net.as_ref().known().is_some_and(|it| it.port.is_none())
        };
        let held = pid.filter(|_| cards.iter().any(is_unnamed));
        let held = held.and_then(|pid| self.sight.ports(pid).known()).unwrap_or_default();
        for card in cards {
            let Reading::Known(net) = &mut card.net else { continue };
            let own = held.iter().find(|port| Some(port.descriptor) == card.descriptor);
            if let (Some(own), None) = (own, &net.port) {
                lead_to(own, net);
            }
            self.add_bridge(net);
        }
    }

    /// Adds to the cards of a machine that a manager lists where they lead, as far as its process tells.
    pub(crate) fn complete_listed(&mut self, machine: &mut Machine) {
        let Some(pid) = machine.pid.filter(|_| !machine.foreign) else { return };
        let needs_port = |card: &&Card| {
            card.known_mac().is_some() && card.net.as_ref().known().is_none_or(leads_anywhere)
        };
        if !machine.cards.all().any(|card| needs_port(&card)) {
            return;
        }
        let Reading::Known(process) = self.sight.platform.process(pid) else { return };
        let Some(program) = vmkit_qemu::program(&process.arguments) else { return };
        let mut line = CommandLine::parse(&process.arguments, program).cards;
        self.complete(&mut line, Some(pid));
        let cards = machine.cards.all().cloned().map(|mut card| {
            let mac = card.known_mac().filter(|_| needs_port(&&card));
            let own =
                line.iter().find(|own| mac.is_some() && own.mac.as_ref().known() == mac.as_ref());
            if let Some(Reading::Known(net)) = own.map(|own| &own.net)
                && !leads_anywhere(net)
            {
                card.net = Reading::Known(net.clone());
            }
            card
        });
        machine.cards = cards.collect();
    }

    fn add_bridge(&mut self, net: &mut Net) {
        if let (Some(port), None) = (&net.port, &net.interface) {
            let network = self.network.get_or_insert_with(|| self.sight.platform.network());
            if let Reading::Known(network) = network {
                let port = network.interfaces.iter().find(|interface| interface.name == *port);
                net.interface = port.and_then(|port| port.bridge.clone());
            }
        }
        if net.interface.as_deref() == Some(SHARED_BRIDGE) && net.mode == NetworkMode::Bridged {
            net.mode = NetworkMode::Shared;
        }
    }
}

/// Whether a port that another program has opened is all that is known.
fn leads_anywhere(net: &Net) -> bool {
    net.mode == NetworkMode::Bridged && net.interface.is_none() && net.port.is_none()
}

/// The card is connected to this port. A macvtap leads to its adapter, and a tap to its bridge.
fn lead_to(held: &HeldPort, net: &mut Net) {
    net.port = Some(held.name.clone());
    if let Some(uplink) = &held.uplink {
        net.interface = Some(uplink.clone());
    }
}
