//! The protocol between vmkit's host and its workers (frames of JSON on a Unix socket, with
//! descriptors beside them), and the manifest of a plugin.
//!
//! Frames are additive: an unknown field is ignored. In a manifest, unknown kinds and stages have no
//! effect, and an unknown need is refused.

#![forbid(unsafe_code)]

mod claims;
mod code;
mod fit;
mod frame;
mod lines;
mod local_api;
mod machine;
mod manager_files;
mod manifest;
mod manifest_error;
mod message;
mod needs;
mod needs_grammar;
mod needs_words;
mod pattern;
mod program;
mod question;
mod secret;

pub use claims::DeclaredKind;
pub use code::{Declared, PluginKind};
pub use fit::fits;
pub use frame::{FRAME_LIMIT, Receiver, WireError, send};
#[cfg(feature = "schema")]
pub use lines::schema as line_schema;
pub use lines::{
    AdviceLine, AnswerLine, ArpReplyLine, HostLine, LINE_LIMIT, LINE_PROTOCOL, LogLevel,
    ObservationLine, Part, ProgramLine, RefusalCode, StepLine,
};
pub use local_api::LocalApi;
pub use machine::{
    Field, MACHINES_IN_FRAME, WireCard, WireForward, WireMachine, WireRemark, WireUnknown,
    WireUnknowns,
};
pub use manager_files::is_manager_file;
pub use manifest::{Cost, Manifest};
pub use manifest_error::{EPOCH, ManifestError};
pub use message::{
    Account, Advise, FailureCode, FromWorker, List, Load, Observe, ToWorker, WIRE_VERSION,
    WireAdvice, WireAdviceKind, WireFact, WireObservation, WireStep, WireSubject, WireWord,
    configuration,
};
pub use needs::{GatewayPage, Needs, ReadFile};
pub use needs_grammar::NeedsError;
pub use pattern::{HOME, is_private};
pub use program::{MANIFEST_ENDING, MANIFEST_LIMIT, Program, joint_hash_input};
pub use question::{Answer, Answered, Opened, Question, Refusal, Resource};
pub use secret::{is_secret_path, may_be_secret};
