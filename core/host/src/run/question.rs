//! What a run is asked: about which machines and addresses, why, and for how long.

use std::{collections::BTreeMap, net::IpAddr, path::PathBuf};

use vmkit_model::MachineId;
use vmkit_types::{KnownKey, Subject};

/// The process of a machine, by which its log and its sockets are checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Its number.
    pub pid: u32,
    /// Its user.
    pub user: u32,
}

/// One machine to ask about.
#[derive(Clone, Debug)]
pub struct Target {
    /// The machine.
    pub id: MachineId,
    /// What plugins learn of it.
    pub subject: Subject,
    /// Its console log, opened for plugins that declare it.
    pub console: Option<PathBuf>,
    /// The socket of its guest agent, which is asked for plugins that declare it.
    pub guest_agent: Option<PathBuf>,
    /// Its process, if that is known.
    pub process: Option<Holder>,
}

/// Addresses to ask about, by machine.
pub type Addresses = BTreeMap<MachineId, Vec<IpAddr>>;

/// Why addresses are asked about, which decides who is asked.
#[derive(Clone, Debug)]
pub enum Purpose {
    /// To see who answers there: every confirming plugin, save those that run only in doubt.
    Reach,
    /// To settle doubt: the plugins marked `only_in_doubt`, save those that compare host keys.
    Doubt,
    /// To compare the SSH host keys found there with these, which the machines are known by.
    HostKeys(BTreeMap<MachineId, Vec<KnownKey>>),
}

/// Which plugins are waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// All but those that discover over the network: every address may be clear without them.
    Quick,
    /// All.
    All,
}
