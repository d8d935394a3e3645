//! What QEMU's guest agent says inside of each machine: the addresses of its own network cards.
//!
//! The agent speaks over a channel that only its machine has, so who speaks is certain. What it
//! says is the guest's word: it is bounded, and only addresses on the machine's MACs count.

#![deny(unsafe_code)]

mod exchange;
mod reply;
mod round;

use std::{
    fs::File,
    io::{Read as _, Write as _},
};

use serde::Deserialize;
use vmkit_plugin::{
    Cx, Error, ErrorCode, Observation, Plugin, Result, Signal, Source, Stage, Subject, Unread,
};

/// Nothing can be set.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {}

/// The plugin.
pub struct GuestAgent;

impl Plugin for GuestAgent {
    type Config = Config;

    fn new(_: Config) -> Result<Self> {
        Ok(Self)
    }
}

impl Signal for GuestAgent {
    fn observe(&self, vms: &[Subject], cx: &Cx<'_>) -> Result<()> {
        cx.check()?;
        if cx.stage() != Stage::Discover {
            return Ok(());
        }
        match cx.source() {
            Source::Snapshot => replay(vms, cx),
            Source::Live | Source::Recording => round::run(vms, cx, |index, reply| {
                let mut observations = observations(index, &vms[index], &reply);
                if let Err(why) = reply.map_or(Ok(()), |reply| record(&vms[index], &reply, cx)) {
                    observations.push(Observation::unread(index, &why));
                }
                cx.emit_all(observations)
            }),
        }
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
        let reply = match cx.artefact(&artefact(vm)) {
            Ok(Some(file)) => recorded(file),
            Ok(None) => continue,
            Err(error) => Err(unread(error)),
        };
        cx.emit_all(observations(index, vm, &reply))?;
    }
    Ok(())
}

fn recorded(file: File) -> Result<Vec<u8>, Unread> {
    let mut reply = Vec::new();
    // A reply that is cut is no JSON, and told as such.
    match file.take(reply::REPLY_LIMIT).read_to_end(&mut reply) {
        Ok(_) => Ok(reply),
        Err(error) => Err(unread(Error::io("read the guest agent's reply", &error))),
    }
}

/// Hands the reply to the snapshot that is being recorded.
fn record(vm: &Subject, reply: &[u8], cx: &Cx<'_>) -> Result<(), Unread> {
    let Some(mut file) = cx.recording(&artefact(vm)).map_err(unread)? else { return Ok(()) };
    let written = file.write_all(reply);
    written.map_err(|error| unread(Error::io("record the guest agent's reply", &error)))
}

/// The name of a machine's reply in a snapshot.
fn artefact(vm: &Subject) -> String {
    format!("agent/{}.json", vm.name)
}

fn unread(error: Error) -> Unread {
    match error.code {
        ErrorCode::Denied => Unread::Denied(error.message),
        ErrorCode::TimedOut => Unread::TimedOut,
        ErrorCode::Unsupported => Unread::Unsupported,
        _ => Unread::Failed(error.message),
    }
}

vmkit_plugin::export!(manifest = "../plugin.json", signal = GuestAgent);
