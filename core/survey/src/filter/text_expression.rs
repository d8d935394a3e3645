//! Fields of a packet and values in nftables' text.

use super::{
    constant::constant,
    field::{Field, transport},
    rules::{Element, Expr, Verdict},
    text_verdict::verdict,
    words::{DEEPEST, Rest, Word},
};

/// Keys of `meta` that need no `meta` before them.
const BARE: [&str; 6] = ["iifname", "oifname", "iif", "oif", "ibrname", "obrname"];
const HEADERS: [&str; 17] = [
    "ether", "vlan", "arp", "ip", "icmp", "igmp", "ip6", "icmpv6", "tcp", "udp", "udplite", "sctp",
    "dccp", "ah", "esp", "comp", "th",
];
const UNKNOWABLE: [&str; 10] =
    ["socket", "osf", "rt", "ipsec", "jhash", "symhash", "hbh", "frag", "dst", "mh"];

/// Whether a field comes next.
fn begins(rest: &Rest<'_>) -> bool {
    let word = rest.peek();
    let known = BARE.contains(&word) || ["meta", "fib", "numgen", "pkttype"].contains(&word);
    // `ip` and `tcp` are constants as well: then no name of a field follows.
    let second = rest.0.get(1).map_or("", Word::as_str);
    let header = HEADERS.contains(&word)
        && !matches!(
            second,
            "" | ","
                | "}"
                | ":"
                | "."
                | "counter"
                | "accept"
                | "drop"
                | "jump"
                | "goto"
                | "return"
                | "log"
                | "reject"
                | "limit"
        )
        && second.starts_with(|c: char| c.is_ascii_lowercase())
        && is_field(word, second);
    let connection = word == "ct" && !second.is_empty();
    rest.0.first().is_some_and(|first| first.is(word))
        && (known || header || connection || UNKNOWABLE.contains(&word) || is_raw(word))
}

/// Whether this header has a field of that name.
fn is_field(header: &str, name: &str) -> bool {
    match header {
        "ip" | "ip6" | "arp" | "udp" | "tcp" | "th" | "ether" => {
            name == "saddr"
                || name == "daddr"
                || name == "option"
                || Field::of_header(header, name) != Field::Unknowable
        }
        _ => true,
    }
}

fn is_raw(word: &str) -> bool {
    ["@ll,", "@nh,", "@th,"].iter().any(|base| word.starts_with(base))
}

/// A field, with what is done to its bits. Without one: not understood.
fn expression(rest: &mut Rest<'_>) -> Expr {
    if !begins(rest) {
        return Expr::Unknown;
    }
    let word = rest.next();
    let field = match word {
        "numgen" => {
            // `numgen random mod 100 [offset 5]`
            rest.next();
            while rest.take("mod") || rest.take("offset") {
                rest.next();
            }
            return Expr::Random;
        }
        "meta" => Field::of_meta(rest.next()),
        "pkttype" => Field::PacketType,
        "fib" => route(rest),
        "ct" => match rest.next() {
            "original" | "reply" => {
                rest.next();
                Field::Unknowable
            }
            "helper" | "timeout" | "expectation" | "count" => return Expr::Unknown,
            key => Field::of_connection(key),
        },
        "arp" => arp(rest),
        "tcp" if rest.is_next("option") => {
            rest.next();
            rest.next();
            rest.next();
            Field::Unknowable
        }
        word if BARE.contains(&word) => Field::of_meta(word),
        word if is_raw(word) => raw(word),
        word if UNKNOWABLE.contains(&word) => return Expr::Unknown,
        header => Field::of_header(header, rest.next()),
    };
    masked(rest, field)
}

/// `arp saddr ip`, `arp operation`
fn arp(rest: &mut Rest<'_>) -> Field {
    match rest.next() {
        side @ ("saddr" | "daddr") => Field::of_header("arp", &format!("{side} {}", rest.next())),
        name => Field::of_header("arp", name),
    }
}

/// `@th,288,48`
fn raw(word: &str) -> Field {
    let parts: Vec<&str> = word.trim_start_matches('@').split(',').collect();
    match parts.as_slice() {
        [base, offset, length] => match (offset.parse(), length.parse()) {
            (Ok(offset), Ok(length)) => Field::raw(base, offset, length),
            _ => Field::Unknowable,
        },
        _ => Field::Unknowable,
    }
}

/// `fib daddr . iif type`
fn route(rest: &mut Rest<'_>) -> Field {
    let mut flags = vec![rest.next()];
    while rest.take(".") {
        flags.push(rest.next());
    }
    Field::of_route(&flags, rest.next())
}

/// The elements of a set or map, from its opening brace.
pub(super) fn elements(words: &[Word]) -> Vec<Element> {
    set(&mut Rest(words, 0))
}

/// `FIELD . FIELD …`
pub(super) fn concatenation(rest: &mut Rest<'_>) -> Expr {
    let mut parts = vec![expression(rest)];
    while rest.take(".") {
        parts.push(expression(rest));
    }
    one_or(parts, Expr::Concat)
}

fn one_or(mut parts: Vec<Expr>, several: impl Fn(Vec<Expr>) -> Expr) -> Expr {
    match parts.len() {
        1 => parts.remove(0),
        _ if parts.contains(&Expr::Unknown) => Expr::Unknown,
        _ => several(parts),
    }
}

/// The right side of a comparison.
pub(super) fn right(rest: &mut Rest<'_>) -> Expr {
    if rest.is_next("{") {
        return Expr::Set(set(rest));
    }
    let mut parts = vec![value(rest)];
    let mut listed = Vec::new();
    loop {
        if rest.take(".") {
            parts.push(value(rest));
        } else if rest.take(",") {
            listed.push(one_or(std::mem::take(&mut parts), Expr::Concat));
            parts.push(value(rest));
        } else {
            break;
        }
    }
    listed.push(one_or(parts, Expr::Concat));
    one_or(listed, Expr::Or)
}

/// One value: a constant, a set of the table, or a combination of bits.
fn value(rest: &mut Rest<'_>) -> Expr {
    let mut parts = vec![single(rest)];
    while rest.take("|") {
        parts.push(single(rest));
    }
    one_or(parts, Expr::Or)
}

fn single(rest: &mut Rest<'_>) -> Expr {
    let nested = rest.is_next("(");
    if nested || begins(rest) {
        if rest.1 == DEEPEST {
            return Expr::Unknown;
        }
        rest.1 += 1;
        let inner = if rest.take("(") { value(rest) } else { expression(rest) };
        if nested {
            rest.take(")");
        }
        rest.1 -= 1;
        return inner;
    }
    if is_statement(rest) {
        return Expr::Unknown;
    }
    let quoted = rest.0.first().is_some_and(|word| !word.is(word.as_str()));
    let word = rest.next();
    if quoted {
        return Expr::Text(word.to_owned());
    }
    match word.strip_prefix('@') {
        Some(name) => Expr::Named(name.to_owned()),
        None => transport(word).map_or_else(|| constant(word), |_| Expr::Text(word.to_owned())),
    }
}

/// `{ KEY [: VERDICT], … }`
fn set(rest: &mut Rest<'_>) -> Vec<Element> {
    let mut elements = Vec::new();
    rest.take("{");
    while !rest.0.is_empty() && !rest.take("}") {
        let mut parts = vec![value(rest)];
        while rest.take(".") {
            parts.push(value(rest));
        }
        let key = one_or(parts, Expr::Concat);
        // Timeouts, counters and comments of an element.
        while !rest.0.is_empty() && ![",", "}", ":"].iter().any(|sign| rest.is_next(sign)) {
            rest.next();
        }
        let mut data = None;
        if rest.take(":") {
            data = Some(verdict(rest).unwrap_or(Verdict::Elsewhere));
            while !rest.0.is_empty() && ![",", "}"].iter().any(|sign| rest.is_next(sign)) {
                rest.next();
            }
        }
        elements.push(Element { key, verdict: data });
        rest.take(",");
    }
    elements
}

/// The field that a mask is about, for the reader of expressions.
fn masked(rest: &mut Rest<'_>, field: Field) -> Expr {
    let mut left = Expr::Field(field);
    loop {
        if rest.take("&") {
            left = Expr::And(Box::new(left), Box::new(value(rest)));
        } else if rest.take("^") {
            left = Expr::Xor(Box::new(left), Box::new(value(rest)));
        } else if rest.take("|") {
            left = Expr::Or(vec![left, value(rest)]);
        } else {
            return left;
        }
    }
}

/// Whether a statement begins.
pub(super) fn is_statement(rest: &Rest<'_>) -> bool {
    // `snat` and `dnat` are states of a connection as well.
    const STATEMENTS: [&str; 12] = [
        "accept",
        "drop",
        "return",
        "continue",
        "jump",
        "goto",
        "reject",
        "counter",
        "log",
        "comment",
        "masquerade",
        "queue",
    ];
    STATEMENTS.iter().any(|word| rest.is_next(word))
}
