//! What guests print on their consoles: the addresses they were given, that they were given none,
//! and how far the last boot has come.
//!
//! The guest can write anything here, so nothing of it is trusted: lines are bounded, control
//! bytes are dropped, time is linear in what is read, and that is bounded too.

#![deny(unsafe_code)]

mod boot;
mod clients;
mod device;
mod fault;
mod log;
mod needles;
mod phase;
mod report;
mod statement;
mod tail;
mod text;
mod words;

use std::{
    fs::File,
    io::{self, Write as _},
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
pub struct Console;

impl Plugin for Console {
    type Config = Config;

    fn new(_: Config) -> Result<Self> {
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
                Ok(None) => continue,
                Err(error) => vec![Observation::unread(index, &unread(error))],
            };
            cx.emit_all(observations)?;
        }
        Ok(())
    }
}

/// The console log of a machine, or its end in a snapshot; `None` where there is none.
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
    let failed = |operation: &str, error: &io::Error| {
        Observation::unread(index, &unread(Error::io(operation, error)))
    };
    let (boot, end) = match tail::last_boot(&mut log, &vm.macs) {
        Ok(read) => read,
        Err(error) => return vec![failed("read the console log", &error)],
    };
    let mut observations = report::observations(index, boot);
    match cx.recording(&artefact(vm)) {
        Ok(Some(mut record)) => {
            if let Err(error) = record.write_all(&end) {
                observations.push(failed("record the console log", &error));
            }
        }
        Ok(None) => {}
        Err(error) => observations.push(Observation::unread(index, &unread(error))),
    }
    observations
}

fn unread(error: Error) -> Unread {
    match error.code {
        ErrorCode::Denied => Unread::Denied(error.message),
        ErrorCode::TimedOut => Unread::TimedOut,
        ErrorCode::Unsupported => Unread::Unsupported,
        _ => Unread::Failed(error.message),
    }
}

vmkit_plugin::export!(manifest = "../plugin.json", signal = Console);
