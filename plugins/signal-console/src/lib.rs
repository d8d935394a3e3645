//! What guests print on their consoles: the addresses that they got, failures to get one, and how far
//! the last boot came.
//!
//! A guest can print anything, so nothing of it is trusted: lines are bounded, control bytes are
//! dropped, and the time is linear in the bytes that are read, which are bounded too.

#![deny(unsafe_code)]

mod boot;
mod clients;
mod device;
mod fault;
mod line;
mod log;
mod memory;
mod needles;
mod phase;
mod report;
mod statement;
mod tail;
mod text;
mod words;

use std::fs::File;

use vmkit_plugin::{
    Cx, Error, NoConfig, Observation, Plugin, Result, Signal, Source, Stage, Subject, attribute,
};

/// The plugin.
pub struct Console;

impl Plugin for Console {
    type Config = NoConfig;

    fn new(_: NoConfig) -> Result<Self> {
        Ok(Self)
    }
}

impl Signal for Console {
    fn observe(&self, vms: &[Subject], cx: &Cx<'_>) -> Result<()> {
        if cx.stage() != Stage::Discover {
            return Ok(());
        }
        for (index, vm) in vms.iter().enumerate() {
            cx.check()?;
            let observations = match log_of(index, vm, cx) {
                Ok(Some(log)) => read(index, vm, log, cx),
                Ok(None) => vec![Observation::nothing_to_look_at(index, "it has no console log")],
                Err(error) => vec![unread(index, error)],
            };
            cx.emit_all(observations)?;
        }
        Ok(())
    }
}

/// The console log of a machine, or its end in a snapshot; `None`: there is no log.
fn log_of(index: usize, vm: &Subject, cx: &Cx<'_>) -> Result<Option<File>> {
    match cx.source() {
        Source::Snapshot => cx.artefact(&artefact(vm)),
        Source::Live | Source::Recording if vm.has_console => cx.open_console(index).map(Some),
        Source::Live | Source::Recording => Ok(None),
    }
}

/// The name of a machine's log in a snapshot.
fn artefact(vm: &Subject) -> String {
    format!("console/{}.log", vm.name)
}

fn read(index: usize, vm: &Subject, mut log: File, cx: &Cx<'_>) -> Vec<Observation> {
    let unread = |error| unread(index, error);
    let (boot, end) = match tail::last_boot(&mut log, &vm.macs) {
        Ok(read) => read,
        Err(error) => return vec![unread(Error::io("read the console log", &error))],
    };
    let mut observations = report::observations(index, boot);
    observations.extend(cx.record(&artefact(vm), &end).err().map(unread));
    observations
}

fn unread(index: usize, error: Error) -> Observation {
    Observation::unread(index, &error.into()).with(attribute::SOURCE, attribute::CONSOLE)
}

vmkit_plugin::export!(manifest = "../plugin.json", signal = Console);
