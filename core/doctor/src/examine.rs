//! One examination: a look, what is gathered around it, and what follows.

use std::time::Duration;

use vmkit_diagnose::{Catalogue, IgnoreError, IgnoreRule, Omission};
use vmkit_model::{PluginOutcome, Problem};
use vmkit_session::{Builder, Look, Session, Settings, Source};

use crate::{
    Assessment, Error, FixRequest, Gathered, Person, Request, assessment::assess, consent::Consent,
    devices, gather::Gathering, replay, subjects::Subjects,
};

/// How long guests are waited for after their links were unplugged, unless the request says
/// otherwise: they ask within a second or two, and again within ten.
const AFTER_UNPLUGGING: Duration = Duration::from_secs(15);

/// Examines machines, once or again and again with the same workers.
pub struct Doctor<'a> {
    pub(crate) request: Request,
    pub(crate) settings: Settings,
    pub(crate) catalogue: &'a Catalogue,
    ignore: Vec<IgnoreRule>,
    session: Session,
    consent: Consent,
}

/// What one examination found.
#[derive(Debug)]
pub struct Examination {
    /// The machines, their picks and the evidence.
    pub look: Look,
    /// What was gathered beyond the signals.
    pub gathered: Gathered,
    /// What follows for each selected machine.
    pub assessments: Vec<Assessment>,
}

/// Whether to wait for guests.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Patience {
    /// As requested.
    AsRequested,
    /// Not at all.
    None,
}

impl<'a> Doctor<'a> {
    /// Starts the workers.
    ///
    /// # Errors
    /// The session cannot start; no cause has the remedy that is to be run; the configuration ignores
    /// something that is no cause.
    pub fn start(
        request: Request,
        settings: Settings,
        catalogue: &'a Catalogue,
    ) -> Result<Self, Error> {
        if let Some(why) = request.contradiction() {
            return Err(Error::Contradiction(why));
        }
        if let Some(FixRequest::Named(id)) = &request.fix
            && !catalogue.has_remedy(id)
        {
            return Err(Error::UnknownRemedy(id.clone()));
        }
        let entries = settings.config.ignore.iter();
        let ignore = entries.map(|entry| IgnoreRule::parse(entry, catalogue));
        let ignore = ignore.collect::<Result<Vec<_>, IgnoreError>>()?;
        // A replay sends nothing in any case, and has the replies to earlier probes.
        let silent = request.passive && !matches!(request.source, Source::Snapshot(_));
        let builder = Builder::new(settings.clone()).source(request.source.clone());
        let builder = if silent { builder.silent() } else { builder.thorough() };
        let session = builder.start()?;
        let consent = Consent::new(request.yes);
        Ok(Self { request, settings, catalogue, ignore, session, consent })
    }

    /// Examines the machines, and waits for their guests if that is requested.
    ///
    /// # Errors
    /// The machines cannot be looked at; the snapshot cannot be read.
    pub fn examine(&mut self, person: &mut dyn Person) -> Result<Examination, Error> {
        self.examine_with(Patience::AsRequested, person)
    }

    pub(crate) fn examine_with(
        &mut self,
        patience: Patience,
        person: &mut dyn Person,
    ) -> Result<Examination, Error> {
        let (mut look, unasked) = self.look()?;
        let mut gathered = self.gather(&look, patience, person)?;
        gathered.omissions.extend(unasked);
        // A recording has the evidence of one look, and a replay of it gives the same answer.
        let recorded = matches!(self.request.source, Source::Recorded(_));
        if gathered.address_given && !recorded {
            (look, _) = self.look()?;
        }
        let subjects = Subjects::new(&look, &self.request.selection)?;
        let assessments = assess(&subjects, &gathered, &self.request.selection, self.catalogue);
        let assessments = assessments.into_iter();
        let assessments =
            assessments.map(|each| each.without_ignored(&self.ignore, self.catalogue)).collect();
        Ok(Examination { look, gathered, assessments })
    }

    /// Looks, and asks QEMU about guests that lack an address. Returns also what was skipped.
    fn look(&mut self) -> Result<(Look, Option<Omission>), Error> {
        let mut look = self.session.look(&self.request.selection)?;
        let skipped = if matches!(self.request.source, Source::Snapshot(_)) {
            None
        } else {
            devices::ask(&mut look, &self.request.selection, &self.settings)?
        };
        Ok((look, skipped))
    }

    fn gather(
        &mut self,
        look: &Look,
        patience: Patience,
        person: &mut dyn Person,
    ) -> Result<Gathered, Error> {
        let subjects = Subjects::new(look, &self.request.selection)?;
        if let Source::Snapshot(directory) = &self.request.source {
            return replay::gather(directory, &subjects, &self.settings);
        }
        let after_unplugging = self.request.unplug.then_some(AFTER_UNPLUGGING);
        let wait = self.request.wait.or(after_unplugging);
        let gathering = Gathering {
            subjects: &subjects,
            settings: &self.settings,
            catalogue: self.catalogue,
            request: &self.request,
            wait: wait.filter(|_| patience == Patience::AsRequested),
            consent: &mut self.consent,
            person,
        };
        let gathered = gathering.run();
        // While a remedy is measured, other questions would be out of place.
        self.consent.stop_asking();
        Ok(gathered)
    }
}

impl Examination {
    /// What could not be read.
    pub fn problems(&self) -> impl Iterator<Item = &Problem> {
        self.look.scene.problems.iter().chain(&self.gathered.problems)
    }

    /// How each plugin's part went, signals first.
    pub fn outcomes(&self) -> impl Iterator<Item = &PluginOutcome> {
        self.look.outcomes.iter().chain(&self.gathered.outcomes)
    }

    /// The assessment of this machine.
    pub(crate) fn of(&self, machine: &str) -> Option<&Assessment> {
        self.assessments.iter().find(|assessment| assessment.machine.name == machine)
    }
}
