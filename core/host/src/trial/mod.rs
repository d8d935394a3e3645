//! Tries a plugin out: calls whose every step is recorded, to judge the plugin by.
//!
//! The worker is the one of every run, confined to the same needs. Nothing is asked for the plugin on the
//! network or of other programs, and what it does is no incident.

mod conversation;
mod exercising;
mod output;
mod process;
mod record;

pub use exercising::{TrialPlace, try_out};
pub use record::{Exercise, Loaded, TrialCall, TrialEnd, TrialQuestion, TrialRecord, Tried};
