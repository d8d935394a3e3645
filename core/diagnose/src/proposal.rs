//! The test that would tell the most for its cost.

use std::time::Duration;

use vmkit_dhcp::Traffic;
use vmkit_types::{Kind, Reading};

use crate::{
    Facts, Finding, FindingCode, Process, State,
    catalogue::{Means, Test},
    circumstance::Circumstance,
    infer::{Beliefs, Model},
    outcomes::{Outcomes, open},
    remedy::Values,
};

/// In bits. A test with a smaller expected gain is not proposed.
const LEAST_GAIN: f64 = 0.05;
/// Fixed cost of a test, so that a cheap and useless one does not win.
const OVERHEAD_MS: f64 = 1000.0;

/// What a probe leaves behind whatever its outcome is, by the codes of the tests.
const TRACES: [(&str, &[Kind]); 2] = [
    ("arp-probe", &[Kind::ArpReply, Kind::ArpDuplicate, Kind::ArpSilent]),
    (
        "ssh-probe",
        &[
            Kind::SshReady,
            Kind::SshRefused,
            Kind::SshTimeout,
            Kind::SshUnreachable,
            Kind::SshNoBanner,
        ],
    ),
];

/// A test that would find out more.
#[derive(Clone, Debug, PartialEq)]
pub struct Proposal {
    /// Its code in `tests.toml`.
    pub id: &'static str,
    /// What it does, in one line.
    pub title: String,
    /// What it tells apart.
    pub why: String,
    /// How long it takes, in milliseconds.
    pub cost_ms: u64,
    /// What it needs: `raw-socket`, `root`, `guest-login`, `router-login`, `person`.
    pub needs: Vec<String>,
    /// The command that does it; empty: a person does it.
    pub command: Vec<String>,
    /// The expected gain of information, in bits.
    pub gain_bits: f64,
}

/// The best test that was not done just now; `None`: no test is expected to tell enough.
pub(crate) fn propose(
    model: &Model<'_>,
    beliefs: &Beliefs,
    circumstances: &[Circumstance],
    findings: &[Finding],
    facts: &Facts<'_>,
    values: &Values,
) -> Option<Proposal> {
    let outcomes = Outcomes::new(model, beliefs);
    let worth = |test: &Test| outcomes.gain(open(test, model, findings));
    let possible = model.catalogue.tests.iter();
    let possible = possible.filter(|test| {
        test.is_possible(circumstances)
            && !is_vain(test, facts)
            && !was_done(test, facts)
            && !was_read(test, model, findings)
            && !left_traces(test, facts)
    });
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of one test, far below 2^52")]
    let score = |test: &Test, gain: f64| gain / (OVERHEAD_MS + test.cost_ms as f64);
    let useful = possible.map(|test| (test, worth(test))).filter(|(_, gain)| *gain >= LEAST_GAIN);
    let (test, gain_bits) =
        useful.max_by(|(a, one), (b, other)| score(a, *one).total_cmp(&score(b, *other)))?;
    let mut command = values.argv(&test.command).unwrap_or_default();
    if is_root(facts) && command.first().is_some_and(|word| word == "sudo") {
        command.remove(0);
    }
    Some(Proposal {
        id: test.id,
        title: test.title.clone(),
        why: test.why.clone(),
        cost_ms: test.cost_ms,
        needs: test.needs.clone(),
        command,
        gain_bits,
    })
}

/// Whether the test waits for a guest that does nothing: its machine is paused or has no process.
fn is_vain(test: &Test, facts: &Facts<'_>) -> bool {
    let of_guest = [Means::Probes, Means::Watch, Means::Unplug, Means::Person];
    let rests =
        matches!(&facts.machine.process, Reading::Known(process) if *process != Process::Running);
    rests && of_guest.contains(&test.means)
}

/// Whether the test only reads what was read, perhaps by another examination whose record this is: each source
/// of what is still open has shown one of the test's other findings.
fn was_read(test: &Test, model: &Model<'_>, findings: &[Finding]) -> bool {
    let source = |code: FindingCode| model.catalogue.finding(code).source.as_str();
    let seen = |code: FindingCode| {
        let observed = |state: &State| !matches!(state, State::NotObserved(_));
        findings.iter().any(|finding| finding.code == code && observed(&finding.state))
    };
    let shown = |open: FindingCode| {
        let mut others = test.reveals.iter().copied();
        others.any(|other| source(other) == source(open) && seen(other))
    };
    test.means == Means::Look && open(test, model, findings).into_iter().all(shown)
}

/// Whether a probe was made, perhaps by another examination whose record this is.
fn left_traces(test: &Test, facts: &Facts<'_>) -> bool {
    let traces = TRACES.iter().find(|(id, _)| *id == test.id).map_or(&[][..], |(_, kinds)| kinds);
    facts.evidence.iter().any(|each| traces.contains(&each.observation.kind))
}

/// Whether this examination has done the test with the same rights, so that it would tell the same
/// again.
fn was_done(test: &Test, facts: &Facts<'_>) -> bool {
    let of_root = ["root", "raw-socket"];
    let had_rights =
        is_root(facts) || !test.needs.iter().any(|need| of_root.contains(&need.as_str()));
    let examined = facts.examined.as_ref().known();
    match test.means {
        Means::Look => examined.is_some() && had_rights,
        Means::Probes => examined.is_some_and(|it| it.sent) && had_rights,
        Means::OfferTest => facts.test.as_ref().known().is_some(),
        Means::Watch => [&facts.guest_traffic, &facts.uplink_traffic]
            .into_iter()
            .any(|traffic| watched(traffic) >= Duration::from_millis(test.cost_ms)),
        Means::Unplug => examined.is_some_and(|it| it.unplugged),
        Means::Person => false,
    }
}

fn is_root(facts: &Facts<'_>) -> bool {
    facts.examined.as_ref().known().is_some_and(|it| it.privileged)
}

fn watched(traffic: &Reading<&Traffic>) -> Duration {
    let span = traffic.as_ref().known().and_then(|traffic| traffic.span);
    let length = span.and_then(|(from, to)| to.duration_since(from).ok());
    length.unwrap_or(Duration::ZERO)
}

#[cfg(test)]
mod tests {
    use super::TRACES;
    use crate::Catalogue;

    #[test]
    fn each_trace_is_of_a_test() {
        let catalogue = Catalogue::builtin().unwrap();
        for (id, _) in TRACES {
            assert!(catalogue.tests.iter().any(|test| test.id == id), "{id}");
        }
    }
}
