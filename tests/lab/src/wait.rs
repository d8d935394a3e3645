//! Waits for a state.

use std::time::{Duration, Instant};

use crate::LabError;

/// How long a test waits for something that takes seconds on an idle computer, and much longer on a
/// busy one.
pub const PATIENCE: Duration = Duration::from_mins(3);

/// How often a state is checked: imperceptible, and cheap for two cores.
const INTERVAL: Duration = Duration::from_millis(20);

/// Checks `condition` until it holds.
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
