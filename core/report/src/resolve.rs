//! The view model of `vm resolve`: one machine's address, or why there is none.

use std::{
    io::{self, Write},
    time::{Duration, SystemTime},
};

use crate::{PluginReport, Vm, VmInput, json, text};

/// The answer of `vm resolve`.
#[derive(Clone, Debug)]
pub struct Resolution {
    /// The machine.
    pub vm: Vm,
    /// The plugins, in the order they were given.
    pub plugins: Vec<PluginReport>,
    /// When the answer was ready.
    pub generated_at: SystemTime,
    /// How long it took.
    pub elapsed: Duration,
}

impl Resolution {
    /// The answer made of these facts.
    pub fn new(
        vm: VmInput,
        plugins: Vec<PluginReport>,
        generated_at: SystemTime,
        elapsed: Duration,
    ) -> Self {
        Self { vm: Vm::new(vm), plugins, generated_at, elapsed }
    }

    /// Writes the address and a line break, or nothing: a script may use what it reads unquoted.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_address(&self, out: &mut impl Write) -> io::Result<()> {
        match self.vm.input.pick.address {
            Some(address) => writeln!(out, "{address}"),
            None => Ok(()),
        }
    }

    /// Writes the document `vmkit.resolve/1`.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_json(&self, out: &mut impl Write) -> io::Result<()> {
        json::write(out, &json::ResolveDocument::new(self))
    }

    /// One line on why there is no address, or how sure it is, with the command that leads on;
    /// `None` where all is clear. `snapshot` is the directory that was looked at, if it was one.
    pub fn remark(&self, snapshot: Option<&str>) -> Option<String> {
        text::remark(self, snapshot)
    }
}
