//! Waits until machines have an address and answer SSH.
//!
//! Addresses are found by looks, as for `vm status`. Events at the ports and consoles say when a look is worth it,
//! so that an address is noticed at once and a boot is not slowed down by looks.

mod event;
mod events;
mod interrupt;
mod probe;
mod progress;
mod verdict;
mod waited;

use std::time::{Duration, Instant};

use vmkit_model::MANAGER;
use vmkit_plugin_commands::note;
use vmkit_report::{StartResult, StartedVm};
use vmkit_session::{Builder, Selection, Session, Settings};
use vmkit_types::escaped;

use crate::{arguments::StartOptions, launched::Launched, net::host_network, work::Work};
use events::Events;
use interrupt::Interrupt;
use progress::{Progress, Stage};
use waited::Waited;

/// The signals of the looks: those that read what this computer has already, so that a look ends at once. SSH is
/// asked by the wait itself, which brings the address into the table of neighbours.
const SIGNALS: [&str; 3] = ["arp", "console", "leases"];
/// How long to wait for an event before consoles, processes and deadlines are looked at again.
const TICK: Duration = Duration::from_millis(20);
/// Shortest interval between looks for the sake of the console alone: a boot writes all the time.
const FOR_CONSOLE: Duration = Duration::from_millis(500);
/// Interval between looks where nothing happens.
const IDLE: Duration = Duration::from_secs(1);
/// Interval between looks after an event that an address follows, until one shows it.
const EAGER: Duration = Duration::from_millis(50);
/// How long looks are so frequent after such an event.
const EAGER_FOR: Duration = Duration::from_secs(2);

/// Waits for all of them at once.
///
/// # Errors
/// Signals cannot be handled; the machines cannot be looked at.
pub(crate) fn wait(
    launched: Vec<Launched>,
    options: &StartOptions,
    began: Instant,
    work: &Work<'_>,
) -> anyhow::Result<Vec<StartedVm>> {
    let machines: Vec<Waited> =
        launched.into_iter().map(|launched| Waited::new(launched, options.wait)).collect();
    if options.no_wait || machines.is_empty() {
        return Ok(machines.into_iter().map(|machine| machine.report(began)).collect());
    }
    // Only their own network and processes matter.
    let managers = vec![MANAGER.to_owned()];
    let settings = Settings { managers, ..work.front.settings.clone() };
    let mut wait = Wait {
        session: Builder::new(settings.clone()).fast().only(&SIGNALS).start()?,
        // With the ports and bridges that were just made.
        events: Events::new(host_network(work.front)?, settings.broker.clone()),
        settings,
        machines,
        looked: None,
        eager_until: None,
        console: false,
    };
    let interrupt = Interrupt::watch()?;
    let mut progress = Progress::new(wait.machines.len(), work.quiet);
    wait.follow_ports();
    while wait.machines.iter().any(|machine| machine.result.is_none()) {
        progress.show(&wait.stages(), began);
        if interrupt.came() {
            drop(progress);
            wait.leave();
            break;
        }
        wait.step()?;
    }
    Ok(wait.machines.into_iter().map(|machine| machine.report(began)).collect())
}

/// A wait that goes on.
struct Wait {
    session: Session,
    settings: Settings,
    events: Events,
    machines: Vec<Waited>,
    /// When the last look ended.
    looked: Option<Instant>,
    /// Until when looks follow each other quickly.
    eager_until: Option<Instant>,
    /// A console has grown since the last look.
    console: bool,
}

impl Wait {
    fn follow_ports(&self) {
        for (place, machine) in self.machines.iter().enumerate() {
            let Launched { port, mac, .. } = &machine.launched;
            if let Some(port) = port {
                self.events.follow_port(place, (port.clone(), *mac));
            }
        }
    }

    fn stages(&self) -> Vec<(&str, &Stage)> {
        let machines = self.machines.iter();
        machines.map(|machine| (machine.launched.name.as_str(), &machine.stage)).collect()
    }

    fn step(&mut self) -> anyhow::Result<()> {
        let mut event = self.events.next(TICK);
        while let Some((place, what)) = event {
            let urgent = self.machines.get_mut(place).is_some_and(|machine| machine.takes(what));
            if urgent {
                self.eager_until = Some(Instant::now() + EAGER_FOR);
                self.looked = None;
            }
            event = self.events.next(Duration::ZERO);
        }
        for machine in &mut self.machines {
            self.console |= machine.console_has_grown();
        }
        if is_due(self.looked, self.eager_until, self.console, Instant::now()) {
            self.look()?;
        }
        let now = Instant::now();
        self.machines.iter_mut().for_each(|machine| machine.check(now));
        self.judge_late(now);
        Ok(())
    }

    fn look(&mut self) -> anyhow::Result<()> {
        let open = self.machines.iter().filter(|machine| machine.result.is_none());
        let names: Vec<String> = open.map(|machine| machine.launched.name.clone()).collect();
        if names.is_empty() {
            return Ok(());
        }
        let look = self.session.look(&Selection::named(&names))?;
        for (place, machine) in self.machines.iter_mut().enumerate() {
            if machine.result.is_none() {
                machine.sees(place, &look, &self.events);
            }
        }
        self.console = false;
        self.looked = Some(Instant::now());
        Ok(())
    }

    /// Has the doctor say why machines have no address whose time is over.
    fn judge_late(&mut self, now: Instant) {
        let late = self.machines.iter().filter(|machine| machine.is_late(now));
        let names: Vec<String> = late.map(|machine| machine.launched.name.clone()).collect();
        if names.is_empty() {
            return;
        }
        let mut verdicts = verdict::verdicts(&names, &self.settings);
        for machine in self.machines.iter_mut().filter(|machine| machine.is_late(now)) {
            let unknown = || StartResult::CannotTell("the doctor did not see it".to_owned());
            machine.settle(verdicts.remove(&machine.launched.name).unwrap_or_else(unknown));
        }
    }

    fn leave(&mut self) {
        for machine in self.machines.iter_mut().filter(|machine| machine.result.is_none()) {
            machine.leave();
            note(&format!("{} runs on.\n", escaped(&machine.launched.name)));
        }
    }
}

/// Whether a look is worth it now.
fn is_due(
    looked: Option<Instant>,
    eager_until: Option<Instant>,
    console: bool,
    now: Instant,
) -> bool {
    let Some(looked) = looked else { return true };
    let eager = eager_until.is_some_and(|until| now < until);
    let interval = match (eager, console) {
        (true, _) => EAGER,
        (false, true) => FOR_CONSOLE,
        (false, false) => IDLE,
    };
    now.duration_since(looked) >= interval
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_often_after_an_event_and_seldom_without_one() {
        let start = Instant::now();
        let after = |ms| start + Duration::from_millis(ms);
        let rows = [
            (None, None, false, 0, true),
            (Some(start), None, false, 900, false),
            (Some(start), None, false, 1000, true),
            (Some(start), None, true, 400, false),
            (Some(start), None, true, 500, true),
            (Some(start), Some(after(2000)), false, 40, false),
            (Some(start), Some(after(2000)), false, 50, true),
            (Some(start), Some(after(30)), false, 60, false),
        ];
        for (looked, eager, console, ms, expected) in rows {
            assert_eq!(is_due(looked, eager, console, after(ms)), expected, "{ms} {console}");
        }
    }
}
