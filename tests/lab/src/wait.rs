//! Waiting for a state, never for a time.

use std::time::{Duration, Instant};

use crate::LabError;

/// How long a test waits for what takes some seconds when nothing else runs. A busy computer may take
/// much longer, and what has not come by then will not come.
pub const PATIENCE: Duration = Duration::from_mins(3);

/// How often a state is looked at: far below what a person or a test notices, and rare enough that
/// looking costs the two cores of a small machine nothing.
const INTERVAL: Duration = Duration::from_millis(20);

/// Looks at `condition` until it holds.
///
/// # Errors
/// [`LabError::TimedOut`] naming `what` after `deadline`, or the condition's own error at once.
pub fn wait_until(
    deadline: Duration,
    what: &str,
    mut condition: impl FnMut() -> Result<bool, LabError>,
) -> Result<(), LabError> {
    let started = Instant::now();
    while !condition()? {
        if started.elapsed() >= deadline {
            return Err(LabError::TimedOut { what: what.to_owned(), deadline });
        }
        std::thread::park_timeout(INTERVAL);
    }
    Ok(())
}
