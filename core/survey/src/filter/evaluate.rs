//! What the rules do to a packet on its way, as far as that can be known.

use super::{
    compare::{Truth, View},
    field::{Field, Header},
    packet::Packet,
    passage::{Passage, Quoted},
    reach::{Reach, outcome},
    rules::{Base, Chain, ChainName, Expr, Family, Hook, Rule, Rules, Statement, Verdict},
    steps::{COPY, Steps},
    way::{Place, Way},
};

/// Deepest jump: the kernel allows 16.
const DEEPEST: usize = 16;

/// What the rules do to the packet. `bridged_filtered`: bridged frames pass the IP filter; `None`: not
/// known.
pub(crate) fn passage(
    rules: &Rules,
    packet: &Packet,
    way: &Way,
    bridged_filtered: Option<bool>,
) -> Passage {
    counted(rules, packet, way, bridged_filtered).0
}

/// The same, and how many steps it took.
pub(super) fn counted(
    rules: &Rules,
    packet: &Packet,
    way: &Way,
    bridged_filtered: Option<bool>,
) -> (Passage, usize) {
    let mut walk = Walk {
        rules,
        packet: packet.clone(),
        mark: Some(0),
        untracked: false,
        from_host: way.is_from_host(),
        destination_replaced: false,
        bridged_filtered,
        translated: Some(false),
        drops: Vec::new(),
        ended: 0,
        steps: Steps::default(),
        accepted: Reach::Never,
    };
    let mut reach = Reach::Certainly;
    for place in &way.0 {
        let filtered = bridged_filtered.unwrap_or(true);
        let of_ip = place.families.contains(&Family::Ip);
        if place.if_bridged_are_filtered && !filtered || of_ip && packet.start(Header::Ip).is_none()
        {
            continue;
        }
        let before = reach.clone();
        let drops = walk.drops.len();
        for (name, chain, base) in rules.at(place.families, place.hook) {
            if is_asked(place, base, packet) {
                reach = walk.base(name, chain, base, place, reach);
            }
        }
        if place.if_bridged_are_filtered && bridged_filtered.is_none() && walk.drops.len() > drops {
            // Whether these drops happen is not known.
            let rule = walk.drops.get(drops).map(|(_, rule)| rule.clone()).unwrap_or_default();
            for (reach, _) in walk.drops.iter_mut().skip(drops) {
                *reach = Reach::Unknown(rule.clone());
            }
            reach = if before == Reach::Never { before } else { Reach::Unknown(rule) };
        }
    }
    let translated = walk.translated;
    (outcome(&walk.drops, &reach, translated), walk.steps.taken())
}

/// Whether a base chain is asked about this packet.
fn is_asked(place: &Place, base: &Base, packet: &Packet) -> bool {
    let device = match place.hook {
        Hook::Ingress => &place.input,
        Hook::Egress => &place.output,
        _ => &None,
    };
    let at_device = match device {
        Some(device) => base.devices.contains(device),
        None => base.devices.is_empty(),
    };
    at_device && !(base.translates && packet.established)
}

/// The walk of one packet through the chains.
struct Walk<'a> {
    rules: &'a Rules,
    packet: Packet,
    mark: Option<u128>,
    untracked: bool,
    from_host: bool,
    destination_replaced: bool,
    bridged_filtered: Option<bool>,
    translated: Option<bool>,
    drops: Vec<(Reach, Quoted)>,
    /// How often a part of the packets has met its end in this base chain.
    ended: usize,
    steps: Steps,
    /// What this base chain has accepted.
    accepted: Reach,
}

/// Where a rule stands.
#[derive(Clone, Copy)]
struct Spot<'a> {
    chain: &'a ChainName,
    place: &'a Place,
    depth: usize,
}

/// What goes on after a rule, and what has left its chain to the one above.
struct Rest {
    on: Reach,
    up: Reach,
}

impl Walk<'_> {
    /// What passes a base chain.
    fn base(
        &mut self,
        name: &ChainName,
        chain: &Chain,
        base: &Base,
        place: &Place,
        from: Reach,
    ) -> Reach {
        if from == Reach::Never {
            return from;
        }
        let dropped = self.drops.len();
        self.accepted = Reach::Never;
        let spot = Spot { chain: name, place, depth: 0 };
        let end = self.chain(chain, spot, from.clone());
        if base.drops && end != Reach::Never {
            let text = format!("{name}: policy drop");
            self.drops.push((end, Quoted { text, chain: name.to_string(), frames: base.frames }));
            return std::mem::replace(&mut self.accepted, Reach::Never);
        }
        if self.drops.len() == dropped { from } else { self.accepted.clone().or(end) }
    }

    /// What returns from a chain.
    fn chain(&mut self, chain: &Chain, spot: Spot<'_>, from: Reach) -> Reach {
        let ended = self.ended;
        let mut reach = from.clone();
        let mut returned = Reach::Never;
        for rule in &chain.rules {
            if reach == Reach::Never {
                break;
            }
            if !self.steps.take(COPY) || !self.steps.copy(spot.chain.length()) {
                let text = "the rules compare too much".to_owned();
                let quoted = Quoted { text, ..Quoted::default() };
                self.drop(Reach::Unknown(quoted.clone()), quoted.clone());
                return Reach::Unknown(quoted);
            }
            let Rest { on, up } = self.rule(rule, spot, reach);
            reach = on;
            returned = returned.or(up);
        }
        if let (Some(end), true, false) = (&chain.end, spot.depth > 0, reach == Reach::Never) {
            let rule = Quoted {
                text: format!("{}: policy of the chain", spot.chain),
                chain: spot.chain.to_string(),
                frames: None,
            };
            let rest = self.end(end, &rule, spot, reach);
            reach = rest.on.or(rest.up);
        }
        if self.ended == ended { from } else { reach.or(returned) }
    }

    fn rule(&mut self, rule: &Rule, spot: Spot<'_>, from: Reach) -> Rest {
        let quoted =
            Quoted { text: rule.text.clone(), chain: spot.chain.to_string(), frames: rule.frames };
        let ended = self.ended;
        let mut taken = from.clone();
        let mut rest = Rest { on: Reach::Never, up: Reach::Never };
        let mut left = false;
        for statement in &rule.statements {
            if taken == Reach::Never {
                break;
            }
            self.steps.take(1);
            let truth = self.condition(statement, spot);
            let failed = taken.and_not(truth, &quoted);
            rest.on = rest.on.or(failed);
            taken = taken.and(truth, &quoted);
            match statement {
                Statement::Verdict(verdict) => {
                    let after = self.end(verdict, &quoted, spot, taken);
                    left |= *verdict == Verdict::Return || after.up != Reach::Never;
                    rest.up = rest.up.or(after.up);
                    taken = after.on;
                }
                Statement::VerdictMap { key, map } => {
                    let after = self.by_key(key, map, &quoted, spot, taken);
                    left |= after.up != Reach::Never;
                    rest.up = rest.up.or(after.up);
                    rest.on = rest.on.or(after.on);
                    taken = Reach::Never;
                }
                Statement::UnknownEnd => {
                    self.drop(taken.and(Truth::Unknown, &quoted), quoted.clone());
                    taken = taken.and(Truth::Unknown, &quoted);
                }
                Statement::Translate if taken != Reach::Never => {
                    self.translate(spot, taken);
                    taken = Reach::Never;
                }
                other if taken != Reach::Never => self.change(other, spot, &taken),
                _ => {}
            }
        }
        if self.ended == ended && !left {
            // Whatever its conditions are, the rule ends nothing.
            return Rest { on: from, up: Reach::Never };
        }
        Rest { on: rest.on.or(taken), ..rest }
    }

    fn view<'b>(&'b self, spot: Spot<'b>) -> View<'b> {
        View {
            rules: self.rules,
            table: spot.chain,
            place: spot.place,
            packet: &self.packet,
            mark: self.mark,
            untracked: self.untracked,
            from_host: self.from_host,
            destination_replaced: self.destination_replaced,
            bridged_filtered: self.bridged_filtered,
            steps: &self.steps,
        }
    }

    fn condition(&self, statement: &Statement, spot: Spot<'_>) -> Truth {
        match statement {
            Statement::Match { left, op, right } => self.view(spot).holds(left, *op, right),
            Statement::Chance => Truth::ByChance,
            Statement::Rate => Truth::ByRate,
            Statement::Unknown => Truth::Unknown,
            _ => Truth::Yes,
        }
    }

    fn drop(&mut self, reach: Reach, rule: Quoted) {
        self.ended += 1;
        self.drops.push((reach, rule));
    }

    /// Does what a verdict says with the part that it is said of.
    fn end(&mut self, verdict: &Verdict, rule: &Quoted, spot: Spot<'_>, taken: Reach) -> Rest {
        let mut rest = Rest { on: Reach::Never, up: Reach::Never };
        match verdict {
            Verdict::Accept => self.accept(taken),
            Verdict::Drop => self.drop(taken, rule.clone()),
            Verdict::Elsewhere => {
                let unknown = taken.and(Truth::Unknown, rule);
                self.drop(unknown.clone(), rule.clone());
                self.accept(unknown);
            }
            Verdict::Return => rest.up = taken,
            Verdict::Continue => rest.on = taken,
            Verdict::Jump(name) => rest.on = self.jump(name, rule, spot, taken),
            Verdict::Goto(name) => rest.up = self.jump(name, rule, spot, taken),
        }
        rest
    }

    fn jump(&mut self, name: &str, rule: &Quoted, spot: Spot<'_>, taken: Reach) -> Reach {
        self.steps.copy(name.len() + spot.chain.length());
        let name = ChainName { name: name.to_owned(), ..spot.chain.clone() };
        let rules = self.rules;
        match rules.chains.get_key_value(&name) {
            Some((name, chain)) if spot.depth < DEEPEST => self.chain(
                chain,
                Spot { chain: name, place: spot.place, depth: spot.depth + 1 },
                taken,
            ),
            // A chain that was not read may do anything.
            _ => {
                let unknown = taken.and(Truth::Unknown, rule);
                self.drop(unknown.clone(), rule.clone());
                unknown
            }
        }
    }

    fn by_key(
        &mut self,
        key: &Expr,
        map: &Expr,
        rule: &Quoted,
        spot: Spot<'_>,
        taken: Reach,
    ) -> Rest {
        let mut rest = Rest { on: Reach::Never, up: Reach::Never };
        let view = self.view(spot);
        if !view.has(key) {
            rest.on = taken;
            return rest;
        }
        let Some(elements) = view.elements(map) else {
            let unknown = taken.and(Truth::Unknown, rule);
            self.drop(unknown.clone(), rule.clone());
            rest.on = unknown;
            return rest;
        };
        let cases: Vec<(Truth, Option<Verdict>)> = elements
            .iter()
            .map(|element| (view.is_element(key, &element.key), element.verdict.clone()))
            .filter(|(truth, _)| *truth != Truth::No)
            .collect();
        let mut taken = taken;
        for (truth, verdict) in cases {
            if !self.steps.take(COPY) || !self.steps.copy(spot.chain.length()) {
                taken = taken.and(Truth::Unknown, rule);
                self.drop(taken.clone(), rule.clone());
                break;
            }
            let part = taken.and(truth, rule);
            taken = taken.and_not(truth, rule);
            if part == Reach::Never {
                continue;
            }
            let verdict = verdict.unwrap_or(Verdict::Elsewhere);
            let after = self.end(&verdict, rule, spot, part);
            rest.on = rest.on.or(after.on);
            rest.up = rest.up.or(after.up);
        }
        rest.on = rest.on.or(taken);
        rest
    }

    /// Changes the packet. A change that happens to some packets alone makes its value unknown.
    fn change(&mut self, statement: &Statement, spot: Spot<'_>, taken: &Reach) {
        let certain = *taken == Reach::Certainly;
        match statement {
            Statement::Set { field, value } => {
                let value = certain.then(|| self.view(spot).number(value, *field)).flatten();
                match field {
                    Field::Mark => self.mark = value,
                    Field::Bits(header, offset, length) => {
                        self.set(*header, *offset, *length, value);
                    }
                    _ => {}
                }
            }
            Statement::Untracked => self.untracked = certain || self.untracked,
            _ => {}
        }
    }

    /// Replaces an address. The chain accepts the packet.
    fn translate(&mut self, spot: Spot<'_>, taken: Reach) {
        if spot.place.hook == Hook::Postrouting {
            self.translated = (taken == Reach::Certainly).then_some(true);
        }
        if spot.place.hook == Hook::Prerouting {
            self.destination_replaced = true;
            self.set(Header::Ip, 128, 32, None);
            self.set(Header::Transport, 16, 16, None);
        }
        self.accept(taken);
    }

    fn accept(&mut self, reach: Reach) {
        self.ended += 1;
        let accepted = std::mem::replace(&mut self.accepted, Reach::Never);
        self.accepted = accepted.or(reach);
    }

    fn set(&mut self, header: Header, offset: u16, length: u16, value: Option<u128>) {
        if let Some(start) = self.packet.start(header) {
            self.packet.set_bits(start * 8 + usize::from(offset), usize::from(length), value);
        }
    }
}
