//! Weighs the evidence about one address: decay, repetition, groups and caps.

use std::{
    cmp::Ordering,
    collections::HashMap,
    net::IpAddr,
    time::{Duration, SystemTime},
};

use vmkit_model::Evidence;
use vmkit_types::{Mac, NetworkMode, Observation, attribute};

use crate::{Case, Entry, Weights, WhyNot, crowd::Crowd, place::Place, weights::Rule};

/// A fact up to this much older than the process still counts for its boot: start times are rounded
/// to clock ticks or whole seconds, depending on the platform.
const START_SLACK: Duration = Duration::from_secs(2);

/// Facts received within this time may belong to one reading: a plugin sends them one by one, in
/// far less than the time between two stages.
const ONE_READ: Duration = Duration::from_millis(5);

/// Greatest age of an answer of the same run: no run takes longer.
const SAME_RUN: Duration = Duration::from_secs(30);

/// The context for weighing one machine's evidence.
pub(crate) struct Scale<'s> {
    pub(crate) case: &'s Case,
    pub(crate) place: &'s Place<'s>,
    pub(crate) crowd: &'s Crowd,
    pub(crate) now: SystemTime,
    pub(crate) weights: &'s Weights,
}

/// An [`Entry`] that borrows its evidence: most are weighed and never kept.
#[derive(Clone, Copy)]
pub(crate) struct Line<'a> {
    pub(crate) evidence: &'a Evidence,
    pub(crate) weight: f64,
    pub(crate) age: Duration,
    pub(crate) why_not: Option<WhyNot>,
}

impl Line<'_> {
    pub(crate) fn counted(&self) -> bool {
        self.why_not.is_none()
    }
}

impl From<Line<'_>> for Entry {
    fn from(line: Line<'_>) -> Self {
        let Line { evidence, weight, age, why_not } = line;
        Self { evidence: evidence.clone(), weight, age, why_not }
    }
}

/// A fact with its row of the table and derived values.
pub(crate) struct Item<'s, 'a> {
    pub(crate) entry: Line<'a>,
    pub(crate) rule: Option<&'s Rule>,
    half_life: Option<f64>,
    /// Time since it was true, or since an answer confirmed it.
    pub(crate) age: Duration,
    /// It identifies who answered from the address.
    answered: bool,
}

/// Buffers that are reused for every address: with thousands of them, allocating takes a large part
/// of the time.
#[derive(Default)]
pub(crate) struct Scratch<'s, 'a> {
    facts: Vec<(Option<&'s Rule>, &'a Evidence)>,
    items: Vec<Item<'s, 'a>>,
}

impl<'s> Scale<'s> {
    /// The evidence in a fixed order, with the contribution of each item to the logit. `wrong_nat`:
    /// the address is in a network of the host that gives this machine no addresses.
    pub(crate) fn weigh<'i, 'a>(
        &self,
        evidence: impl Iterator<Item = &'a Evidence>,
        wrong_nat: bool,
        scratch: &'i mut Scratch<'s, 'a>,
    ) -> &'i mut [Item<'s, 'a>] {
        let weights = self.weights;
        let Scratch { facts, items } = scratch;
        facts.clear();
        facts.extend(evidence.map(|item| (weights.rule(&item.observation.kind), item)));
        facts.sort_unstable_by(|(rule, one), (other_rule, two)| {
            place(*rule).cmp(&place(*other_rule)).then_with(|| in_order(one, two))
        });
        let answer = facts.iter().filter_map(|(rule, item)| self.answer((*rule)?, item)).max();
        items.clear();
        let weighed = facts.iter().map(|(rule, item)| self.item(item, *rule, answer, wrong_nat));
        items.extend(weighed);
        strike_repeated(items);
        let groups = items.chunk_by_mut(|a, b| a.group() == b.group());
        groups.for_each(|group| self.strike_superseded(group));
        strike_contradicted(items);
        let groups = items.chunk_by_mut(|a, b| a.group() == b.group());
        groups.for_each(|group| self.share(group));
        let pools = items.chunk_by_mut(|a, b| self.pool(a) == self.pool(b));
        pools.for_each(|pool| self.limit_claims(pool));
        items
    }

    /// The pool of claims that the item draws from.
    fn pool(&self, item: &Item<'_, '_>) -> Option<usize> {
        self.weights.groups[item.group()?].pool
    }

    /// Limits what the claims of one pool say together, in each direction.
    fn limit_claims(&self, items: &mut [Item<'_, '_>]) {
        let Some(pool) = items.first().and_then(|item| self.pool(item)) else { return };
        let limit = self.weights.pools[pool];
        for direction in [1.0, -1.0] {
            let weights = items.iter().map(|item| (item.entry.weight * direction).max(0.0));
            let total: f64 = weights.sum();
            if total > limit {
                let same = |item: &&mut Item<'_, '_>| item.entry.weight * direction > 0.0;
                items.iter_mut().filter(same).for_each(|item| item.entry.weight *= limit / total);
            }
        }
    }

    fn item<'a>(
        &self,
        evidence: &'a Evidence,
        rule: Option<&'s Rule>,
        answer: Option<SystemTime>,
        wrong_nat: bool,
    ) -> Item<'s, 'a> {
        let observation = &evidence.observation;
        let answered = answer.and_then(|at| Some((at, rule?.answered?)));
        let reported_at = evidence.seen_at();
        let seen_at = answered.map_or(reported_at, |(answered_at, _)| answered_at.max(reported_at));
        let age_of = |at| self.now.duration_since(at).unwrap_or(Duration::ZERO);
        let age = age_of(seen_at);
        let half_life = rule.and_then(|rule| rule.half_life(observation));
        let why_not = match rule {
            None => Some(WhyNot::NoWeight),
            Some(rule) => self.why_not(observation, seen_at, rule, wrong_nat),
        };
        let weight = rule.filter(|_| why_not.is_none()).map_or(0.0, |rule| {
            let fading = match half_life {
                Some(half_life) if !age.is_zero() => (-age.as_secs_f64() / half_life).exp2(),
                _ => 1.0,
            };
            let log_ratio = answered.map_or(rule.log_ratio, |(_, log_ratio)| log_ratio);
            let undated = answered.is_none() && observation.age.is_none();
            let of_this_boot = rule.kept.filter(|_| undated).map_or(1.0, |kept| {
                self.uptime().map_or(1.0, |uptime| (uptime.as_secs_f64() / kept).min(1.0))
            });
            log_ratio * fading * of_this_boot
        });
        let entry = Line { evidence, weight, age: age_of(reported_at), why_not };
        Item { entry, rule, half_life, age, answered: answered.is_some() }
    }

    /// When the address answered, if this fact is a fresh answer.
    fn answer(&self, rule: &Rule, evidence: &Evidence) -> Option<SystemTime> {
        if !rule.reaches || !self.weights.groups[rule.group].anonymous {
            return None;
        }
        let at = evidence.seen_at();
        let age = self.now.duration_since(at).unwrap_or(Duration::ZERO);
        (age <= SAME_RUN && self.why_not(&evidence.observation, at, rule, false).is_none())
            .then_some(at)
    }

    /// Whether the guest reports, in this boot, that it gave itself this address of 169.254/16.
    pub(crate) fn is_self_given(&self, address: IpAddr, evidence: &Evidence) -> bool {
        let of_boot = |rule: &Rule| {
            self.why_not(&evidence.observation, evidence.seen_at(), rule, false).is_none()
        };
        let rule = self.weights.rule(&evidence.observation.kind);
        matches!(address, IpAddr::V4(v4) if v4.is_link_local())
            && rule.filter(|rule| rule.listed).is_some_and(of_boot)
    }

    fn uptime(&self) -> Option<Duration> {
        Some(self.now.duration_since(self.case.started_at?).unwrap_or(Duration::ZERO))
    }

    fn why_not(
        &self,
        observation: &Observation,
        seen_at: SystemTime,
        rule: &Rule,
        wrong_nat: bool,
    ) -> Option<WhyNot> {
        if let Some(started_at) = self.case.started_at {
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
            if (rule.ties || rule.claim) && self.case.is_foreign(mac) {
                return Some(WhyNot::ForeignMac(mac));
            }
            let of_another = rule.other_mac || rule.duplicate;
            if of_another && self.case.has(mac) {
                return Some(WhyNot::OwnCard(mac));
            }
            if of_another && self.crowd.translates(mac, self.case) {
                return Some(WhyNot::Translated(mac));
            }
            if of_another && self.crowd.answers_for_many(mac) {
                return Some(WhyNot::AnswersForMany(mac));
            }
        }
        if rule.server_absence && !self.is_served_by(observation) {
            return Some(WhyNot::NotServed);
        }
        (rule.host_lease && wrong_nat).then_some(WhyNot::OtherMode)
    }

    /// Whether the machine asks the server of this observation: the one of the bridge that it
    /// names, or else the one of the host's shared network.
    fn is_served_by(&self, observation: &Observation) -> bool {
        match observation.attribute(attribute::INTERFACE) {
            Some(served) => self.case.cards.all().any(|card| {
                card.interface() == Some(served) || self.place.bridge_of(card) == Some(served)
            }),
            None => self.case.has_mode(NetworkMode::Shared),
        }
    }

    /// Strikes all but the last reading of a source whose facts are states of one thing.
    fn strike_superseded(&self, group: &mut [Item<'s, '_>]) {
        let Some(rule) = group.first().and_then(|item| item.rule) else { return };
        let first = group[0].entry.evidence.received_at;
        let read_once = group.iter().all(|item| item.entry.evidence.received_at == first);
        if read_once || !self.weights.groups[rule.group].state {
            return;
        }
        let mut last_read: HashMap<_, SystemTime> = HashMap::new();
        // A repeated fact supersedes nothing: the fact that it repeats does.
        let items = group.iter().filter(|item| item.entry.why_not != Some(WhyNot::Superseded));
        for evidence in items.map(|item| item.entry.evidence) {
            let last = last_read.entry(reading(evidence)).or_insert(evidence.received_at);
            *last = evidence.received_at.max(*last);
        }
        for item in group.iter_mut().filter(|item| item.entry.counted()) {
            let evidence = item.entry.evidence;
            if last_read[&reading(evidence)] > evidence.received_at + ONE_READ {
                item.strike(WhyNot::Superseded);
            }
        }
    }

    /// In each direction the strongest item of the group counts fully, the others by the share of
    /// the rest; then the sum is limited to the group's cap.
    fn share(&self, group: &mut [Item<'s, '_>]) {
        let Some(rule) = group.first().and_then(|item| item.rule) else { return };
        let mut strongest: [Option<(usize, f64)>; 2] = [None; 2];
        for (index, item) in group.iter().enumerate() {
            let weight = item.entry.weight;
            let leader = &mut strongest[usize::from(weight < 0.0)];
            if leader.is_none_or(|(_, best)| weight.abs() > best) {
                *leader = Some((index, weight.abs()));
            }
        }
        let mut total = 0.0;
        for (index, item) in group.iter_mut().enumerate() {
            let weight = &mut item.entry.weight;
            let leader = strongest[usize::from(*weight < 0.0)];
            if leader.is_none_or(|(leading, _)| leading != index) {
                *weight *= self.weights.rest_share;
            }
            total += *weight;
        }
        let cap = self.weights.groups[rule.group].cap;
        if f64::abs(total) > cap {
            for item in group {
                item.entry.weight *= cap / f64::abs(total);
            }
        }
    }
}

impl Item<'_, '_> {
    /// Whether it counts in favour of the address.
    pub(crate) fn supports(&self) -> bool {
        self.entry.counted() && self.entry.weight > 0.0
    }

    /// Whether it is a plugin's own claim.
    pub(crate) fn is_claim(&self) -> bool {
        self.rule.is_some_and(|rule| rule.claim)
    }

    /// Whether its age is within its half-life.
    pub(crate) fn is_fresh(&self) -> bool {
        self.half_life.is_none_or(|half_life| self.age.as_secs_f64() <= half_life)
    }

    /// Whether it shows that the machine has the address at this moment.
    pub(crate) fn holds(&self) -> bool {
        let held = self.rule.is_some_and(|rule| rule.held || (self.answered && rule.ties));
        held && self.supports() && self.is_fresh()
    }

    fn strike(&mut self, why_not: WhyNot) {
        self.entry.why_not = Some(why_not);
        self.entry.weight = 0.0;
    }

    fn interface(&self) -> Option<&str> {
        self.entry.evidence.observation.attribute(attribute::INTERFACE)
    }

    fn group(&self) -> Option<usize> {
        self.rule.map(|rule| rule.group)
    }
}

/// The position in the order: groups together, kind by kind, unweighted kinds last.
fn place(rule: Option<&Rule>) -> usize {
    rule.map_or(usize::MAX, |rule| rule.place)
}

/// The identity of a fact among those of its kind: repetitions differ in their time alone.
fn source(evidence: &Evidence) -> (&str, Option<&str>, Option<Mac>) {
    let observation = &evidence.observation;
    (&evidence.plugin, observation.attribute(attribute::INTERFACE), observation.mac)
}

/// The source and the thing that one reading is about.
fn reading(evidence: &Evidence) -> (&str, Option<&str>) {
    (&evidence.plugin, evidence.observation.attribute(attribute::INTERFACE))
}

/// The order of facts of one kind: by source, the freshest first. The other keys make the order
/// independent of the arrival.
fn in_order(one: &Evidence, two: &Evidence) -> Ordering {
    source(one)
        .cmp(&source(two))
        .then_with(|| two.seen_at().cmp(&one.seen_at()))
        .then_with(|| one.observation.kind.code().cmp(two.observation.kind.code()))
        .then_with(|| one.observation.says.cmp(&two.observation.says))
        .then_with(|| one.id.cmp(&two.id))
}

/// Keeps the freshest of the facts that differ only in their time. The items are in order.
fn strike_repeated(items: &mut [Item<'_, '_>]) {
    let mut kept = 0;
    for index in 0..items.len() {
        if !items[index].entry.counted() {
            continue;
        }
        let repeated = kept < index
            && items[kept].entry.counted()
            && place(items[kept].rule) == place(items[index].rule)
            && source(items[kept].entry.evidence) == source(items[index].entry.evidence);
        if repeated {
            items[index].strike(WhyNot::Superseded);
        } else {
            kept = index;
        }
    }
}

/// Strikes silence that a sighting of the machine contradicts.
fn strike_contradicted(items: &mut [Item<'_, '_>]) {
    let silence = |rule: &Rule| rule.same_interface || rule.unless_reached;
    if !items.iter().any(|item| item.rule.is_some_and(silence)) {
        return;
    }
    let tying = |item: &&Item<'_, '_>| item.supports() && item.rule.is_some_and(|rule| rule.ties);
    let seen_there = items
        .iter()
        .filter(tying)
        .any(|item| item.is_fresh() && item.rule.is_some_and(|rule| rule.reaches));
    let found_on = items.iter().find(tying).and_then(|item| item.interface()).map(str::to_owned);
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
        item.strike(why_not);
    }
}
