//! The view model of `vm snapshot show`.

use std::{
    io::{self, Write},
    time::SystemTime,
};

use crate::{Terminal, text};

/// What a snapshot holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// Its directory.
    pub directory: String,
    /// When it was captured.
    pub captured_at: SystemTime,
    /// `linux` or `macos`; `None`: not recorded.
    pub platform: Option<String>,
    /// Whether it was captured with root's rights; `None`: not recorded.
    pub privileged: Option<bool>,
    /// How many interfaces of the host it tells of; `None`: the network was not recorded.
    pub interfaces: Option<usize>,
    /// Names of the machines.
    pub machines: Vec<String>,
    /// The raw artefacts by path, with their sizes in bytes where they can be looked at.
    pub artefacts: Vec<(String, Option<u64>)>,
}

impl Recorded {
    /// Writes what it holds, and how to look at it.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_text(&self, out: &mut impl Write, terminal: Terminal) -> io::Result<()> {
        text::write_recorded(self, out, terminal)
    }
}
