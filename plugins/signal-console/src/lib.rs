//! What guests print on their consoles: the addresses they were given, that they were given none,
//! and how far the last boot has come.
//!
//! The guest can write anything here, so nothing of it is trusted: lines are bounded, control
//! bytes are dropped, time is linear in what is read, and that is bounded too.

#![deny(unsafe_code)]

mod boot;
mod clients;
mod device;
mod log;
mod needles;
mod phase;
mod report;
mod statement;
mod tail;
mod text;
mod words;

use std::fs::File;

use serde::Deserialize;
use vmkit_plugin::{
    Cx, Error, ErrorCode, Observation, Plugin, Result, Signal, Stage, Subject, Unread,
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
        for (index, vm) in vms.iter().enumerate().filter(|(_, vm)| vm.has_console) {
            cx.check()?;
            let observations = match cx.open_console(index) {
                Ok(file) => read(index, vm, file),
                Err(error) => vec![Observation::unread(index, &unread(error))],
            };
            cx.emit_all(observations)?;
        }
        Ok(())
    }
}

fn read(index: usize, vm: &Subject, mut file: File) -> Vec<Observation> {
    match tail::last_boot(&mut file, &vm.macs) {
        Ok(boot) => report::observations(index, boot),
        Err(error) => {
            let why = unread(Error::io("read the console log", &error));
            vec![Observation::unread(index, &why)]
        }
    }
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
