//! All that is decided before a machine is started, one machine after the other: a person may be asked.

use std::cell::RefCell;

use vmkit_attach::{KnownRouter, Reach, Recommendation, Situation, Warning, recommendation};
use vmkit_doctor::known_router;
use vmkit_machines::StoredMachine;
use vmkit_model::{Machine, NetworkChoice, Power, StartMode};
use vmkit_plugin_commands::{Failure, note};
use vmkit_power::Running;
use vmkit_report::command_line;
use vmkit_types::{HostNetwork, escaped};

use super::network::{Decision, Network, decide, with, without_answer};
use crate::{
    arguments::StartOptions,
    ask,
    net::{host_network, platform},
    power::running_of,
    work::Work,
};

/// A machine that can be started.
pub(crate) struct Prepared {
    pub(crate) name: String,
    pub(crate) decision: Decision,
    /// Its process, which has to be stopped before.
    pub(crate) running: Option<Running>,
}

/// What is the same for all machines of a command.
pub(crate) struct Surroundings {
    pub(crate) machines: Vec<Machine>,
    pub(crate) network: HostNetwork,
    router: Option<KnownRouter>,
    /// What was explained for an earlier machine.
    explained: RefCell<Vec<String>>,
}

impl Surroundings {
    /// Says each sentence once.
    fn explain(&self, because: &[String], work: &Work<'_>) {
        let mut explained = self.explained.borrow_mut();
        for why in because {
            if !explained.contains(why) {
                work.say(&escaped(why));
                explained.push(why.clone());
            }
        }
    }

    /// Reads the machines and the network.
    pub(crate) fn read(work: &Work<'_>) -> anyhow::Result<Self> {
        let machines = work.inventory().machines;
        let network = host_network(work.front)?;
        let router = known_router(&network, work.front.settings).known();
        Ok(Self { machines, network, router, explained: RefCell::default() })
    }
}

/// Decides how the machine is started. `None`: the person does not want that.
///
/// # Errors
/// It cannot be started.
pub(crate) fn prepare(
    name: &str,
    options: &StartOptions,
    restarts: bool,
    surroundings: &Surroundings,
    work: &Work<'_>,
) -> anyhow::Result<Option<Prepared>> {
    let stored = work.data.read(name)?;
    let machine = surroundings.machines.iter().find(|machine| machine.own_name == name);
    let running = match machine {
        Some(machine) => running_of(machine, work)?,
        None => None,
    };
    if let (Some(machine), false) = (machine, restarts) {
        refuse_running(machine, work)?;
    }
    refuse_same_mac(&stored, &surroundings.machines, work)?;
    let wanted = options.network.choice()?;
    let situation = Situation {
        machine: Some(name),
        runs: running.is_some(),
        network: &surroundings.network,
        platform: platform(),
        router: surroundings.router.as_ref(),
        reach: Reach::Unknown,
        remembered: stored.network.as_ref(),
    };
    let decision = match decide(wanted.as_ref(), &situation)? {
        Network::Decided(decision) => decision,
        Network::InDoubt(_) if options.yes || !ask::can_answer() => without_answer(&situation)?,
        Network::InDoubt(recommended) => {
            let choice = asked(name, &recommended, &situation, work)?;
            with(&choice, Vec::new(), &situation)?
        }
    };
    surroundings.explain(&decision.because, work);
    // A person who has started it so before knows.
    let is_news = stored.network.as_ref() != Some(&decision.choice);
    if let Some(warning) = &decision.warning {
        show(name, warning, work);
        let asks = is_news && !options.yes && ask::can_answer();
        if asks && !ask::agrees(&format!("Start {name} so?"))? {
            return Ok(None);
        }
    }
    Ok(Some(Prepared { name: name.to_owned(), decision, running }))
}

fn refuse_running(machine: &Machine, work: &Work<'_>) -> Result<(), Failure> {
    let name = &machine.own_name;
    let next = |verb| work.command(&["vm", verb, name]);
    let (state, hint) = match machine.power {
        Power::Running => {
            let (status, restart) = (next("status"), next("restart"));
            ("runs already", format!("{status}; to start it anew: {restart}"))
        }
        Power::Paused => ("is paused", format!("to let it run on: {}", next("resume"))),
        Power::Stopped | Power::Missing | Power::Unknown => return Ok(()),
    };
    Err(Failure::new(format!("`{name}` {state}")).with_hint(hint))
}

/// Two machines with one MAC would take each other's address.
fn refuse_same_mac(
    stored: &StoredMachine,
    machines: &[Machine],
    work: &Work<'_>,
) -> Result<(), Failure> {
    let same = machines.iter().find(|other| {
        let alive = matches!(other.power, Power::Running | Power::Paused);
        alive && other.own_name != stored.name && other.cards.macs().any(|mac| mac == stored.mac)
    });
    let Some(other) = same.map(|other| &other.own_name) else { return Ok(()) };
    let stop = work.command(&["vm", "stop", other]);
    let other = escaped(other);
    let why = format!("`{other}` runs with the MAC of `{}`, {}", stored.name, stored.mac);
    Err(Failure::new(why).with_hint(format!("stop it first: {stop}")))
}

/// The network that the person wants, or that suits who has to reach the machine.
fn asked(
    name: &str,
    recommended: &Recommendation,
    situation: &Situation<'_>,
    work: &Work<'_>,
) -> anyhow::Result<NetworkChoice> {
    let Recommendation { choice, because, doubt, .. } = recommended;
    for why in because {
        work.say(&escaped(why));
    }
    let mode = choice.mode.code();
    let doubt = doubt.as_ref().map(|doubt| format!(" (in doubt: {})", escaped(doubt)));
    work.say(&format!("Recommended: {mode}{}.", doubt.unwrap_or_default()));
    let reach = loop {
        note(&format!(
            "Do other machines have to reach {name}? y, n, or a mode: bridged, shared [{mode}] "
        ));
        match ask::line()?.as_str() {
            "" => return Ok(choice.clone()),
            "y" | "Y" | "yes" => break Reach::OtherMachines,
            "n" | "N" | "no" => break Reach::Host,
            other => match StartMode::from_code(other) {
                Some(mode) if mode == choice.mode => return Ok(choice.clone()),
                Some(mode) => return Ok(NetworkChoice { mode, bridge: None }),
                None => work.say("Type y, n, bridged or shared."),
            },
        }
    };
    let Recommendation { choice, because, .. } = recommendation(&Situation { reach, ..*situation });
    for why in &because {
        work.say(&escaped(why));
    }
    Ok(choice)
}

fn show(name: &str, warning: &Warning, work: &Work<'_>) {
    work.say(&format!("warning: {name}: {}", escaped(&warning.says)));
    for (number, way) in warning.ways_out.iter().enumerate() {
        work.say(&format!("  {}. {}", number + 1, escaped(&way.what)));
        if !way.command.is_empty() {
            work.say(&format!("     $ {}", command_line(&work.place().words(&way.command))));
        }
    }
}
