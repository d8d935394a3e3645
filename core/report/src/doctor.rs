//! The view model of `vm doctor`.

use std::{
    net::IpAddr,
    time::{Duration, SystemTime},
};

use vmkit_dhcp::{Ladder, TestResult};
use vmkit_diagnose::{
    Catalogue, Diagnosis, Finding, FindingCode, Fix, Omission, Path, Router, State,
};
use vmkit_inside::Way;
use vmkit_model::{PluginOutcome, Power, Problem, Severity};
use vmkit_scoring::{Lack, Pick, Verdict};
use vmkit_types::{Interface, Reading};

/// The answer of `vm doctor`.
#[derive(Clone, Debug)]
pub struct Doctor<'a> {
    /// The catalogue of causes and findings.
    pub catalogue: &'a Catalogue,
    /// When the answer was ready.
    pub generated_at: SystemTime,
    /// How long it took.
    pub elapsed: Duration,
    /// The computer.
    pub host: DoctorHost,
    /// The network.
    pub network: DoctorNetwork,
    /// The machines, in the order of their names.
    pub vms: Vec<DoctorVm>,
    /// The outcomes of the plugins, signals and advice.
    pub plugins: Vec<PluginOutcome>,
    /// Files and directories that could not be read.
    pub problems: Vec<Problem>,
    /// Steps that were skipped, and how to include them.
    pub omissions: Vec<Omission>,
    /// The remedies that were offered, in their order. The rest of the report describes the state
    /// after them.
    pub fixes: Vec<Fix>,
}

/// The computer that the machines run on.
#[derive(Clone, Debug)]
pub struct DoctorHost {
    /// `linux` or `macos`, if known.
    pub platform: Option<String>,
    /// The system with its version. Unknown: a snapshot does not say.
    pub system: Reading<String>,
    /// Whether the doctor had root's rights.
    pub privileged: Option<bool>,
    /// Its interfaces.
    pub interfaces: Reading<Vec<Interface>>,
}

/// The network around the computer.
#[derive(Clone, Debug)]
pub struct DoctorNetwork {
    /// The gateway of the default route.
    pub gateway: Option<IpAddr>,
    /// The router, if it was recognised.
    pub router: Reading<Router>,
}

/// One machine.
#[derive(Clone, Debug)]
pub struct DoctorVm {
    /// Its name in its manager.
    pub name: String,
    /// The state of its process.
    pub power: Power,
    /// QEMU's version, where it is known.
    pub qemu: Option<String>,
    /// It was stopped or paused, and nobody asked for it by name.
    pub at_rest: bool,
    /// Its address.
    pub pick: Pick,
    /// All findings: present, absent or not observed.
    pub findings: Vec<Finding>,
    /// The diagnosis.
    pub diagnosis: Diagnosis,
    /// The way of its frames, and where they stop.
    pub path: Path,
    /// Its DHCP on both sides of this computer. Unknown: it was not captured.
    pub ladder: Reading<Ladder>,
    /// Offers for different hardware addresses. Unknown: nothing was asked for.
    pub test: Reading<Vec<TestResult>>,
    /// How its guest was asked from inside. Unknown: it was not.
    pub inside: Reading<Way>,
}

/// The conclusion of the examination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conclusion {
    /// Nothing is wrong with any machine that runs.
    Healthy,
    /// A machine has a problem, and its cause is named.
    Cause,
    /// A machine has a problem, and no cause can be named.
    CannotTell,
    /// The machines could not be examined.
    NotDone,
}

impl Doctor<'_> {
    /// The conclusion.
    pub fn conclusion(&self) -> Conclusion {
        let broken = self.problems.iter().any(|problem| problem.severity == Severity::Error);
        // A fault can be found where the address could not be looked for.
        let unnamed = self.vms.iter().filter(|vm| vm.diagnosis.cannot_tell.is_some());
        let mut unchecked = unnamed.filter_map(|vm| vm.pick.unchecked.as_ref());
        if broken || unchecked.any(|unchecked| unchecked.lack == Lack::All) {
            Conclusion::NotDone
        } else if self.is_healthy() {
            Conclusion::Healthy
        } else if self.cannot_tell() {
            Conclusion::CannotTell
        } else {
            Conclusion::Cause
        }
    }

    /// Whether nothing is wrong with any machine that runs.
    pub fn is_healthy(&self) -> bool {
        self.vms.iter().all(|vm| vm.diagnosis.healthy)
    }

    /// Whether a machine has a problem and no cause can be named.
    pub fn cannot_tell(&self) -> bool {
        let named = |vm: &DoctorVm| !vm.diagnosis.healthy && vm.diagnosis.cannot_tell.is_none();
        !self.is_healthy() && !self.vms.iter().any(named)
    }
}

impl DoctorVm {
    /// Whether it has a usable address.
    pub fn has_address(&self) -> bool {
        matches!(self.pick.verdict, Verdict::Resolved | Verdict::Probable)
    }

    /// Its usable address. `None` also where the diagnosis has found that the address is of no use, such as one
    /// of an earlier boot.
    pub(crate) fn usable_address(&self) -> Option<IpAddr> {
        let is_useless = self.findings.iter().any(|finding| {
            finding.code == FindingCode::AddressMissing
                && matches!(finding.state, State::Present(_))
        });
        self.pick.address.filter(|_| self.has_address() && !is_useless)
    }
}
