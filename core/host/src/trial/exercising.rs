//! Does an exercise.

use std::{io, path::Path};

use super::{
    conversation::Conversation,
    output::Output,
    process::Worker,
    record::{Exercise, Loaded, TrialEnd, TrialRecord},
};
use crate::{Installation, Plugin, files::home_of};

/// Where a plugin is tried out.
#[derive(Clone, Copy, Debug)]
pub struct TrialPlace<'a> {
    /// The worker, and the user whom it becomes.
    pub installation: &'a Installation,
    /// The home directory of the user who runs vmkit, if it is known.
    pub home: Option<&'a Path>,
}

/// Has the plugin do the exercise in a worker of its own.
pub fn try_out(plugin: &Plugin, place: TrialPlace<'_>, exercise: &Exercise) -> TrialRecord {
    let account = place.installation.account;
    let failed = |error: &io::Error| TrialRecord {
        loaded: Loaded::NotStarted(error.to_string()),
        calls: Vec::new(),
        printed: String::new(),
    };
    let (output, stdout, stderr) = match Output::begin() {
        Ok(begun) => begun,
        Err(error) => return failed(&error),
    };
    let mut worker = match Worker::start(plugin, (stdout, stderr)) {
        Ok(worker) => worker,
        Err(error) => return failed(&error),
    };
    let loaded = worker.load(plugin, account, exercise);
    let mut calls = Vec::new();
    if matches!(loaded, Loaded::Ready(_)) {
        for call in &exercise.calls {
            let home = home_of(account, place.home);
            let home = home.as_deref();
            let conversation = Conversation { plugin, account, home, exercise, call };
            let tried = conversation.have(&mut worker);
            let goes_on = matches!(tried.end, TrialEnd::Done | TrialEnd::Failed(..));
            calls.push(tried);
            if !goes_on {
                break;
            }
        }
    }
    // Its ends of the pipe close with it.
    drop(worker);
    TrialRecord { loaded, calls, printed: output.end() }
}
