//! The view model of `vm snapshot check`.

use vmkit_model::Trace;

/// What in a snapshot could still identify.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SnapshotCheck {
    /// The directory of the snapshot.
    pub directory: String,
    /// What was found, in the order of the files.
    pub traces: Vec<Trace>,
}
