//! One look at the machines and all around them, and what follows from it.

use std::time::Duration;

use vmkit_diagnose::{Catalogue, Diagnosis, Facts, Finding, diagnose, findings};
use vmkit_model::{End, Machine, Power};
use vmkit_scoring::Pick;
use vmkit_session::{Builder, Look, Row, Selection, Session, Settings, Source};
use vmkit_types::{Reading, Unread};

use super::{
    attention::Attention,
    consent::Consent,
    gather::{self, Extent, Gathered},
    replay,
    subject::Subjects,
};
use crate::arguments;

/// How long guests are waited for after their links were unplugged, where nothing else is asked
/// for: they ask within a second or two, and again within ten.
const AFTER_PROVOKING: Duration = Duration::from_secs(15);

/// Looks, once or again and again.
pub(crate) struct Examiner<'a> {
    wanted: &'a arguments::Doctor,
    settings: &'a Settings,
    catalogue: &'a Catalogue,
    selection: Selection,
    session: Session,
    quiet: bool,
    consent: Consent,
    attention: Attention,
}

/// What was seen in one look.
pub(crate) struct Examined {
    pub(crate) look: Look,
    pub(crate) gathered: Gathered,
    subjects: Subjects,
}

/// What follows for one machine.
pub(crate) struct Judged<'a> {
    pub(crate) machine: &'a Machine,
    pub(crate) pick: &'a Pick,
    /// It was stopped or paused, and nobody asked for it by name.
    pub(crate) at_rest: bool,
    pub(crate) findings: Vec<Finding>,
    pub(crate) diagnosis: Diagnosis,
}

/// Whether guests are waited for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Patience {
    /// As the person has asked for.
    AsWanted,
    /// No: what is there now is looked at.
    None,
}

impl<'a> Examiner<'a> {
    /// Starts what looks.
    pub(crate) fn start(
        wanted: &'a arguments::Doctor,
        source: Source,
        catalogue: &'a Catalogue,
        settings: &'a Settings,
        quiet: bool,
    ) -> anyhow::Result<Self> {
        // A snapshot sends nothing in any case, and holds what was probed before.
        let silent = wanted.passive && wanted.from.is_none();
        let builder = Builder::new(settings.clone()).source(source);
        let builder = if silent { builder.silent() } else { builder.thorough() };
        let (consent, attention) = (Consent::new(wanted), Attention::new()?);
        let selection = Selection::named(&wanted.names);
        let session = builder.start()?;
        Ok(Self { wanted, settings, catalogue, selection, session, quiet, consent, attention })
    }

    /// What can be found out.
    pub(crate) fn catalogue(&self) -> &'a Catalogue {
        self.catalogue
    }

    /// Whether the person has asked for guests to be waited for.
    pub(crate) fn waits(&self) -> bool {
        self.wanted.wait.is_some() || self.wanted.provoke
    }

    /// What ends a wait.
    pub(crate) fn attention(&self) -> &Attention {
        &self.attention
    }

    /// Looks.
    pub(crate) fn examine(&mut self, patience: Patience) -> anyhow::Result<Examined> {
        let look = self.session.look(&self.selection)?;
        let (subjects, gathered) = self.gather(&look, patience)?;
        let examined = Examined { look, gathered, subjects };
        // A record has the evidence of one look, and tells what it told.
        if !examined.gathered.outdated || self.wanted.save.is_some() {
            return Ok(examined);
        }
        let look = self.session.look(&self.selection)?;
        let subjects = Subjects::new(&look.scene, &look.rows(&self.selection)?);
        Ok(Examined { look, subjects, ..examined })
    }

    fn gather(&mut self, look: &Look, patience: Patience) -> anyhow::Result<(Subjects, Gathered)> {
        let rows = look.rows(&self.selection)?;
        let subjects = Subjects::new(&look.scene, &rows);
        if let Some(directory) = &self.wanted.from {
            let gathered = replay::gather(directory, &subjects, &look.scene, self.settings)?;
            return Ok((subjects, gathered));
        }
        let (catalogue, names) = (self.catalogue, &self.wanted.names);
        let unsettled = |gathered: &Gathered| -> Vec<String> {
            let open = |row: &&Row<'_>| {
                if names.is_empty() && was_put_to_rest(row.machine) {
                    return false;
                }
                let (_, diagnosis) = judge(**row, &subjects, gathered, look, catalogue);
                !diagnosis.healthy && diagnosis.next_test.is_some()
            };
            rows.iter().filter(open).map(|row| row.machine.name.clone()).collect()
        };
        let selected: Vec<&str> = rows.iter().map(|row| row.machine.name.as_str()).collect();
        let wanted = self.wanted;
        let provoked = wanted.provoke.then_some(AFTER_PROVOKING);
        let wait = wanted.wait.or(provoked).filter(|_| patience == Patience::AsWanted);
        let mut extent = Extent {
            passive: wanted.passive,
            wait,
            provoke: wanted.provoke,
            quiet: self.quiet,
            consent: &mut self.consent,
            attention: &self.attention,
        };
        let gathered =
            gather::live(&mut extent, &selected, &subjects, &look.scene, self.settings, unsettled);
        // Whoever has a remedy measured does not want to be asked about something else.
        self.consent.ask_no_more();
        Ok((subjects, gathered))
    }

    /// What follows from a look, machine by machine.
    pub(crate) fn judged<'e>(&self, examined: &'e Examined) -> anyhow::Result<Vec<Judged<'e>>> {
        let Examined { look, gathered, subjects } = examined;
        let each = look.rows(&self.selection)?.into_iter().map(|row| {
            let (findings, diagnosis) = judge(row, subjects, gathered, look, self.catalogue);
            let Row { machine, pick } = row;
            let at_rest = self.wanted.names.is_empty() && was_put_to_rest(machine);
            let diagnosis = if at_rest { Diagnosis::healthy() } else { diagnosis };
            Judged { machine, pick, at_rest, findings, diagnosis }
        });
        Ok(each.collect())
    }
}

/// Whether somebody stopped or paused it, which is no fault unless somebody asks for it by name.
/// QEMU itself pauses a guest that it cannot go on with.
fn was_put_to_rest(machine: &Machine) -> bool {
    // In QEMU's words. The others are its own doing, such as `io-error` for a full disk.
    const BY_A_PERSON: [&str; 3] = ["paused", "prelaunch", "suspended"];
    match machine.power {
        Power::Stopped => machine.end != Reading::Known(End::ByItself),
        Power::Missing => true,
        Power::Paused => {
            let state = machine.qmp.as_ref().known().map(|status| status.state.as_str());
            state.is_some_and(|state| BY_A_PERSON.contains(&state))
        }
        Power::Running | Power::Unknown => false,
    }
}

/// What is found out about one machine, and what follows.
fn judge(
    row: Row<'_>,
    subjects: &Subjects,
    gathered: &Gathered,
    look: &Look,
    catalogue: &Catalogue,
) -> (Vec<Finding>, Diagnosis) {
    let Row { machine, pick } = row;
    let (own, scene) = (subjects.describe(row), &look.scene);
    let test = gathered.test_of(&machine.name);
    let facts = Facts {
        now: scene.now(),
        platform: subjects.platform,
        machine: &own,
        machines: &subjects.machines,
        network: scene.network.as_ref().map_or(Reading::Unknown(Unread::NotTried), Reading::Known),
        survey: &gathered.survey,
        evidence: look.evidence_of(&machine.id()).collect(),
        pick,
        guest_traffic: gathered.guest_of(&machine.name),
        uplink_traffic: gathered.uplink_of(&machine.name),
        test: test.as_ref().map(Vec::as_slice),
        router: gathered.router.as_ref(),
    };
    let found = findings(&facts, catalogue);
    let diagnosis = diagnose(&facts, &found, catalogue);
    (found, diagnosis)
}
