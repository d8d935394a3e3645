//! Unplugs the virtual links of machines for a moment, so that their guests ask for an address.

use std::time::{Duration, Instant};

use vmkit_diagnose::Omission;
use vmkit_inventory::{Link, LinkError};

use crate::{Note, Pause, Progress, error::error_chain, person::Wait};

/// How long a link is down: `NetworkManager` notices after six seconds, others at once.
pub(crate) const UNPLUGGED: Duration = Duration::from_secs(7);
/// How often progress is shown.
const TICK: Duration = Duration::from_secs(1);
/// Attempts to plug in a link: a monitor that is busy with another client is free a moment later.
const ATTEMPTS: usize = 3;

/// Unplugs these links and plugs them in again, after the time or when the person ends the wait.
/// Returns the links that were not unplugged.
pub(crate) fn unplug(links: &[(&str, Option<Link>)], wait: &mut Wait<'_>) -> Vec<Omission> {
    let (mut omissions, mut unplugged) = (Vec::new(), Vec::new());
    for (machine, link) in links {
        match Unplugged::pull(machine, link.as_ref(), wait) {
            Ok(pulled) => unplugged.push(pulled),
            Err(why) => omissions.push(Omission {
                what: format!("unplugging the virtual link of {machine}"),
                why,
                command: None,
            }),
        }
    }
    if !unplugged.is_empty() {
        pause(wait);
    }
    for link in unplugged {
        link.plug_in(wait);
    }
    omissions
}

fn pause(wait: &mut Wait<'_>) {
    let began = Instant::now();
    loop {
        let passed = began.elapsed();
        wait.shows(&Progress::Unplugged { passed, longest: UNPLUGGED });
        let left = UNPLUGGED.saturating_sub(passed);
        if left.is_zero() || wait.pause(TICK.min(left)) == Pause::EndedByPerson {
            return;
        }
    }
}

/// A link that is down. A panic plugs it in as well.
struct Unplugged<'a> {
    machine: &'a str,
    link: &'a Link,
    is_down: bool,
}

impl<'a> Unplugged<'a> {
    fn pull(machine: &'a str, link: Option<&'a Link>, wait: &mut Wait<'_>) -> Result<Self, String> {
        let Some(link) = link else {
            return Err("QEMU's `-netdev` has no `id`, so its link cannot be switched".to_owned());
        };
        let mut unplugged = Self { machine, link, is_down: true };
        match link.set(false) {
            Ok(()) => Ok(unplugged),
            // It may be down all the same.
            Err(error @ LinkError::NoAnswer { .. }) => {
                unplugged.plug_in(wait);
                Err(error_chain(&error))
            }
            Err(error) => {
                unplugged.is_down = false;
                Err(error_chain(&error))
            }
        }
    }

    fn plug_in(mut self, wait: &mut Wait<'_>) {
        if let Err(error) = self.try_to_plug_in() {
            let (machine, netdev) = (self.machine, self.link.netdev());
            wait.says(&Note::LeftUnplugged { machine, netdev, why: &error_chain(&error) });
        }
    }

    fn try_to_plug_in(&mut self) -> Result<(), LinkError> {
        self.is_down = false;
        let mut outcome = self.link.set(true);
        for _ in 1..ATTEMPTS {
            if outcome.is_ok() {
                break;
            }
            outcome = self.link.set(true);
        }
        outcome
    }
}

impl Drop for Unplugged<'_> {
    fn drop(&mut self) {
        if self.is_down {
            self.try_to_plug_in().ok();
        }
    }
}
