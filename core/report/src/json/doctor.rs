//! The document `vmkit.doctor/1`.

use std::{borrow::Cow, net::IpAddr};

use serde::Serialize;
use vmkit_diagnose::{Omission, Proposal, Router, State, Suspect, Weighed};
use vmkit_types::Interface;

use super::{
    UnknownFields,
    booting::{BootingDocument, booting},
    codes::kind,
    dhcp::{RungDocument, TestDocument, rungs},
    field,
    fix::FixDocument,
    hundredths,
    path::PathDocument,
    probability,
    remedy::RemedyDocument,
    status::{PluginDocument, ProblemDocument},
};
use crate::{
    Doctor, DoctorVm,
    clean::stored,
    state::power_code,
    time::{milliseconds, rfc3339},
};

/// Why machines have no usable address. Fields may be added; `null` is "unknown" where `unknown`
/// names the field with a reason, and "there is none" otherwise.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(title = "vmkit.doctor/1"))]
pub(crate) struct DoctorDocument<'a> {
    /// `vmkit.doctor/1`.
    schema: &'static str,
    /// When the answer was ready, RFC 3339.
    generated_at: Option<String>,
    /// How long it took.
    elapsed_ms: u64,
    /// No machine has a problem, as far as was checked, apart from what is ignored.
    healthy: bool,
    host: HostDocument<'a>,
    network: NetworkDocument<'a>,
    /// The machines.
    vms: Vec<VmDocument<'a>>,
    /// All findings by machine.
    findings: Vec<FindingDocument<'a>>,
    /// The outcome of each plugin.
    plugins: Vec<PluginDocument<'a>>,
    /// Files and objects that could not be used.
    problems: Vec<ProblemDocument<'a>>,
    /// Steps that were skipped and would show more.
    left_out: Vec<LeftOutDocument<'a>>,
    /// What `--fix` did. The rest of the document describes the state after it.
    fixes: Vec<FixDocument<'a>>,
    /// Fields of this level that are unknown, with the reason.
    unknown: UnknownFields,
}

/// The computer that the machines run on.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct HostDocument<'a> {
    /// `linux` or `macos`.
    platform: Option<Cow<'a, str>>,
    /// Whether the doctor had root's rights.
    privileged: Option<bool>,
    interfaces: Option<Vec<InterfaceDocument<'a>>>,
    unknown: UnknownFields,
}

#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct InterfaceDocument<'a> {
    name: Cow<'a, str>,
    mac: Option<String>,
    /// Addresses with their prefix lengths.
    addresses: Vec<String>,
    /// `wifi`, `ethernet`, `bridge`, `tap`, `loopback`, `vpn`, `container`, `unknown`.
    kind: &'static str,
    up: bool,
    /// The bridge that it is a member of.
    bridge: Option<Cow<'a, str>>,
}

/// The network around the computer.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct NetworkDocument<'a> {
    /// The gateway of the default route.
    gateway: Option<IpAddr>,
    router: Option<RouterDocument<'a>>,
    unknown: UnknownFields,
}

/// The router.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct RouterDocument<'a> {
    id: Cow<'a, str>,
    name: Cow<'a, str>,
    confidence: f64,
    because: Vec<Cow<'a, str>>,
}

/// One machine.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct VmDocument<'a> {
    name: Cow<'a, str>,
    /// Its address, if one is usable.
    ip: Option<IpAddr>,
    /// As in `vmkit.status/1`.
    verdict: &'static str,
    healthy: bool,
    /// The state of its process: `missing`, `stopped`, `paused` or `running`.
    power: Option<&'static str>,
    /// The boot that must end before a diagnosis is possible.
    booting: Option<BootingDocument<'a>>,
    /// The likeliest causes, the likeliest first; where the address is missing, named ones that explain it come
    /// first.
    causes: Vec<CauseDocument<'a>>,
    /// Named causes that the configuration ignores; they change neither `healthy` nor the exit status.
    ignored: Vec<CauseDocument<'a>>,
    /// Remarks about its address and its names that are no faults.
    notes: Vec<Cow<'a, str>>,
    /// Why no cause can be named.
    cannot_tell: Option<Cow<'a, str>>,
    /// Probability of a cause that the catalogue does not have.
    unknown_probability: Option<f64>,
    /// Two causes that act together.
    together: Option<[&'static str; 2]>,
    /// The test with the most information for its cost.
    next_test: Option<NextTestDocument<'a>>,
    /// Circumstances that changed the odds of causes, such as `mode:bridged`.
    circumstances: &'a [&'static str],
    dhcp: DhcpDocument,
    /// How the guest was asked from inside: `ssh`, with the rights of the user who logged in, or
    /// `guest-agent`, as the guest's root.
    inside: Option<&'static str>,
    /// The way of its frames from the guest to the router, and where they stop.
    path: PathDocument<'a>,
    unknown: UnknownFields,
}

/// A possible cause.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct CauseDocument<'a> {
    /// What `vm explain` takes.
    code: &'static str,
    probability: f64,
    title: Cow<'a, str>,
    /// `guest`, `vm`, `host`, `wifi`, `router`, `dhcp` or `address`.
    layer: &'static str,
    evidence_for: Vec<EvidenceDocument<'a>>,
    evidence_against: Vec<EvidenceDocument<'a>>,
    remedies: Vec<RemedyDocument<'a>>,
    /// Causes that this one explains.
    folded: &'a [&'static str],
}

#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct EvidenceDocument<'a> {
    /// The finding in plain words.
    finding: Cow<'a, str>,
    /// Its code among `findings`.
    code: &'static str,
    /// 10·log₁₀ of the likelihood ratio.
    decibans: f64,
}

#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct NextTestDocument<'a> {
    id: &'static str,
    title: Cow<'a, str>,
    why: Cow<'a, str>,
    cost_ms: u64,
    needs: &'a [String],
    command: Vec<Cow<'a, str>>,
}

/// The machine's DHCP, message by message; `null`: it was not watched.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct DhcpDocument {
    guest_side: Option<Vec<RungDocument>>,
    uplink_side: Option<Vec<RungDocument>>,
    /// Offers for different hardware addresses.
    test: Option<Vec<TestDocument>>,
}

#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct FindingDocument<'a> {
    vm: Cow<'a, str>,
    code: &'static str,
    /// `present`, `absent` or `not-observed`.
    state: &'static str,
    /// The finding in general.
    text: Cow<'a, str>,
    /// What was found here, or why it was not observed.
    says: String,
    /// The right that a live run needs to observe it.
    needs: Option<&'a str>,
}

#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct LeftOutDocument<'a> {
    what: Cow<'a, str>,
    why: Cow<'a, str>,
    command: Option<Cow<'a, str>>,
}

impl<'a> DoctorDocument<'a> {
    pub(crate) fn new(doctor: &'a Doctor<'_>) -> Self {
        let mut unknown = UnknownFields::new();
        let generated_at = rfc3339(doctor.generated_at);
        if generated_at.is_none() {
            unknown.insert("generated_at", "the clock is out of range".to_owned());
        }
        Self {
            schema: "vmkit.doctor/1",
            generated_at,
            elapsed_ms: milliseconds(doctor.elapsed),
            healthy: doctor.is_healthy(),
            host: host(doctor),
            network: network(doctor),
            vms: doctor.vms.iter().map(vm).collect(),
            findings: doctor.vms.iter().flat_map(|vm| findings(doctor, vm)).collect(),
            plugins: doctor.plugins.iter().map(PluginDocument::new).collect(),
            problems: doctor.problems.iter().map(ProblemDocument::new).collect(),
            left_out: doctor.omissions.iter().map(omission).collect(),
            fixes: doctor.fixes.iter().map(FixDocument::new).collect(),
            unknown,
        }
    }
}

fn host<'a>(doctor: &'a Doctor<'_>) -> HostDocument<'a> {
    let mut unknown = UnknownFields::new();
    let host = &doctor.host;
    if host.platform.is_none() {
        unknown.insert("platform", "not recorded".to_owned());
    }
    if host.privileged.is_none() {
        unknown.insert("privileged", "not recorded".to_owned());
    }
    let interfaces = field("interfaces", &host.interfaces, &mut unknown);
    HostDocument {
        platform: host.platform.as_deref().map(stored),
        privileged: host.privileged,
        interfaces: interfaces.map(|interfaces| interfaces.iter().map(interface).collect()),
        unknown,
    }
}

fn interface(interface: &Interface) -> InterfaceDocument<'_> {
    InterfaceDocument {
        name: stored(&interface.name),
        mac: interface.mac.map(|mac| mac.to_string()),
        addresses: interface.addresses.iter().map(ToString::to_string).collect(),
        kind: kind(interface.kind),
        up: interface.up,
        bridge: interface.bridge.as_deref().map(stored),
    }
}
fn network<'a>(doctor: &'a Doctor<'_>) -> NetworkDocument<'a> {
    let mut unknown = UnknownFields::new();
    let network = &doctor.network;
    let reading = field("router", &network.router, &mut unknown);
    let known = reading.and_then(router);
    if known.is_none() && reading.is_some() {
        unknown.insert("router", "no advice plugin recognises it".to_owned());
    }
    NetworkDocument { gateway: network.gateway, router: known, unknown }
}

fn router(router: &Router) -> Option<RouterDocument<'_>> {
    let identity = router.identities.first()?;
    Some(RouterDocument {
        id: stored(&identity.id),
        name: stored(&identity.title),
        confidence: probability(identity.confidence),
        because: identity.because.iter().map(|text| stored(text)).collect(),
    })
}

fn vm(vm: &DoctorVm) -> VmDocument<'_> {
    let mut unknown = UnknownFields::new();
    let diagnosis = &vm.diagnosis;
    let ladder = field("dhcp", &vm.ladder, &mut unknown);
    let test = field("dhcp.test", &vm.test, &mut unknown);
    let inside = field("inside", &vm.inside, &mut unknown);
    let unchecked = vm.pick.unchecked.as_ref();
    if let Some(unchecked) = unchecked {
        for name in ["ip", "unknown_probability"] {
            unknown.insert(name, stored(&unchecked.reason).into_owned());
        }
    }
    let power = power_code(vm.power);
    let power = field("power", &power, &mut unknown).copied();
    VmDocument {
        name: stored(&vm.name),
        ip: vm.pick.address.filter(|_| vm.has_address()),
        verdict: vm.pick.verdict_of(vm.power).code(),
        healthy: diagnosis.healthy,
        power,
        booting: diagnosis.booting.as_ref().map(booting),
        causes: diagnosis.causes.iter().map(cause).collect(),
        ignored: diagnosis.ignored.iter().map(cause).collect(),
        notes: vm.pick.notes.iter().map(|note| stored(note)).collect(),
        cannot_tell: diagnosis.cannot_tell.as_deref().map(stored),
        unknown_probability: unchecked
            .is_none()
            .then(|| probability(diagnosis.unknown_probability)),
        together: diagnosis.together,
        next_test: diagnosis.next_test.as_ref().map(next_test),
        circumstances: &diagnosis.circumstances,
        dhcp: DhcpDocument {
            guest_side: ladder.and_then(|ladder| rungs(ladder, |rung| rung.guest_side)),
            uplink_side: ladder.and_then(|ladder| rungs(ladder, |rung| rung.uplink_side)),
            test: test.map(|results| results.iter().map(TestDocument::new).collect()),
        },
        inside: inside.map(|way| way.code()),
        path: PathDocument::new(&vm.path),
        unknown,
    }
}

fn cause(suspect: &Suspect) -> CauseDocument<'_> {
    CauseDocument {
        code: suspect.code,
        probability: probability(suspect.probability),
        title: stored(&suspect.title),
        layer: suspect.layer.word(),
        evidence_for: suspect.evidence_for.iter().map(evidence).collect(),
        evidence_against: suspect.evidence_against.iter().map(evidence).collect(),
        remedies: suspect.remedies.iter().map(RemedyDocument::new).collect(),
        folded: &suspect.folded,
    }
}

fn evidence(weighed: &Weighed) -> EvidenceDocument<'_> {
    EvidenceDocument {
        finding: stored(&weighed.text),
        code: weighed.code.code(),
        decibans: hundredths(weighed.decibans),
    }
}

fn next_test(test: &Proposal) -> NextTestDocument<'_> {
    NextTestDocument {
        id: test.id,
        title: stored(&test.title),
        why: stored(&test.why),
        cost_ms: test.cost_ms,
        needs: &test.needs,
        command: test.command.iter().map(|word| stored(word)).collect(),
    }
}

fn findings<'a>(
    doctor: &'a Doctor<'_>,
    vm: &'a DoctorVm,
) -> impl Iterator<Item = FindingDocument<'a>> {
    vm.findings.iter().map(|finding| {
        let kind = doctor.catalogue.finding(finding.code);
        let (state, text, says) = match &finding.state {
            State::Present(says) => ("present", &kind.present, says.clone()),
            State::Absent(says) => ("absent", &kind.absent, says.clone()),
            State::NotObserved(why) => ("not-observed", &kind.present, why.to_string()),
        };
        FindingDocument {
            vm: stored(&vm.name),
            code: finding.code.code(),
            state,
            text: stored(text),
            says: stored(&says).into_owned(),
            needs: kind.needs.as_deref(),
        }
    })
}

fn omission(omission: &Omission) -> LeftOutDocument<'_> {
    LeftOutDocument {
        what: stored(&omission.what),
        why: stored(&omission.why),
        command: omission.command.as_deref().map(stored),
    }
}
