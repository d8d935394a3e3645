//! The addresses that QEMU's guest agent reports on the VM's own network cards.
//!
//! Each VM has a channel of its own to its agent, so it is certain which guest answers. The answer
//! itself is the guest's word: it is bounded, and only addresses on the VM's MACs count.

#![deny(unsafe_code)]

mod exchange;
mod reply;
mod round;

use vmkit_plugin::{
    Cx, NoConfig, Observation, Plugin, Result, Signal, Source, Stage, Subject, Unread,
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
        if cx.source() == Source::Snapshot {
            return replay(vms, cx);
        }
        round::run(vms, cx, |index, reply| {
            let mut observations = observations(index, &vms[index], &reply);
            if let Ok(reply) = reply
                && let Err(error) = cx.record(&artefact(&vms[index]), &reply)
            {
                observations.push(Observation::unread(index, &error.into()));
            }
            cx.emit_all(observations)
        })
    }
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
        let reply = cx.read_artefact(&artefact(vm), reply::REPLY_LIMIT);
        if let Some(reply) = reply.map_err(Unread::from).transpose() {
            cx.emit_all(observations(index, vm, &reply))?;
        }
    }
    Ok(())
}

/// The name of a VM's reply in a snapshot.
fn artefact(vm: &Subject) -> String {
    format!("agent/{}.json", vm.name)
}

vmkit_plugin::export!(manifest = "../plugin.json", signal = GuestAgent);
