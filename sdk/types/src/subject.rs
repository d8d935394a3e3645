//! The machines that signals report on, and what a call asks for.

use std::net::IpAddr;

use crate::{KnownKey, Mac, SubjectCard};

/// One virtual machine, as a signal plugin sees it.
///
/// ```
/// use vmkit_types::Subject;
///
/// let web = Subject {
///     name: "web".into(),
///     macs: vec!["52:54:00:4b:5e:57".parse().unwrap()],
///     ..Subject::default()
/// };
/// assert!(web.candidates.is_empty()); // as in the discovering stage
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subject {
    /// The machine's name in its manager.
    pub name: String,
    /// Its MACs: what its process was started with, or else what its manager recorded.
    pub macs: Vec<Mac>,
    /// Its network cards, in the order of its manager. Empty with an older host.
    pub cards: Vec<SubjectCard>,
    /// The host name that its guest is meant to have.
    pub hostname: Option<String>,
    /// Whether it has a console log that can be opened with `Cx::open_console`.
    pub has_console: bool,
    /// Whether it has a channel to a guest agent that can be asked with `Cx::ask_guest_agents`.
    pub has_guest_agent: bool,
    /// Addresses found so far. Empty in [`Stage::Discover`].
    pub candidates: Vec<IpAddr>,
    /// SSH host keys that the machine is known by. Empty unless the plugin declares `host_keys`.
    pub known_host_keys: Vec<KnownKey>,
}

/// What one call asks a signal for.
///
/// ```
/// assert_eq!(vmkit_types::Stage::Discover.code(), "discover");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stage {
    /// The addresses of the machines.
    Discover,
    /// What is known of the candidates: who answers there, and how.
    Confirm,
}

impl Stage {
    /// The word for it in manifests, JSON and text.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Discover => "discover",
            Self::Confirm => "confirm",
        }
    }
}

/// Where a signal looks.
///
/// ```
/// use vmkit_types::Source;
///
/// // Only a snapshot is looked at in place of the computer.
/// let is_replay = |source| source == Source::Snapshot;
/// assert!(!is_replay(Source::Live) && is_replay(Source::Snapshot));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// At the computer itself.
    Live,
    /// At the computer itself. Every raw artefact also goes into the snapshot.
    Recording,
    /// At the artefacts of a snapshot only.
    Snapshot,
}
