//! What is known of SSH at the picked address.

use std::time::Duration;

use serde::Serialize;
use vmkit_scoring::{Entry, Pick, WhyNot};
use vmkit_types::{Kind, attribute};

/// Whether SSH answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum SshState {
    /// Nobody asked, or there is no address to ask.
    NotChecked,
    /// There is no way to the address, or nobody there.
    Unreachable,
    /// No answer before the deadline.
    Timeout,
    /// The machine refused the connection.
    Refused,
    /// The port accepts connections and says nothing that SSH would say.
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
    /// The first line of the server, as it came.
    pub banner: Option<String>,
}

impl Ssh {
    /// What the evidence about the picked address says: the freshest word of it.
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
    /// How it is said to people.
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
