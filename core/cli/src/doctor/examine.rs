//! One look at the machines and all around them, and what follows from it.

use std::time::Duration;

use vmkit_diagnose::{Catalogue, Diagnosis, Facts, Finding, Router, diagnose, findings};
use vmkit_model::{End, Machine, Power};
use vmkit_scoring::{Pick, Weights};
use vmkit_types::{Reading, Unread};

use super::{
    attention::Attention,
    consent::Consent,
    gather::{self, Extent, Gathered},
    replay,
    subject::Subjects,
};
use crate::{
    arguments,
    context::Context,
    observe::{Observations, Observer, Place, Scene},
    select::select,
    status::rows,
};

/// How long guests are waited for after their links were unplugged, where nothing else is asked
/// for: they ask within a second or two, and again within ten.
const AFTER_PROVOKING: Duration = Duration::from_secs(15);

/// Looks, once or again and again.
pub(crate) struct Examiner<'a> {
    wanted: &'a arguments::Doctor,
    context: &'a Context,
    catalogue: &'a Catalogue,
    weights: &'a Weights,
    observer: Observer<'a>,
    consent: Consent,
    attention: Attention,
}

/// What was seen in one look.
pub(crate) struct Examined {
    pub(crate) scene: Scene,
    pub(crate) seen: Observations,
    pub(crate) gathered: Gathered,
    subjects: Subjects,
}

/// What follows for one machine.
pub(crate) struct Judged<'a> {
    pub(crate) machine: &'a Machine,
    pub(crate) pick: Pick,
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
        place: Place<'_>,
        catalogue: &'a Catalogue,
        weights: &'a Weights,
        context: &'a Context,
    ) -> anyhow::Result<Self> {
        let mode = vmkit_model::Mode::Full;
        // A snapshot sends nothing in any case, and what was probed before is told.
        let observer = if wanted.passive && wanted.from.is_none() {
            Observer::start_silent(place, mode, weights, context)?
        } else {
            Observer::start(place, mode, weights, context)?.thoroughly()
        };
        let (consent, attention) = (Consent::new(wanted), Attention::new()?);
        Ok(Self { wanted, context, catalogue, weights, observer, consent, attention })
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
        let (scene, seen) = self.look()?;
        let (subjects, gathered) = self.gather(&scene, &seen, patience)?;
        let examined = Examined { scene, seen, gathered, subjects };
        // A record has the evidence of one look, and tells what it told.
        if !examined.gathered.outdated || self.wanted.save.is_some() {
            return Ok(examined);
        }
        let (scene, seen) = self.look()?;
        let subjects = Subjects::new(&scene, &self.rows(&scene, &seen)?);
        Ok(Examined { scene, seen, subjects, ..examined })
    }

    fn look(&mut self) -> anyhow::Result<(Scene, Observations)> {
        let names = &self.wanted.names;
        self.observer.look(|scene| {
            Ok(select(scene, names)?.into_iter().map(|machine| machine.name.clone()).collect())
        })
    }

    fn rows<'e>(
        &self,
        scene: &'e Scene,
        seen: &'e Observations,
    ) -> anyhow::Result<Vec<(&'e Machine, Pick)>> {
        rows(scene, seen, &self.wanted.names, self.weights)
    }

    fn gather(
        &mut self,
        scene: &Scene,
        seen: &Observations,
        patience: Patience,
    ) -> anyhow::Result<(Subjects, Gathered)> {
        let rows = self.rows(scene, seen)?;
        let subjects = Subjects::new(scene, &rows);
        if let Some(directory) = &self.wanted.from {
            let gathered = replay::gather(directory, &subjects, scene, self.context)?;
            return Ok((subjects, gathered));
        }
        let (catalogue, names) = (self.catalogue, &self.wanted.names);
        let unsettled = |gathered: &Gathered| -> Vec<String> {
            let open = |(machine, pick): &&(&Machine, Pick)| {
                if names.is_empty() && was_put_to_rest(machine) {
                    return false;
                }
                let (_, diagnosis) =
                    judge(machine, pick, &subjects, gathered, seen, scene, catalogue);
                !diagnosis.healthy && diagnosis.next_test.is_some()
            };
            rows.iter().filter(open).map(|(machine, _)| machine.name.clone()).collect()
        };
        let selected: Vec<&str> = rows.iter().map(|(machine, _)| machine.name.as_str()).collect();
        let wanted = self.wanted;
        let provoked = wanted.provoke.then_some(AFTER_PROVOKING);
        let wait = wanted.wait.or(provoked).filter(|_| patience == Patience::AsWanted);
        let mut extent = Extent {
            passive: wanted.passive,
            wait,
            provoke: wanted.provoke,
            consent: &mut self.consent,
            attention: &self.attention,
        };
        let gathered =
            gather::live(&mut extent, &selected, &subjects, scene, self.context, unsettled);
        // Whoever has a remedy measured does not want to be asked about something else.
        self.consent.ask_no_more();
        Ok((subjects, gathered))
    }

    /// What follows from a look, machine by machine.
    pub(crate) fn judged<'e>(&self, examined: &'e Examined) -> anyhow::Result<Vec<Judged<'e>>> {
        let Examined { scene, seen, gathered, subjects } = examined;
        let each = self.rows(scene, seen)?.into_iter().map(|(machine, pick)| {
            let (findings, diagnosis) =
                judge(machine, &pick, subjects, gathered, seen, scene, self.catalogue);
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
    machine: &Machine,
    pick: &Pick,
    subjects: &Subjects,
    gathered: &Gathered,
    seen: &Observations,
    scene: &Scene,
    catalogue: &Catalogue,
) -> (Vec<Finding>, Diagnosis) {
    let own = subjects.of(&machine.name);
    let case = seen.cases.iter().position(|case| case.name == machine.name);
    let evidence = seen.evidence.iter().filter(|item| Some(item.observation.vm) == case).collect();
    let router: Reading<Router> = gathered.router_of(own);
    let test = gathered.test_of(&machine.name);
    let facts = Facts {
        now: scene.now(),
        platform: subjects.platform,
        machine: own,
        machines: &subjects.machines,
        network: scene.network.as_ref().map_or(Reading::Unknown(Unread::NotTried), Reading::Known),
        survey: &gathered.survey,
        evidence,
        pick,
        guest_traffic: gathered.guest_of(&machine.name),
        uplink_traffic: gathered.uplink_of(&machine.name),
        test: test.as_ref().map(Vec::as_slice),
        router: router.as_ref(),
    };
    let found = findings(&facts, catalogue);
    let diagnosis = diagnose(&facts, &found, catalogue);
    (found, diagnosis)
}
