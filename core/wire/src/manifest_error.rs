//! Why a manifest is refused.

use vmkit_model::{ClaimFault, MANAGER};

use crate::needs_grammar::NeedsError;

/// The epoch of the plugin interface that this host speaks. A test of the worker checks that the ABI
/// crate has the same number.
pub const EPOCH: u32 = 1;

/// Most pages of the gateway that one plugin may ask for.
pub(crate) const MOST_PAGES: usize = 16;

/// Why a manifest is refused.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// It is not a manifest, or it declares a need that this host does not know.
    #[error("manifest: {0}")]
    Malformed(serde_json::Error),
    /// It was built for another epoch.
    #[error("built for plugin interface epoch {found}, this vm speaks epoch {EPOCH}")]
    Epoch {
        /// The epoch in the manifest.
        found: u32,
    },
    /// It declares too many pages of the gateway, or pages that cannot be requested.
    #[error(
        "manifest: `gateway` holds at most {MOST_PAGES} paths, each plain, from `/` on and without a \
         query"
    )]
    Gateway,
    /// It names files or programs that no manifest may name.
    #[error(transparent)]
    Needs(#[from] NeedsError),
    /// It names a program that no manifest may name.
    #[error("manifest: {0}")]
    Program(&'static str),
    /// It declares kinds of evidence that no plugin may declare.
    #[error("manifest: `evidence`: {0}")]
    Evidence(#[from] ClaimFault),
    /// Its id is not a valid name.
    #[error("manifest: the id may hold lower-case letters, digits and hyphens, 1 to 40 of them")]
    Id,
    /// Its id is that of the manager whose machines need no plugin.
    #[error("manifest: the id {MANAGER} is of the machines that vm itself reads")]
    OwnManager,
}
