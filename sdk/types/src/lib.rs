//! Plain data shared by vmkit's host and its plugins: no I/O, no clock, no serialisation.
//!
//! Everything here can be built, compared and printed in a test without a computer around it.

#![forbid(unsafe_code)]

mod address;
mod advice;
mod answer;
mod card;
mod error;
mod host_key;
mod mac;
mod machine;
mod network;
mod observation;
mod reading;
mod subject;
mod text;

pub use address::is_host_address;
pub use advice::{Advice, AdviceKind, Fact, MacStatus, Step, Witness, Word};
pub use answer::{
    AgentAnswer, AgentCommand, ArpAnswer, ArpFailure, ArpOutcome, ArpReply, Attributes,
    ProcessAnswer,
};
pub use card::{InvalidCard, Net, NetworkMode, SubjectCard};
pub use error::error_chain;
pub use host_key::{HostKey, InvalidHostKey, KnownKey};
pub use mac::{InvalidMac, Mac};
pub use machine::{
    Forward, InvalidForward, InvalidRemark, ListedMachine, MachineState, Protocol, Remark,
};
pub use network::{HostNetwork, Interface, InterfaceKind, Prefix, Route};
pub use observation::{Kind, Observation, attribute};
pub use reading::{Reading, Unread};
pub use subject::{Source, Stage, Subject};
pub use text::{bounded, escaped, is_page_path};
