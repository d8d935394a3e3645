//! What an advice plugin gets and concludes.

use crate::Mac;

/// One fact about the network, such as `gateway.address`. `docs/plugins.md` lists the keys.
///
/// ```
/// use vmkit_types::Fact;
///
/// let facts = [Fact { key: "http.title:/".into(), value: "My Hub".into() }];
/// assert!(facts.iter().any(|fact| fact.key == "http.title:/"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fact {
    /// Its name, such as `http.get:/`.
    pub key: String,
    /// Its value. It comes from the network and may be hostile.
    pub value: String,
}

/// One conclusion of an advice plugin.
///
/// ```
/// use vmkit_types::{Advice, AdviceKind};
///
/// let advice = Advice {
///     kind: AdviceKind::Router,
///     id: "my-hub".into(),
///     title: "My Hub".into(),
///     confidence: 0.9,
///     because: vec!["its first page is titled My Hub".into()],
///     steps: Vec::new(),
/// };
/// assert_eq!(advice.kind, AdviceKind::Router);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Advice {
    /// What it states.
    pub kind: AdviceKind,
    /// Such as `bt-smart-hub-2`.
    pub id: String,
    /// One line for people.
    pub title: String,
    /// From 0 to 1.
    pub confidence: f64,
    /// The facts that led to it, in plain words.
    pub because: Vec<String>,
    /// What to do, in order.
    pub steps: Vec<Step>,
}

/// What an advice states.
///
/// ```
/// use vmkit_types::{AdviceKind, MacStatus, Witness};
///
/// let mac = "52:54:00:4b:5e:57".parse().unwrap();
/// let kind = AdviceKind::Witness(Witness { mac, seen: MacStatus::Blocked });
/// assert_ne!(kind, AdviceKind::Remedy);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AdviceKind {
    /// Which router this is.
    Router,
    /// What can be done.
    Remedy,
    /// What the router itself reports.
    Witness(Witness),
}

/// What a router reports about one MAC.
///
/// ```
/// use vmkit_types::{MacStatus, Witness};
///
/// let mac = "52:54:00:4b:5e:57".parse().unwrap();
/// let witness = Witness { mac, seen: MacStatus::Listed };
/// assert_eq!(witness.seen.code(), "listed");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Witness {
    /// The MAC, as a rule of a VM.
    pub mac: Mac,
    /// What the router reports.
    pub seen: MacStatus,
}

/// The status of a MAC at a router.
///
/// ```
/// use vmkit_types::MacStatus;
///
/// assert_eq!(MacStatus::from_code("not-listed"), Some(MacStatus::NotListed));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MacStatus {
    /// The router's device list has it.
    Listed,
    /// The router's device list was read to its end and lacks it.
    NotListed,
    /// The router lists it as blocked.
    Blocked,
    /// The router answers its web requests with a page of its own, such as a login.
    WebHijacked,
}

impl MacStatus {
    const ALL: [Self; 4] = [Self::Listed, Self::NotListed, Self::Blocked, Self::WebHijacked];

    /// Its code in frames and at the plugin interface.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Listed => "listed",
            Self::NotListed => "not-listed",
            Self::Blocked => "blocked",
            Self::WebHijacked => "web-hijacked",
        }
    }

    /// The status of this code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.code() == code)
    }
}

/// One step of a remedy.
///
/// ```
/// use vmkit_types::{Step, Word};
///
/// let step = Step::new("Test it").with_command(["vm".into(), "doctor".into(), Word::MachineName]);
/// assert_eq!(step.command.len(), 3);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What to do, in whole sentences.
    pub text: String,
    /// A command that belongs to the step; empty: none. The host shows it after the text.
    pub command: Vec<Word>,
}

/// One word of a command. The host quotes it for a shell.
///
/// ```
/// use vmkit_types::Word;
///
/// assert_eq!(Word::from("vm"), Word::Literal("vm".into()));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Word {
    /// The word itself.
    Literal(String),
    /// The name of the VM that the advice is shown for.
    MachineName,
}

impl Step {
    /// A step without a command.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), command: Vec::new() }
    }

    /// The same step with a command.
    #[must_use]
    pub fn with_command(mut self, words: impl IntoIterator<Item = Word>) -> Self {
        self.command = words.into_iter().collect();
        self
    }
}

impl From<&str> for Word {
    fn from(word: &str) -> Self {
        Self::Literal(word.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_has_a_code_of_its_own() {
        for status in MacStatus::ALL {
            assert_eq!(MacStatus::from_code(status.code()), Some(status));
        }
        assert_eq!(MacStatus::from_code("asleep"), None);
    }
}
