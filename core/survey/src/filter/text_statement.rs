//! Statements of nftables' text (nft(8)).

use super::{
    foreign,
    rules::{Expr, Op, Statement, Verdict},
    text_expression::{concatenation, is_statement, right},
    text_verdict::verdict,
    words::{Rest, Word},
};

/// The statements of a rule.
pub(super) fn statements(words: &[Word]) -> Vec<Statement> {
    let mut rest = Rest(words, 0);
    let mut statements = Vec::new();
    while !rest.0.is_empty() {
        let before = rest.0.len();
        statements.extend(statement(&mut rest));
        if rest.0.len() == before {
            rest.next();
        }
    }
    statements
}

/// A statement. `None`: it neither asks nor decides anything.
fn statement(rest: &mut Rest<'_>) -> Option<Statement> {
    if let Some(verdict) = verdict(rest) {
        return Some(Statement::Verdict(verdict));
    }
    match rest.peek() {
        "counter" => skip(rest, &["packets", "bytes", "name"]),
        "log" => skip(rest, &["prefix", "level", "flags", "group", "snaplen", "queue-threshold"]),
        "comment" => skip(rest, &["comment"]),
        "limit" | "quota" => {
            skip_to_statement(rest);
            return Some(Statement::Rate);
        }
        "notrack" => {
            rest.next();
            return Some(Statement::Untracked);
        }
        "snat" | "dnat" | "masquerade" | "redirect" => {
            rest.0 = &[];
            return Some(Statement::Translate);
        }
        "queue" | "fwd" | "tproxy" | "synproxy" => {
            rest.0 = &[];
            return Some(Statement::Verdict(Verdict::Elsewhere));
        }
        "dup" | "flow" => rest.0 = &[],
        "add" | "update" | "delete" => return changes_set(rest),
        "xt" => {
            rest.next();
            let kind = rest.next();
            return foreign::statement(kind, rest.next());
        }
        _ => return Some(condition(rest)),
    }
    None
}

/// Skips a statement with these options, each with a value.
fn skip(rest: &mut Rest<'_>, options: &[&str]) {
    rest.next();
    if options == ["comment"] {
        rest.next();
    }
    while options.contains(&rest.peek()) {
        rest.next();
        rest.next();
    }
}

/// Skips to the next statement.
fn skip_to_statement(rest: &mut Rest<'_>) {
    rest.next();
    while !rest.0.is_empty() && !is_statement(rest) {
        rest.next();
    }
}

/// `add @set { … }`, which ends the rule if it has a limit that is reached.
fn changes_set(rest: &mut Rest<'_>) -> Option<Statement> {
    let end = rest.0.iter().position(|word| word.is("}")).map_or(rest.0.len(), |end| end + 1);
    let limited = rest.0.iter().take(end).any(|word| word.is("limit") || word.is("count"));
    rest.0 = rest.0.get(end..).unwrap_or_default();
    limited.then_some(Statement::Rate)
}

/// A comparison, a map of verdicts, or a change of a field.
fn condition(rest: &mut Rest<'_>) -> Statement {
    let left = concatenation(rest);
    if left == Expr::Unknown {
        skip_to_statement(rest);
        return Statement::Unknown;
    }
    if rest.take("vmap") {
        return Statement::VerdictMap { key: left, map: right(rest) };
    }
    if rest.take("set") {
        let value = right(rest);
        return match left {
            Expr::Field(field) => Statement::Set { field, value },
            _ => Statement::Unknown,
        };
    }
    if rest.take("/") {
        // `VALUE / MASK` of newer versions is read as the whole.
        return Statement::Unknown;
    }
    let masks = matches!(&left, Expr::Field(field) if field.is_mask());
    let op = operator(rest);
    let wanted = right(rest);
    if rest.take("/") {
        let mask = right(rest);
        let left = Expr::And(Box::new(left), Box::new(mask));
        return Statement::Match { left, op: op.unwrap_or(Op::Equal), right: wanted };
    }
    let any = masks && op.is_none() && !matches!(wanted, Expr::Set(_) | Expr::Named(_));
    let op = if any { Op::AnyBit } else { op.unwrap_or(Op::Equal) };
    Statement::Match { left, op, right: wanted }
}

fn operator(rest: &mut Rest<'_>) -> Option<Op> {
    let op = match rest.peek() {
        "==" => Op::Equal,
        "!=" => Op::NotEqual,
        "<" => Op::Less,
        "<=" => Op::LessOrEqual,
        ">" => Op::Greater,
        ">=" => Op::GreaterOrEqual,
        _ => return None,
    };
    rest.next();
    Some(op)
}
