//! How a plugin stands to a rule.

/// One rule, and whether the plugin keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// The rule's id, such as `cancel`.
    pub id: &'static str,
    /// The rule as a sentence.
    pub says: &'static str,
    /// What to change in a plugin that breaks it.
    pub change: &'static str,
    /// Whether the plugin keeps it.
    pub outcome: Outcome,
}

/// Whether a plugin keeps a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It does.
    Kept,
    /// It does not; what it did, each in a sentence.
    Broken(Vec<String>),
    /// Nobody could see, for this reason.
    NotChecked(&'static str),
}
