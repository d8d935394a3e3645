//! Derives the candidates of one machine from its evidence.

use std::{net::IpAddr, time::Duration};

use vmkit_model::Evidence;
use vmkit_types::{Kind, Mac, attribute};

use crate::{
    Doubt, Entry, Flag, StruckOut, Weights, WhyNot,
    holders::Holders,
    ledger::{Item, Scale, Scratch},
    place::{Standing, Where},
    tie::{Tie, tie},
};

/// A candidate before it is compared with others.
pub(crate) struct Weighed {
    pub(crate) address: IpAddr,
    pub(crate) standing: Standing,
    /// The index of the card that has it, if the machine has several and this is known.
    pub(crate) card: Option<usize>,
    pub(crate) ledger: Vec<Entry>,
    pub(crate) logit: f64,
    /// The same without plugins' own claims; `None`: nothing else ties the address to the machine.
    pub(crate) unclaimed: Option<f64>,
    pub(crate) flags: Vec<Flag>,
    /// What tied the address to the machine.
    pub(crate) tied: Tie,
    /// The MAC that it is tied to, if known.
    pub(crate) tied_mac: Option<Mac>,
    /// MACs of others that were seen there.
    pub(crate) held_by: Vec<Mac>,
    /// MACs of others that answered just now, as the machine did.
    pub(crate) shared_with: Vec<Mac>,
    /// Another host was seen there, and the machine has not been seen there alone since.
    pub(crate) held_by_other: bool,
    /// The machine has it at this moment. It may have others too.
    pub(crate) held: bool,
}

/// The evidence of one machine by what it is about.
pub(crate) struct Draft {
    pub(crate) candidates: Vec<Weighed>,
    pub(crate) about_machine: Vec<Entry>,
    pub(crate) unread: Vec<Evidence>,
}

impl Draft {
    pub(crate) fn new<'s, 'a>(
        evidence: &[&'a Evidence],
        scale: &Scale<'s>,
        scratch: &mut Scratch<'s, 'a>,
    ) -> Self {
        let (mut unread, mut general) = (Vec::new(), Vec::new());
        let mut addressed: Vec<(IpAddr, &Evidence)> = Vec::with_capacity(evidence.len());
        for item in evidence.iter().copied() {
            match item.observation.address {
                _ if item.observation.kind == Kind::Unread => unread.push(item.clone()),
                None => general.push(item),
                // IPv4-mapped IPv6 addresses count as IPv4.
                Some(address) => addressed.push((address.to_canonical(), item)),
            }
        }
        let items = scale.weigh(general.into_iter(), false, scratch);
        let about_machine = ordered(items);
        let counted = items.iter().filter(|item| item.entry.counted());
        let general: Vec<&Evidence> = counted.map(|item| item.entry.evidence).collect();
        addressed.sort_by_key(|(address, _)| *address);
        let self_given =
            addressed.iter().find(|(address, item)| scale.is_self_given(*address, item));
        let self_given = self_given.map(|(address, _)| *address);
        let per_address = addressed.chunk_by(|(one, _), (two, _)| one == two);
        let mut candidates = Vec::with_capacity(per_address.clone().count());
        candidates.extend(per_address.map(|about| {
            let mut weighed = Weighed::new(about, &general, scale, scratch);
            weighed.doubt_beside(self_given, scale.weights);
            weighed
        }));
        Self { candidates, about_machine, unread }
    }
}

impl Weighed {
    /// Lowers the prior of an address that the guest does not name, if it names one that it gave to
    /// itself: guests do that when DHCP fails.
    fn doubt_beside(&mut self, self_given: Option<IpAddr>, weights: &Weights) {
        let Some(self_given) = self_given else { return };
        let named = self.ledger.iter().filter(|entry| entry.counted()).any(|entry| {
            let rule = weights.rule(&entry.evidence.observation.kind);
            rule.is_some_and(|rule| rule.held || rule.listed)
        });
        let open = self.address.is_ipv4() && !named && !self.held && self.standing.doubt.is_none();
        if open && !self.standing.link_local {
            let weight = weights.self_given_prior.ln();
            let says = format!("DHCP failed: the guest gave itself {self_given}");
            self.standing.doubt = Some(Doubt { says, weight });
            self.logit += weight;
            self.unclaimed = self.unclaimed.map(|logit| logit + weight);
        }
    }

    /// Whether the machine may hold several addresses at once, as IPv6 hosts do.
    pub(crate) fn beside_others(&self) -> bool {
        self.held || self.address.is_ipv6()
    }

    fn new<'s, 'a>(
        about: &[(IpAddr, &'a Evidence)],
        general: &[&'a Evidence],
        scale: &Scale<'s>,
        scratch: &mut Scratch<'s, 'a>,
    ) -> Self {
        let address = about[0].0;
        let about = about.iter().map(|(_, evidence)| *evidence);
        let lengths = about.clone().filter_map(|item| prefix_length(item, scale.weights));
        let holders = Holders::new(address, about.clone(), scale);
        let mut standing = scale.place.judge(address, lengths, holders.cards(), scale.weights);
        let items = scale.weigh(about.chain(general.iter().copied()), standing.wrong_nat, scratch);
        // An answer alone does not tie the address to this machine; other evidence must.
        let names_machine = |item: &Item<'_, 'a>| {
            let rule = item.rule.filter(|_| item.supports());
            rule.is_some_and(|rule| rule.ties || !scale.weights.groups[rule.group].anonymous)
        };
        let supported = items.iter().any(names_machine);
        let without_claims = items.iter().any(|item| !item.is_claim() && names_machine(item));
        if !supported {
            standing.struck_out.get_or_insert(StruckOut::Unsupported);
        }
        let prior = standing.doubt.as_ref().map_or(0.0, |doubt| doubt.weight);
        let logit = prior + items.iter().map(|item| item.entry.weight).sum::<f64>();
        let claims = items.iter().filter(|item| item.is_claim()).map(|item| item.entry.weight);
        let unclaimed = without_claims.then(|| logit - claims.sum::<f64>());
        let counted = |other_mac: bool| {
            let counted = items.iter().filter(|item| item.entry.counted());
            counted.filter(move |item| item.rule.is_some_and(|rule| rule.other_mac == other_mac))
        };
        let (tied, tied_mac) = tie(items);
        let tied_mac = tied_mac.or_else(|| holders.mac()).filter(|_| tied != Tie::None);
        let held_by = macs(counted(true));
        let mismatch = counted(true).next().is_some();
        let duplicates = counted(false).filter(|item| item.is_fresh());
        let duplicates = duplicates.filter(|item| item.rule.is_some_and(|rule| rule.duplicate));
        let shared_with = macs(duplicates);
        let identified = items
            .iter()
            .any(|item| item.supports() && item.rule.is_some_and(|rule| rule.identifies));
        let answered_twice = !shared_with.is_empty() && !identified;
        let held_by_other = answered_twice || held_by_other(items, scale);
        let held = items.iter().any(Item::holds);
        let flags = flags(&standing, items, supported, mismatch, scale);
        Self {
            address,
            standing,
            card: holders.card,
            ledger: ordered(items),
            logit,
            unclaimed,
            flags,
            tied,
            tied_mac,
            held_by,
            shared_with,
            held_by_other,
            held,
        }
    }
}

/// The prefix length that the evidence gives. What has no weight, or is a plugin's own claim, strikes no
/// address out.
fn prefix_length(item: &Evidence, weights: &Weights) -> Option<u8> {
    let length = item.observation.attribute(attribute::PREFIX)?.parse().ok()?;
    let rule = weights.rule(&item.observation.kind).filter(|rule| !rule.claim);
    rule.map(|_| length)
}

/// The MACs that these items name, each once.
fn macs<'i, 's: 'i, 'a: 'i>(items: impl Iterator<Item = &'i Item<'s, 'a>>) -> Vec<Mac> {
    let mut macs: Vec<Mac> = items.filter_map(|item| item.entry.evidence.observation.mac).collect();
    macs.sort_unstable();
    macs.dedup();
    macs
}

/// Whether another host was seen there within the half-life of that evidence, and the machine has
/// not been seen there by a later frame. A host key is no such frame: whoever stands between can
/// relay a connection to the machine, and clones may share a key.
fn held_by_other(items: &[Item<'_, '_>], scale: &Scale<'_>) -> bool {
    let supporting = || items.iter().filter(|item| item.supports());
    let identified = supporting().any(|item| item.rule.is_some_and(|rule| rule.identifies));
    let seen_after = |age: Duration| {
        supporting().any(|item| {
            let frame = item.rule.filter(|rule| rule.ties && rule.reaches && !rule.identifies);
            frame.is_some() && item.age < age
        })
    };
    let another = |item: &Item<'_, '_>| {
        let translated =
            item.entry.evidence.observation.mac.is_some_and(|it| scale.crowd.is_host(it));
        let stands_there = match item.entry.why_not {
            None => !(identified && translated),
            // It says nothing of who has the address. But the key came from there.
            Some(WhyNot::AnswersForMany(_)) => identified && !translated,
            Some(_) => false,
        };
        stands_there && !seen_after(item.age)
    };
    items.iter().filter(|item| item.is_fresh()).any(|item| {
        item.rule.is_some_and(|rule| {
            (rule.refutes && item.entry.counted()) || (rule.other_mac && another(item))
        })
    })
}

fn flags(
    standing: &Standing,
    items: &[Item<'_, '_>],
    supported: bool,
    mismatch: bool,
    scale: &Scale<'_>,
) -> Vec<Flag> {
    let supporting = || items.iter().filter(|item| item.supports());
    let reached = supporting().any(|i| i.is_fresh() && i.rule.is_some_and(|rule| rule.reaches));
    let aged = |item: &Item<'_, '_>| item.rule.is_some_and(|rule| rule.stale) || !item.is_fresh();
    // A plugin's claim makes old evidence no fresher.
    let freshest = supporting().min_by_key(|item| (item.is_claim(), item.age, aged(item)));
    let outdated = !reached && freshest.is_some_and(aged);
    let claims = |item: &Item<'_, '_>| item.rule.is_some_and(|rule| rule.guest_claim);
    let of_anybody = |item: &Item<'_, '_>| {
        item.rule.is_some_and(|rule| scale.weights.groups[rule.group].anonymous && !rule.ties)
    };
    let only_words =
        supported && supporting().all(|item| claims(item) || item.is_claim() || of_anybody(item));
    let by_guest = only_words && supporting().any(claims);
    let by_plugin = only_words && !by_guest && supporting().any(Item::is_claim);
    let all = [
        (standing.link_local, Flag::LinkLocal),
        (outdated, Flag::Stale),
        (standing.link == Where::Elsewhere, Flag::OffSubnet),
        (standing.struck_out == Some(StruckOut::Gateway), Flag::Gateway),
        (standing.struck_out == Some(StruckOut::Host), Flag::Host),
        (mismatch, Flag::MacMismatch),
        (by_guest, Flag::GuestClaimOnly),
        (by_plugin, Flag::PluginClaimOnly),
    ];
    all.into_iter().filter(|(is, _)| *is).map(|(_, flag)| flag).collect()
}

/// The greatest weight first, entries that do not count last.
fn ordered(items: &mut [Item<'_, '_>]) -> Vec<Entry> {
    items.sort_by(|Item { entry: a, .. }, Item { entry: b, .. }| {
        b.counted().cmp(&a.counted()).then(b.weight.abs().total_cmp(&a.weight.abs()))
    });
    items.iter().map(|item| item.entry.into()).collect()
}
