//! Advice plugins: what is known of the network in, which router and what to do out.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant, SystemTime},
};

use vmkit_model::{PluginOutcome, PluginStatus};
use vmkit_types::bounded;
use vmkit_wire::{Advise, GatewayPage, PluginKind, WireAdvice, WireFact};

use crate::{
    Found, Installation, Plugin, RunSettings,
    run::{load_patience, refused},
    worker::{End, Worker},
};

/// Most bytes of facts that one plugin is told, as they stand in the frame: a frame holds 4 MiB.
const MOST_TOLD: usize = 3 << 20;
/// Bytes of a frame that go with a text, quotes and names among them.
const FRAMING: usize = 16;
/// Longest line that is kept of an advice, in bytes.
const LONGEST_LINE: usize = 300;
/// Most reasons or steps that are kept of one advice.
const MOST_LINES: usize = 24;
/// Most items that are kept of one plugin.
const MOST_ITEMS: usize = 64;

/// One fact about the network, such as `gateway.address`; the keys are documented for plugin
/// authors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// Its name.
    pub key: String,
    /// Its value; of the network, so not to be trusted.
    pub value: String,
}

/// What an advice states.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AdviceKind {
    /// Which router this is.
    Router,
    /// What can be done.
    Remedy,
    /// What the router itself reports.
    Witness,
}

/// What a plugin concludes; its texts are bounded, and not to be trusted.
#[derive(Clone, Debug, PartialEq)]
pub struct Advice {
    /// Id of the plugin.
    pub plugin: String,
    /// What it states.
    pub kind: AdviceKind,
    /// Such as `bt-smart-hub-2`.
    pub id: String,
    /// One line for people.
    pub title: String,
    /// From 0 to 1.
    pub confidence: f64,
    /// The facts that led to it.
    pub because: Vec<String>,
    /// What to do, step by step.
    pub steps: Vec<String>,
}

/// What all advice plugins said.
#[derive(Clone, Debug, Default)]
pub struct Advised {
    /// By plugin, then in the order of its report.
    pub advice: Vec<Advice>,
    /// How each plugin fared.
    pub outcomes: Vec<PluginOutcome>,
}

/// The pages of the gateway that the advice plugins declare, each once.
pub fn gateway_pages(found: &[Found]) -> Vec<GatewayPage> {
    let plugins = found.iter().filter_map(|found| found.plugin.as_ref().ok());
    let wanted = plugins.filter(|plugin| is_advice(plugin));
    let pages: BTreeSet<_> = wanted.flat_map(|plugin| plugin.manifest.gateway.clone()).collect();
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
        let asked = found.iter().filter_map(|Found { path, plugin }| match plugin {
            Err(refusal) => Some((refused(path, refusal, installation), None)),
            Ok(plugin) if is_advice(plugin) => {
                let call = scope.spawn(|| ask(plugin, installation, settings, facts, now));
                Some((outcome(plugin), Some(call)))
            }
            Ok(_) => None,
        });
        let asked: Vec<_> = asked.collect();
        let joined = asked.into_iter().map(|(outcome, call)| {
            let answer = call.map(|call| {
                call.join().unwrap_or_else(|_| (Err(End::protocol("asking it failed")), None))
            });
            (outcome, answer)
        });
        joined.collect()
    });
    for (mut outcome, answer) in results {
        match answer {
            Some((Ok(items), elapsed)) => {
                outcome.elapsed = elapsed;
                let kept = items.iter().take(MOST_ITEMS);
                advised.advice.extend(kept.filter_map(|item| checked(&outcome.id, item)));
            }
            Some((Err(end), elapsed)) => {
                outcome.elapsed = elapsed;
                outcome.status = end.status;
                outcome.message = Some(end.message);
            }
            // A library that may not be loaded is told of with the signals.
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
        facts: told(plugin, facts),
    };
    let worker = Worker::start(installation, plugin, settings, load_patience(settings));
    let answer = worker.and_then(|mut worker| worker.advise(advise));
    (answer, Some(began.elapsed()))
}

/// The facts that the plugin is told: of the gateway's pages those that it declares, and in all no
/// more than a frame holds. What would not fit is left out, a page that was not given.
fn told(plugin: &Plugin, facts: &[Fact]) -> Vec<WireFact> {
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
    let mut left = MOST_TOLD;
    let fits = |fact: &&Fact| {
        let length = carried(&fact.key) + carried(&fact.value);
        let fits = length <= left;
        left -= if fits { length } else { 0 };
        fits
    };
    let wanted = facts.iter().filter(|fact| declared(&fact.key)).filter(fits);
    wanted.map(|Fact { key, value }| WireFact { key: key.clone(), value: value.clone() }).collect()
}

/// The bytes that a text takes in a frame, at most.
fn carried(text: &str) -> usize {
    let bytes = text.bytes().map(|byte| match byte {
        0..=0x1f => 6,
        b'"' | b'\\' => 2,
        _ => 1,
    });
    bytes.sum::<usize>() + FRAMING
}

/// The advice, bounded. `None`: of a kind that this version does not know.
fn checked(plugin: &str, item: &WireAdvice) -> Option<Advice> {
    let kind = match item.kind.as_str() {
        "router" => AdviceKind::Router,
        "remedy" => AdviceKind::Remedy,
        "witness" => AdviceKind::Witness,
        _ => return None,
    };
    let line = |line: &String| bounded(line, LONGEST_LINE).to_owned();
    let lines = |lines: &[String]| lines.iter().take(MOST_LINES).map(line).collect();
    Some(Advice {
        plugin: plugin.to_owned(),
        kind,
        id: line(&item.id),
        title: line(&item.title),
        confidence: f64::from(item.confidence_permille.min(1000)) / 1000.0,
        because: lines(&item.because),
        steps: lines(&item.steps),
    })
}
