//! Statements and expressions of nftables' JSON.

use serde_json::Value;

use super::{
    constant::{constant, prefix},
    field::Field,
    rules::{Element, Expr, Op, Statement, Verdict},
};

/// Deepest nesting of an expression.
const DEEPEST: usize = 16;

/// The statements of a rule.
pub(super) fn statements(list: &[Value]) -> Vec<Statement> {
    list.iter().filter_map(statement).collect()
}

/// The elements of a set or map.
pub(super) fn elements(list: &Value) -> Vec<Element> {
    let Some(list) = list.as_array() else { return vec![element(list)] };
    list.iter().map(element).collect()
}

fn element(value: &Value) -> Element {
    match value.as_array().map(Vec::as_slice) {
        Some([key, data]) => Element { key: key_of(key), verdict: Some(verdict_of(data)) },
        _ => Element { key: key_of(value), verdict: None },
    }
}

fn key_of(value: &Value) -> Expr {
    let inner = value.get("elem").and_then(|elem| elem.get("val"));
    expression(inner.unwrap_or(value), 0)
}

/// The verdict of a map's element. Other data are no verdict.
fn verdict_of(value: &Value) -> Verdict {
    let kind = value.as_object().and_then(|object| object.iter().next());
    kind.and_then(|(kind, body)| verdict(kind, body)).unwrap_or(Verdict::Elsewhere)
}

fn verdict(kind: &str, body: &Value) -> Option<Verdict> {
    let target = || body.get("target").and_then(Value::as_str).map(str::to_owned);
    Some(match kind {
        "accept" => Verdict::Accept,
        "drop" | "reject" => Verdict::Drop,
        "return" => Verdict::Return,
        "continue" => Verdict::Continue,
        "jump" => Verdict::Jump(target()?),
        "goto" => Verdict::Goto(target()?),
        "queue" | "fwd" | "tproxy" | "synproxy" => Verdict::Elsewhere,
        _ => return None,
    })
}

/// A statement. `None`: it neither asks nor decides anything.
fn statement(value: &Value) -> Option<Statement> {
    let Some((kind, body)) = value.as_object().and_then(|object| object.iter().next()) else {
        return Some(Statement::Unknown);
    };
    if let Some(verdict) = verdict(kind, body) {
        return Some(Statement::Verdict(verdict));
    }
    Some(match kind.as_str() {
        "match" => condition(body),
        "vmap" => Statement::VerdictMap { key: part(body, "key", 0), map: part(body, "data", 0) },
        "mangle" => match part(body, "key", 0) {
            Expr::Field(field) => Statement::Set { field, value: part(body, "value", 0) },
            _ => Statement::Unknown,
        },
        "limit" | "quota" | "ct count" => Statement::Rate,
        "notrack" => Statement::Untracked,
        "snat" | "dnat" | "masquerade" | "redirect" => Statement::Translate,
        "counter" | "log" | "comment" | "last" | "dup" | "flow" | "ct helper" | "ct timeout"
        | "ct expectation" | "secmark" | "reset" => return None,
        "set" | "map" | "meter" => return body.get("stmt").map(|_| Statement::Rate),
        "xt" => return foreign(body),
        _ => Statement::UnknownEnd,
    })
}

/// A match or target of iptables. Its data are not in the document.
fn foreign(body: &Value) -> Option<Statement> {
    let word = |key: &str| body.get(key).and_then(Value::as_str).unwrap_or_default();
    super::foreign::statement(word("type"), word("name"))
}

fn condition(body: &Value) -> Statement {
    let (left, right) = (part(body, "left", 0), part(body, "right", 0));
    let op = match body.get("op").and_then(Value::as_str) {
        Some("==") => Op::Equal,
        Some("!=") => Op::NotEqual,
        Some("<") => Op::Less,
        Some("<=") => Op::LessOrEqual,
        Some(">") => Op::Greater,
        Some(">=") => Op::GreaterOrEqual,
        Some("in") => Op::AnyBit,
        _ => return Statement::Unknown,
    };
    Statement::Match { left, op, right }
}

fn part(body: &Value, key: &str, depth: usize) -> Expr {
    body.get(key).map_or(Expr::Unknown, |value| expression(value, depth + 1))
}

fn expression(value: &Value, depth: usize) -> Expr {
    if depth > DEEPEST {
        return Expr::Unknown;
    }
    let object = match value {
        Value::Number(number) => {
            return number.as_u64().map_or(Expr::Unknown, |number| Expr::Number(number.into()));
        }
        Value::String(text) => {
            return match text.strip_prefix('@') {
                Some(name) => Expr::Named(name.to_owned()),
                None => constant(text),
            };
        }
        // A list of bits.
        Value::Array(list) => {
            return Expr::Or(list.iter().map(|part| expression(part, depth + 1)).collect());
        }
        Value::Object(object) => object,
        Value::Bool(_) | Value::Null => return Expr::Unknown,
    };
    let Some((kind, body)) = object.iter().next() else { return Expr::Unknown };
    let list = body.as_array().map(Vec::as_slice).unwrap_or_default();
    let at = |place: usize| list.get(place).map_or(Expr::Unknown, |p| expression(p, depth + 1));
    match kind.as_str() {
        "payload" => Expr::Field(payload(body)),
        "meta" => Expr::Field(Field::of_meta(word(body, "key"))),
        "ct" => Expr::Field(Field::of_connection(word(body, "key"))),
        "fib" => Expr::Field(route(body)),
        "numgen" => Expr::Random,
        "&" => Expr::And(Box::new(at(0)), Box::new(at(1))),
        "^" => Expr::Xor(Box::new(at(0)), Box::new(at(1))),
        "|" => Expr::Or((0..list.len()).map(at).collect()),
        "concat" => Expr::Concat((0..list.len()).map(at).collect()),
        "range" => Expr::Range(Box::new(at(0)), Box::new(at(1))),
        "set" => Expr::Set(elements(body)),
        "elem" => key_of(value),
        "prefix" => {
            let length = body.get("len").and_then(Value::as_u64);
            prefix(word(body, "addr"), length.and_then(|length| u8::try_from(length).ok()))
        }
        _ => Expr::Unknown,
    }
}

fn word<'a>(body: &'a Value, key: &str) -> &'a str {
    body.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn payload(body: &Value) -> Field {
    let number = |key: &str| {
        body.get(key).and_then(Value::as_u64).and_then(|number| u16::try_from(number).ok())
    };
    match (body.get("base").and_then(Value::as_str), number("offset"), number("len")) {
        (Some(base), Some(offset), Some(length)) => Field::raw(base, offset, length),
        _ => Field::of_header(word(body, "protocol"), word(body, "field")),
    }
}

fn route(body: &Value) -> Field {
    let flags: Vec<&str> = match body.get("flags") {
        Some(Value::String(flag)) => vec![flag],
        Some(Value::Array(flags)) => flags.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    Field::of_route(&flags, word(body, "result"))
}
