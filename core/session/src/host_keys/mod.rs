//! The SSH host keys that machines are known by: where they come from, which machines are asked for
//! theirs, and which keys are remembered.

mod alias;
mod known_hosts;
mod trust;

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
    path::{Path, PathBuf},
    time::SystemTime,
};

use vmkit_host::Addresses;
use vmkit_model::{Evidence, Machine, MachineId};
use vmkit_scoring::Weights;
use vmkit_state::{Folder, HOST_KEYS, HostKeys, Identity};
use vmkit_types::{HostKey, Kind, KnownKey, attribute, error_chain};

use crate::Settings;
pub use alias::host_key_alias;
use known_hosts::{KnownHosts, Unreadable};
pub(crate) use trust::Learner;
use trust::key_to_trust;

/// The state's folder below the home directory, by the customs of the system.
const BELOW_HOME: &[&str] = if cfg!(target_os = "macos") {
    &["Library", "Application Support", "vmkit"]
} else {
    &[".local", "state", "vmkit"]
};

/// Where known keys come from, and whether more can be remembered.
pub(crate) enum Keys {
    /// A snapshot holds the keys that were known.
    Recorded,
    /// The user's files.
    Own(Box<Own>),
}

/// The user's files.
pub(crate) struct Own {
    /// `None`: there is no place to remember anything.
    folder: Option<Folder>,
    remembered: HostKeys,
    /// The user's `known_hosts`.
    known_hosts: Option<PathBuf>,
    /// What it says, and which keys are revoked, read when first needed in a look.
    texts: Option<Result<KnownHosts, Unreadable>>,
    /// The machines that were asked for their first key.
    asked: BTreeSet<MachineId>,
}

/// What decides about the keys of one machine whose addresses were probed.
pub(crate) struct Standing<'a> {
    pub(crate) machine: &'a Machine,
    pub(crate) addresses: &'a [IpAddr],
    /// Its address is clear without its key.
    pub(crate) clear: bool,
    /// Its address is certain enough to be remembered.
    pub(crate) certain: bool,
}

impl Keys {
    /// The keys of this user. Where they cannot be read, that is logged, no key is known, and the file
    /// is not overwritten.
    pub(crate) fn of_user(settings: &Settings) -> Self {
        let (folder, remembered) =
            match state_folder(settings).map(|folder| (read(&folder), folder)) {
                Some((Ok(remembered), folder)) => (Some(folder), remembered),
                Some((Err(why), _)) => {
                    tracing::warn!("no SSH host key is remembered: {why}");
                    (None, HostKeys::default())
                }
                None => (None, HostKeys::default()),
            };
        let home = settings.invoker.home.as_ref().known();
        let known_hosts = home.map(|home| home.join(".ssh/known_hosts"));
        let asked = BTreeSet::new();
        Self::Own(Box::new(Own { folder, remembered, known_hosts, texts: None, asked }))
    }

    /// The addresses at which keys are compared: of machines whose address is in doubt, and of those
    /// whose first key can be remembered. Only where an SSH server has just answered.
    pub(crate) fn choose(
        &mut self,
        standings: &[Standing<'_>],
        evidence: &[Evidence],
        thorough: bool,
        now: SystemTime,
    ) -> Addresses {
        let Self::Own(own) = self else {
            let all = standings.iter().map(|it| (it.machine.id(), it.addresses.to_vec()));
            return all.collect();
        };
        let answers = |address: &IpAddr| {
            evidence
                .iter()
                .map(|item| &item.observation)
                .any(|seen| seen.kind == Kind::SshReady && seen.address.as_ref() == Some(address))
        };
        let mut chosen = Addresses::new();
        for standing in standings {
            let (id, first) = (standing.machine.id(), standing.clear && own.lacks(standing, now));
            if first {
                own.asked.insert(id.clone());
            }
            if first || !standing.clear || thorough {
                let mut addresses = standing.addresses.to_vec();
                addresses.retain(answers);
                chosen.insert(id, addresses);
            }
        }
        chosen.retain(|_, addresses| !addresses.is_empty());
        chosen
    }

    /// The keys that the machines are known by, without revoked ones; those that stand under their
    /// names in `known_hosts` only for machines whose keys are compared.
    pub(crate) fn known<'a>(
        &mut self,
        machines: impl Iterator<Item = &'a Machine>,
        are_compared: impl Fn(&MachineId) -> bool,
    ) -> BTreeMap<MachineId, Vec<KnownKey>> {
        let mut known = |machine: &Machine| match self {
            Self::Recorded => machine.known_host_keys.clone(),
            Self::Own(own) => own.known(machine, are_compared(&machine.id())),
        };
        machines.map(|machine| (machine.id(), known(machine))).collect()
    }

    /// Remembers the keys that this look has proven. A failure is logged and changes nothing.
    pub(crate) fn learn(
        &mut self,
        machines: &[Learner<'_>],
        evidence: &[Evidence],
        weights: &Weights,
        now: SystemTime,
    ) {
        let Self::Own(own) = self else { return };
        let asked = std::mem::take(&mut own.asked);
        let shows_key = |item: &Evidence| item.observation.attribute(attribute::HOST_KEY).is_some();
        if asked.is_empty() && !evidence.iter().any(shows_key) {
            own.texts = None;
            return;
        }
        let Some(revoked) = own.texts().map(|texts| texts.revoked.clone()) else {
            own.texts = None;
            return;
        };
        let lesson = |keys: &mut HostKeys| {
            let mut changed = keys.forget(&revoked);
            for learner in machines {
                let Some(identity) = identity(learner.machine) else { continue };
                let Learner { machine, vm, pick } = learner;
                let key = key_to_trust(*vm, pick, &identity, keys, evidence, weights);
                match key.filter(|key| !revoked.contains(key)) {
                    Some(key) => changed |= keys.record_seen(&identity, &key, now),
                    None if asked.contains(&machine.id()) => {
                        keys.record_missing(&identity, now);
                        changed = true;
                    }
                    None => {}
                }
            }
            changed
        };
        if let Err(why) = own.change(lesson) {
            tracing::warn!("SSH host keys are not remembered: {why}");
        }
        // The next look reads them again.
        own.texts = None;
    }
}

impl Own {
    fn lacks(&self, standing: &Standing<'_>, now: SystemTime) -> bool {
        let identity = identity(standing.machine);
        let lacks = identity.is_some_and(|identity| self.remembered.should_ask(&identity, now));
        standing.certain && self.folder.is_some() && lacks
    }

    /// Changes the remembered keys, and the file if they change: another run may have learned
    /// something since this one began.
    fn change(&mut self, change: impl Fn(&mut HostKeys) -> bool) -> Result<(), String> {
        let Some(folder) = &self.folder else { return Ok(()) };
        let mut keys = read(folder)?;
        if change(&mut keys) {
            let _locked = folder.lock(HOST_KEYS).map_err(|error| error_chain(&error))?;
            keys = read(folder)?;
            if change(&mut keys) {
                let written = folder.replace(HOST_KEYS, &keys.to_text());
                written.map_err(|error| error_chain(&error))?;
            }
        }
        self.remembered = keys;
        Ok(())
    }

    /// The keys that the machine is known by.
    fn known(&mut self, machine: &Machine, is_compared: bool) -> Vec<KnownKey> {
        let identity = identity(machine);
        let known = identity.map(|identity| self.remembered.keys_of(&identity).cloned().collect());
        let mut known: Vec<HostKey> = known.unwrap_or_default();
        if known.is_empty() && !is_compared {
            return Vec::new();
        }
        let Some(texts) = self.texts() else { return Vec::new() };
        known.retain(|key| !texts.revoked.contains(key));
        if !known.is_empty() || !is_compared {
            return with_trust(known, false);
        }
        let hostname = machine.hostname.as_ref().known();
        let alias = host_key_alias(machine);
        let hostname = hostname.filter(|name| **name != machine.name);
        let names = [Some(&alias), Some(&machine.name), hostname];
        let found = names.into_iter().flatten().flat_map(|name| texts.keys_of(name));
        with_trust(found.collect(), true)
    }

    fn texts(&mut self) -> Option<&KnownHosts> {
        let file = self.known_hosts.as_deref();
        self.texts.get_or_insert_with(|| KnownHosts::read(file)).as_ref().ok()
    }
}

/// Where this user's state is; `None`: the user's home is unknown.
pub fn state_folder(settings: &Settings) -> Option<Folder> {
    let invoker = &settings.invoker;
    if let Some(directory) = &settings.config.state_dir {
        return below_parent(directory, &[]);
    }
    // Under sudo the environment is another user's.
    let customary = std::env::var_os("XDG_STATE_HOME").filter(|_| !invoker.via_sudo);
    let customary = customary.map(PathBuf::from).filter(|path| path.is_absolute());
    match customary {
        Some(directory) => below_parent(&directory, &["vmkit"]),
        None => invoker.home.as_ref().known().map(|home| Folder::below(home, BELOW_HOME)),
    }
}

/// A folder that may itself have to be made.
fn below_parent(directory: &Path, names: &[&str]) -> Option<Folder> {
    let name = directory.file_name()?.to_str()?;
    let names: Vec<&str> = [name].into_iter().chain(names.iter().copied()).collect();
    Some(Folder::below(directory.parent()?, &names))
}

fn read(folder: &Folder) -> Result<HostKeys, String> {
    let bytes = folder.read(HOST_KEYS).map_err(|error| error_chain(&error))?;
    let parse = |bytes: Vec<u8>| HostKeys::parse(&bytes);
    bytes.map_or_else(|| Ok(HostKeys::default()), parse).map_err(|error| {
        format!("{}: {}", folder.path().join(HOST_KEYS).display(), error_chain(&error))
    })
}

fn identity(machine: &Machine) -> Option<Identity> {
    Some(Identity {
        name: machine.own_name.clone(),
        manager: machine.manager.to_string(),
        directory: machine.directory.clone().unwrap_or_default(),
        mac: *machine.cards.first.mac.as_ref().known()?,
        instance: machine.instance.as_ref().known().cloned(),
    })
}

fn with_trust(keys: Vec<HostKey>, by_name_only: bool) -> Vec<KnownKey> {
    keys.into_iter().map(|key| KnownKey { key, by_name_only }).collect()
}
