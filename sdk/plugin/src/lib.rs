//! What authors of vmkit plugins use: plain Rust traits, one context per call, and [`export!`].
//!
//! A signal plugin is a type that implements [`Plugin`] and [`Signal`], a `plugin.json` beside it
//! that says what it needs, and one line of [`export!`]. Panics inside it become errors, and
//! `tracing` events reach the host. Authors see nothing of the foreign interface.

#![expect(
    unsafe_code,
    reason = "the exported symbols of a plugin, descriptors that the host hands over, and the \
              borrowed host that the tracing bridge reaches"
)]

mod artefact;
mod bridge;
mod convert;
mod cx;
mod error;
#[doc(hidden)]
pub mod export;
mod files;
mod guard;
mod kinds;
mod question;

pub use artefact::parse_list;
pub use cx::Cx;
pub use error::{Error, ErrorCode, Result};
pub use files::read_at_most;
pub use kinds::{AdviceSource, Inventory, NoConfig, Plugin, Signal};
pub use vmkit_types::{
    Advice, AdviceKind, AgentAnswer, AgentCommand, ArpAnswer, ArpFailure, ArpOutcome, ArpReply,
    Fact, Forward, HostKey, InvalidHostKey, InvalidMac, Kind, KnownKey, ListedMachine, Mac,
    MacStatus, MachineState, NetworkMode, Observation, ProcessAnswer, Protocol, Reading, Remark,
    Source, Stage, Step, Subject, SubjectCard, Unread, Witness, Word, attribute, bounded, escaped,
    is_host_address,
};

/// The foreign interface, for [`export!`] and the test kit only.
#[doc(hidden)]
pub use vmkit_abi as abi;
