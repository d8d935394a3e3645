//! `vm doctor --fix`: offer, run, measure again.

mod command;
mod outcome;

use std::time::{Duration, Instant};

use vmkit_diagnose::{Fix, FixOutcome, Omission, Remedy};
use vmkit_scoring::Verdict;
use vmkit_types::{bounded, escaped};

use super::{
    consent,
    examine::{Examined, Examiner, Judged, Patience},
};
use crate::{arguments, context::Context, exit::Failure, output};
use command::{Ended, Prepared, Runner};
use outcome::{Measured, outcome};

/// From this probability on a cause is taken for the one to be ended.
const NAMED_FROM: f64 = 0.5;
/// How long a remedy may take to show: an interface has its carrier after a few seconds, and a guest
/// that asks again every ten has its address.
const SHOWS: Duration = Duration::from_secs(15);
/// How long is waited between two looks.
const BETWEEN_LOOKS: Duration = Duration::from_secs(1);
/// Lines of a command's output that are shown.
const MOST_LINES: usize = 12;
/// Bytes of one of them.
const LONGEST_LINE: usize = 200;

/// A remedy of the likeliest cause of a machine.
struct Offer {
    vm: String,
    cause: &'static str,
    probability: f64,
    remedy: Remedy,
}

/// Offers the remedies of each machine's likeliest cause and runs those that are wanted, until one
/// has helped. What was examined is replaced by what is there afterwards.
pub(crate) fn fix(
    examination: &mut Examiner<'_>,
    examined: &mut Examined,
    wanted: &arguments::Doctor,
    context: &Context,
) -> anyhow::Result<Vec<Fix>> {
    let Some(named) = &wanted.fix else { return Ok(Vec::new()) };
    let named = named.as_deref();
    if let Some(id) = named.filter(|id| !examination.catalogue().has_remedy(id)) {
        let failure = Failure::new(format!("there is no remedy `{}`", escaped(id)));
        return Err(failure.with_hint("vm doctor --json lists those of each cause").into());
    }
    let location = context.settings.location().ok().map(|(location, _)| location.data_directory);
    let runner = Runner {
        invoker: &context.settings.invoker,
        data_directory: location.as_deref(),
        attended: consent::somebody_is_there(),
    };
    let machines: Vec<String> = ailing(examination, examined)?;
    let mut fixes: Vec<Fix> = Vec::new();
    for name in machines {
        loop {
            let tried = |id: &str| fixes.iter().any(|fix| fix.vm == name && fix.remedy == id);
            let offers = offers(examination, examined, &name)?;
            let open = |offer: &Offer| {
                !tried(&offer.remedy.id) && named.is_none_or(|id| id == offer.remedy.id)
            };
            let Some(offer) = offers.into_iter().find(open) else { break };
            if named.is_none() && !runner.attended {
                examined.gathered.omissions.push(unattended(&offer));
                break;
            }
            let fix = carry_out(&offer, named.is_some(), &runner, examination, examined)?;
            let ended = fix.outcome == FixOutcome::Fixed;
            fixes.push(fix);
            if ended {
                break;
            }
        }
    }
    if fixes.is_empty() {
        examined.gathered.omissions.extend(named.map(not_offered));
    }
    Ok(fixes)
}

fn ailing(examination: &Examiner<'_>, examined: &Examined) -> anyhow::Result<Vec<String>> {
    let judged = examination.judged(examined)?.into_iter();
    let ailing = judged.filter(|judged| !judged.diagnosis.healthy);
    Ok(ailing.map(|judged| judged.machine.name.clone()).collect())
}

/// What can be run against the likeliest cause of the machine, the best first.
fn offers(
    examination: &Examiner<'_>,
    examined: &Examined,
    name: &str,
) -> anyhow::Result<Vec<Offer>> {
    let judged = examination.judged(examined)?;
    let of_machine = judged.into_iter().find(|judged| judged.machine.name == name);
    let suspects = of_machine.into_iter().flat_map(|judged| judged.diagnosis.causes.into_iter());
    let first = suspects.take(1).filter(|suspect| suspect.probability >= NAMED_FROM);
    let offers = first.flat_map(|suspect| {
        let (cause, probability) = (suspect.code, suspect.probability);
        let runnable = suspect.remedies.into_iter().filter(|remedy| !remedy.command.is_empty());
        runnable.map(move |remedy| Offer { vm: name.to_owned(), cause, probability, remedy })
    });
    Ok(offers.collect())
}

/// Runs one remedy, if that is wanted, and looks whether it has helped.
fn carry_out(
    offer: &Offer,
    is_named: bool,
    runner: &Runner<'_>,
    examination: &mut Examiner<'_>,
    examined: &mut Examined,
) -> anyhow::Result<Fix> {
    let remedy = &offer.remedy;
    let prepared: Result<Vec<Prepared>, String> =
        remedy.commands().map(|words| runner.prepare(words)).collect();
    let prepared = match prepared {
        Ok(prepared) => prepared,
        Err(why) => {
            let lines = remedy.command_lines();
            return Ok(offer.ended(lines, FixOutcome::NotRun, why, Ended::default()));
        }
    };
    let line: Vec<String> = prepared.iter().map(Prepared::line).collect();
    output::note(&offer.described(&line));
    if !is_named && !consent::ask("Run it?") {
        let why = "you did not want it".to_owned();
        return Ok(offer.ended(line, FixOutcome::Declined, why, Ended::default()));
    }
    let before = measured(examination, examined, offer)?;
    let ended = match run(&prepared) {
        Ok(ended) => ended,
        Err(why) => return Ok(offer.ended(line, FixOutcome::NotRun, why, Ended::default())),
    };
    let (outcome, says) = measure_again(offer, &before, examination, examined)?;
    let says = match ended.status {
        _ if ended.timed_out => format!("the command did not end in time; {says}"),
        Some(0) => says,
        Some(status) => format!("the command ended with status {status}; {says}"),
        None => format!("the command was ended by a signal; {says}"),
    };
    Ok(offer.ended(line, outcome, says, ended))
}

/// Runs the commands, each if the one before succeeded, and shows what they print.
fn run(commands: &[Prepared]) -> Result<Ended, String> {
    let mut last = Ended::default();
    for (place, command) in commands.iter().enumerate() {
        let ended = match command.run() {
            Ok(ended) => ended,
            // Something was changed already, which has to be measured.
            Err(error) if place > 0 => {
                let output = format!("cannot start {}: {error}", command.line());
                Ended { output, status: None, timed_out: false }
            }
            Err(error) => return Err(format!("cannot start it: {error}")),
        };
        for line in ended.output.lines().take(MOST_LINES) {
            output::note(&format!("  | {}\n", escaped(bounded(line, LONGEST_LINE))));
        }
        if ended.output.lines().count() > MOST_LINES {
            output::note("  | …\n");
        }
        last = Ended { output: last.output + &ended.output, ..ended };
        if last.status != Some(0) {
            break;
        }
    }
    Ok(last)
}

/// Looks again until it is fixed, or has had its time to show.
fn measure_again(
    offer: &Offer,
    before: &Measured,
    examination: &mut Examiner<'_>,
    examined: &mut Examined,
) -> anyhow::Result<(FixOutcome, String)> {
    output::note("Measuring again …\n");
    let began = Instant::now();
    *examined = examination.examine(Patience::None)?;
    // An unplugged link or a wait, where the person has asked for it, has the guest ask: once.
    let mut patience = if examination.waits() { Patience::AsWanted } else { Patience::None };
    loop {
        let (outcome, says) = outcome(before, &measured(examination, examined, offer)?);
        let goes_on = outcome != FixOutcome::Fixed && began.elapsed() < SHOWS;
        if !goes_on || !examination.attention().hold().pause(BETWEEN_LOOKS) {
            return Ok((outcome, says));
        }
        *examined = examination.examine(std::mem::replace(&mut patience, Patience::None))?;
    }
}

fn measured(
    examination: &Examiner<'_>,
    examined: &Examined,
    offer: &Offer,
) -> anyhow::Result<Measured> {
    let judged = examination.judged(examined)?;
    let own = judged.iter().find(|judged| judged.machine.name == offer.vm);
    let finding = own.and_then(|own| {
        let found = own.findings.iter().find(|finding| finding.code == offer.remedy.measures);
        found.map(|finding| finding.state.clone())
    });
    let has_address =
        |own: &Judged<'_>| matches!(own.pick.verdict, Verdict::Resolved | Verdict::Probable);
    Ok(Measured { finding, has_address: own.is_some_and(has_address) })
}

impl Offer {
    /// What would be done, for whom it is to be decided.
    fn described(&self, lines: &[String]) -> String {
        let commands: Vec<String> =
            lines.iter().map(|line| format!("  $ {}\n", escaped(line))).collect();
        let commands = commands.concat();
        let (remedy, percent) = (&self.remedy, self.probability * 100.0);
        format!(
            "\n{}: {} ({percent:.0} %)\n{}\n{commands}\n  {} risk: {} It changes: {}.\n  To undo: {}\n",
            escaped(&self.vm),
            self.cause,
            escaped(&remedy.title),
            remedy.risk.word(),
            escaped(&remedy.risk_says),
            remedy.scope.word(),
            escaped(&remedy.undo),
        )
    }

    fn ended(&self, commands: Vec<String>, outcome: FixOutcome, says: String, ended: Ended) -> Fix {
        Fix {
            vm: self.vm.clone(),
            cause: self.cause,
            remedy: self.remedy.id.clone(),
            title: self.remedy.title.clone(),
            commands,
            outcome,
            measures: self.remedy.measures,
            says,
            output: ended.output,
            exit_status: ended.status,
            undo: self.remedy.undo.clone(),
        }
    }
}

fn unattended(offer: &Offer) -> Omission {
    Omission {
        what: format!("fixing {}: {}", offer.vm, offer.remedy.title),
        why: "nobody can be asked; naming the remedy allows it".to_owned(),
        command: Some(format!("vm doctor {} --fix={}", offer.vm, offer.remedy.id)),
    }
}

fn not_offered(id: &str) -> Omission {
    Omission {
        what: format!("running {id}"),
        why: "no likely cause here has that remedy with a command".to_owned(),
        command: None,
    }
}
