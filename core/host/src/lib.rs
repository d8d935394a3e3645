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
mod declared_files;
mod find;
mod lease_files;
mod proxy;
mod run;
mod settings;
mod snapshot;
mod stamp;
mod worker;

pub use advise::{Advised, PluginAdvice, advise, gateway_pages};
pub use find::{
    BrokerCommand, Consent, Fault, Found, Identity, Installation, Mend, Origin, Pins, Plugin,
    Refusal, broker_command, examine, find, look_at,
};
pub use run::{Addresses, Holder, Incident, Observed, Purpose, Run, Target, Wait};
pub use settings::RunSettings;
pub use snapshot::Snapshot;
