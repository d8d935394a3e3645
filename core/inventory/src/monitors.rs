//! The monitors of machines: asked all at once, read later.

use std::collections::BTreeMap;

use vmkit_model::{Machine, QmpStatus};
use vmkit_rights::Broker;
use vmkit_types::Reading;

use vmkit_power::{Questions, Socket};

/// The sockets of machines' monitors.
#[derive(Clone, Debug, Default)]
pub struct Monitors {
    of_machines: Vec<(String, Socket)>,
    /// Who asks where only root may connect.
    broker: Option<Broker>,
}

impl Monitors {
    pub(crate) fn new(broker: Option<&Broker>) -> Self {
        Self { of_machines: Vec::new(), broker: broker.cloned() }
    }

    /// Adds a machine's monitor.
    pub(crate) fn add(&mut self, machine: &str, socket: Socket) {
        self.of_machines.push((machine.to_owned(), socket));
    }

    /// Gives machines other names: before, after.
    pub(crate) fn rename(&mut self, renamed: &[(String, String)]) {
        for (machine, _) in &mut self.of_machines {
            if let Some((_, after)) = renamed.iter().find(|(before, _)| before == machine) {
                machine.clone_from(after);
            }
        }
    }

    /// Asks the monitors of the wanted machines, without waiting, and keeps the others for later.
    pub fn ask(&mut self, wanted: impl Fn(&str) -> bool) -> AskedMonitors {
        let all = std::mem::take(&mut self.of_machines).into_iter();
        let (wanted, others) = all.partition(|(machine, _)| wanted(machine));
        self.of_machines = others;
        let (machines, sockets): (Vec<_>, Vec<_>) = wanted.into_iter().unzip();
        AskedMonitors { machines, questions: vmkit_power::ask(&sockets, self.broker.as_ref()) }
    }
}

/// Monitors that have been asked.
pub struct AskedMonitors {
    machines: Vec<String>,
    questions: Questions,
}

impl AskedMonitors {
    /// Waits for the answers, at most until 200 ms after the question, and updates the machines: their
    /// state, and whether anything in the guest listens on the agent's channel.
    pub fn update(self, machines: &mut [Machine]) {
        let mut answers = self.answers();
        for machine in machines {
            if let Some(answer) = answers.remove(&machine.name) {
                if let Reading::Known(status) = &answer {
                    machine.power = status.power();
                    machine.guest_agent.take_if(|socket| status.unopened.contains(socket));
                }
                machine.qmp = answer;
            }
        }
    }

    /// The answers by machine.
    pub(crate) fn answers(self) -> BTreeMap<String, Reading<QmpStatus>> {
        self.machines.into_iter().zip(self.questions.answers()).collect()
    }
}
