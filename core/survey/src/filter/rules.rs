//! The rules of a packet filter, from whichever tool's output.

use std::{collections::BTreeMap, fmt};

use super::field::Field;

/// The family of a table: the frames or packets that it sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Family {
    /// Frames in a bridge.
    Bridge,
    /// IPv4 packets.
    Ip,
    /// IPv6 packets.
    Ip6,
    /// Packets of both.
    Inet,
    /// ARP of this computer.
    Arp,
    /// Frames at one device.
    Netdev,
}

impl Family {
    /// The family with this name of nftables.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "bridge" => Self::Bridge,
            "ip" => Self::Ip,
            "ip6" => Self::Ip6,
            "inet" => Self::Inet,
            "arp" => Self::Arp,
            "netdev" => Self::Netdev,
            _ => return None,
        })
    }
}

/// A place in the way of a packet at which chains are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hook {
    Ingress,
    Prerouting,
    Input,
    Forward,
    Output,
    Postrouting,
    Egress,
}

impl Hook {
    /// The hook with this name, in upper or lower case.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(match name.to_ascii_lowercase().as_str() {
            "ingress" => Self::Ingress,
            "prerouting" | "brouting" => Self::Prerouting,
            "input" => Self::Input,
            "forward" => Self::Forward,
            "output" => Self::Output,
            "postrouting" => Self::Postrouting,
            "egress" => Self::Egress,
            _ => return None,
        })
    }
}

/// What makes a chain a base chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Base {
    pub(crate) hook: Hook,
    pub(crate) priority: i64,
    /// The policy is to drop.
    pub(crate) drops: bool,
    /// It translates addresses: only the first packet of a connection passes it.
    pub(crate) translates: bool,
    /// The devices of an ingress or egress chain.
    pub(crate) devices: Vec<String>,
    /// Frames that the policy has dropped. `None`: not counted.
    pub(crate) frames: Option<u64>,
}

/// A chain's place: its table and its name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ChainName {
    pub(crate) family: Family,
    pub(crate) table: String,
    pub(crate) name: String,
}

impl ChainName {
    /// Bytes of a copy.
    pub(crate) fn length(&self) -> usize {
        self.table.len() + self.name.len()
    }
}

impl fmt::Display for ChainName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let family = match self.family {
            Family::Bridge => "bridge",
            Family::Ip => "ip",
            Family::Ip6 => "ip6",
            Family::Inet => "inet",
            Family::Arp => "arp",
            Family::Netdev => "netdev",
        };
        write!(f, "{family} {} chain {}", self.table, self.name)
    }
}

/// A chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Chain {
    pub(crate) base: Option<Base>,
    pub(crate) rules: Vec<Rule>,
    /// What happens at the end of a chain that was jumped to. `None`: it returns.
    pub(crate) end: Option<Verdict>,
}

/// A rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rule {
    pub(crate) statements: Vec<Statement>,
    /// Its text, bounded and not escaped.
    pub(crate) text: String,
    /// Frames that it has matched. `None`: not counted.
    pub(crate) frames: Option<u64>,
}

impl Rule {
    /// Whether all statements are understood.
    pub(crate) fn is_understood(&self) -> bool {
        !self
            .statements
            .iter()
            .any(|each| matches!(each, Statement::Unknown | Statement::UnknownEnd))
    }
}

/// One part of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Statement {
    /// A condition.
    Match { left: Expr, op: Op, right: Expr },
    /// A condition that holds for a random part of the packets.
    Chance,
    /// A condition that holds up to a rate or an amount.
    Rate,
    /// The end of the rule.
    Verdict(Verdict),
    /// Verdicts by a key.
    VerdictMap { key: Expr, map: Expr },
    /// A change of the packet.
    Set { field: Field, value: Expr },
    /// The packet is tracked as no connection.
    Untracked,
    /// A source or destination is replaced, and the chain ends.
    Translate,
    /// A condition that is not understood.
    Unknown,
    /// A statement that is not understood and may end the rule in any way.
    UnknownEnd,
}

/// What becomes of a packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Accept,
    Drop,
    Return,
    /// The next statement.
    Continue,
    Jump(String),
    Goto(String),
    /// A program decides, or it leaves on another way.
    Elsewhere,
}

/// A comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Op {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    /// Any of these bits.
    AnyBit,
}

/// A value, or how it is come by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Expr {
    Number(u128),
    /// A name: of an interface, with a final `*` for any ending, or of a constant.
    Text(String),
    Field(Field),
    /// A number that differs from packet to packet.
    Random,
    And(Box<Expr>, Box<Expr>),
    Or(Vec<Expr>),
    Xor(Box<Expr>, Box<Expr>),
    Concat(Vec<Expr>),
    Range(Box<Expr>, Box<Expr>),
    /// A network: its address, the number of bits of an address, and the length of the prefix.
    Prefix {
        address: u128,
        bits: u8,
        length: u8,
    },
    /// Elements of a set or a map.
    Set(Vec<Element>),
    /// A set or map of the table.
    Named(String),
    /// What is not understood.
    Unknown,
}

impl Expr {
    /// Whether this interface is named in it.
    pub(crate) fn names(&self, interface: &str) -> bool {
        match self {
            Self::Text(name) => name == interface,
            Self::Concat(parts) | Self::Or(parts) => parts.iter().any(|part| part.names(interface)),
            Self::Set(elements) => elements.iter().any(|element| element.key.names(interface)),
            _ => false,
        }
    }
}

/// An element of a set, or of a map if it has a verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Element {
    pub(crate) key: Expr,
    pub(crate) verdict: Option<Verdict>,
}

/// All rules.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rules {
    pub(crate) chains: BTreeMap<ChainName, Chain>,
    /// Named sets and maps.
    pub(crate) sets: BTreeMap<ChainName, Vec<Element>>,
}

impl Rules {
    /// The base chains of these families at this hook, in the order in which they are asked.
    pub(crate) fn at(&self, families: &[Family], hook: Hook) -> Vec<(&ChainName, &Chain, &Base)> {
        let mut found: Vec<_> = self
            .chains
            .iter()
            .filter(|(name, _)| families.contains(&name.family))
            .filter_map(|(name, chain)| Some((name, chain, chain.base.as_ref()?)))
            .filter(|(_, _, base)| base.hook == hook)
            .collect();
        found.sort_by_key(|(_, _, base)| base.priority);
        found
    }

    /// Takes over these rules too. Tables that both have become those of `other`.
    pub(crate) fn replace_with(&mut self, other: Self) {
        let tables: Vec<(Family, String)> =
            other.chains.keys().map(|name| (name.family, name.table.clone())).collect();
        let replaced =
            |name: &ChainName| tables.iter().any(|(f, t)| (*f, t) == (name.family, &name.table));
        self.chains.retain(|name, _| !replaced(name));
        self.chains.extend(other.chains);
        self.sets.extend(other.sets);
    }
}
