//! A machine that was started.

use vmkit_power::Started;
use vmkit_report::Launch;
use vmkit_types::Mac;

/// A machine whose QEMU answers.
pub(crate) struct Launched {
    pub(crate) name: String,
    pub(crate) mac: Mac,
    pub(crate) started: Started,
    /// The interface of this computer at which its frames pass.
    pub(crate) port: Option<String>,
    pub(crate) launch: Launch,
    /// What is not as planned: sentences.
    pub(crate) notes: Vec<String>,
}
