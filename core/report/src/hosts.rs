//! The view model of `vm hosts-sync`: the changes of the hosts file, by machine.

use std::{
    net::IpAddr,
    time::{Duration, SystemTime},
};

use serde::Serialize;
use vmkit_model::PluginOutcome;
use vmkit_scoring::Unchecked;

/// The answer of `vm hosts-sync`.
#[derive(Clone, Debug)]
pub struct HostsSync {
    /// The real path of the file.
    pub file: String,
    /// What was done.
    pub outcome: HostsOutcome,
    /// The hunks of a unified diff, line by line; empty: nothing changes.
    pub diff: Vec<String>,
    /// The machines, by name.
    pub vms: Vec<HostsVm>,
    /// Numbers of the lines outside of the block that are taken over.
    pub adopted: Vec<usize>,
    /// The path of the former file, after a change.
    pub backup: Option<String>,
    /// Commands that flushed the caches of resolvers, each with its error if it failed.
    pub caches: Vec<(String, Result<(), String>)>,
    /// The next command, word by word.
    pub next: Option<Vec<String>>,
    /// Why addresses were not looked for.
    pub unchecked: Option<Unchecked>,
    /// The plugins, in the order they were given.
    pub plugins: Vec<PluginOutcome>,
    /// When the answer was ready.
    pub generated_at: SystemTime,
    /// How long it took.
    pub elapsed: Duration,
}

/// What was done with the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum HostsOutcome {
    /// Nothing: a preview.
    Preview,
    /// Nothing: the file needs no change.
    Unchanged,
    /// A new file replaced it atomically.
    Replaced,
    /// It was overwritten in place, since it cannot be replaced.
    WrittenInPlace,
    /// The file before the last change replaced it.
    Undone,
}

/// What happens to one machine's line, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostsVm {
    /// Its name.
    pub name: String,
    /// What happens to its line.
    pub decision: HostsDecision,
    /// The address of its line afterwards; `None`: it has no line.
    pub address: Option<IpAddr>,
    /// The address that its line had, if it changes.
    pub former: Option<IpAddr>,
    /// Why, unless that is obvious.
    pub reason: Option<String>,
    /// Host names that its line does not get, with the reason.
    pub names_left_out: Vec<(String, String)>,
}

/// What happens to a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum HostsDecision {
    /// It is added.
    Add,
    /// It gets another address or other names.
    Change,
    /// It stays as it is.
    Keep,
    /// It stays and is marked: its address is not confirmed any more.
    Stale,
    /// It is removed.
    Remove,
    /// There is none, and none is written.
    LeaveOut,
}
