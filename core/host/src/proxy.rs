//! Answers what plugins ask: only what their manifest declares, only about the machines of the call,
//! and each question once in a call. A plugin gets answers and no channel.

use std::{
    collections::BTreeSet,
    net::Ipv4Addr,
    path::PathBuf,
    thread,
    time::{Duration, Instant},
};

use vmkit_proxy::agent;
use vmkit_rights::Broker;
use vmkit_types::{AgentAnswer, AgentCommand, Attributes, bounded};
use vmkit_wire::{Manifest, Question, Refusal};

use crate::{Holder, channel::Channel};

/// Time kept back from the deadline of the call, in which the plugin reports what follows.
const MARGIN: Duration = Duration::from_millis(20);

/// Most guest agents that the broker asks at one time: well below the requests that it takes.
const BY_BROKER: usize = 16;
/// Bytes that are shown of a command that is none.
const LONGEST_NAME: usize = 100;

/// What the host may ask for a plugin in one call.
#[derive(Clone, Copy)]
pub(crate) struct Askable<'a> {
    /// Its manifest.
    pub(crate) manifest: &'a Manifest,
    /// The sockets of the batch's guest agents.
    pub(crate) guest_agents: &'a [Option<PathBuf>],
    /// The processes of the batch.
    pub(crate) processes: &'a [Option<Holder>],
    /// The interfaces on whose links candidates of the batch are, each with its candidates.
    pub(crate) on_links: &'a [(String, Vec<Ipv4Addr>)],
    /// Asks by ARP, and guest agents that only root may connect to.
    pub(crate) broker: &'a Broker,
    /// Whether nothing but a snapshot is looked at.
    pub(crate) is_replay: bool,
}

/// What one call asks.
#[derive(Debug, Default)]
pub(crate) struct Proxy {
    /// What was asked for: the name of each command, or empty for ARP.
    asked: BTreeSet<&'static str>,
}

impl Proxy {
    /// Answers a question until the call's deadline; `say` takes each answer as it comes.
    ///
    /// # Errors
    /// The question is not answered, or not to its end.
    pub(crate) fn answer(
        &mut self,
        askable: Askable<'_>,
        question: Question,
        words: &[String],
        deadline: Instant,
        say: impl FnMut(Attributes),
    ) -> Result<(), Refusal> {
        let needs = askable.manifest.needs_here();
        let deadline = deadline.checked_sub(MARGIN).unwrap_or(deadline);
        match question {
            Question::WhoHas | Question::GuestAgents if askable.is_replay => {
                Err(Refusal::not_found("a snapshot is replayed: nothing is asked"))
            }
            Question::WhoHas if needs.arp => self.who_has(askable, words, deadline, say),
            Question::WhoHas => Err(Refusal::denied("the manifest declares no `arp`")),
            Question::GuestAgents if needs.guest_agent => {
                self.ask_agents(askable, words, deadline, say)
            }
            Question::GuestAgents => Err(Refusal::denied("the manifest declares no `guest_agent`")),
            Question::Processes => {
                Err(Refusal::denied("only an inventory sees processes, while it lists machines"))
            }
            Question::Unknown => Err(Refusal::not_found("this host does not know the question")),
        }
    }

    /// Asks by ARP for candidates. Those that are on no link of the host have no answer.
    fn who_has(
        &mut self,
        Askable { on_links, broker, .. }: Askable<'_>,
        words: &[String],
        deadline: Instant,
        mut say: impl FnMut(Attributes),
    ) -> Result<(), Refusal> {
        self.once("ARP", "")?;
        let wanted: BTreeSet<Ipv4Addr> =
            words.iter().filter_map(|word| word.parse().ok()).collect();
        let of_link = |(link, candidates): &(String, Vec<Ipv4Addr>)| {
            let own = candidates.iter().filter(|address| wanted.contains(address));
            (link.clone(), own.copied().collect::<Vec<_>>())
        };
        let asked: Vec<_> =
            on_links.iter().map(of_link).filter(|(_, addresses)| !addresses.is_empty()).collect();
        if asked.is_empty() {
            return Ok(());
        }
        let patience = deadline.saturating_duration_since(Instant::now());
        let answers = broker.who_has(asked, patience).map_err(|refusal| Refusal {
            denied: refusal.denied,
            not_found: false,
            message: refusal.message,
        })?;
        for answer in &answers {
            say(answer.attributes());
        }
        Ok(())
    }

    /// Asks guest agents with a command of the list.
    fn ask_agents(
        &mut self,
        askable: Askable<'_>,
        words: &[String],
        deadline: Instant,
        mut say: impl FnMut(Attributes),
    ) -> Result<(), Refusal> {
        let (name, indices) = words.split_first().ok_or_else(|| Refusal::failed("no command"))?;
        let command = AgentCommand::from_name(name).ok_or_else(|| {
            let list = AgentCommand::ALL.map(AgentCommand::name).join(", ");
            let name = bounded(name, LONGEST_NAME);
            Refusal::denied(format!("no guest agent is asked for {name:?}, only for {list}"))
        })?;
        self.once("the guest agents", command.name())?;
        let agents = askable.guest_agents;
        let machines: BTreeSet<usize> = indices
            .iter()
            .map(|index| index.parse().ok().filter(|vm| *vm < agents.len()))
            .collect::<Option<_>>()
            .ok_or_else(|| Refusal::not_found("no machine of the batch has this index"))?;
        let channel = |vm: usize| Channel {
            path: agents.get(vm).and_then(Option::as_deref),
            process: askable.processes.get(vm).copied().flatten(),
        };
        let (of_root, own): (Vec<usize>, Vec<usize>) =
            machines.into_iter().partition(|vm| channel(*vm).is_closed());
        let question = (command, agent::new_conversation());
        thread::scope(|scope| {
            let shares: Vec<_> = (0..BY_BROKER.min(of_root.len()))
                .map(|share| {
                    let machines = of_root.iter().copied().skip(share).step_by(BY_BROKER);
                    let ask = move |vm| (vm, channel(vm).ask_by(askable.broker, command, deadline));
                    scope.spawn(move || machines.map(ask).collect::<Vec<_>>())
                })
                .collect();
            let connect = |vm: &usize| channel(*vm).connect();
            agent::ask_all(own, connect, question, deadline, |vm, reply| {
                say(AgentAnswer { vm, reply }.attributes());
            });
            // A share that panicked has no answers.
            for (vm, reply) in shares.into_iter().flat_map(|share| share.join().unwrap_or_default())
            {
                say(AgentAnswer { vm, reply }.attributes());
            }
        });
        Ok(())
    }

    /// Refuses what this call has asked before: a plugin asks about all machines at once.
    fn once(&mut self, who: &str, command: &'static str) -> Result<(), Refusal> {
        if self.asked.insert(command) {
            return Ok(());
        }
        let what = if command.is_empty() { String::new() } else { format!(" for {command}") };
        Err(Refusal::denied(format!("{who} can be asked{what} once in a call")))
    }
}
