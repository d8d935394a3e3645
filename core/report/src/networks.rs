//! The view model of `vm net`.

use std::time::{Duration, SystemTime};

use vmkit_attach::{KnownRouter, Reach, Situation};
use vmkit_model::{CommandPlace, NetworkChoice, Platform};
use vmkit_types::{HostNetwork, Reading};

/// The answer of `vm net`: which networks of this computer a machine can be started on.
#[derive(Clone, Debug)]
pub struct Networks<'a> {
    /// The machine that is asked about; `None`: any.
    pub machine: Option<&'a str>,
    /// Whether it runs.
    pub runs: bool,
    /// The network of this computer.
    pub network: &'a HostNetwork,
    /// The system of this computer.
    pub platform: Platform,
    /// The router. Absent: it was asked, and nobody recognised it.
    pub router: Reading<KnownRouter>,
    /// Who has to reach the machine.
    pub reach: Reach,
    /// What was chosen for the machine before.
    pub remembered: Option<NetworkChoice>,
    /// When the answer was ready.
    pub generated_at: SystemTime,
    /// How long it took.
    pub elapsed: Duration,
    /// Where the commands look.
    pub place: CommandPlace,
}

impl Networks<'_> {
    /// What the recommendation depends on.
    pub(crate) fn situation(&self) -> Situation<'_> {
        Situation {
            machine: self.machine,
            runs: self.runs,
            network: self.network,
            platform: self.platform,
            router: self.router.as_ref().known(),
            reach: self.reach,
            remembered: self.remembered.as_ref(),
        }
    }
}
