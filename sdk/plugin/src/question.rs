//! What a plugin asks the host.

use std::{collections::HashSet, net::Ipv4Addr};

use vmkit_abi::Question;
use vmkit_types::{AgentAnswer, AgentCommand, ArpAnswer, Attributes, ProcessAnswer};

use crate::{Cx, Result};

impl Cx<'_> {
    /// Has the host ask by ARP who has these candidates of the batch, and returns what came of it for
    /// each that is on a link of the host. A call can ask once, for 256 addresses at most. The manifest
    /// must declare `arp`.
    ///
    /// # Errors
    /// `Denied`: the host has no right to ask.
    pub fn who_has(&self, candidates: &[Ipv4Addr]) -> Result<Vec<ArpAnswer>> {
        let mut answers = Vec::new();
        if !candidates.is_empty() {
            self.ask(Question::WHO_HAS, candidates, |answer| {
                answers.extend(ArpAnswer::from_attributes(&answer));
                Ok(())
            })?;
        }
        Ok(answers)
    }

    /// Has the host ask the guest agents of these machines of the batch, and reports each answer as it
    /// comes. A call can ask once with each command. The manifest must declare `guest_agent`.
    ///
    /// # Errors
    /// Those of `report`; the host does not answer.
    pub fn ask_guest_agents(
        &self,
        command: AgentCommand,
        machines: &[usize],
        mut report: impl FnMut(AgentAnswer) -> Result<()>,
    ) -> Result<()> {
        if machines.is_empty() {
            return Ok(());
        }
        let indices = machines.iter().map(ToString::to_string);
        let asked: HashSet<usize> = machines.iter().copied().collect();
        let words: Vec<String> =
            std::iter::once(command.name().to_owned()).chain(indices).collect();
        self.ask(Question::GUEST_AGENTS, &words, |answer| {
            let answer = AgentAnswer::from_attributes(&answer);
            answer.filter(|answer| asked.contains(&answer.vm)).map_or(Ok(()), &mut report)
        })
    }

    /// The processes of this computer that run a program of the manifest's `processes`, each with its
    /// command line. A replay has none.
    ///
    /// # Errors
    /// The host cannot see the processes.
    pub fn processes(&self) -> Result<Vec<ProcessAnswer>> {
        let mut processes = Vec::new();
        self.ask(Question::PROCESSES, &[] as &[&str], |answer| {
            processes.extend(ProcessAnswer::from_attributes(&answer));
            Ok(())
        })?;
        Ok(processes)
    }

    fn ask(
        &self,
        question: Question,
        words: &[impl ToString],
        mut take: impl FnMut(Attributes) -> Result<()>,
    ) -> Result<()> {
        let words = words.iter().map(|word| word.to_string().into()).collect();
        self.host().ask(question, words).into_result()?;
        while let Some(answer) = self.host().answer().into_result()?.into_option() {
            let pairs = answer.into_iter();
            take(pairs.map(|pair| (pair.key.into_string(), pair.value.into_string())).collect())?;
            self.check()?;
        }
        Ok(())
    }
}
