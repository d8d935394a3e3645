//! What signals that probe addresses share: which addresses to probe, many probes at once within the
//! host's deadline, and the probes of a snapshot.
//!
//! A probe gives what was seen, or an [`Unread`](vmkit_plugin::Unread) where nothing was seen that
//! says anything about the address.

#![forbid(unsafe_code)]

mod deadline;
mod failure;
mod round;
mod snapshot;
mod targets;
mod timeout;

pub use deadline::{CANCEL_CHECK, block_on, meaningful_silence, time_left, unless_cancelled};
pub use failure::{Failure, Refusal};
pub use round::{Limits, ask_all, probe_all};
pub use snapshot::{Entry, NoDetails, Recorded, last_entries, record, replay};
pub use targets::{Target, targets};
pub use timeout::Timeout;
