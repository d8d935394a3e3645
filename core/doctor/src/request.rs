//! What the doctor is asked to do.

use std::time::Duration;

use vmkit_session::{Selection, Source};

/// What to examine, and what may be done for it.
#[derive(Clone, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag that callers set on its own")]
pub struct Request {
    /// The machines to examine.
    pub selection: Selection,
    /// Where to look. [`Source::Recorded`] is a directory to save to, which the caller has prepared.
    pub source: Source,
    /// Send nothing.
    pub passive: bool,
    /// How long to wait for guests to ask for an address, at most.
    pub wait: Option<Duration>,
    /// Unplug the links of the machines for a moment, so that their guests ask.
    pub unplug: bool,
    /// Log in to the guests with a key, where their host keys are known, or else have their agents run
    /// commands as the guests' root, so that they say what they know of their own network.
    pub inside: bool,
    /// Test offers and unplug links without asking the person.
    pub yes: bool,
    /// Whether to run remedies.
    pub fix: Option<FixRequest>,
}

/// Which remedies to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FixRequest {
    /// Those that the person allows, one by one.
    Offered,
    /// The remedy with this code, without asking.
    Named(String),
}

impl Request {
    /// What in it contradicts itself. A snapshot may be of another computer, so nothing is done to this
    /// one because of it.
    pub(crate) fn contradiction(&self) -> Option<&'static str> {
        let replays = matches!(self.source, Source::Snapshot(_));
        let is_live = self.source == Source::Computer;
        let rules = [
            (
                self.fix.is_some() && !is_live,
                "remedies are run only for this computer as it is now",
            ),
            (self.fix.is_some() && self.passive, "remedies cannot be run without sending anything"),
            (self.unplug && self.passive, "links cannot be unplugged without sending anything"),
            (self.inside && self.passive, "guests cannot be asked without sending anything"),
            (self.inside && replays, "guests of a snapshot cannot be asked"),
            ((self.unplug || self.wait.is_some()) && replays, "guests of a snapshot do not ask"),
        ];
        rules.into_iter().find(|(applies, _)| *applies).map(|(_, why)| why)
    }

    /// Whether the caller has asked to wait for guests.
    pub(crate) fn waits(&self) -> bool {
        self.wait.is_some() || self.unplug
    }
}

#[cfg(test)]
mod tests {
    use vmkit_files::Directory;

    use super::*;

    #[test]
    fn nothing_is_done_to_this_computer_for_a_snapshot_or_without_sending() {
        let snapshot = || Source::Snapshot("snapshot".into());
        let place = tempfile::tempdir().unwrap();
        let recorded = || Source::Recorded(Directory::open(place.path()).unwrap());
        let fix = || Some(FixRequest::Offered);
        let wait = || Some(Duration::from_secs(1));
        let plain = Request::default;
        let rows = [
            (plain(), true),
            (Request { fix: fix(), ..plain() }, true),
            (Request { fix: fix(), source: snapshot(), ..plain() }, false),
            (Request { fix: fix(), source: recorded(), ..plain() }, false),
            (Request { fix: fix(), passive: true, ..plain() }, false),
            (Request { unplug: true, passive: true, ..plain() }, false),
            (Request { unplug: true, source: snapshot(), ..plain() }, false),
            (Request { unplug: true, source: recorded(), ..plain() }, true),
            (Request { inside: true, ..plain() }, true),
            (Request { inside: true, source: recorded(), ..plain() }, true),
            (Request { inside: true, passive: true, ..plain() }, false),
            (Request { inside: true, source: snapshot(), ..plain() }, false),
            (Request { wait: wait(), source: snapshot(), ..plain() }, false),
            (Request { wait: wait(), passive: true, ..plain() }, true),
        ];
        for (request, sensible) in rows {
            assert_eq!(request.contradiction().is_none(), sensible, "{request:?}");
        }
    }
}
