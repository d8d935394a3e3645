//! Whether and where a login to a machine is possible without doubt.

use std::net::SocketAddr;

use vmkit_model::Machine;
use vmkit_scoring::{Candidate, Pick};
use vmkit_session::{Row, Settings, host_key_alias};
use vmkit_ssh_config::Client;
use vmkit_types::{HostKey, Kind, Unread};

/// The port of SSH.
const SSH: u16 = 22;
/// Most addresses of one machine that are tried.
const MOST_ADDRESSES: usize = 3;

/// What ssh may do here. No question is asked, no password is sent, no other host key is accepted, and
/// nothing of the user's is lent to the guest.
pub(super) const OPTIONS: [&str; 29] = [
    // Older clients and those of other systems lack these. It counts in place of the user's own list, which
    // mostly has Apple's UseKeychain.
    "IgnoreUnknown=KnownHostsCommand,SessionType,StdinNull,ForkAfterAuthentication,SetEnv,GSSAPI*,UseKeychain",
    "BatchMode=yes",
    "StrictHostKeyChecking=yes",
    "GlobalKnownHostsFile=/dev/null",
    "KnownHostsCommand=none",
    "VerifyHostKeyDNS=no",
    "UpdateHostKeys=no",
    "PreferredAuthentications=publickey",
    "PasswordAuthentication=no",
    "KbdInteractiveAuthentication=no",
    "GSSAPIAuthentication=no",
    "GSSAPIKeyExchange=no",
    "GSSAPIDelegateCredentials=no",
    "ForwardAgent=no",
    "AddKeysToAgent=no",
    "ForwardX11=no",
    "ClearAllForwardings=yes",
    "Tunnel=no",
    "PermitLocalCommand=no",
    "RemoteCommand=none",
    "SessionType=default",
    "RequestTTY=no",
    // The script is read from there.
    "StdinNull=no",
    "ForkAfterAuthentication=no",
    // The first one counts, so that the user's own variables stay here.
    "SetEnv=VMKIT=1",
    "ControlMaster=no",
    "ControlPath=none",
    "ConnectTimeout=10",
    "LogLevel=ERROR",
];

/// What ssh needs of the environment. The user's `SendEnv` would give the guest any other variable, and no
/// option takes that back.
pub(super) const ENVIRONMENT: [&str; 5] = ["HOME", "USER", "LOGNAME", "PATH", "SSH_AUTH_SOCK"];

/// A login that is known to reach the machine and nobody else.
pub(super) struct Login {
    pub(super) clients: Vec<Client>,
    /// The lines of a `known_hosts` with the keys that the machine is known by.
    pub(super) known_hosts: String,
}

impl Login {
    /// The login to the machine of this row.
    ///
    /// # Errors
    /// None of its host keys is known, or there is no address to try.
    pub(super) fn of(row: Row<'_>, settings: &Settings) -> Result<Self, Unread> {
        let Row { machine, pick } = row;
        let alias = host_key_alias(machine);
        if machine.known_host_keys.is_empty() {
            let why = "no SSH host key is known as the VM's, and an unknown one is not trusted";
            return Err(Unread::Denied(why.to_owned()));
        }
        let line = |key: &HostKey| format!("{alias} {} {}\n", key.algorithm(), key.encoded());
        let known_hosts = machine.known_host_keys.iter().map(|known| line(&known.key)).collect();
        let addresses = addresses(machine, pick);
        if addresses.is_empty() {
            return Err(Unread::Failed("there is no address to log in at".to_owned()));
        }
        let invoker = &settings.invoker;
        let home = invoker.home.as_ref().known().cloned();
        let client = |address| Client {
            name: machine.name.clone(),
            address,
            host_key_alias: alias.clone(),
            user: machine.username.as_ref().known().cloned(),
            identity_file: machine.identity_file.as_ref().known().cloned(),
            under_sudo: invoker.via_sudo.then(|| home.clone()),
        };
        Ok(Self { clients: addresses.into_iter().map(client).collect(), known_hosts })
    }
}

/// Where its SSH server may be: first where it has answered. The guest does not choose a host elsewhere.
fn addresses(machine: &Machine, pick: &Pick) -> Vec<SocketAddr> {
    if let Some(endpoint) = pick.endpoint(machine) {
        return machine.way_to(SSH, endpoint.address).into_iter().collect();
    }
    if pick.leads_elsewhere() {
        return Vec::new();
    }
    let answered = |candidate: &&Candidate| {
        candidate.ledger.iter().any(|entry| {
            matches!(entry.evidence.observation.kind, Kind::SshHostKey | Kind::SshReady)
        })
    };
    let ready = pick.candidates.iter().filter(answered).map(|candidate| candidate.address);
    let mut addresses: Vec<SocketAddr> = Vec::new();
    for address in ready.chain(pick.address) {
        let address = SocketAddr::new(address, SSH);
        if addresses.len() < MOST_ADDRESSES && !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    addresses
}
