//! Unplugs the virtual links of machines for a moment, so that their guests ask for an address.

use std::time::{Duration, Instant};

use vmkit_diagnose::Omission;
use vmkit_power::{Link, LinkError};
use vmkit_types::error_chain;

use crate::{Note, Pause, Progress, person::Wait};

/// How long a link is down: `NetworkManager` notices after six seconds, others at once.
pub(crate) const UNPLUGGED: Duration = Duration::from_secs(7);
/// How often progress is shown.
const TICK: Duration = Duration::from_secs(1);
/// Attempts to plug in a link: a monitor that is busy with another client is free a moment later.
const ATTEMPTS: usize = 3;

/// A virtual link that can be switched.
pub(crate) trait Switch {
    /// QEMU's name for it.
    fn name(&self) -> &str;

    /// Plugs it in or unplugs it.
    fn set(&self, up: bool) -> Result<(), LinkError>;
}

impl Switch for Link {
    fn name(&self) -> &str {
        self.netdev()
    }

    fn set(&self, up: bool) -> Result<(), LinkError> {
        Self::set(self, up)
    }
}

/// Unplugs these links and plugs them in again, after the time or when the person ends the wait.
/// Returns the links that were not unplugged.
pub(crate) fn unplug<S: Switch>(links: &[(&str, Option<S>)], wait: &mut Wait<'_>) -> Vec<Omission> {
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
struct Unplugged<'a, S: Switch> {
    machine: &'a str,
    link: &'a S,
    is_down: bool,
}

impl<'a, S: Switch> Unplugged<'a, S> {
    fn pull(machine: &'a str, link: Option<&'a S>, wait: &mut Wait<'_>) -> Result<Self, String> {
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
            let (machine, netdev) = (self.machine, self.link.name());
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

impl<S: Switch> Drop for Unplugged<'_, S> {
    fn drop(&mut self) {
        if self.is_down {
            self.try_to_plug_in().ok();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;
    use crate::script::Script;

    /// A link with the outcomes of its next calls; later calls succeed.
    struct Fake {
        outcomes: RefCell<Vec<Result<(), LinkError>>>,
        calls: RefCell<Vec<bool>>,
    }

    impl Switch for &Fake {
        fn name(&self) -> &'static str {
            "net0"
        }

        fn set(&self, up: bool) -> Result<(), LinkError> {
            self.calls.borrow_mut().push(up);
            self.outcomes.borrow_mut().pop().unwrap_or(Ok(()))
        }
    }

    fn no_answer() -> Result<(), LinkError> {
        Err(LinkError::NoAnswer { socket: "/m".into() })
    }

    fn refused() -> Result<(), LinkError> {
        let netdev = "net0".to_owned();
        Err(LinkError::Refused { socket: "/m".into(), netdev, why: "refused the command" })
    }

    #[test]
    fn plugs_in_every_link_that_may_be_down() {
        let (down, up) = (false, true);
        // The outcomes of the calls in their order, the calls, and whether the link was unplugged
        // and was plugged in again.
        let rows = [
            (vec![Ok(())], vec![down, up], true, true),
            (vec![Ok(()), no_answer()], vec![down, up, up], true, true),
            (
                vec![Ok(()), no_answer(), no_answer(), no_answer()],
                vec![down, up, up, up],
                true,
                false,
            ),
            (vec![no_answer()], vec![down, up], false, true),
            (vec![refused()], vec![down], false, true),
        ];
        for (mut outcomes, calls, unplugged, plugged_in) in rows {
            outcomes.reverse();
            let fake = Fake { outcomes: RefCell::new(outcomes), calls: RefCell::default() };
            let mut person = Script::default();
            let omissions = unplug(&[("web", Some(&fake))], &mut Wait::begin(&mut person));
            assert_eq!(*fake.calls.borrow(), calls);
            assert_eq!(omissions.is_empty(), unplugged, "{calls:?}: {omissions:?}");
            let warned = person.log.iter().any(|line| line.starts_with("LeftUnplugged"));
            assert_eq!(warned, !plugged_in, "{calls:?}: {:?}", person.log);
            assert_eq!(person.log.last().map(String::as_str), Some("stops"));
        }
    }

    #[test]
    fn reports_a_link_that_cannot_be_switched() {
        let mut person = Script::default();
        let links: [(&str, Option<Link>); 1] = [("web", None)];
        let omissions = unplug(&links, &mut Wait::begin(&mut person));
        assert_eq!(omissions.len(), 1);
        assert!(omissions[0].why.contains("has no `id`"), "{omissions:?}");
        assert_eq!(person.log, ["begins", "stops"], "nothing is waited for");
    }
}
