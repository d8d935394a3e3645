//! The view model of `vm start`.

use std::{
    net::IpAddr,
    time::{Duration, SystemTime},
};

use vmkit_model::{CommandPlace, StartMode};

/// What became of the machines that were to be started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StartReport {
    /// The machines, in the order in which they were named.
    pub machines: Vec<StartedVm>,
    /// When the answer was ready.
    pub generated_at: SystemTime,
    /// How long it took.
    pub elapsed: Duration,
    /// Where the next commands look.
    pub place: CommandPlace,
}

/// A machine that was to be started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StartedVm {
    /// Its name.
    pub name: String,
    /// What became of it.
    pub result: StartResult,
    /// What its QEMU was started with; `None`: it was not started.
    pub launch: Option<Launch>,
    /// Its address, if one was found.
    pub address: Option<IpAddr>,
    /// How long it took until this was known.
    pub elapsed: Duration,
}

/// What a machine's QEMU was started with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Launch {
    /// The network mode.
    pub mode: StartMode,
    /// The bridge or adapter.
    pub interface: Option<String>,
    /// This computer and the machine do not reach each other, as over a macvtap.
    pub apart: bool,
    /// QEMU's word for what runs the guest's processor.
    pub acceleration: &'static str,
    /// The process.
    pub pid: u32,
}

/// What became of a machine that was to be started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StartResult {
    /// It has an address, and its SSH server answers.
    Up,
    /// It has an address, and its SSH server does not answer this computer yet, or cannot.
    Addressed,
    /// It runs; nobody waited for its address.
    Started,
    /// It has no address. The doctor's verdict in a sentence.
    NoAddress(String),
    /// Whether it has an address is unknown. Why, in a sentence.
    CannotTell(String),
    /// It could not be started, or ended. Why, in a sentence.
    Failed(String),
}

impl StartResult {
    /// The word for it in documents.
    pub(crate) const fn code(&self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Addressed => "addressed",
            Self::Started => "started",
            Self::NoAddress(_) => "no-address",
            Self::CannotTell(_) => "cannot-tell",
            Self::Failed(_) => "failed",
        }
    }

    /// Why it is not up.
    pub(crate) fn why(&self) -> Option<&str> {
        match self {
            Self::Up | Self::Addressed | Self::Started => None,
            Self::NoAddress(why) | Self::CannotTell(why) | Self::Failed(why) => Some(why),
        }
    }
}
