//! Decides on one pick for each machine, from the weighed candidates of all.

use std::{collections::HashMap, net::IpAddr};

use vmkit_types::Mac;

use crate::{
    Candidate, Case, Flag, Pick, Verdict, Weights,
    candidate::{Draft, Weighed},
    crowd::Crowd,
    place::Where,
    preference::preference,
    tie::Tie,
};

/// Most other machines that a note names.
const NAMES_IN_A_NOTE: usize = 3;

/// The addresses that are tied to several machines of the run.
#[derive(Default)]
pub(crate) struct Claims {
    /// By sources of the host.
    sources: HashMap<IpAddr, Claim>,
    /// By whatever, the guests' word included.
    all: HashMap<IpAddr, Claim>,
}

struct Claim {
    /// Sum of the odds of all machines that it is tied to.
    odds: f64,
    machines: Vec<usize>,
    /// The machines have different MACs.
    several_macs: bool,
}

impl Claims {
    pub(crate) fn new(drafts: &[Draft]) -> Self {
        let mut ties: Vec<(IpAddr, usize, &Weighed)> = Vec::new();
        for (vm, draft) in drafts.iter().enumerate() {
            let open = draft.candidates.iter().filter(|c| c.standing.struck_out.is_none());
            let claimed = open.filter(|candidate| candidate.tied != Tie::None);
            ties.extend(claimed.map(|candidate| (candidate.address, vm, candidate)));
        }
        ties.sort_unstable_by_key(|(address, vm, _)| (*address, *vm));
        let mut claims = Self::default();
        for all in ties.chunk_by(|a, b| a.0 == b.0).filter(|ties| ties.len() > 1) {
            let of_sources = all.iter().filter(|(.., candidate)| candidate.tied == Tie::Source);
            let of_sources: Vec<_> = of_sources.copied().collect();
            if of_sources.len() > 1 {
                claims.sources.insert(all[0].0, Claim::of(&of_sources));
            }
            claims.all.insert(all[0].0, Claim::of(all));
        }
        claims
    }

    /// The claim on this address, if other machines are tied to it too. The word of one guest takes
    /// nothing from a machine that the host itself has found there.
    fn contested(&self, candidate: &Weighed) -> Option<&Claim> {
        match candidate.tied {
            Tie::None => None,
            Tie::Claim => self.all.get(&candidate.address),
            Tie::Source => self.sources.get(&candidate.address),
        }
    }
}

impl Claim {
    fn of(ties: &[(IpAddr, usize, &Weighed)]) -> Self {
        Self {
            odds: ties.iter().map(|(.., candidate)| candidate.logit.exp()).sum(),
            machines: ties.iter().map(|(_, vm, _)| *vm).collect(),
            several_macs: ties.iter().any(|(.., other)| other.tied_mac != ties[0].2.tied_mac),
        }
    }
}

/// The pick of one running machine.
pub(crate) fn decide(
    vm: usize,
    cases: &[Case],
    draft: Draft,
    claims: &Claims,
    crowd: &Crowd,
    weights: &Weights,
) -> Pick {
    let case = &cases[vm];
    let mut notes = Vec::new();
    let others = |machines: &[usize]| named(cases, machines, vm);
    let mut shared_mac = false;
    for (mac, owners) in crowd.sharing_mac(vm, case) {
        shared_mac = true;
        notes.push(format!("the MAC {mac} is also that of {}", others(owners)));
    }
    if let Some((name, owners)) = crowd.sharing_host_name(case) {
        notes.push(format!("its host name {name} is also that of {}", others(owners)));
    }
    if case.is_unreachable() {
        notes.push("this computer cannot reach a VM on QEMU's user network".to_owned());
    }
    let mut families = [Vec::with_capacity(draft.candidates.len()), Vec::new()];
    for mut weighed in draft.candidates {
        let contested = claims.contested(&weighed);
        mark_conflicts(&mut weighed, contested, crowd, &others, &mut notes);
        if shared_mac {
            // The other machine may have been seen instead.
            weighed.held = false;
            weighed.flags.push(Flag::DuplicateMac);
        }
        weighed.flags.sort_unstable();
        weighed.flags.dedup();
        // An address belongs to one machine: its probability is shared among those tied to it.
        let share = contested.map_or(1.0, |claim| weighed.logit.exp() / claim.odds);
        families[usize::from(weighed.address.is_ipv6())].push((weighed, share));
    }
    let [v4, v6] = families.map(|family| Family::new(family, weights));
    let without_v4 = v4.candidates.is_empty() || v6.address.is_some();
    let first_is_v6 = v4.verdict == Verdict::NoAddress && without_v4;
    let (first, second) = if first_is_v6 { (v6, v4) } else { (v4, v6) };
    let mut candidates = first.candidates;
    candidates.extend(second.candidates);
    let mut pick = Pick {
        verdict: first.verdict,
        address: first.address,
        confidence: first.confidence,
        candidates,
        none_probability: first.none_probability,
        about_machine: draft.about_machine,
        notes,
        unread: draft.unread,
        unchecked: None,
    };
    if let (Some(address), Some(other)) = (pick.address, pick.tied_with(weights)) {
        let says =
            format!("{other} is as likely as {address}, and nothing tells which one is its own");
        pick.notes.push(says);
    }
    pick
}

/// Flags and notes on what other machines and hosts have to do with the address. `others` names
/// machines.
fn mark_conflicts(
    weighed: &mut Weighed,
    contested: Option<&Claim>,
    crowd: &Crowd,
    others: &impl Fn(&[usize]) -> String,
    notes: &mut Vec<String>,
) {
    if let Some(claim) = contested.filter(|claim| claim.several_macs) {
        weighed.flags.push(Flag::DuplicateIp);
        notes.push(format!("{} is also held by {}", weighed.address, others(&claim.machines)));
    }
    if !weighed.shared_with.is_empty() {
        weighed.flags.push(Flag::DuplicateIp);
        notes.push(format!(
            "{} is also answered for by {}",
            weighed.address,
            answering(&weighed.shared_with)
        ));
    }
    for (mac, owners) in weighed.held_by.iter().filter_map(|m| Some((m, crowd.owners.get(m)?))) {
        notes.push(format!(
            "{} answers with {mac}, the MAC of {}",
            weighed.address,
            others(owners)
        ));
    }
}

/// The result for one address family.
struct Family {
    verdict: Verdict,
    address: Option<IpAddr>,
    confidence: Option<f64>,
    none_probability: f64,
    candidates: Vec<Candidate>,
}

impl Family {
    fn new(weighed: Vec<(Weighed, f64)>, weights: &Weights) -> Self {
        let open =
            |weighed: &Weighed| weighed.standing.struck_out.is_none().then_some(weighed.logit);
        let likely = Likely::new(&weighed, weights.temperature, open);
        let is_claimed = |it: &Weighed| open(it).is_some_and(|logit| it.unclaimed != Some(logit));
        let unclaimed = weighed.iter().any(|(weighed, _)| is_claimed(weighed)).then(|| {
            let open = |weighed: &Weighed| open(weighed).and(weighed.unclaimed);
            Likely::new(&weighed, weights.temperature, open)
        });
        let mut none_probability = likely.none;
        let mut candidates: Vec<Candidate> = Vec::with_capacity(weighed.len());
        for (index, (weighed, share)) in weighed.into_iter().enumerate() {
            let alone = likely.alone[index];
            let without = unclaimed.as_ref().map_or(alone, |without| without.alone[index]);
            none_probability += alone * (1.0 - share);
            let shared = share < 1.0 || weighed.flags.contains(&Flag::DuplicateMac);
            candidates.push(Candidate {
                address: weighed.address,
                probability: alone * share,
                unclaimed: alone.min(without) * share,
                card: weighed.card,
                flags: weighed.flags,
                on_link: weighed.standing.link == Where::OnLink,
                contested: shared || weighed.held_by_other,
                ledger: weighed.ledger,
                doubt: weighed.standing.doubt,
                struck_out: weighed.standing.struck_out,
            });
        }
        none_probability = none_probability.min(1.0);
        candidates.sort_by(|a, b| {
            let by_state = a.struck_out.is_some().cmp(&b.struck_out.is_some());
            by_state
                .then_with(|| preference(a, weights).cmp(&preference(b, weights)))
                .then(b.probability.total_cmp(&a.probability))
                .then(a.address.cmp(&b.address))
        });
        let best = candidates.first().filter(|candidate| candidate.struck_out.is_none());
        let verdict = verdict(best, none_probability, weights);
        let shown = best.filter(|_| matches!(verdict, Verdict::Resolved | Verdict::Probable));
        Self {
            verdict,
            address: shown.map(|candidate| candidate.address),
            confidence: shown.map(|candidate| candidate.probability),
            none_probability,
            candidates,
        }
    }
}

/// Probabilities within one family, before an address is shared among machines.
struct Likely {
    /// Of each candidate, in their order.
    alone: Vec<f64>,
    /// Of "no address".
    none: f64,
}

impl Likely {
    /// From these logits; `None`: the candidate is not considered.
    fn new(
        weighed: &[(Weighed, f64)],
        temperature: f64,
        logit: impl Fn(&Weighed) -> Option<f64>,
    ) -> Self {
        let scaled = |weighed: &Weighed| logit(weighed).map(|logit| logit / temperature);
        // "No address" has logit 0; the highest is subtracted, so that nothing overflows.
        let highest = weighed.iter().filter_map(|(w, _)| scaled(w)).fold(0.0, f64::max);
        let odds = |weighed: &Weighed| scaled(weighed).map(|scaled| (scaled - highest).exp());
        let none = (-highest).exp();
        let open = || weighed.iter().filter_map(|(w, _)| Some((w, odds(w)?)));
        let rivals = Rivals::new(open());
        let greatest = open().map(|(w, _)| rivals.of(w.card).total(none)).fold(none, f64::max);
        let alone = weighed.iter().map(|(weighed, _)| {
            let rivals = rivals.of(weighed.card);
            match odds(weighed) {
                None => 0.0,
                Some(odds) if weighed.beside_others() => odds / (none + rivals.alone + odds),
                Some(odds) => odds / rivals.total(none),
            }
        });
        Self { alone: alone.collect(), none: none / greatest }
    }
}

/// The odds of the candidates of one family, by the card that has them: addresses of different
/// cards do not exclude each other.
struct Rivals(Vec<(Option<usize>, Odds)>);

/// Odds of several candidates.
#[derive(Clone, Copy, Default)]
struct Odds {
    /// Sum over the candidates that exclude others.
    alone: f64,
    /// Greatest of the candidates that may be held at the same time as others.
    beside: f64,
}

impl Odds {
    /// The sum that the candidates share with "no address", whose odds are `none`.
    fn total(self, none: f64) -> f64 {
        none + self.alone + self.beside
    }
}

impl Rivals {
    fn new<'w>(candidates: impl Iterator<Item = (&'w Weighed, f64)>) -> Self {
        let mut rivals = Self(Vec::new());
        for (weighed, odds) in candidates {
            let of_card = rivals.entry(weighed.card);
            if weighed.beside_others() {
                of_card.beside = of_card.beside.max(odds);
            } else {
                of_card.alone += odds;
            }
        }
        rivals
    }

    fn entry(&mut self, card: Option<usize>) -> &mut Odds {
        let index = self.0.iter().position(|(known, _)| *known == card).unwrap_or_else(|| {
            self.0.push((card, Odds::default()));
            self.0.len() - 1
        });
        &mut self.0[index].1
    }

    /// The odds of the candidates that compete with those of a card: its own, and those whose card
    /// is unknown.
    fn of(&self, card: Option<usize>) -> Odds {
        let compete = |other: &Option<usize>| card.is_none() || other.is_none() || *other == card;
        let competing = self.0.iter().filter(|(other, _)| compete(other));
        competing.fold(Odds::default(), |sum, (_, odds)| Odds {
            alone: sum.alone + odds.alone,
            beside: sum.beside.max(odds.beside),
        })
    }
}

fn verdict(best: Option<&Candidate>, none_probability: f64, weights: &Weights) -> Verdict {
    match best {
        Some(best) if best.flags.contains(&Flag::LinkLocal) => Verdict::NoAddress,
        Some(best) if best.probability >= weights.thresholds.probable => best.verdict(weights),
        Some(_) if none_probability < weights.thresholds.probable => Verdict::Ambiguous,
        _ => Verdict::NoAddress,
    }
}

/// The first MACs and the number of the others, for a note.
fn answering(macs: &[Mac]) -> String {
    let named: Vec<String> = macs.iter().take(NAMES_IN_A_NOTE).map(Mac::to_string).collect();
    match macs.len() - named.len() {
        0 => named.join(", "),
        more => format!("{} and {more} more", named.join(", ")),
    }
}

/// The names of the first other machines and the number of the rest, for a note.
fn named(cases: &[Case], machines: &[usize], but: usize) -> String {
    let mut others = machines.iter().filter(|vm| **vm != but);
    let names: Vec<&str> =
        others.by_ref().take(NAMES_IN_A_NOTE).map(|vm| cases[*vm].name.as_str()).collect();
    match others.count() {
        0 => names.join(", "),
        more => format!("{} and {more} more", names.join(", ")),
    }
}
