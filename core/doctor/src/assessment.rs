//! What follows from a look and all that was gathered, machine by machine.

use vmkit_diagnose::{Catalogue, Diagnosis, Facts, Finding, diagnose, findings};
use vmkit_model::{End, Machine, Power};
use vmkit_scoring::{Pick, Verdict};
use vmkit_session::{Row, Selection};
use vmkit_types::{Reading, Unread};

use crate::{Gathered, subjects::Subjects};

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
}

impl Assessment {
    /// Whether the machine has a usable address.
    pub(crate) fn has_address(&self) -> bool {
        matches!(self.pick.verdict, Verdict::Resolved | Verdict::Probable)
    }

    /// Whether a test could still change the diagnosis.
    pub(crate) fn is_unsettled(&self) -> bool {
        !self.diagnosis.healthy && self.diagnosis.next_test.is_some()
    }
}

/// Assesses each selected machine.
pub(crate) fn assess(
    subjects: &Subjects<'_>,
    gathered: &Gathered,
    selection: &Selection,
    catalogue: &Catalogue,
) -> Vec<Assessment> {
    let each = subjects.rows.iter().map(|row| {
        let (findings, diagnosis) = judge(*row, subjects, gathered, catalogue);
        let (at_rest, diagnosis) = match was_put_to_rest(row.machine) {
            // A person who names it wants it to run.
            _ if !selection.is_all() => (false, diagnosis),
            Reading::Known(true) => (true, Diagnosis::healthy()),
            Reading::Known(false) | Reading::Absent => (false, diagnosis),
            Reading::Unknown(why) => {
                (false, Diagnosis::unknown(format!("how it ended is not known: {why}")))
            }
        };
        let (machine, pick) = (row.machine.clone(), row.pick.clone());
        Assessment { machine, pick, at_rest, findings, diagnosis }
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

fn judge(
    row: Row<'_>,
    subjects: &Subjects<'_>,
    gathered: &Gathered,
    catalogue: &Catalogue,
) -> (Vec<Finding>, Diagnosis) {
    let Row { machine, pick } = row;
    let (own, scene) = (subjects.describe(row), subjects.scene());
    let facts = Facts {
        now: scene.now(),
        platform: subjects.platform,
        machine: &own,
        machines: &subjects.machines,
        network: scene.network.as_ref().map_or(Reading::Unknown(Unread::NotTried), Reading::Known),
        survey: &gathered.survey,
        evidence: subjects.look.evidence_of(&machine.id()).collect(),
        pick,
        guest_traffic: gathered.captures.guest(&machine.name),
        uplink_traffic: gathered.captures.uplink(&machine.name),
        test: gathered.test(&machine.name),
        router: gathered.router.as_ref(),
    };
    let findings = findings(&facts, catalogue);
    let diagnosis = diagnose(&facts, &findings, catalogue);
    (findings, diagnosis)
}
