//! Whether a condition holds for a packet, as far as that can be known.

use super::{
    field::{Field, Header},
    packet::Packet,
    rules::{ChainName, Element, Expr, Family, Op, Rules},
    steps::Steps,
    way::{Place, UNKNOWN},
};

/// The answer to a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Truth {
    No,
    Yes,
    /// For a random part of the packets.
    ByChance,
    /// Up to a rate.
    ByRate,
    Unknown,
}

/// The value of an expression for a packet.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Value {
    Number(u128),
    Text(String),
    Several(Vec<Value>),
    Random,
    Unknown,
    /// The packet has no such field, which ends the rule.
    Missing,
}

/// A packet at one place of its way.
pub(crate) struct View<'a> {
    pub(crate) rules: &'a Rules,
    /// The table that is asked.
    pub(crate) table: &'a ChainName,
    pub(crate) place: &'a Place,
    pub(crate) packet: &'a Packet,
    /// Its mark. `None`: not known.
    pub(crate) mark: Option<u128>,
    pub(crate) untracked: bool,
    /// A program of this computer sends it.
    pub(crate) from_host: bool,
    pub(crate) destination_replaced: bool,
    /// Bridged frames pass the IP filter, which then knows their ports.
    pub(crate) bridged_filtered: Option<bool>,
    pub(crate) steps: &'a Steps,
}

impl View<'_> {
    /// Whether the condition holds.
    pub(crate) fn holds(&self, left: &Expr, op: Op, right: &Expr) -> Truth {
        let value = self.value(left, None);
        match value {
            Value::Missing => return Truth::No,
            Value::Random => return Truth::ByChance,
            _ => {}
        }
        let field = self.field_of(left);
        if op == Op::AnyBit {
            return self.any_bit(&value, right, field);
        }
        let truth = match op {
            Op::Equal | Op::NotEqual => self.matches(&value, right, left),
            _ => self.ordered(&value, op, right, field),
        };
        match (op, truth) {
            (Op::NotEqual, Truth::Yes) => Truth::No,
            (Op::NotEqual, Truth::No) => Truth::Yes,
            _ => truth,
        }
    }

    /// Whether the key's value is one of this element.
    pub(crate) fn is_element(&self, key: &Expr, element: &Expr) -> Truth {
        match self.value(key, None) {
            Value::Missing => Truth::No,
            Value::Random => Truth::ByChance,
            value => self.matches(&value, element, key),
        }
    }

    /// Whether the packet has all fields of this key.
    pub(crate) fn has(&self, key: &Expr) -> bool {
        self.value(key, None) != Value::Missing
    }

    /// The elements of a set or map.
    pub(crate) fn elements<'b>(&'b self, set: &'b Expr) -> Option<&'b [Element]> {
        match set {
            Expr::Set(elements) => Some(elements),
            Expr::Named(name) => {
                if !self.steps.copy(name.len() + self.table.length()) {
                    return None;
                }
                let name = ChainName { name: name.clone(), ..self.table.clone() };
                self.rules.sets.get(&name).map(Vec::as_slice)
            }
            _ => None,
        }
    }

    /// The number of an expression. `None`: not known.
    pub(crate) fn number(&self, expression: &Expr, field: Field) -> Option<u128> {
        match self.value(expression, Some(field)) {
            Value::Number(number) => Some(number),
            _ => None,
        }
    }

    fn any_bit(&self, value: &Value, right: &Expr, field: Option<Field>) -> Truth {
        let mask = match right {
            Expr::Set(elements) => {
                elements.iter().try_fold(0, |mask, element| match self.value(&element.key, field) {
                    Value::Number(bit) => Some(mask | bit),
                    _ => None,
                })
            }
            other => match self.value(other, field) {
                Value::Number(mask) => Some(mask),
                _ => None,
            },
        };
        match (value, mask) {
            (Value::Number(number), Some(mask)) => truth(number & mask != 0),
            _ => Truth::Unknown,
        }
    }

    fn ordered(&self, value: &Value, op: Op, right: &Expr, field: Option<Field>) -> Truth {
        let (Value::Number(left), Value::Number(right)) = (value, self.value(right, field)) else {
            return Truth::Unknown;
        };
        truth(match op {
            Op::Less => *left < right,
            Op::LessOrEqual => *left <= right,
            Op::Greater => *left > right,
            _ => *left >= right,
        })
    }

    /// Whether the value is this one, or one of these.
    fn matches(&self, value: &Value, right: &Expr, left: &Expr) -> Truth {
        if !self.steps.take(1) {
            return Truth::Unknown;
        }
        match (right, value) {
            (Expr::Set(_) | Expr::Named(_), _) => {
                let Some(elements) = self.elements(right) else { return Truth::Unknown };
                any(elements.iter().map(|element| self.matches(value, &element.key, left)))
            }
            (Expr::Text(all), _) if all == "*" => Truth::Yes,
            (Expr::Prefix { length: 0, .. }, _) => Truth::Yes,
            (_, Value::Unknown) => Truth::Unknown,
            (Expr::Concat(parts), Value::Several(values)) if parts.len() == values.len() => {
                let lefts = match left {
                    Expr::Concat(lefts) if lefts.len() == parts.len() => lefts.as_slice(),
                    _ => return Truth::Unknown,
                };
                let each = values.iter().zip(parts).zip(lefts);
                all(each.map(|((value, part), left)| self.matches(value, part, left)))
            }
            (Expr::Range(low, high), Value::Number(number)) => {
                let field = self.field_of(left);
                match (self.value(low, field), self.value(high, field)) {
                    (Value::Number(low), Value::Number(high)) => {
                        truth((low..=high).contains(number))
                    }
                    _ => Truth::Unknown,
                }
            }
            (Expr::Prefix { address, bits, length }, Value::Number(number)) => {
                let right = u32::from(bits.saturating_sub(*length));
                let network = |address: u128| address.checked_shr(right).unwrap_or(0);
                truth(network(*number) == network(*address))
            }
            (Expr::Text(wanted), Value::Text(name)) => truth(is_named(name, wanted)),
            (_, value) => self.equals(value, right, self.field_of(left)),
        }
    }

    fn equals(&self, value: &Value, right: &Expr, field: Option<Field>) -> Truth {
        match (value, self.value(right, field)) {
            (Value::Number(left), Value::Number(right)) => truth(*left == right),
            _ => Truth::Unknown,
        }
    }

    /// The value of an expression; names are those of this field's constants.
    fn value(&self, expression: &Expr, field: Option<Field>) -> Value {
        if !self.steps.take(1) {
            return Value::Unknown;
        }
        let two = |left: &Expr, right: &Expr, combine: fn(u128, u128) -> u128| {
            let field = field.or_else(|| self.field_of(left));
            match (self.value(left, field), self.value(right, field)) {
                (Value::Missing, _) | (_, Value::Missing) => Value::Missing,
                (Value::Number(left), Value::Number(right)) => Value::Number(combine(left, right)),
                _ => Value::Unknown,
            }
        };
        match expression {
            Expr::Number(number) => Value::Number(*number),
            Expr::Text(name) => {
                field.and_then(|field| field.constant(name)).map_or(Value::Unknown, Value::Number)
            }
            Expr::Field(field) => self.field(*field),
            Expr::Random => Value::Random,
            Expr::And(left, right) => two(left, right, |left, right| left & right),
            Expr::Xor(left, right) => two(left, right, |left, right| left ^ right),
            Expr::Or(parts) => {
                let mut sum = 0;
                let field = field.or_else(|| self.field_of_any(parts));
                for part in parts {
                    match self.value(part, field) {
                        Value::Number(number) => sum |= number,
                        Value::Missing => return Value::Missing,
                        _ => return Value::Unknown,
                    }
                }
                Value::Number(sum)
            }
            Expr::Concat(parts) => {
                let values: Vec<Value> = parts.iter().map(|part| self.value(part, None)).collect();
                if values.contains(&Value::Missing) {
                    Value::Missing
                } else {
                    Value::Several(values)
                }
            }
            Expr::Range(..)
            | Expr::Prefix { .. }
            | Expr::Set(_)
            | Expr::Named(_)
            | Expr::Unknown => Value::Unknown,
        }
    }

    /// The field that an expression is about.
    fn field_of(&self, expression: &Expr) -> Option<Field> {
        if !self.steps.take(1) {
            return None;
        }
        match expression {
            Expr::Field(field) => Some(*field),
            Expr::And(left, right) | Expr::Xor(left, right) => {
                self.field_of(left).or_else(|| self.field_of(right))
            }
            Expr::Or(parts) => self.field_of_any(parts),
            _ => None,
        }
    }

    fn field_of_any(&self, parts: &[Expr]) -> Option<Field> {
        parts.iter().find_map(|part| self.field_of(part))
    }

    /// The bits of the state of its connection.
    fn state(&self, is_arp: bool) -> u128 {
        let named = |name| Field::ConnectionState.constant(name).unwrap_or(0);
        match (self.untracked || is_arp, self.packet.established) {
            (true, _) => named("untracked"),
            (_, true) => named("established"),
            _ => named("new") | self.replaced(),
        }
    }

    /// Only a packet that comes in can be of another type than one for this computer.
    fn packet_type(&self) -> Value {
        let number = |name| Field::PacketType.constant(name).map_or(Value::Unknown, Value::Number);
        match self.packet.bits(0, 48) {
            _ if self.from_host => number("host"),
            Some(0xffff_ffff_ffff) => number("broadcast"),
            _ => Value::Unknown,
        }
    }

    /// The bit of a connection whose destination was replaced.
    fn replaced(&self) -> u128 {
        let bit = Field::ConnectionStatus.constant("dnat").unwrap_or(0);
        if self.destination_replaced { bit } else { 0 }
    }

    fn field(&self, field: Field) -> Value {
        let place = self.place;
        let name = |name: &Option<String>| match name.as_deref() {
            Some(UNKNOWN) => Value::Unknown,
            name if !self.steps.copy(name.map_or(0, str::len)) => Value::Unknown,
            name => Value::Text(name.unwrap_or_default().to_owned()),
        };
        let physical = |port| match self.bridged_filtered {
            Some(true) => name(port),
            Some(false) => Value::Text(String::new()),
            None => Value::Unknown,
        };
        let is_arp = self.packet.start(Header::Arp).is_some();
        let in_ip = place.families.contains(&Family::Ip);
        match field {
            Field::Input => name(&place.input),
            Field::Output => name(&place.output),
            Field::InputBridge if place.input.is_some() => name(&place.bridge),
            Field::OutputBridge if place.output.is_some() => name(&place.bridge),
            Field::InputBridge | Field::OutputBridge => Value::Missing,
            Field::PhysicalInput => physical(&place.physical_input),
            Field::PhysicalOutput => physical(&place.physical_output),
            // Outside a bridge only a packet that came in has an Ethernet header.
            Field::Bits(Header::Ether, ..) if in_ip && place.input.is_none() => Value::Missing,
            Field::Bits(header, offset, length) => {
                let Some(start) = self.packet.start(header) else { return Value::Missing };
                let first = start * 8 + usize::from(offset);
                known(self.packet.bits(first, usize::from(length)))
            }
            Field::Protocol => known(self.packet.bits(96, 16)),
            Field::Transport if is_arp => Value::Missing,
            Field::Transport => known(self.packet.bits(14 * 8 + 72, 8)),
            Field::FilterFamily => known(in_ip.then_some(2)),
            Field::PacketType => self.packet_type(),
            Field::Mark => known(self.mark),
            Field::ConnectionState => Value::Number(self.state(is_arp)),
            Field::DestinationType => match self.packet.bits(14 * 8 + 128, 32) {
                Some(0xffff_ffff) => Value::Number(3),
                _ => Value::Unknown,
            },
            // A connection that was never seen has no mark, and what an older one met is not known.
            Field::ConnectionMark if !self.packet.established => Value::Number(0),
            Field::ConnectionStatus if !self.packet.established => Value::Number(self.replaced()),
            Field::ConnectionMark
            | Field::ConnectionStatus
            | Field::SourceType
            | Field::Unknowable => Value::Unknown,
        }
    }
}

fn is_named(name: &str, wanted: &str) -> bool {
    wanted.strip_suffix('*').map_or(name == wanted, |start| name.starts_with(start))
}

fn known(number: Option<u128>) -> Value {
    number.map_or(Value::Unknown, Value::Number)
}

fn truth(holds: bool) -> Truth {
    if holds { Truth::Yes } else { Truth::No }
}

/// Whether any of them holds.
fn any(truths: impl Iterator<Item = Truth>) -> Truth {
    let mut result = Truth::No;
    for truth in truths {
        match truth {
            Truth::Yes => return Truth::Yes,
            Truth::No => {}
            other => result = other,
        }
    }
    result
}

/// Whether all of them hold.
fn all(truths: impl Iterator<Item = Truth>) -> Truth {
    let mut result = Truth::Yes;
    for truth in truths {
        match truth {
            Truth::No => return Truth::No,
            Truth::Yes => {}
            other => result = other,
        }
    }
    result
}
