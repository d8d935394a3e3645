//! Finds plugins, vets them, runs each in a worker of its own with a deadline, and stamps what
//! they report: observation in, evidence out.
//!
//! Nothing of a plugin is loaded into this process. A plugin that fails, hangs, floods or lies
//! ends as one [`PluginOutcome`](vmkit_model::PluginOutcome), and the others are not disturbed.

#![forbid(unsafe_code)]

mod advise;
mod authority;
mod broker;
mod channel;
mod console;
mod files;
mod find;
mod inventories;
mod lease_files;
mod local_api;
mod processes;
mod proxy;
mod run;
mod settings;
mod snapshot;
mod stamp;
mod tools;
mod trial;
mod worker;
mod worker_child;

pub use advise::{Advised, PluginAdvice, advise, gateway_pages};
pub use channel::look_inside;
pub use find::{
    BrokerCommand, Consent, Fault, Found, Identity, Installation, Mend, Origin, Pins, Plugin,
    Refusal, broker_command, examine, find, hash_of, look_at, manifest_of,
};
pub use inventories::{Inventories, Listed};
pub use run::{Addresses, Holder, Incident, Observed, Purpose, Run, Target, Wait};
pub use settings::RunSettings;
pub use snapshot::Snapshot;
pub use trial::{
    Exercise, Loaded, TrialCall, TrialEnd, TrialPlace, TrialQuestion, TrialRecord, Tried, try_out,
};
