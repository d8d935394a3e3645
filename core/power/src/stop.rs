//! Ends a machine's process: by its power button, by its monitor, and by force.

use std::time::{Duration, Instant};

use crate::{
    error::PowerError,
    leftovers::{self, Owner},
    process::Process,
    qmp::Monitor,
    running::Running,
};

/// How long each step may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// For the guest to shut down.
    pub power_down: Duration,
    /// For QEMU to end, which writes its disks back.
    pub quit: Duration,
    /// For the kernel to end it.
    pub kill: Duration,
}

impl Default for Patience {
    /// A guest shuts down within a few seconds, under emulation within half a minute. QEMU ends at once unless
    /// its disk is slow.
    fn default() -> Self {
        Self {
            power_down: Duration::from_mins(1),
            quit: Duration::from_secs(10),
            kill: Duration::from_secs(5),
        }
    }
}

/// How often the power button is pressed. A guest that is booting does not hear the first time.
const PRESSES: Duration = Duration::from_secs(3);

/// QEMU's word for a machine that is held.
const HELD: &str = "paused";

/// What is being done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StopStep {
    /// The power button was pressed.
    PowerDown,
    /// QEMU was asked to end.
    Quit,
    /// QEMU is killed.
    Kill,
}

/// How a machine stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HowStopped {
    /// The guest shut down.
    PoweredDown,
    /// QEMU ended when it was asked; the guest was cut off.
    Quit,
    /// QEMU was killed; the guest was cut off.
    Killed,
}

/// Stops a machine. `progress`: each step at its beginning, with its deadline. A step whose patience is zero
/// is skipped. A held machine runs on, so that it can shut down.
pub fn stop(
    running: &Running,
    patience: &Patience,
    progress: &mut dyn FnMut(StopStep, Duration),
) -> Result<HowStopped, PowerError> {
    let platform = vmkit_platform::current();
    let Some(process) = Process::of(&running.identity, &running.files, &platform)? else {
        return Err(PowerError::DoesNotRun(running.files.name().to_owned()));
    };
    let steps = [
        (StopStep::PowerDown, patience.power_down, HowStopped::PoweredDown),
        (StopStep::Quit, patience.quit, HowStopped::Quit),
        (StopStep::Kill, patience.kill, HowStopped::Killed),
    ];
    for (step, patience, how) in steps {
        if patience.is_zero() {
            continue;
        }
        progress(step, patience);
        let ended = match step {
            StopStep::PowerDown => power_down(running, &process, patience)?,
            StopStep::Quit => {
                // A monitor may be busy with another client; the signal does the same.
                running.monitor.quit().or_else(|_| process.terminate())?;
                process.wait(patience)?
            }
            StopStep::Kill => {
                process.kill()?;
                process.wait(patience)?
            }
        };
        if ended {
            if let Ok(Owner::Nobody(lock)) = leftovers::owner(&running.files) {
                leftovers::remove(&running.files, lock);
            }
            return Ok(how);
        }
    }
    Err(PowerError::StillThere(running.identity.pid))
}

/// Whether the guest shut down in time. Its power button is pressed again and again.
fn power_down(
    running: &Running,
    process: &Process,
    patience: Duration,
) -> Result<bool, PowerError> {
    let deadline = Instant::now() + patience;
    loop {
        let hears = match press(&running.monitor) {
            Ok(hears) => hears,
            // Another client is connected for now.
            Err(PowerError::NoAnswer(_)) => true,
            // It may have ended just now, or nobody can talk to it.
            Err(_) => false,
        };
        let left = deadline.saturating_duration_since(Instant::now());
        if process.wait(if hears { left.min(PRESSES) } else { Duration::ZERO })? {
            return Ok(true);
        }
        if !hears || left.is_zero() {
            return Ok(false);
        }
    }
}

/// Presses the power button. Whether the guest can hear it: one that has crashed does not.
fn press(monitor: &Monitor) -> Result<bool, PowerError> {
    let status = monitor.status()?;
    if status.state == HELD {
        monitor.resume()?;
    } else if !status.running {
        return Ok(false);
    }
    monitor.power_down().map(|()| true)
}
