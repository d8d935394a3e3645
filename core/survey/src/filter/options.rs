//! Options of `iptables` and `ebtables` as conditions.

use super::{
    constant::{constant, mac, number, prefix},
    field::{Field, Header},
    rules::{Element, Expr, Op, Statement},
};

/// All bits of a mark.
pub(super) const ALL: u128 = 0xffff_ffff;

/// The options of a rule, from the first to the last.
pub(super) struct Options<'a> {
    words: &'a [&'a str],
    /// A `!` stands before or after the option.
    negated: bool,
}

impl<'a> Options<'a> {
    pub(super) fn new(words: &'a [&'a str]) -> Self {
        Self { words, negated: false }
    }

    /// The next option.
    pub(super) fn next(&mut self) -> Option<&'a str> {
        self.negated = false;
        loop {
            let (first, rest) = self.words.split_first()?;
            self.words = rest;
            if *first == "!" {
                self.negated = true;
            } else {
                return Some(first);
            }
        }
    }

    /// The option's value.
    pub(super) fn value(&mut self) -> &'a str {
        while let Some((first, rest)) = self.words.split_first() {
            self.words = rest;
            if *first == "!" {
                self.negated = true;
            } else {
                return first;
            }
        }
        ""
    }

    /// Skips the values of an option that is not understood.
    pub(super) fn skip(&mut self) {
        while let Some((first, rest)) = self.words.split_first() {
            if first.starts_with('-') || *first == "!" {
                return;
            }
            self.words = rest;
        }
    }

    /// What is left.
    pub(super) fn rest(&self) -> &'a [&'a str] {
        self.words
    }

    pub(super) fn compare(&self, field: Field, right: Expr) -> Statement {
        self.equal(Expr::Field(field), right)
    }

    pub(super) fn equal(&self, left: Expr, right: Expr) -> Statement {
        Statement::Match { left, op: if self.negated { Op::NotEqual } else { Op::Equal }, right }
    }

    /// Whether any of these bits is set, or none.
    pub(super) fn any_bit(&self, field: Field, mask: Expr) -> Statement {
        let left = Expr::And(Box::new(Expr::Field(field)), Box::new(mask));
        let op = if self.negated { Op::Equal } else { Op::NotEqual };
        Statement::Match { left, op, right: Expr::Number(0) }
    }

    /// Whether an interface has a name.
    pub(super) fn exists(&self, field: Field) -> Statement {
        let op = if self.negated { Op::Equal } else { Op::NotEqual };
        Statement::Match { left: Expr::Field(field), op, right: Expr::Text(String::new()) }
    }
}

/// An interface, whose final `+` stands for any ending.
pub(super) fn interface(name: &str) -> Expr {
    Expr::Text(name.strip_suffix('+').map_or_else(|| name.to_owned(), |start| format!("{start}*")))
}

/// A list of values or ranges such as `67:68`.
pub(super) fn list(words: &str, one: impl Fn(&str) -> Expr) -> Expr {
    let elements = words.split(',').map(|word| Element { key: one(word), verdict: None });
    Expr::Set(elements.collect())
}

/// A port, or a range of them.
pub(super) fn port(word: &str) -> Expr {
    let Some((low, high)) = word.split_once(':') else { return constant(word) };
    let end = |word: &str, open: u128| {
        Expr::Number(if word.is_empty() { open } else { number(word).unwrap_or(open) })
    };
    Expr::Range(Box::new(end(low, 0)), Box::new(end(high, 65_535)))
}

/// An address, or a network with its length or mask.
pub(super) fn network(word: &str) -> Expr {
    match word.split_once('/') {
        None => constant(word),
        Some((address, length)) => match (length.parse::<u8>(), number(length)) {
            (Ok(length), _) => prefix(address, Some(length)),
            (_, Some(mask)) if mask <= ALL => {
                let ones = u32::try_from(mask).map_or(0, u32::leading_ones);
                let whole = mask.count_ones() == ones;
                prefix(address, whole.then(|| u8::try_from(ones).unwrap_or(32)))
            }
            _ => Expr::Unknown,
        },
    }
}

/// A mark and its mask: the left and the right side of a comparison.
pub(super) fn mark(word: &str, field: Field) -> (Expr, Expr) {
    let (value, mask) = masked(word);
    let left = Expr::And(Box::new(Expr::Field(field)), Box::new(Expr::Number(mask)));
    (left, value.map_or(Expr::Unknown, Expr::Number))
}

/// The number and the mask of `VALUE/MASK`.
pub(super) fn masked(word: &str) -> (Option<u128>, u128) {
    let (value, mask) = word.split_once('/').unwrap_or((word, ""));
    (number(value), number(mask).unwrap_or(ALL))
}

/// Whether a MAC field has this value: the left and the right side of a comparison.
pub(super) fn mac_sides(word: &str, field: Field) -> (Expr, Expr) {
    let group = 1_u128 << 40;
    let (value, mask) = match word.to_ascii_lowercase().as_str() {
        "unicast" => (Some(0), Some(group)),
        "multicast" => (Some(group), Some(group)),
        "broadcast" => (Some(0xffff_ffff_ffff), None),
        "bga" => (Some(0x0180_c200_0000), None),
        word => {
            let (value, mask) = word.split_once('/').unwrap_or((word, ""));
            (mac(value), mac(mask))
        }
    };
    let whole = Expr::Field(field);
    let left = match mask {
        Some(mask) => Expr::And(Box::new(whole), Box::new(Expr::Number(mask))),
        None => whole,
    };
    (left, value.map_or(Expr::Unknown, Expr::Number))
}

/// The flags of TCP.
pub(super) const TCP_FLAGS: Field = Field::Bits(Header::Tcp, 104, 8);

/// The flags of a list such as `SYN,ACK`.
pub(super) fn flags(words: &str) -> Expr {
    match words {
        "NONE" => Expr::Number(0),
        "ALL" => Expr::Number(0x3f),
        _ => Expr::Or(words.split(',').map(|word| Expr::Text(word.to_ascii_lowercase())).collect()),
    }
}
