//! The calls that cross the boundary. Methods may only be appended, with a default body.

use abi_stable::{
    sabi_trait,
    sabi_types::RRef,
    std_types::{RBox, ROption, RResult, RSlice, RStr, RString, RVec},
};

use crate::{
    Advice, Attribute, Error, ErrorCode, Fact, Level, Machine, Observation, Question, Resource,
    Source, Stage, VirtualMachine,
};

/// What the host lends to a plugin for the time of one call.
#[sabi_trait]
pub trait HostApi: Send + Sync {
    /// Reports observations. `false`: the host no longer listens, stop.
    fn emit(&self, observations: RVec<Observation>) -> bool;
    /// Whether the host has asked the call to end.
    fn cancelled(&self) -> bool;
    /// Milliseconds until the host stops waiting.
    fn remaining_ms(&self) -> u64;
    /// What the call is for.
    fn stage(&self) -> Stage;
    /// Where to look.
    fn source(&self) -> Source;
    /// The present in milliseconds since the Unix epoch; in a snapshot, the time of its capture.
    fn now_ms(&self) -> i64;
    /// The artefacts of the snapshot that the manifest declares and that are there, by path.
    fn artefacts(&self) -> RVec<RString>;
    /// Whether a log line of this level and target would be kept.
    fn log_enabled(&self, level: Level, target: RStr<'_>) -> bool;
    fn log(&self, level: Level, target: RStr<'_>, message: RStr<'_>);
    /// A descriptor, opened by the host, of something that the manifest declares. The plugin
    /// owns it.
    #[sabi(last_prefix_field)]
    fn open(&self, resource: Resource, argument: RStr<'_>) -> RResult<i32, Error>;
    /// Asks the host something that the manifest declares. A new question ends the one before.
    fn ask(&self, question: Question, words: RVec<RString>) -> RResult<(), Error> {
        let _ = (question, words);
        RResult::RErr(older_host())
    }
    /// Waits for the next answer to the question; none: all have come. It fails where the question
    /// was not answered, or not to its end.
    fn answer(&self) -> RResult<ROption<RVec<Attribute>>, Error> {
        RResult::RErr(older_host())
    }
}

fn older_host() -> Error {
    let message = "this host is older than the plugin and answers no questions";
    Error { code: ErrorCode::UNSUPPORTED, message: message.into(), ext: RVec::new() }
}

/// A borrowed host, for one call.
pub type HostRef<'a> = HostApi_TO<'a, RRef<'a, ()>>;

/// A plugin that finds or confirms addresses.
#[sabi_trait]
pub trait Signal: Send + Sync {
    #[sabi(last_prefix_field)]
    fn observe(&self, vms: RSlice<'_, VirtualMachine>, host: HostRef<'_>) -> RResult<(), Error>;
}

/// A plugin that lists the machines of a manager.
#[sabi_trait]
pub trait Inventory: Send + Sync {
    #[sabi(last_prefix_field)]
    fn list(&self, host: HostRef<'_>) -> RResult<RVec<Machine>, Error>;
}

/// A plugin that recognises a router and says what to change there.
#[sabi_trait]
pub trait AdviceSource: Send + Sync {
    #[sabi(last_prefix_field)]
    fn advise(&self, facts: RSlice<'_, Fact>, host: HostRef<'_>) -> RResult<RVec<Advice>, Error>;
}

/// A signal that owns itself.
pub type SignalBox = Signal_TO<'static, RBox<()>>;
/// An inventory that owns itself.
pub type InventoryBox = Inventory_TO<'static, RBox<()>>;
/// An advice source that owns itself.
pub type AdviceBox = AdviceSource_TO<'static, RBox<()>>;
