//! Decides which cards of a machine may have an address.

use std::net::IpAddr;

use vmkit_model::{Card, Cards, Evidence};
use vmkit_types::Mac;

use crate::ledger::Scale;

/// The cards of a machine that may have an address.
pub(crate) struct Holders<'c> {
    cards: &'c Cards,
    /// The indices of the cards whose MACs the evidence names. Empty: it may be any card.
    named: Vec<usize>,
    /// The index of the card that has it, if the machine has several and this is known: the
    /// evidence names its MAC alone, or the address is on the network of this card alone.
    pub(crate) card: Option<usize>,
}

impl<'c> Holders<'c> {
    pub(crate) fn new<'a>(
        address: IpAddr,
        about: impl Iterator<Item = &'a Evidence>,
        scale: &Scale<'c>,
    ) -> Self {
        let cards = &scale.case.cards;
        if cards.others.is_empty() {
            return Self { cards, named: Vec::new(), card: None };
        }
        let mut named: Vec<usize> = about
            .filter(|item| {
                let rule = scale.weights.rule(&item.observation.kind);
                rule.is_some_and(|rule| rule.ties)
            })
            .filter_map(|item| cards.with_mac(item.observation.mac?))
            .collect();
        named.sort_unstable();
        named.dedup();
        let card = match named[..] {
            [] => scale.place.only_card_on_network(cards, address),
            [only] => Some(only),
            _ => None,
        };
        Self { cards, named, card }
    }

    /// The cards.
    pub(crate) fn cards(&self) -> impl Iterator<Item = &'c Card> + '_ {
        let all = self.cards.all().enumerate();
        let may = |index: &usize| self.named.is_empty() || self.named.contains(index);
        all.filter(move |(index, _)| may(index)).map(|(_, card)| card)
    }

    /// The MAC of the card that has it, or else of the first card.
    pub(crate) fn mac(&self) -> Option<Mac> {
        self.cards.get(self.card.unwrap_or(0))?.known_mac()
    }
}
