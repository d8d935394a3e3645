//! The state of SSH at the picked address.

use std::time::Duration;

use serde::Serialize;
use vmkit_model::{Endpoint, SshOutcome};
use vmkit_scoring::{Entry, Pick, WhyNot};
use vmkit_types::{Kind, Reading, attribute};

/// Whether SSH answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum SshState {
    /// It was not probed, or there is no address.
    NotChecked,
    /// The address cannot be reached.
    Unreachable,
    /// No answer before the deadline.
    Timeout,
    /// The machine refused the connection.
    Refused,
    /// The port accepts connections and sends no SSH banner.
    NoBanner,
    /// An SSH server sent its banner.
    Ready,
}

/// The state of SSH with what the probe measured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ssh {
    /// Whether it answers.
    pub state: SshState,
    /// Round-trip time of the connection.
    pub rtt: Option<Duration>,
    /// The first line of the server, unescaped.
    pub banner: Option<String>,
}

impl Ssh {
    /// The state at an endpoint.
    pub(crate) fn at(endpoint: &Endpoint) -> Self {
        let Reading::Known(answer) = &endpoint.ssh else {
            return Self { state: SshState::NotChecked, rtt: None, banner: None };
        };
        let state = match answer.outcome {
            SshOutcome::Ready => SshState::Ready,
            SshOutcome::NoBanner => SshState::NoBanner,
            SshOutcome::Refused => SshState::Refused,
            SshOutcome::Timeout => SshState::Timeout,
        };
        Self { state, rtt: answer.rtt, banner: answer.banner.clone() }
    }

    /// The state by the freshest evidence about the picked address.
    pub fn of(pick: &Pick) -> Self {
        let ledger = pick.picked().map(|candidate| candidate.ledger.as_slice()).unwrap_or_default();
        let freshest = ledger
            .iter()
            .filter(|entry| !matches!(entry.why_not, Some(WhyNot::BeforeBoot(_))))
            .filter_map(|entry| Some((entry, probed(&entry.evidence.observation.kind)?)))
            .min_by_key(|(entry, state)| (entry.age, std::cmp::Reverse(*state)));
        let Some((entry, state)) = freshest else {
            return Self { state: SshState::NotChecked, rtt: None, banner: None };
        };
        Self { state, rtt: rtt(entry), banner: banner(entry) }
    }
}

impl SshState {
    /// The words for people.
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::NotChecked => "not checked",
            Self::Unreachable => "unreachable",
            Self::Timeout => "timeout",
            Self::Refused => "refused",
            Self::NoBanner => "no banner",
            Self::Ready => "ready",
        }
    }
}

fn probed(kind: &Kind) -> Option<SshState> {
    match kind {
        Kind::SshReady => Some(SshState::Ready),
        Kind::SshNoBanner => Some(SshState::NoBanner),
        Kind::SshRefused => Some(SshState::Refused),
        Kind::SshTimeout => Some(SshState::Timeout),
        Kind::SshUnreachable => Some(SshState::Unreachable),
        _ => None,
    }
}

fn rtt(entry: &Entry) -> Option<Duration> {
    let micros: u32 = entry.evidence.observation.attribute(attribute::RTT_US)?.parse().ok()?;
    Some(Duration::from_micros(micros.into()))
}

fn banner(entry: &Entry) -> Option<String> {
    entry.evidence.observation.attribute(attribute::BANNER).map(str::to_owned)
}
