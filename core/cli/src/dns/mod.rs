//! `vm dns`: serves VMs' names from regular looks.

mod install;

use std::{
    sync::mpsc::{Receiver, RecvTimeoutError},
    time::{Duration, Instant},
};

use anyhow::bail;
use vmkit_dns::{Event, Listening, Zone, Zones};
use vmkit_inventory::valid_name;
use vmkit_resolver::{PORT, Suffix};
use vmkit_scoring::Lack;
use vmkit_session::{Builder, Selection, Session};
use vmkit_types::escaped;

use crate::{
    arguments,
    context::Context,
    exit::{Exit, Failure},
    output,
};

/// Shortest pause between looks. A look sends probes, and queries must not cause more of them than a user
/// would.
const PAUSE: Duration = Duration::from_secs(1);
/// Intervals for which addresses are served without a successful look. As many may fail in a row after
/// a computer wakes up.
const MISSED_LOOKS: u32 = 4;
/// Longest time of a look, added to those intervals.
const LONGEST_LOOK: Duration = Duration::from_secs(10);
/// Longest caching time of an answer. A restarted VM has its new address after some seconds.
const LONGEST_TTL: u64 = 30;

/// Runs the command.
pub(crate) fn run(wanted: &arguments::Dns, context: &Context) -> anyhow::Result<Exit> {
    if wanted.install || wanted.uninstall {
        return install::run(wanted, context);
    }
    let listening = listen(wanted, context)?;
    let mut looks = Looks {
        session: Builder::new(context.settings.clone()).start()?,
        suffix: wanted.suffix.clone(),
        interval: wanted.interval,
        has_zone: false,
        problem: None,
        shared: Vec::new(),
    };
    // Look before serving, so that the first query gets an answer.
    let zones = Zones::new(looks.zone()?);
    let address = listening.address();
    let events = listening.serve(zones.clone())?;
    if !context.quiet {
        let suffix = &wanted.suffix;
        output::note(&format!("serving *.{suffix} at {address}; stop with Ctrl-C\n"));
        output::note(&install::advice(suffix, address));
    }
    if let Some(problem) = &looks.problem {
        output::note(problem);
    }
    looks.keep_fresh(&zones, &events)
}

/// Repeated looks at the VMs.
struct Looks {
    session: Session,
    suffix: Suffix,
    interval: Duration,
    /// Whether a look has succeeded.
    has_zone: bool,
    /// The last message about a failed look, until one succeeds.
    problem: Option<String>,
    /// The names that were reported to belong to several VMs.
    shared: Vec<String>,
}

impl Looks {
    /// Looks and replaces the zone until the server stops.
    fn keep_fresh(&mut self, zones: &Zones, events: &Receiver<Event>) -> anyhow::Result<Exit> {
        loop {
            if wait(events, self.interval)? == Next::End {
                return Ok(Exit::Healthy);
            }
            match self.zone() {
                Ok(zone) => zones.replace(zone),
                Err(error) => self.report(&format!("{error:#}")),
            }
        }
    }

    /// Prints why a look failed, once for the same reason.
    fn report(&mut self, why: &str) {
        let text = format!("cannot look: {}\n", escaped(why));
        if self.problem.as_ref() != Some(&text) {
            output::note(&text);
        }
        self.problem = Some(text);
    }

    fn zone(&mut self) -> anyhow::Result<Zone> {
        let look = self.session.follow(&Selection::all())?;
        look.scene.require_complete()?;
        let rows = look.rows(&Selection::all())?;
        let mut unchecked = rows.iter().filter_map(|row| row.pick.unchecked.as_ref());
        let blind = unchecked.find(|unchecked| unchecked.lack == Lack::All);
        let blind = blind.map(|it| format!("{}; next: {}", it.reason, it.hint));
        match blind {
            // Former addresses are served until they are too old.
            Some(why) if self.has_zone => bail!("{why}"),
            Some(why) => self.problem = Some(format!("cannot look: {}\n", escaped(&why))),
            None => (self.has_zone, self.problem) = (true, None),
        }
        let weights = self.session.weights();
        // Others are no names of DNS, among them those of foreign machines.
        let named = rows.iter().filter(|row| valid_name(&row.machine.name));
        let machines = named.map(|row| {
            let looked = row.pick.unchecked.is_none();
            (row.machine.name.as_str(), looked.then(|| row.pick.resolved_addresses(weights)))
        });
        let good_for = self.interval * MISSED_LOOKS + LONGEST_LOOK;
        let ttl = self.interval.as_secs().clamp(1, LONGEST_TTL);
        let ttl = u32::try_from(ttl).unwrap_or(1);
        let zone = Zone::new(self.suffix.clone(), machines, Instant::now() + good_for, ttl);
        self.report_shared(&zone);
        Ok(zone)
    }

    /// Prints which names lead nowhere because several VMs have them, once for the same names.
    fn report_shared(&mut self, zone: &Zone) {
        let shared: Vec<String> = zone.shared_names().map(str::to_owned).collect();
        for name in shared.iter().filter(|name| !self.shared.contains(name)) {
            let name = escaped(name);
            output::note(&format!(
                "several VMs are called {name}, which therefore has no address\n"
            ));
        }
        self.shared = shared;
    }
}

/// The server's sockets. Those of port 53 come from the broker where this process may not bind it.
fn listen(wanted: &arguments::Dns, context: &Context) -> anyhow::Result<Listening> {
    let address = wanted.address();
    let refused = match Listening::at(address) {
        Err(error) if error.lacks_rights() => error,
        listening => return Ok(listening?),
    };
    if address.port() != PORT {
        let hint = format!("choose port {PORT} or one from 1024 on");
        return Err(Failure::new(format!("{refused}: permission denied")).with_hint(hint).into());
    }
    match context.settings.broker.listen(address.ip()) {
        Ok((tcp, udp)) => Ok(Listening::of_sockets(tcp, udp)?),
        Err(refusal) if context.settings.invoker.privileged => Err(refusal.into()),
        Err(refusal) => Err(Failure::new(refusal.to_string())
            .with_hint(install::serving(&wanted.suffix, address.ip()))
            .into()),
    }
}

/// What follows a wait.
#[derive(PartialEq, Eq)]
enum Next {
    Look,
    End,
}

/// Waits for an interval, or less after a query for an unknown address.
fn wait(events: &Receiver<Event>, interval: Duration) -> anyhow::Result<Next> {
    let began = Instant::now();
    let mut until = began + interval.max(PAUSE);
    loop {
        match events.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok(Event::Missed) => until = until.min(began + PAUSE),
            Ok(Event::Stopped(reason)) => {
                reason?;
                return Ok(Next::End);
            }
            Err(RecvTimeoutError::Timeout) => return Ok(Next::Look),
            Err(RecvTimeoutError::Disconnected) => bail!("the DNS server stopped without a reason"),
        }
    }
}
