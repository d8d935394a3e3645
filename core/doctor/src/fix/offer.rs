//! The remedies that can be run against the likeliest cause of a machine.

use vmkit_diagnose::{Fix, FixOutcome, Omission, Remedy};
use vmkit_rights::CommandResult;

use crate::{Assessment, Offered, Question, command_line::command_line};

/// Minimum probability of a cause whose remedies are offered.
const LIKELY: f64 = 0.5;

/// A remedy of the likeliest cause of a machine.
pub(crate) struct Offer {
    pub(crate) machine: String,
    cause: &'static str,
    probability: f64,
    pub(crate) remedy: Remedy,
}

/// The remedies that have a command, best first.
pub(crate) fn offers(assessment: &Assessment) -> Vec<Offer> {
    let likeliest = assessment.diagnosis.causes.first();
    let Some(suspect) = likeliest.filter(|suspect| suspect.probability >= LIKELY) else {
        return Vec::new();
    };
    let runnable = suspect.remedies.iter().filter(|remedy| !remedy.command.is_empty());
    let offers = runnable.map(|remedy| Offer {
        machine: assessment.machine.name.clone(),
        cause: suspect.code,
        probability: suspect.probability,
        remedy: remedy.clone(),
    });
    offers.collect()
}

impl Offer {
    /// What the person reads before they decide.
    pub(crate) fn described<'a>(&'a self, commands: &'a [String]) -> Offered<'a> {
        Offered {
            machine: &self.machine,
            cause: self.cause,
            probability: self.probability,
            remedy: &self.remedy,
            commands,
        }
    }

    /// Whether it may be run.
    pub(crate) fn question(&self) -> Question {
        Question::RunRemedy { machine: self.machine.clone(), remedy: self.remedy.id.clone() }
    }

    /// A fix that was not run.
    pub(crate) fn not_run(&self, commands: Vec<String>, why: String) -> Fix {
        self.fix(commands, FixOutcome::NotRun, why, CommandResult::default())
    }

    /// A fix that the person did not allow.
    pub(crate) fn declined(&self, commands: Vec<String>) -> Fix {
        let why = "you did not want it".to_owned();
        self.fix(commands, FixOutcome::Declined, why, CommandResult::default())
    }

    /// A fix with its outcome.
    pub(crate) fn fix(
        &self,
        commands: Vec<String>,
        outcome: FixOutcome,
        says: String,
        result: CommandResult,
    ) -> Fix {
        Fix {
            vm: self.machine.clone(),
            cause: self.cause,
            remedy: self.remedy.id.clone(),
            title: self.remedy.title.clone(),
            commands,
            outcome,
            measures: self.remedy.measures,
            says,
            output: result.output,
            exit_status: result.status,
            undo: self.remedy.undo.clone(),
        }
    }

    /// The step that is skipped because nobody can be asked.
    pub(crate) fn unattended(&self) -> Omission {
        let fix = format!("--fix={}", self.remedy.id);
        Omission {
            what: format!("fixing {}: {}", self.machine, self.remedy.title),
            why: "nobody can be asked; naming the remedy allows it".to_owned(),
            command: command_line(["vm", "doctor", &self.machine, &fix]),
        }
    }
}

/// The step that is skipped because no likely cause has the named remedy.
pub(crate) fn not_offered(id: &str) -> Omission {
    Omission {
        what: format!("running {id}"),
        why: "no likely cause here has that remedy with a command".to_owned(),
        command: None,
    }
}
