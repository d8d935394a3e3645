//! Offers remedies, runs them, and measures whether they helped.

mod command;
mod offer;
mod outcome;
mod placed;

use std::time::{Duration, Instant};

use vmkit_diagnose::{Fix, FixOutcome, Omission};
use vmkit_rights::CommandResult;

use crate::{
    Assessment, Doctor, Error, Examination, FixRequest, Note, Pause, Person, examine::Patience,
    person::Wait,
};
use command::{Prepared, Runner};
use offer::{Offer, offers};
use outcome::{Measurement, Ran, outcome};

/// How long a remedy may take to have an effect: an interface has its carrier after a few seconds,
/// and a guest that asks every ten seconds has its address.
const EFFECT: Duration = Duration::from_secs(15);
/// How long to wait between two examinations.
const BETWEEN_EXAMINATIONS: Duration = Duration::from_secs(1);

/// The result of running remedies.
#[derive(Debug)]
pub struct Treatment {
    /// The state after the last remedy.
    pub examination: Examination,
    /// The remedies that were offered, in their order.
    pub fixes: Vec<Fix>,
    /// Remedies that were not offered, and why.
    pub omissions: Vec<Omission>,
}

impl Doctor<'_> {
    /// Offers the remedies of each machine's likeliest cause and runs those that are allowed, until
    /// one has helped. Without a request for it, nothing is run.
    ///
    /// # Errors
    /// The machines cannot be examined again.
    pub fn fix(
        &mut self,
        examination: Examination,
        person: &mut dyn Person,
    ) -> Result<Treatment, Error> {
        let treatment = Treatment { examination, fixes: Vec::new(), omissions: Vec::new() };
        let Some(request) = self.request.fix.clone() else { return Ok(treatment) };
        let location = self.settings.location().ok();
        let runner = Runner {
            invoker: self.settings.invoker.clone(),
            broker: self.settings.broker.clone(),
            data_directory: location.map(|(location, _)| location.data_directory),
            attended: person.can_answer(),
        };
        let named = match request {
            FixRequest::Offered => None,
            FixRequest::Named(id) => Some(id),
        };
        Fixing { doctor: self, person, runner, named, treatment }.run()
    }
}

struct Fixing<'a, 'd> {
    doctor: &'a mut Doctor<'d>,
    person: &'a mut dyn Person,
    runner: Runner,
    /// The only remedy to run, without asking.
    named: Option<String>,
    treatment: Treatment,
}

impl Fixing<'_, '_> {
    fn run(mut self) -> Result<Treatment, Error> {
        let assessments = self.treatment.examination.assessments.iter();
        let unhealthy = assessments.filter(|assessment| !assessment.diagnosis.healthy);
        let machines: Vec<_> = unhealthy.map(|it| it.machine.name.clone()).collect();
        for machine in machines {
            self.help(&machine)?;
        }
        let not_offered = self.named.as_deref().filter(|_| self.treatment.fixes.is_empty());
        self.treatment.omissions.extend(not_offered.map(offer::not_offered));
        Ok(self.treatment)
    }

    /// Tries remedies for one machine until one has helped.
    fn help(&mut self, machine: &str) -> Result<(), Error> {
        while let Some(offer) = self.next_offer(machine) {
            if self.named.is_none() && !self.runner.attended {
                self.treatment.omissions.push(offer.unattended());
                break;
            }
            let fix = self.carry_out(&offer)?;
            let is_fixed = fix.outcome == FixOutcome::Fixed;
            self.treatment.fixes.push(fix);
            if is_fixed {
                break;
            }
        }
        Ok(())
    }

    /// The best remedy that was not tried yet.
    fn next_offer(&self, machine: &str) -> Option<Offer> {
        let assessment = self.treatment.examination.of(machine)?;
        let tried =
            |id: &str| self.treatment.fixes.iter().any(|fix| fix.vm == machine && fix.remedy == id);
        let wanted = |id: &str| self.named.as_deref().is_none_or(|named| named == id);
        let mut offers = offers(assessment).into_iter();
        offers.find(|offer| !tried(&offer.remedy.id) && wanted(&offer.remedy.id))
    }

    /// Runs one remedy, if it is allowed, and measures whether it helped.
    fn carry_out(&mut self, offer: &Offer) -> Result<Fix, Error> {
        let words = offer.remedy.commands();
        let prepared: Result<Vec<_>, _> = words.map(|words| self.runner.prepare(words)).collect();
        let prepared = match prepared {
            Ok(prepared) => prepared,
            Err(why) => return Ok(offer.not_run(offer.remedy.command_lines(), why)),
        };
        let lines: Vec<String> = prepared.iter().map(Prepared::line).collect();
        self.person.hears(&Note::Offered(offer.described(&lines)));
        if self.named.is_none() && !self.person.allows(&offer.question()) {
            return Ok(offer.declined(lines));
        }
        let before = measure(&self.treatment.examination, offer);
        let ran = match self.run_commands(&prepared) {
            Ok(ran) => ran,
            Err(why) => return Ok(offer.not_run(lines, why)),
        };
        let (outcome, says) = self.measure_again(offer, &before)?;
        let says = match ran.failure() {
            Some(failure) => format!("{failure}; {says}"),
            None => says,
        };
        Ok(offer.fix(lines, outcome, says, ran.result))
    }

    /// Runs the commands, each if the one before succeeded.
    fn run_commands(&mut self, commands: &[Prepared]) -> Result<Ran, String> {
        let mut ran = Ran::default();
        for (place, command) in commands.iter().enumerate() {
            let result = match self.runner.run(command) {
                Ok(result) => result,
                // An earlier command has changed something, which has to be measured.
                Err(error) if place > 0 => {
                    let why = format!("cannot start {}: {error}", command.line());
                    self.person.hears(&Note::CommandOutput(&why));
                    ran.result.output += &why;
                    ran.result.status = None;
                    return Ok(Ran { not_started: Some(why), ..ran });
                }
                Err(error) => return Err(format!("cannot start it: {error}")),
            };
            self.person.hears(&Note::CommandOutput(&result.output));
            let output = ran.result.output + &result.output;
            ran.result = CommandResult { output, ..result };
            if ran.result.status != Some(0) {
                break;
            }
        }
        Ok(ran)
    }

    /// Examines again until the remedy has helped, or has had its time.
    fn measure_again(
        &mut self,
        offer: &Offer,
        before: &Measurement,
    ) -> Result<(FixOutcome, String), Error> {
        self.person.hears(&Note::MeasuringAgain);
        let began = Instant::now();
        self.examine(Patience::None)?;
        // Waiting or unplugging, if it is requested, has the guest ask: once is enough.
        let waits = self.doctor.request.waits();
        let mut patience = if waits { Patience::AsRequested } else { Patience::None };
        loop {
            let (outcome, says) = outcome(before, &measure(&self.treatment.examination, offer));
            if outcome == FixOutcome::Fixed || began.elapsed() >= EFFECT {
                return Ok((outcome, says));
            }
            if Wait::begin(self.person).pause(BETWEEN_EXAMINATIONS) == Pause::EndedByPerson {
                return Ok((outcome, says));
            }
            self.examine(std::mem::replace(&mut patience, Patience::None))?;
        }
    }

    fn examine(&mut self, patience: Patience) -> Result<(), Error> {
        self.treatment.examination = self.doctor.examine_with(patience, self.person)?;
        Ok(())
    }
}

fn measure(examination: &Examination, offer: &Offer) -> Measurement {
    let assessment = examination.of(&offer.machine);
    let finding = assessment.and_then(|assessment| {
        let mut findings = assessment.findings.iter();
        findings.find(|finding| finding.code == offer.remedy.measures)
    });
    Measurement {
        finding: finding.map(|finding| finding.state.clone()),
        has_address: assessment.is_some_and(Assessment::has_address),
    }
}
