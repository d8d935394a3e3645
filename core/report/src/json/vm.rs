//! One machine of the document `vmkit.status/1`.

use std::{borrow::Cow, net::IpAddr};

use serde::Serialize;
use vmkit_model::{Card, Endpoint};
use vmkit_scoring::{Candidate, Doubt, Entry, Verdict};
use vmkit_types::Reading;

use super::{
    UnknownFields,
    codes::{FlagCode, VerdictCode},
    field, hundredths, probability,
};
use crate::{Ssh, SshState, State, Vm, clean::stored, text::no_address_of, time::milliseconds};

/// One machine.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct VmDocument<'a> {
    name: Cow<'a, str>,
    state: Option<State>,
    /// The address, if the verdict is `resolved` or `probable`.
    ip: Option<IpAddr>,
    /// Probability that the address is the machine's, 0 to 1.
    confidence: Option<f64>,
    verdict: VerdictCode,
    mac: Option<String>,
    hostname: Option<Cow<'a, str>>,
    username: Option<Cow<'a, str>>,
    pid: Option<u32>,
    uptime_ms: Option<u64>,
    /// Its manager.
    manager: Cow<'a, str>,
    net: NetDocument<'a>,
    /// All network cards, in the order of its manager. `mac` and `net` are those of the card that
    /// has `ip`, or of the first one.
    cards: Vec<CardDocument<'a>>,
    /// SSH at `ip`, or at `endpoint`.
    ssh: SshDocument<'a>,
    /// Where its SSH server is reached in place of `ip`, such as `127.0.0.1:2222`. A machine that answers
    /// SSH there lacks nothing, whatever `verdict` says of its addresses.
    endpoint: Option<String>,
    /// All endpoints of its SSH server: ports of this computer that lead to it.
    endpoints: Vec<EndpointDocument<'a>>,
    /// Its process is another user's, who chose its name. Its address is not looked for.
    foreign: bool,
    /// Declared memory in MiB.
    memory_mb: Option<u64>,
    vcpus: Option<u32>,
    /// As its manager wrote it, such as `60G`.
    disk_size: Option<Cow<'a, str>>,
    os_version: Option<Cow<'a, str>>,
    directory: Option<Cow<'a, str>>,
    /// All addresses that were named, the likeliest first. IPv4 addresses of one card exclude each
    /// other, unless the machine answers at several.
    candidates: Vec<CandidateDocument<'a>>,
    /// Probability of no address within the family of the first candidate.
    none_probability: Option<f64>,
    /// Evidence about the machine as a whole.
    evidence: Vec<EntryDocument<'a>>,
    /// Remarks for people.
    notes: Vec<Cow<'a, str>>,
    /// Sources that could not be read for it.
    unread: Vec<UnreadDocument<'a>>,
    /// Always empty; `vm doctor` has findings.
    findings: [(); 0],
    /// Fields that are unknown, with the reason.
    unknown: UnknownFields,
}

/// The connection of its card.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct NetDocument<'a> {
    /// `bridged`, `shared` or `user`.
    mode: Option<String>,
    /// The host's interface that its card is on or bridged with.
    interface: Option<Cow<'a, str>>,
}

/// A network card.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct CardDocument<'a> {
    mac: Option<String>,
    /// `bridged`, `shared` or `user`.
    mode: Option<String>,
    /// The host's interface that it is on or bridged with.
    interface: Option<Cow<'a, str>>,
    /// The host's end of its cable, such as `tap0`.
    port: Option<Cow<'a, str>>,
    /// Fields that are unknown, with the reason.
    unknown: UnknownFields,
}

/// SSH at the address.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct SshDocument<'a> {
    state: SshState,
    rtt_ms: Option<f64>,
    banner: Option<Cow<'a, str>>,
}

/// Where its SSH server is reached in place of its address.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct EndpointDocument<'a> {
    address: IpAddr,
    port: u16,
    /// `forwarded`: a port of this computer that leads to the guest's port of SSH. `manager`: its manager
    /// says so.
    how: &'static str,
    ssh: SshDocument<'a>,
}

/// One address that the machine may have.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct CandidateDocument<'a> {
    ip: IpAddr,
    /// 0 if it is struck out.
    probability: f64,
    flags: Vec<FlagCode>,
    evidence: Vec<EntryDocument<'a>>,
    /// Why its prior is low.
    doubt: Option<DoubtDocument<'a>>,
    /// Why it was not considered.
    struck_out: Option<String>,
}

/// One piece of evidence.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct EntryDocument<'a> {
    /// Number of the evidence in its run.
    id: u32,
    /// Id of the plugin that reported it.
    signal: Cow<'a, str>,
    kind: Cow<'a, str>,
    says: Cow<'a, str>,
    /// Whether the plugin has declared the kind for itself.
    own_claim: bool,
    /// Its contribution to the logit of the address: a natural logarithm.
    weight: f64,
    /// Its age, if its source gives it.
    age_ms: Option<u64>,
    counted: bool,
    /// Why it does not count.
    why_not: Option<String>,
}

/// Why the prior of a candidate is low.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct DoubtDocument<'a> {
    says: &'a str,
    /// Its contribution to the logit of the address.
    weight: f64,
}

/// A source that could not be read.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct UnreadDocument<'a> {
    signal: Cow<'a, str>,
    says: Cow<'a, str>,
}

impl<'a> VmDocument<'a> {
    pub(super) fn new(vm: &'a Vm<'a>) -> Self {
        let (machine, pick, card) = (vm.machine, vm.pick, vm.card());
        let mut unknown = UnknownFields::new();
        let mut text = |name, reading: &'a Reading<String>| {
            field(name, reading, &mut unknown).map(|text| stored(text))
        };
        let hostname = text("hostname", &machine.hostname);
        let username = text("username", &machine.username);
        let disk_size = text("disk_size", &machine.disk_size);
        let os_version = text("os_version", &machine.os_version);
        let directory = machine.directory.as_ref().map(|path| path.display().to_string());
        let interface = field("net.interface", &card.net, &mut unknown);
        if let Some(reason) = no_address_of(machine.power, pick) {
            unknown.insert("ip", reason);
        }
        let checked = !matches!(pick.verdict, Verdict::NotChecked | Verdict::NotRunning);
        Self {
            name: stored(&machine.name),
            state: field("state", &vm.state, &mut unknown).copied(),
            ip: pick.address,
            confidence: pick.confidence.map(probability),
            verdict: pick.verdict_of(machine.power).into(),
            mac: field("mac", &card.mac, &mut unknown).map(ToString::to_string),
            hostname,
            username,
            pid: machine.pid,
            uptime_ms: field("uptime_ms", &vm.uptime, &mut unknown).copied().map(milliseconds),
            manager: stored(&machine.manager),
            net: NetDocument {
                mode: field("net.mode", &card.net, &mut unknown).map(|net| net.mode.to_string()),
                interface: interface.and_then(|net| net.interface.as_deref()).map(stored),
            },
            cards: machine.cards.all().map(CardDocument::new).collect(),
            ssh: SshDocument::new(&vm.ssh),
            endpoint: vm.endpoint.map(|endpoint| endpoint.address.to_string()),
            endpoints: machine.endpoints.iter().map(EndpointDocument::new).collect(),
            foreign: machine.foreign,
            memory_mb: field("memory_mb", &machine.memory_mb, &mut unknown).copied(),
            vcpus: field("vcpus", &machine.vcpus, &mut unknown).copied(),
            disk_size,
            os_version,
            directory: directory.map(|path| Cow::Owned(stored(&path).into_owned())),
            candidates: pick.candidates.iter().map(CandidateDocument::new).collect(),
            none_probability: checked.then(|| probability(pick.none_probability)),
            evidence: pick.about_machine.iter().map(EntryDocument::new).collect(),
            notes: vm.notes().iter().map(|note| stored(note).into_owned().into()).collect(),
            unread: pick
                .unread
                .iter()
                .map(|item| UnreadDocument {
                    signal: stored(&item.plugin),
                    says: stored(&item.observation.says),
                })
                .collect(),
            findings: [],
            unknown,
        }
    }
}

impl SshDocument<'_> {
    fn new(ssh: &Ssh) -> Self {
        Self {
            state: ssh.state,
            rtt_ms: ssh.rtt.map(|rtt| hundredths(rtt.as_secs_f64() * 1000.0)),
            banner: ssh.banner.as_deref().map(|text| stored(text).into_owned().into()),
        }
    }
}

impl EndpointDocument<'_> {
    fn new(endpoint: &Endpoint) -> Self {
        Self {
            address: endpoint.address.ip(),
            port: endpoint.address.port(),
            how: endpoint.how.code(),
            ssh: SshDocument::new(&Ssh::at(endpoint)),
        }
    }
}

impl<'a> CardDocument<'a> {
    fn new(card: &'a Card) -> Self {
        let mut unknown = UnknownFields::new();
        let mac = field("mac", &card.mac, &mut unknown).map(ToString::to_string);
        let [mode, interface, port] =
            ["mode", "interface", "port"].map(|name| field(name, &card.net, &mut unknown));
        Self {
            mac,
            mode: mode.map(|net| net.mode.to_string()),
            interface: interface.and_then(|net| net.interface.as_deref()).map(stored),
            port: port.and_then(|net| net.port.as_deref()).map(stored),
            unknown,
        }
    }
}

impl<'a> CandidateDocument<'a> {
    fn new(candidate: &'a Candidate) -> Self {
        Self {
            ip: candidate.address,
            probability: probability(candidate.probability),
            flags: candidate.flags.iter().map(|flag| FlagCode::from(*flag)).collect(),
            evidence: candidate.ledger.iter().map(EntryDocument::new).collect(),
            doubt: candidate
                .doubt
                .as_ref()
                .map(|Doubt { says, weight }| DoubtDocument { says, weight: hundredths(*weight) }),
            struck_out: candidate.struck_out.map(|reason| reason.to_string()),
        }
    }
}

impl<'a> EntryDocument<'a> {
    fn new(entry: &'a Entry) -> Self {
        let observation = &entry.evidence.observation;
        Self {
            id: entry.evidence.id,
            signal: stored(&entry.evidence.plugin),
            kind: stored(observation.kind.code()),
            says: stored(&observation.says),
            own_claim: observation.kind.plugin().is_some(),
            weight: hundredths(entry.weight),
            age_ms: observation.age.map(|_| milliseconds(entry.age)),
            counted: entry.counted(),
            why_not: entry.why_not.map(|reason| reason.to_string()),
        }
    }
}
