//! What the diagnosis knows: findings, causes, remedies and tests. Data, parsed and checked once.

mod contents;
mod embedded;
mod error;
mod kinds;
mod placeholders;
mod rows;
#[cfg(test)]
mod tests;

pub use contents::Catalogue;
pub use error::CatalogueError;
pub(crate) use kinds::{BootPhase, BootTimes, RemedyKind, Test};
pub use kinds::{Cause, Fault, FindingKind, Layer, Risk, Scope, WhileBooting};
pub(crate) use placeholders::{PLACEHOLDERS, fill};

impl Catalogue {
    /// The built-in catalogue.
    ///
    /// # Errors
    /// The embedded data is invalid, which a test rules out.
    pub fn builtin() -> Result<Self, CatalogueError> {
        rows::parse(embedded::FILES)
    }
}
