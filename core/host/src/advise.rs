//! Asks the advice plugins which router the network has and what to change there.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant, SystemTime},
};

use vmkit_model::{PluginOutcome, PluginStatus};
use vmkit_types::{Advice, AdviceKind, Fact, MacStatus, Step, Witness, Word, bounded};
use vmkit_wire::{
    Advise, GatewayPage, PluginKind, WireAdvice, WireAdviceKind, WireFact, WireStep, WireWord,
};

use crate::{
    Found, Incident, Installation, Plugin, RunSettings,
    run::{load_patience, refused},
    worker::{End, Worker},
};

/// Most bytes of facts for one plugin, as they stand in the frame: a frame holds 8 MiB.
const MOST_FACTS: usize = 3 << 20;
/// Bytes of a frame that go with a text, quotes and names among them.
const FRAMING: usize = 16;
/// Longest line of an advice in bytes; longer ones are cut.
const LONGEST_LINE: usize = 300;
/// Most reasons, steps or words of a command that are kept of one advice.
const MOST_LINES: usize = 24;
/// Most items of one plugin; further ones are dropped.
const MOST_ITEMS: usize = 64;

/// One conclusion of one plugin. Its texts are bounded and not to be trusted.
#[derive(Clone, Debug, PartialEq)]
pub struct PluginAdvice {
    /// Id of the plugin.
    pub plugin: String,
    /// The conclusion.
    pub advice: Advice,
}

/// What all advice plugins said.
#[derive(Clone, Debug, Default)]
pub struct Advised {
    /// By plugin, then in the order of its report.
    pub advice: Vec<PluginAdvice>,
    /// How each plugin fared.
    pub outcomes: Vec<PluginOutcome>,
    /// The crashes and floods.
    pub incidents: Vec<Incident>,
}

/// The pages of the gateway that the advice plugins declare, each with the plugin's id.
pub fn gateway_pages(found: &[Found]) -> Vec<(String, GatewayPage)> {
    let plugins = found.iter().filter_map(|found| found.plugin.as_ref().ok());
    let pages = plugins.filter(|plugin| is_advice(plugin)).flat_map(|plugin| {
        let manifest = &plugin.manifest;
        manifest.gateway.iter().map(|page| (manifest.id.clone(), page.clone()))
    });
    let pages: BTreeSet<_> = pages.collect();
    pages.into_iter().collect()
}

/// Asks every advice plugin, all at once, each in a worker that can reach nothing.
pub fn advise(
    found: &[Found],
    installation: &Installation,
    settings: &RunSettings,
    facts: &[Fact],
    now: SystemTime,
) -> Advised {
    let mut advised = Advised::default();
    let results: Vec<_> = std::thread::scope(|scope| {
        let asked = found.iter().filter_map(|Found { path, plugin, .. }| match plugin {
            Err(refusal) => Some((refused(path, refusal, installation), None, None)),
            Ok(plugin) if is_advice(plugin) => {
                let call = scope.spawn(|| ask(plugin, installation, settings, facts, now));
                Some((outcome(plugin), Some(plugin.sha256), Some(call)))
            }
            Ok(_) => None,
        });
        let asked: Vec<_> = asked.collect();
        let joined = asked.into_iter().map(|(outcome, sha256, call)| {
            let answer = call.map(|call| {
                call.join().unwrap_or_else(|_| (Err(End::protocol("asking it failed")), None))
            });
            (outcome, sha256, answer)
        });
        joined.collect()
    });
    for (mut outcome, sha256, answer) in results {
        match answer {
            Some((Ok(items), elapsed)) => {
                outcome.elapsed = elapsed;
                let kept = items.iter().take(MOST_ITEMS);
                advised.advice.extend(kept.filter_map(|item| checked(&outcome.id, item)));
            }
            Some((Err(end), elapsed)) => {
                outcome.elapsed = elapsed;
                outcome.status = end.status;
                outcome.hint = end.hint;
                let sha256 = sha256.filter(|_| end.is_incident);
                advised.incidents.extend(sha256.map(|sha256| Incident {
                    id: outcome.id.clone(),
                    sha256,
                    what: end.message.clone(),
                }));
                outcome.message = Some(end.message);
            }
            // The report names a library that may not be loaded among the signals.
            None => continue,
        }
        advised.outcomes.push(outcome);
    }
    advised
}

fn is_advice(plugin: &Plugin) -> bool {
    plugin.manifest.is(PluginKind::Advice)
}

fn outcome(plugin: &Plugin) -> PluginOutcome {
    PluginOutcome {
        id: plugin.manifest.id.clone(),
        version: Some(plugin.manifest.version.clone()),
        status: PluginStatus::Ok,
        message: None,
        hint: None,
        elapsed: None,
        names_addresses: Some(false),
    }
}

type Answer = (Result<Vec<WireAdvice>, End>, Option<Duration>);

fn ask(
    plugin: &Plugin,
    installation: &Installation,
    settings: &RunSettings,
    facts: &[Fact],
    now: SystemTime,
) -> Answer {
    let began = Instant::now();
    let since_epoch = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let advise = Advise {
        now_ms: i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX),
        budget_ms: u64::try_from(settings.call_deadline.as_millis()).unwrap_or(u64::MAX),
        facts: facts_for(plugin, facts),
    };
    let worker = Worker::start(installation, plugin, settings, load_patience(settings));
    let answer = worker.and_then(|mut worker| worker.advise(advise));
    (answer, Some(began.elapsed()))
}

/// The facts for one plugin: of the gateway's pages only those that it declares, and in all no more
/// than a frame holds. A fact that does not fit is dropped, like a page without an answer.
fn facts_for(plugin: &Plugin, facts: &[Fact]) -> Vec<WireFact> {
    let declared = |key: &str| {
        let Some((kind, rest)) = key.split_once(':').filter(|(kind, _)| kind.starts_with("http."))
        else {
            return true;
        };
        let path = match kind {
            "http.header" => rest.rsplit_once(':').map_or(rest, |(path, _)| path),
            _ => rest,
        };
        plugin.manifest.gateway.iter().any(|page| page.path == path)
    };
    let mut left = MOST_FACTS;
    let fits = |fact: &&Fact| {
        let length = frame_size(&fact.key) + frame_size(&fact.value);
        let fits = length <= left;
        left -= if fits { length } else { 0 };
        fits
    };
    let wanted = facts.iter().filter(|fact| declared(&fact.key)).filter(fits);
    wanted.map(|Fact { key, value }| WireFact { key: key.clone(), value: value.clone() }).collect()
}

/// The bytes that a text takes in a frame, at most.
fn frame_size(text: &str) -> usize {
    let bytes = text.bytes().map(|byte| match byte {
        0..=0x1f => 6,
        b'"' | b'\\' => 2,
        _ => 1,
    });
    bytes.sum::<usize>() + FRAMING
}

/// The advice, bounded. `None`: it states something that this version does not know.
fn checked(plugin: &str, item: &WireAdvice) -> Option<PluginAdvice> {
    let kind = match &item.kind {
        WireAdviceKind::Router => AdviceKind::Router,
        WireAdviceKind::Remedy => AdviceKind::Remedy,
        WireAdviceKind::Witness { mac, seen } => AdviceKind::Witness(Witness {
            mac: mac.parse().ok()?,
            seen: MacStatus::from_code(seen)?,
        }),
        WireAdviceKind::Unknown => return None,
    };
    let line = |line: &String| bounded(line, LONGEST_LINE).to_owned();
    let word = |word: &WireWord| match word {
        WireWord::Literal(word) => Word::Literal(line(word)),
        WireWord::MachineName => Word::MachineName,
    };
    let step = |step: &WireStep| Step {
        text: line(&step.text),
        command: step.command.iter().take(MOST_LINES).map(word).collect(),
    };
    let advice = Advice {
        kind,
        id: line(&item.id),
        title: line(&item.title),
        confidence: f64::from(item.confidence_permille.min(1000)) / 1000.0,
        because: item.because.iter().take(MOST_LINES).map(line).collect(),
        steps: item.steps.iter().take(MOST_LINES).map(step).collect(),
    };
    Some(PluginAdvice { plugin: plugin.to_owned(), advice })
}
