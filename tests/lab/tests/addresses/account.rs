//! The account of one machine in `vm status --json`, as far as two runs must agree on it.

use std::{collections::BTreeSet, fmt};

use serde_json::Value;

/// Two looks follow each other within seconds, and half of a weight is gone in 30 s at the earliest.
const WEIGHT_TOLERANCE: f64 = 0.5;
/// The signals that are asked live about doubtful addresses alone.
const ASKED_IN_DOUBT: [&str; 2] = ["arp-probe", "ssh-key"];
/// The signal whose source changes by itself.
const NEIGHBOUR_TABLE: &str = "arp";
/// Time between the two looks, on a busy computer.
const AGE_TOLERANCE_MS: u64 = 10_000;
/// The same of probabilities.
const PROBABILITY_TOLERANCE: f64 = 0.1;

/// Verdict, candidates and notes.
pub(crate) struct Account<'a> {
    name: &'a str,
    verdict: &'a str,
    ip: Option<&'a str>,
    candidates: Vec<Candidate<'a>>,
    pub(crate) notes: Vec<&'a str>,
}

/// One address with all that speaks of it.
pub(crate) struct Candidate<'a> {
    ip: &'a str,
    probability: f64,
    pub(crate) flags: Vec<&'a str>,
    struck_out: Option<&'a str>,
    doubt: Option<&'a str>,
    entries: Vec<Entry<'a>>,
}

/// One line of the ledger.
#[derive(Clone, Copy)]
struct Entry<'a> {
    signal: &'a str,
    kind: &'a str,
    says: &'a str,
    why_not: Option<&'a str>,
    weight: f64,
    age_ms: Option<u64>,
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

impl<'a> Account<'a> {
    pub(crate) fn of(machine: &'a Value) -> Self {
        Self {
            name: text(&machine["name"]),
            verdict: text(&machine["verdict"]),
            ip: machine["ip"].as_str(),
            candidates: list(&machine["candidates"]).map(Candidate::of).collect(),
            notes: list(&machine["notes"]).filter_map(Value::as_str).collect(),
        }
    }

    pub(crate) fn candidate(&self, ip: &str) -> Option<&Candidate<'a>> {
        self.candidates.iter().find(|candidate| candidate.ip == ip)
    }

    fn sorted_notes(&self) -> BTreeSet<&'a str> {
        self.notes.iter().copied().collect()
    }
}

impl<'a> Candidate<'a> {
    fn of(candidate: &'a Value) -> Self {
        let mut entries: Vec<_> = list(&candidate["evidence"]).map(Entry::of).collect();
        entries
            .sort_by_key(|entry| (entry.signal, entry.kind, entry.says, entry.why_not.is_some()));
        Self {
            ip: text(&candidate["ip"]),
            probability: candidate["probability"].as_f64().unwrap_or_default(),
            flags: list(&candidate["flags"]).filter_map(Value::as_str).collect(),
            struck_out: candidate["struck_out"].as_str(),
            doubt: candidate["doubt"]["says"].as_str(),
            entries,
        }
    }

    /// How the record's candidate differs from this one. Signals that only the record has may void
    /// what others told, and change every weight of their group.
    fn differs(
        &self,
        replayed: &Self,
        its_neighbour_changes: bool,
        skipped: &BTreeSet<&str>,
    ) -> Option<String> {
        let mut skipped = skipped.clone();
        skipped.extend(its_neighbour_changes.then_some(NEIGHBOUR_TABLE));
        let told = |signal: &&str| self.entries.iter().any(|entry| entry.signal == *signal);
        skipped.extend(ASKED_IN_DOUBT.iter().filter(|signal| !told(signal)));
        let asked = |candidate: &Self| -> Vec<Entry<'a>> {
            let asked = candidate.entries.iter().filter(|entry| !skipped.contains(entry.signal));
            asked.copied().collect()
        };
        let (own, told) = (asked(self), asked(replayed));
        let mut both = self.entries.iter().chain(&replayed.entries);
        let more = both.any(|entry| skipped.contains(entry.signal));
        // How often a table was read is chance.
        let mut lost = own.iter().filter(|entry| !entry.is_superseded());
        if let Some(lost) = lost.find(|one| !told.iter().any(|two| one.tells_as(two))) {
            return Some(format!("the record lacks {lost}"));
        }
        let mut new = told.iter().filter(|entry| !entry.is_superseded());
        if let Some(new) = new.find(|two| !own.iter().any(|one| one.tells_as(two))) {
            return Some(format!("the record adds {new}"));
        }
        if more {
            return None;
        }
        // Of two names for one address either may have been heard last.
        if counted(&self.entries) != counted(&replayed.entries) {
            return Some("the ledgers count differently".to_owned());
        }
        let weight = |entries: &[Entry<'_>]| entries.iter().map(|entry| entry.weight).sum::<f64>();
        let apart = (weight(&self.entries) - weight(&replayed.entries)).abs();
        if apart > WEIGHT_TOLERANCE {
            return Some(format!("the ledgers are {apart:.2} apart"));
        }
        if (self.probability - replayed.probability).abs() > PROBABILITY_TOLERANCE {
            return Some(format!("{} became {}", self.probability, replayed.probability));
        }
        let head = |candidate: &Self| {
            format!("{:?} {:?} {:?}", candidate.flags, candidate.struck_out, candidate.doubt)
        };
        let (live, replayed) = (head(self), head(replayed));
        (live != replayed).then(|| format!("{live} became {replayed}"))
    }

    /// What the neighbour table said of it that counts.
    fn neighbour_entries(&self) -> Vec<&'a str> {
        let entries = self.entries.iter().filter(|entry| entry.signal == NEIGHBOUR_TABLE);
        entries.filter(|entry| entry.why_not.is_none()).map(|entry| entry.kind).collect()
    }

    /// Whether something in its account says this.
    pub(crate) fn tells(&self, part: &str) -> bool {
        let lines = self.entries.iter().map(ToString::to_string);
        let own = [self.struck_out, self.doubt].into_iter().flatten().map(str::to_owned);
        lines.chain(own).any(|line| line.contains(part))
    }
}

impl<'a> Entry<'a> {
    fn of(entry: &'a Value) -> Self {
        Self {
            signal: text(&entry["signal"]),
            kind: text(&entry["kind"]),
            says: text(&entry["says"]),
            why_not: entry["why_not"].as_str(),
            weight: entry["weight"].as_f64().unwrap_or_default(),
            age_ms: entry["age_ms"].as_u64(),
        }
    }

    /// Whether a later reading of the same source stands for it.
    fn is_superseded(&self) -> bool {
        self.why_not == Some("the same source reported something newer")
    }

    /// Whether the record tells the same.
    fn tells_as(&self, other: &Self) -> bool {
        let same_age = match (self.age_ms, other.age_ms) {
            (Some(one), Some(two)) => one.abs_diff(two) <= AGE_TOLERANCE_MS,
            // What is seen live has no age; a record tells when in the run it was seen.
            (None, Some(age)) => age <= AGE_TOLERANCE_MS,
            (one, None) => one.is_none(),
        };
        // A record has no room for some details, such as how long was waited, and one word for all
        // reasons why the host cannot reach an address.
        let same_words = self.says.starts_with(other.says) || self.kind == "ssh-unreachable";
        (self.signal, self.kind) == (other.signal, other.kind) && same_words && same_age
    }
}

/// What counts, without what it says.
fn counted<'a>(entries: &'a [Entry<'_>]) -> Vec<(&'a str, &'a str)> {
    let counted = entries.iter().filter(|entry| entry.why_not.is_none());
    counted.map(|entry| (entry.signal, entry.kind)).collect()
}

/// The first point on which the record and the reports before and after it do not agree.
///
/// A signal that was not needed live reports more from the record, where every signal is asked: that
/// is not compared. Nor is an address's entry of the neighbour table that changed meanwhile, as
/// entries age and two hosts of one address take turns.
pub(crate) fn disagreement(live: &Value, replayed: &Value, after: &Value) -> Option<String> {
    let skipped: BTreeSet<&str> = list(&live["plugins"])
        .filter(|plugin| plugin["status"] == "skipped")
        .filter_map(|plugin| plugin["id"].as_str())
        .collect();
    let (live, replayed, after) = (accounts(live), accounts(replayed), accounts(after));
    if live.len() != replayed.len() {
        return Some(format!("{} machines became {}", live.len(), replayed.len()));
    }
    live.iter().zip(&replayed).find_map(|(live, replayed)| {
        let after = after.iter().find(|account| account.name == live.name);
        differ(live, replayed, after, &skipped)
    })
}

fn accounts(report: &Value) -> Vec<Account<'_>> {
    list(&report["vms"]).map(Account::of).collect()
}

fn differ(
    live: &Account<'_>,
    replayed: &Account<'_>,
    after: Option<&Account<'_>>,
    skipped: &BTreeSet<&str>,
) -> Option<String> {
    let pick =
        |account: &Account<'_>| format!("{} {} {:?}", account.name, account.verdict, account.ip);
    if pick(live) != pick(replayed) {
        return Some(format!("{} became {}", pick(live), pick(replayed)));
    }
    if !live.sorted_notes().is_subset(&replayed.sorted_notes()) {
        return Some(format!("the notes {:?} became {:?}", live.notes, replayed.notes));
    }
    for one in &live.candidates {
        let Some(two) = replayed.candidate(one.ip) else {
            return Some(format!("{} is no candidate of the record", one.ip));
        };
        let later = after.and_then(|after| after.candidate(one.ip));
        let changes = later
            .is_none_or(|later| later.neighbour_entries() != one.neighbour_entries())
            || one.flags.contains(&"duplicate-ip");
        if let Some(what) = one.differs(two, changes, skipped) {
            return Some(format!("{}: {what}", one.ip));
        }
    }
    let known = |ip: &str| live.candidate(ip).is_some();
    // What is told of an address that nobody named live follows from its having been named.
    let new = replayed.candidates.iter().find(|candidate| {
        let named = candidate.entries.iter().any(|entry| skipped.contains(entry.signal));
        !named && !known(candidate.ip)
    });
    new.map(|candidate| format!("{} is a candidate of the record alone", candidate.ip))
}

impl fmt::Display for Account<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "{}: {} {:?}", self.name, self.verdict, self.ip)?;
        for candidate in &self.candidates {
            let Candidate { ip, probability, flags, struck_out, doubt, entries } = candidate;
            write!(out, "  {ip} {probability} {flags:?}")?;
            for why in [struck_out, doubt].into_iter().flatten() {
                write!(out, " ({why})")?;
            }
            writeln!(out)?;
            entries.iter().try_for_each(|entry| writeln!(out, "    {entry}"))?;
        }
        self.notes.iter().try_for_each(|note| writeln!(out, "  note: {note}"))
    }
}

impl fmt::Display for Entry<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { signal, kind, says, why_not, weight, age_ms } = self;
        write!(out, "{weight:+.2} {signal} {kind}: {says}, {age_ms:?} ms")?;
        why_not.map_or(Ok(()), |why| write!(out, ", not counted: {why}"))
    }
}
