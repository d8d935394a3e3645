//! Weighs the evidence about one address: decay, repetition, groups and caps.

use std::time::{Duration, SystemTime};

use vmkit_evidence::Evidence;
use vmkit_types::{Kind, Mac, attribute};

use crate::{Case, Entry, Weights, WhyNot, crowd::Crowd, weights::Rule};

/// A fact up to this much older than the process is still of its boot: start times are rounded
/// to clock ticks or whole seconds, by platform.
const START_SLACK: Duration = Duration::from_secs(2);

/// What the weighing of one machine's evidence needs.
pub(crate) struct Scale<'s, 'a> {
    pub(crate) case: &'s Case,
    pub(crate) crowd: &'s Crowd<'a>,
    pub(crate) now: SystemTime,
    pub(crate) weights: &'s Weights,
}

/// A fact with its row of the table.
pub(crate) struct Item<'s, 'a> {
    pub(crate) entry: Entry<'a>,
    pub(crate) rule: Option<&'s Rule>,
}

impl<'s, 'a> Scale<'s, 'a> {
    /// The evidence in a fixed order, with what each item adds to the logit. `wrong_nat`: the
    /// address is in a network of the host's own that this machine does not get addresses from.
    pub(crate) fn weigh(
        &self,
        evidence: impl Iterator<Item = &'a Evidence>,
        wrong_nat: bool,
    ) -> Vec<Item<'s, 'a>> {
        let mut items: Vec<_> = evidence.map(|evidence| self.item(evidence, wrong_nat)).collect();
        items.sort_by(|a, b| {
            let (a, b) = (&a.entry, &b.entry);
            source(a).cmp(&source(b)).then(a.age.cmp(&b.age)).then_with(|| {
                let (a, b) = (a.evidence, b.evidence);
                a.observation.says.cmp(&b.observation.says).then(a.id.cmp(&b.id))
            })
        });
        strike_repeated(&mut items);
        strike_contradicted(&mut items);
        self.share(&mut items);
        items
    }

    fn item(&self, evidence: &'a Evidence, wrong_nat: bool) -> Item<'s, 'a> {
        let rule = self.weights.rule(&evidence.observation.kind);
        let age = self.now.duration_since(evidence.seen_at()).unwrap_or(Duration::ZERO);
        let why_not = match rule {
            None => Some(WhyNot::NoWeight),
            Some(rule) => self.why_not(evidence, rule, wrong_nat),
        };
        let weight = rule.filter(|_| why_not.is_none()).map_or(0.0, |rule| {
            let faded = rule
                .half_life(&evidence.observation)
                .map_or(1.0, |half_life| (-age.as_secs_f64() / half_life).exp2());
            rule.log_ratio * faded
        });
        Item { entry: Entry { evidence, weight, age, why_not }, rule }
    }

    fn why_not(&self, evidence: &Evidence, rule: &Rule, wrong_nat: bool) -> Option<WhyNot> {
        let observation = &evidence.observation;
        if let Some(started_at) = self.case.started_at {
            let seen_at = evidence.seen_at();
            let before = started_at.duration_since(seen_at).unwrap_or(Duration::ZERO);
            if before > START_SLACK {
                return Some(WhyNot::BeforeBoot(before));
            }
            let uptime = seen_at.duration_since(started_at).unwrap_or(Duration::ZERO);
            if uptime < rule.min_uptime {
                return Some(WhyNot::TooEarly);
            }
        }
        if let Some(mac) = observation.mac {
            let foreign = !self.case.macs.is_empty() && !self.case.macs.contains(&mac);
            if rule.ties && foreign {
                return Some(WhyNot::ForeignMac(mac));
            }
            if rule.other_mac && self.crowd.answers_for_many(mac) {
                return Some(WhyNot::AnswersForMany(mac));
            }
        }
        (rule.host_lease && wrong_nat).then_some(WhyNot::OtherMode)
    }

    /// In each group and direction the strongest counts in full, the others by the share of the
    /// rest; then the group is cut to its cap.
    fn share(&self, items: &mut [Item<'s, 'a>]) {
        let groups = &self.weights.groups;
        let mut strongest = vec![[None::<(usize, f64)>; 2]; groups.len()];
        for (index, item) in items.iter().enumerate() {
            let (Some(rule), weight) = (item.rule, item.entry.weight) else { continue };
            let leader = &mut strongest[rule.group][usize::from(weight < 0.0)];
            if leader.is_none_or(|(_, best)| weight.abs() > best) {
                *leader = Some((index, weight.abs()));
            }
        }
        let mut totals = vec![0.0; groups.len()];
        for (index, item) in items.iter_mut().enumerate() {
            let Some(rule) = item.rule else { continue };
            let weight = &mut item.entry.weight;
            let leader = strongest[rule.group][usize::from(*weight < 0.0)];
            if leader.is_none_or(|(leading, _)| leading != index) {
                *weight *= self.weights.rest_share;
            }
            totals[rule.group] += *weight;
        }
        for item in items {
            let Some(rule) = item.rule else { continue };
            let (total, cap): (f64, f64) = (totals[rule.group], groups[rule.group].cap);
            if total.abs() > cap {
                item.entry.weight *= cap / total.abs();
            }
        }
    }
}

impl Item<'_, '_> {
    /// Whether it counts, and for the address.
    pub(crate) fn supports(&self) -> bool {
        self.entry.counted() && self.entry.weight > 0.0
    }

    /// Whether it counts and its age is within its half-life.
    pub(crate) fn is_fresh(&self) -> bool {
        let half_life = self.rule.and_then(|r| r.half_life(&self.entry.evidence.observation));
        half_life.is_none_or(|half_life| self.entry.age.as_secs_f64() <= half_life)
    }

    fn interface(&self) -> Option<&str> {
        self.entry.evidence.observation.attribute(attribute::INTERFACE)
    }
}

/// What makes two facts the same fact: they differ at most in their time.
fn source<'e>(entry: &Entry<'e>) -> (&'e str, &'e str, Option<&'e str>, Option<Mac>) {
    let observation: &'e vmkit_types::Observation = &entry.evidence.observation;
    let kind: &'e Kind = &observation.kind;
    let interface = observation.attribute(attribute::INTERFACE);
    (kind.code(), &entry.evidence.plugin, interface, observation.mac)
}

/// Keeps the freshest of the facts that differ only in their time. The items are in order.
fn strike_repeated(items: &mut [Item<'_, '_>]) {
    let mut kept: Option<Entry<'_>> = None;
    for Item { entry, .. } in items.iter_mut().filter(|item| item.entry.counted()) {
        if kept.as_ref().is_some_and(|kept| source(kept) == source(entry)) {
            entry.why_not = Some(WhyNot::Repeated);
            entry.weight = 0.0;
        } else {
            kept = Some(entry.clone());
        }
    }
}

/// Drops silence that a sighting of the machine explains away.
fn strike_contradicted(items: &mut [Item<'_, '_>]) {
    let seen_there = items.iter().any(|item| {
        item.supports()
            && item.is_fresh()
            && item.rule.is_some_and(|rule| rule.reaches && rule.ties)
    });
    let found_on: Option<String> = items
        .iter()
        .find(|item| item.supports() && item.rule.is_some_and(|rule| rule.ties))
        .and_then(|item| item.interface().map(str::to_owned));
    for item in items.iter_mut().filter(|item| item.entry.counted()) {
        let Some(rule) = item.rule else { continue };
        let elsewhere = rule.same_interface
            && matches!((&found_on, item.interface()), (Some(at), Some(asked)) if at != asked);
        let why_not = if elsewhere {
            WhyNot::OtherInterface
        } else if rule.unless_reached && seen_there {
            WhyNot::SeenThere
        } else {
            continue;
        };
        item.entry.why_not = Some(why_not);
        item.entry.weight = 0.0;
    }
}
