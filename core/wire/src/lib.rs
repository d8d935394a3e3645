//! The protocol between vmkit's host and its workers (frames of JSON on a Unix socket, with
//! descriptors beside them), and the manifest of a plugin.
//!
//! Frames are additive: an unknown field is ignored. In a manifest, unknown kinds and stages have no
//! effect, and an unknown need is refused.

#![forbid(unsafe_code)]

mod code;
mod frame;
mod manifest;
mod message;
mod needs;
mod needs_grammar;
mod needs_words;
mod question;

pub use code::{Declared, PluginKind};
pub use frame::{FRAME_LIMIT, Receiver, WireError, send};
pub use manifest::{Cost, EPOCH, Manifest, ManifestError};
pub use message::{
    Account, Advise, FailureCode, FromWorker, Load, Observe, ToWorker, WIRE_VERSION, WireAdvice,
    WireAdviceKind, WireFact, WireObservation, WireStep, WireSubject, WireWord, configuration,
};
pub use needs::{GatewayPage, Needs, ReadFile};
pub use needs_grammar::{NeedsError, fits, is_private};
pub use question::{Answer, Answered, Opened, Question, Refusal, Resource};
