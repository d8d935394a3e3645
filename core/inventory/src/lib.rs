//! Lists the virtual machines of a vm-toolkit data directory. It only reads; [`Link::set`] alone
//! changes something, in a running QEMU.
//!
//! [`Location::find`] finds the directory, [`read`] reads it. Its contents are not trusted: sizes
//! are bounded, names and addresses are validated, and a bad file becomes a
//! [`Problem`](vmkit_model::Problem) without hiding the other machines.

#![forbid(unsafe_code)]

mod cards;
mod directory;
mod file;
mod guest_names;
mod listings;
mod location;
mod merge;
mod monitors;
mod names;
mod others;
mod ownership;
#[doc(hidden)]
pub mod parsers;
mod ports;
mod power;
mod read;
mod registry;
mod shell;
mod sight;
mod whose;

pub use directory::names;
pub use listings::with_listings;
pub use location::{Location, LocationError, Source, Sources};
pub use monitors::{AskedMonitors, Monitors};
pub use names::{derived_mac, valid_name};
pub use read::{Depth, Inventory, read, read_beside_monitors};
pub use registry::{Entry as RegistryEntry, REGISTRY_LIMIT, parse as registry_entries};
