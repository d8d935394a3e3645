//! All rules of this computer, from the output of its tools.

use super::{
    evaluate, json,
    packet::Packet,
    passage::Passage,
    rules::{Chain, Rules, Statement, Verdict},
    save, text,
    way::Way,
};

/// The rules of this computer's packet filters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RuleSet {
    rules: Rules,
    /// Rules of the tools that do not use nftables. The kernel asks them too.
    legacy: Rules,
    /// Bridged frames pass the IP filter. `None`: not known.
    bridged_filtered: Option<bool>,
}

impl RuleSet {
    /// Reads the text of `nft list ruleset`, `iptables-save` and so on in a row, and the document of
    /// `nft -j list ruleset` if there is one, which says the same as the first.
    pub fn read(text: &str, document: Option<&str>, bridged_filtered: Option<bool>) -> Self {
        let written = text::read(text);
        let mut rules = document.and_then(json::read).unwrap_or_else(|| written.clone());
        quote(&mut rules, &written);
        let (through_nftables, legacy) = save::read(text);
        // nftables lists these tables too, but not all conditions of their rules.
        rules.replace_with(through_nftables);
        Self { rules, legacy, bridged_filtered }
    }

    /// What the rules do to a packet on this way.
    pub fn passage(&self, packet: &Packet, way: &Way) -> Passage {
        let ask = |rules| evaluate::passage(rules, packet, way, self.bridged_filtered);
        let first = ask(&self.rules);
        if self.legacy.chains.is_empty() {
            return first;
        }
        worse(first, ask(&self.legacy))
    }

    /// Whether no packet is dropped, whatever it is.
    pub fn drops_nothing(&self) -> bool {
        let ends = |verdict: &Verdict| matches!(verdict, Verdict::Drop | Verdict::Elsewhere);
        let drops = |statement: &Statement| match statement {
            Statement::Verdict(verdict) => ends(verdict),
            Statement::VerdictMap { .. } | Statement::UnknownEnd => true,
            _ => false,
        };
        self.chains().all(|chain| {
            let policy = chain.base.as_ref().is_some_and(|base| base.drops);
            let rule = chain.rules.iter().any(|rule| rule.statements.iter().any(drops));
            !policy && !rule && !chain.end.as_ref().is_some_and(ends)
        })
    }

    /// Whether a rule names this interface.
    pub fn names(&self, interface: &str) -> bool {
        let is_it = |statement: &Statement| match statement {
            Statement::Match { right, .. } => right.names(interface),
            Statement::VerdictMap { map, .. } => map.names(interface),
            _ => false,
        };
        self.chains().flat_map(|chain| &chain.rules).any(|rule| rule.statements.iter().any(is_it))
    }

    fn chains(&self) -> impl Iterator<Item = &Chain> {
        self.rules.chains.values().chain(self.legacy.chains.values())
    }
}

/// Gives rules that were read from the document the lines of the text, and what only the text says: of
/// matches of iptables the document has the name alone.
fn quote(rules: &mut Rules, written: &Rules) {
    for (name, chain) in &mut rules.chains {
        let Some(lines) = written.chains.get(name) else { continue };
        if lines.rules.len() == chain.rules.len() {
            for (rule, line) in chain.rules.iter_mut().zip(&lines.rules) {
                rule.text.clone_from(&line.text);
                if !rule.is_understood() && line.is_understood() {
                    rule.statements.clone_from(&line.statements);
                }
            }
        }
        // The document does not say that a table is dormant.
        if lines.base.is_none() {
            chain.base = None;
        }
    }
}

/// What two filters in a row do.
fn worse(first: Passage, second: Passage) -> Passage {
    let rank = |passage: &Passage| match passage {
        Passage::Drops { .. } => 3,
        Passage::Unknown { .. } => 2,
        Passage::DropsSome { .. } => 1,
        Passage::Passes { translated } => i32::from(*translated == Some(true)) - 1,
    };
    if rank(&second) > rank(&first) { second } else { first }
}
