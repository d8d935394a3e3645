//! The SSH host keys that machines are known by: where they come from, which machines are asked for
//! theirs, and what is remembered.

mod lesson;

use std::{
    net::IpAddr,
    path::{Path, PathBuf},
    time::SystemTime,
};

use vmkit_model::{Evidence, Machine};
use vmkit_scoring::{Pick, Weights};
use vmkit_state::{Folder, HOST_KEYS, HostKeys, Identity, read_of_user};
use vmkit_types::{HostKey, Kind, KnownKey};

use crate::context::Context;
use lesson::{Learner, lesson};

/// The state's folder below the home directory, by the customs of the system.
const BELOW_HOME: &[&str] = if cfg!(target_os = "macos") {
    &["Library", "Application Support", "vmkit"]
} else {
    &[".local", "state", "vmkit"]
};

/// Where known keys come from, and whether more can be remembered.
pub(crate) enum Keys {
    /// A snapshot tells which keys were known.
    Recorded,
    /// The user's files.
    Own(Box<Own>),
}

/// The user's files.
pub(crate) struct Own {
    /// `None`: there is no place to remember anything.
    folder: Option<Folder>,
    remembered: HostKeys,
    /// And the user whose own it must be.
    known_hosts: Option<(PathBuf, Option<(u32, u32)>)>,
    /// The names of those that were asked for their first key.
    asked: Vec<String>,
}

/// What is to be decided about one machine whose addresses have been asked.
pub(crate) struct Standing<'a> {
    pub(crate) machine: &'a Machine,
    pub(crate) addresses: &'a [IpAddr],
    /// Its address is clear without its key.
    pub(crate) clear: bool,
    /// And certain enough to be remembered.
    pub(crate) certain: bool,
}

impl Keys {
    /// The keys of this user. What cannot be read is told, and nothing is known then: it is not
    /// overwritten either.
    pub(crate) fn of_user(context: &Context) -> Self {
        let (folder, remembered) = match folder(context).map(|folder| (read(&folder), folder)) {
            Some((Ok(remembered), folder)) => (Some(folder), remembered),
            Some((Err(why), _)) => {
                tracing::warn!("no SSH host key is remembered: {why}");
                (None, HostKeys::default())
            }
            None => (None, HostKeys::default()),
        };
        let home = context.invoker.home.as_ref().known();
        let known_hosts = home.map(|home| (home.join(".ssh/known_hosts"), owner(context)));
        Self::Own(Box::new(Own { folder, remembered, known_hosts, asked: Vec::new() }))
    }

    /// The addresses at which keys are to be compared: of machines whose address is in doubt, and of
    /// those whose first key can be remembered. Only where an SSH server has just answered.
    pub(crate) fn choose(
        &mut self,
        standings: &[Standing<'_>],
        evidence: &[Evidence],
        thorough: bool,
        now: SystemTime,
    ) -> Vec<Vec<IpAddr>> {
        let Self::Own(own) = self else {
            return standings.iter().map(|standing| standing.addresses.to_vec()).collect();
        };
        let answers = |address: &&IpAddr| {
            evidence
                .iter()
                .map(|item| &item.observation)
                .any(|seen| seen.kind == Kind::SshReady && seen.address.as_ref() == Some(*address))
        };
        let of_standing = |standing: &Standing<'_>| {
            let first = standing.clear && own.lacks(standing, now);
            if first {
                own.asked.push(standing.machine.name.clone());
            }
            if first || !standing.clear || thorough {
                standing.addresses.iter().filter(answers).copied().collect()
            } else {
                Vec::new()
            }
        };
        standings.iter().map(of_standing).collect()
    }

    /// The keys that the machines are known by; those that stand under their names in `known_hosts`
    /// only for machines that are `asked`.
    pub(crate) fn known<'a>(
        &self,
        machines: impl Iterator<Item = (&'a Machine, bool)>,
    ) -> Vec<Vec<KnownKey>> {
        let Self::Own(own) = self else {
            return machines.map(|(machine, _)| machine.known_host_keys.clone()).collect();
        };
        let mut known_hosts = None;
        let known = |(machine, asked): (&Machine, bool)| {
            let known: Vec<HostKey> = identity(machine)
                .map(|identity| own.remembered.of(&identity).cloned().collect())
                .unwrap_or_default();
            if !known.is_empty() || !asked {
                return with_trust(known, false);
            }
            let text = known_hosts.get_or_insert_with(|| own.known_hosts());
            let hostname = machine.hostname.as_ref().known();
            let alias = crate::ssh::host_key_alias(machine);
            let hostname = hostname.filter(|name| **name != machine.name);
            let names = [Some(&alias), Some(&machine.name), hostname];
            let found = names.into_iter().flatten().flat_map(|name| vmkit_ssh::find(text, name));
            with_trust(found.collect(), true)
        };
        machines.map(known).collect()
    }

    /// Whether a machine was asked for its first key.
    pub(crate) fn has_asked(&self) -> bool {
        matches!(self, Self::Own(own) if !own.asked.is_empty())
    }

    /// Remembers what this run has shown for certain. A failure is told and changes nothing.
    pub(crate) fn learn<'a>(
        &mut self,
        picks: impl Iterator<Item = (&'a Machine, Pick)>,
        evidence: &[Evidence],
        weights: &Weights,
        now: SystemTime,
    ) {
        let Self::Own(own) = self else { return };
        let Some(folder) = &own.folder else { return };
        let asked = std::mem::take(&mut own.asked);
        // Another run may have learned something since this one began.
        let mut keys = match read(folder) {
            Ok(keys) => keys,
            Err(why) => return tracing::warn!("SSH host keys are not remembered: {why}"),
        };
        let mut changed = false;
        for (vm, (machine, pick)) in picks.enumerate() {
            let Some(identity) = identity(machine) else { continue };
            let learner = Learner { vm, identity: &identity, remembered: &keys };
            match lesson(&learner, &pick, evidence, weights) {
                Some(key) => changed |= keys.see(&identity, &key, now),
                None if asked.contains(&machine.name) => {
                    keys.miss(&identity, now);
                    changed = true;
                }
                None => {}
            }
        }
        if changed && let Err(error) = folder.replace(HOST_KEYS, &keys.to_text()) {
            tracing::warn!("SSH host keys are not remembered: {}", in_full(&error));
        }
        own.remembered = keys;
    }
}

impl Own {
    fn lacks(&self, standing: &Standing<'_>, now: SystemTime) -> bool {
        let identity = identity(standing.machine);
        let lacks = identity.is_some_and(|identity| self.remembered.lacks(&identity, now));
        standing.certain && self.folder.is_some() && lacks
    }

    fn known_hosts(&self) -> String {
        let file = self.known_hosts.as_ref();
        match file.map(|(path, owner)| read_of_user(path, *owner)) {
            Some(Ok(Some(bytes))) => String::from_utf8_lossy(&bytes).into_owned(),
            Some(Err(error)) => {
                tracing::debug!("no keys of known_hosts: {}", in_full(&error));
                String::new()
            }
            Some(Ok(None)) | None => String::new(),
        }
    }
}

/// Where this user's state is; `None`: it is not known where the user's home is.
fn folder(context: &Context) -> Option<Folder> {
    let invoker = &context.invoker;
    let owner = owner(context);
    if let Some(directory) = &context.config.state_dir {
        return below_parent(directory, &[], owner);
    }
    // Under sudo the environment is another user's.
    let customary = std::env::var_os("XDG_STATE_HOME").filter(|_| !invoker.via_sudo);
    let customary = customary.map(PathBuf::from).filter(|path| path.is_absolute());
    match customary {
        Some(directory) => below_parent(&directory, &["vmkit"], owner),
        None => invoker.home.as_ref().known().map(|home| Folder::below(home, BELOW_HOME, owner)),
    }
}

/// A folder that may itself have to be made.
fn below_parent(directory: &Path, names: &[&str], owner: Option<(u32, u32)>) -> Option<Folder> {
    let name = directory.file_name()?.to_str()?;
    let names: Vec<&str> = [name].into_iter().chain(names.iter().copied()).collect();
    Some(Folder::below(directory.parent()?, &names, owner))
}

/// Who gets what root makes, and whose alone it may touch: the user whom it works for, or itself.
fn owner(context: &Context) -> Option<(u32, u32)> {
    let invoker = &context.invoker;
    invoker.privileged.then_some((invoker.uid, invoker.gid))
}

fn read(folder: &Folder) -> Result<HostKeys, String> {
    let bytes = folder.read(HOST_KEYS).map_err(|error| in_full(&error))?;
    let parse = |bytes: Vec<u8>| HostKeys::parse(&bytes);
    bytes.map_or_else(|| Ok(HostKeys::default()), parse).map_err(|error| {
        format!("{}: {}", folder.path().join(HOST_KEYS).display(), in_full(&error))
    })
}

fn in_full(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

fn identity(machine: &Machine) -> Option<Identity> {
    Some(Identity {
        name: machine.name.clone(),
        manager: machine.manager.to_owned(),
        directory: machine.directory.clone(),
        mac: *machine.mac.as_ref().known()?,
        instance: machine.instance.as_ref().known().cloned(),
    })
}

fn with_trust(keys: Vec<HostKey>, by_name_only: bool) -> Vec<KnownKey> {
    keys.into_iter().map(|key| KnownKey { key, by_name_only }).collect()
}
