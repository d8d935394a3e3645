//! The view model of `vm resolve`: one machine's address, or why there is none.

use std::time::{Duration, SystemTime};

use vmkit_model::{Machine, PluginOutcome};
use vmkit_scoring::Pick;

use crate::Vm;

/// The answer of `vm resolve`.
#[derive(Clone, Debug)]
pub struct Resolution<'a> {
    /// The machine.
    pub vm: Vm<'a>,
    /// The plugins, in the order they were given.
    pub plugins: &'a [PluginOutcome],
    /// When the answer was ready.
    pub generated_at: SystemTime,
    /// How long it took.
    pub elapsed: Duration,
}

impl<'a> Resolution<'a> {
    /// The answer for this machine with its pick.
    pub fn new(
        machine: &'a Machine,
        pick: &'a Pick,
        plugins: &'a [PluginOutcome],
        generated_at: SystemTime,
        elapsed: Duration,
    ) -> Self {
        Self { vm: Vm::new(machine, pick, generated_at), plugins, generated_at, elapsed }
    }
}
