//! What the diagnosis knows: findings, causes, remedies and tests. Data, parsed and checked once.

mod contents;
mod embedded;
mod error;
mod kinds;
mod numbers;
mod placeholders;
mod rows;
mod stops;
#[cfg(test)]
mod tests;

pub use contents::Catalogue;
pub use error::CatalogueError;
pub(crate) use kinds::{BootPhase, BootTimes, Means, RemedyKind, Test};
pub use kinds::{Cause, Fault, FindingKind, Layer, Risk, Scope, WhileBooting};
pub use numbers::Number;
pub(crate) use placeholders::{PLACEHOLDERS, fill};
pub use stops::{Place, Spot, StationKind, Stops, Ways};

impl Catalogue {
    /// The built-in catalogue.
    ///
    /// # Errors
    /// The embedded data is invalid, which a test rules out.
    pub fn builtin() -> Result<Self, CatalogueError> {
        rows::parse(embedded::FILES)
    }
}
