//! The addresses that QEMU's guest agent reports on the VM's own network cards.
//!
//! Each VM has a channel of its own to its agent, on which the host asks. The answer
//! itself is the guest's word: it is bounded, and only addresses on the VM's MACs count.

#![deny(unsafe_code)]

mod reply;

use vmkit_plugin::{
    AgentAnswer, AgentCommand, Cx, NoConfig, Observation, Plugin, Result, Signal, Source, Stage,
    Subject, Unread,
};

/// The plugin.
pub struct GuestAgent;

impl Plugin for GuestAgent {
    type Config = NoConfig;

    fn new(_: NoConfig) -> Result<Self> {
        Ok(Self)
    }
}

impl Signal for GuestAgent {
    fn observe(&self, vms: &[Subject], cx: &Cx<'_>) -> Result<()> {
        cx.check()?;
        if cx.stage() != Stage::Discover {
            return Ok(());
        }
        let is_replay = cx.source() == Source::Snapshot;
        cx.emit_all(cannot_ask(vms, !is_replay))?;
        if is_replay {
            return replay(vms, cx);
        }
        let can_answer = |vm: &usize| vms[*vm].has_guest_agent && !vms[*vm].macs.is_empty();
        let machines: Vec<usize> = (0..vms.len()).filter(can_answer).collect();
        cx.ask_guest_agents(AgentCommand::Interfaces, &machines, |AgentAnswer { vm, reply }| {
            let reply = reply.map(String::into_bytes);
            let mut observations = observations(vm, &vms[vm], &reply);
            if let Ok(reply) = reply
                && let Err(error) = cx.record(&artefact(&vms[vm]), &reply)
            {
                observations.push(Observation::unread(vm, &error.into()));
            }
            cx.emit_all(observations)
        })
    }
}

/// The machines whose agents are not asked, and why: an answer is tied to a machine by its MAC.
fn cannot_ask(vms: &[Subject], live: bool) -> Vec<Observation> {
    let cannot = |(index, vm): (usize, &Subject)| {
        if live && !vm.has_guest_agent {
            return Some(Observation::nothing_to_look_at(index, "no guest agent listens"));
        }
        let without_mac = || Unread::Failed("its MAC is not known".to_owned());
        vm.macs.is_empty().then(|| Observation::unread(index, &without_mac()))
    };
    vms.iter().enumerate().filter_map(cannot).collect()
}

fn observations(index: usize, vm: &Subject, reply: &Result<Vec<u8>, Unread>) -> Vec<Observation> {
    match reply {
        Ok(reply) => reply::observations(index, &vm.macs, reply),
        Err(why) => vec![Observation::unread(index, why)],
    }
}

fn replay(vms: &[Subject], cx: &Cx<'_>) -> Result<()> {
    for (index, vm) in vms.iter().enumerate().filter(|(_, vm)| !vm.macs.is_empty()) {
        cx.check()?;
        // A reply that is cut here is no longer JSON and is reported as malformed.
        let reply = cx.read_artefact(&artefact(vm), AgentAnswer::LONGEST as u64);
        let nothing = || {
            let what = "no answer of a guest agent was recorded";
            vec![Observation::nothing_to_look_at(index, what)]
        };
        let reply = reply.map_err(Unread::from).transpose();
        cx.emit_all(reply.map_or_else(nothing, |reply| observations(index, vm, &reply)))?;
    }
    Ok(())
}

/// The name of a VM's reply in a snapshot.
fn artefact(vm: &Subject) -> String {
    format!("agent/{}.json", vm.name)
}

vmkit_plugin::export!(manifest = "../plugin.json", signal = GuestAgent);
