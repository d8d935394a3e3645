//! The words of manifests and frames that name a kind, a stage or a source.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};
use vmkit_types::{Source, Stage};

/// A kind of plugin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PluginKind {
    /// Reports observations about VMs.
    Signal,
    /// Recognises a router and says what to change there.
    Advice,
    /// Lists the machines of a manager.
    Inventory,
}

impl PluginKind {
    const ALL: [Self; 3] = [Self::Signal, Self::Advice, Self::Inventory];

    /// The word for it in manifests, JSON and text.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Signal => "signal",
            Self::Advice => "advice",
            Self::Inventory => "inventory",
        }
    }
}

/// A word of a manifest, in a list that later versions may add words to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Declared<T> {
    /// This version knows the word.
    Known(T),
    /// A later version may know it. It has no effect and can be shown.
    Unknown(String),
}

impl fmt::Display for Declared<PluginKind> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(kind) => f.write_str(kind.code()),
            Self::Unknown(word) => f.write_str(word),
        }
    }
}

impl fmt::Display for Declared<Stage> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(stage) => f.write_str(stage.code()),
            Self::Unknown(word) => f.write_str(word),
        }
    }
}

/// Reads the kinds of a plugin.
pub(crate) fn kinds<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<Declared<PluginKind>>, D::Error> {
    declared(deserializer, &PluginKind::ALL, PluginKind::code)
}

/// Reads the stages of a signal.
pub(crate) fn stages<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<Declared<Stage>>, D::Error> {
    declared(deserializer, &[Stage::Discover, Stage::Confirm], Stage::code)
}

fn declared<'de, D: Deserializer<'de>, T: Copy>(
    deserializer: D,
    known: &[T],
    code: impl Fn(T) -> &'static str,
) -> Result<Vec<Declared<T>>, D::Error> {
    let find = |word: &str| known.iter().copied().find(|item| code(*item) == word);
    let words = Vec::<String>::deserialize(deserializer)?.into_iter();
    Ok(words.map(|word| find(&word).map_or(Declared::Unknown(word), Declared::Known)).collect())
}

/// How a frame writes a stage.
#[derive(Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(remote = "Stage", rename_all = "kebab-case")]
pub(crate) enum StageCode {
    Discover,
    Confirm,
}

/// How a frame writes a source.
#[derive(Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(remote = "Source", rename_all = "kebab-case")]
pub(crate) enum SourceCode {
    Live,
    Recording,
    Snapshot,
}
