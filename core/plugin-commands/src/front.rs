//! What the commands work with, and where they print.

use std::{
    io::{self, BufWriter, Write},
    path::PathBuf,
};

use vmkit_host::TrialPlace;
use vmkit_report::Terminal;
use vmkit_session::Settings;

/// What a command works with.
#[derive(Clone, Copy)]
pub struct Front<'a> {
    /// Who asks, where things are and what is configured.
    pub settings: &'a Settings,
    /// The terminal at standard output.
    pub terminal: Terminal,
}

impl Front<'_> {
    /// Where plugins are tried out.
    pub(crate) fn trial_place(&self) -> TrialPlace<'_> {
        let home = self.settings.invoker.home.as_ref().known();
        TrialPlace { installation: &self.settings.installation, home: home.map(PathBuf::as_path) }
    }
}

/// How a command ended, the best first. What it could not do was printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ended {
    /// All is well.
    Well,
    /// It found something wrong, or somebody did not agree.
    WithFindings,
    /// The evidence does not suffice.
    CannotTell,
    /// Part of the work could not be done.
    Failed,
}

/// Writes the answer to standard output, all at once.
///
/// # Errors
/// The reader has left, or the system refuses.
pub fn answer(
    write: impl FnOnce(&mut BufWriter<io::StdoutLock<'static>>) -> io::Result<()>,
) -> anyhow::Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    write(&mut out)?;
    out.flush()?;
    Ok(())
}

/// Prints something beside the answer. A closed standard error is ignored: no other place is left.
pub fn note(text: &str) {
    io::stderr().lock().write_all(text.as_bytes()).ok();
}
