//! What follows from a look and all that was gathered, machine by machine.

use vmkit_diagnose::{
    Catalogue, Comparison, Diagnosis, Facts, Finding, Further, IgnoreRule, Path, could_change,
    diagnose, findings, path,
};
use vmkit_model::{End, Machine, Power};
use vmkit_scoring::{Pick, Verdict};
use vmkit_session::{Row, Selection};
use vmkit_types::{Reading, Unread};

use crate::{Gathered, comparison::compare, subjects::Subjects};

/// What follows for one machine.
#[derive(Clone, Debug)]
pub struct Assessment {
    /// The machine.
    pub machine: Machine,
    /// Its address, as far as the signals tell.
    pub pick: Pick,
    /// It was stopped or paused, and nobody asked for it by name.
    pub at_rest: bool,
    /// Everything that was looked for.
    pub findings: Vec<Finding>,
    /// What follows.
    pub diagnosis: Diagnosis,
    /// The way of its frames, and where they stop.
    pub path: Path,
}

impl Assessment {
    /// Whether the machine has a usable address.
    pub(crate) fn has_address(&self) -> bool {
        matches!(self.pick.verdict, Verdict::Resolved | Verdict::Probable)
    }

    /// The same without the causes that the user has set to be ignored.
    pub(crate) fn without_ignored(mut self, rules: &[IgnoreRule], catalogue: &Catalogue) -> Self {
        let qualified = self.machine.qualified_name();
        let names = [self.machine.name.as_str(), &qualified];
        self.diagnosis = self.diagnosis.without_ignored(rules, &names, &self.findings, catalogue);
        self
    }
}

/// Assesses each selected machine.
pub(crate) fn assess(
    subjects: &Subjects<'_>,
    gathered: &Gathered,
    selection: &Selection,
    catalogue: &Catalogue,
) -> Vec<Assessment> {
    let comparison = compare(subjects, gathered);
    let each = subjects.rows.iter().map(|row| {
        let own = subjects.describe(*row);
        let facts = facts(&own, *row, subjects, gathered, &comparison);
        let findings = findings(&facts, catalogue);
        let diagnosis = diagnose(&facts, &findings, catalogue);
        let (at_rest, diagnosis) = match was_put_to_rest(row.machine) {
            _ if row.machine.foreign => {
                let why = "its process is another user's, and its address is not looked for";
                (false, Diagnosis::unknown(why.to_owned()))
            }
            _ if row.pick.is_reached_at_endpoint(row.machine) => (false, Diagnosis::healthy()),
            // A person who names it wants it to run.
            _ if !selection.is_all() => (false, diagnosis),
            Reading::Known(true) => (true, Diagnosis::healthy()),
            Reading::Known(false) | Reading::Absent => (false, diagnosis),
            Reading::Unknown(why) => {
                (false, Diagnosis::unknown(format!("how it ended is not known: {why}")))
            }
        };
        let path = path(&facts, &findings, &diagnosis, catalogue);
        let (machine, pick) = (row.machine.clone(), row.pick.clone());
        Assessment { machine, pick, at_rest, findings, diagnosis, path }
    });
    each.collect()
}

/// Whether a person stopped or paused it, or the computer went down with it, which is a fault only if
/// they ask for it by name. QEMU also pauses guests of its own accord.
fn was_put_to_rest(machine: &Machine) -> Reading<bool> {
    // In QEMU's words. Its other states are its own doing, such as `io-error` for a full disk.
    const BY_A_PERSON: [&str; 3] = ["paused", "prelaunch", "suspended"];
    Reading::Known(match machine.power {
        Power::Stopped => match &machine.end {
            Reading::Absent | Reading::Known(End::WithComputer) => true,
            Reading::Known(End::ByItself) => false,
            Reading::Unknown(why) => return Reading::Unknown(why.clone()),
        },
        Power::Paused => {
            let state = machine.qmp.as_ref().known().map(|status| status.state.as_str());
            state.is_some_and(|state| BY_A_PERSON.contains(&state))
        }
        Power::Missing | Power::Running | Power::Unknown => false,
    })
}

/// The names of the machines without an address whose diagnosis this step could still change.
pub(crate) fn unsettled(
    step: Further,
    subjects: &Subjects<'_>,
    gathered: &Gathered,
    catalogue: &Catalogue,
) -> Vec<String> {
    let comparison = compare(subjects, gathered);
    let is_open = |row: &&Row<'_>| {
        let own = subjects.describe(**row);
        let facts = facts(&own, **row, subjects, gathered, &comparison);
        let findings = findings(&facts, catalogue);
        let diagnosis = diagnose(&facts, &findings, catalogue);
        could_change(step, &facts, &findings, &diagnosis, catalogue)
    };
    let without = |row: &&Row<'_>| subjects.without_address.contains(&row.machine.name);
    let open = subjects.rows.iter().filter(without).filter(is_open);
    open.map(|row| row.machine.name.clone()).collect()
}

fn facts<'a>(
    own: &'a vmkit_diagnose::Machine,
    row: Row<'a>,
    subjects: &'a Subjects<'_>,
    gathered: &'a Gathered,
    comparison: &'a Comparison,
) -> Facts<'a> {
    let Row { machine, pick } = row;
    let scene = subjects.scene();
    Facts {
        now: scene.now(),
        platform: subjects.platform,
        machine: own,
        machines: &subjects.machines,
        comparison,
        network: scene.network.as_ref().map_or(Reading::Unknown(Unread::NotTried), Reading::Known),
        survey: &gathered.survey,
        evidence: subjects.look.evidence_of(&machine.id()).collect(),
        pick,
        guest_traffic: gathered.captures.guest(&machine.name),
        uplink_traffic: gathered.captures.uplink(&machine.name),
        test: gathered.test(&machine.name),
        inside: gathered.inside(&machine.name),
        router: gathered.router.as_ref(),
        examined: gathered.examined.clone(),
    }
}
