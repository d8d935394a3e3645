//! What vmkit's host and its workers say to each other: frames of JSON on a Unix socket, with
//! descriptors beside them, and the manifest that a plugin carries.
//!
//! Frames are additive: an unknown field is ignored, an unknown *need* in a manifest is refused.

#![forbid(unsafe_code)]

mod frame;
mod manifest;
mod message;

pub use frame::{FRAME_LIMIT, Receiver, WireError, send};
pub use manifest::{Cost, EPOCH, GatewayPage, Manifest, ManifestError, Needs};
pub use message::{
    Account, Advise, FailureCode, FromWorker, Load, Observe, OpenRefusal, Opened, Resource, Source,
    ToWorker, WIRE_VERSION, WireAdvice, WireFact, WireObservation, WireSubject, configuration,
};
