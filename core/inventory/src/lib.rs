//! Which virtual machines exist, read from a vm-toolkit data directory. Nothing is ever written,
//! and nothing changed but what [`Link::set`] says.
//!
//! [`Location::find`] says where the directory is, [`read`] what is in it. Everything in it is
//! taken as hostile: sizes are bounded, names and addresses validated, and one bad file becomes a
//! [`Problem`](vmkit_model::Problem) while the other machines are still listed.

#![forbid(unsafe_code)]

mod cards;
mod command_line;
mod directory;
mod file;
mod guest_names;
mod location;
mod monitors;
mod names;
mod ownership;
#[doc(hidden)]
pub mod parsers;
mod power;
mod qmp;
mod read;
mod registry;
mod shell;

pub use directory::names;
pub use location::{Location, LocationError, Source, Sources};
pub use monitors::{AskedMonitors, Monitors};
pub use names::{derived_mac, valid_name};
pub use qmp::{Link, LinkError};
pub use read::{Depth, Inventory, read, read_beside_monitors};
