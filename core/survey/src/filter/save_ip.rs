//! The options of a rule of iptables (iptables-extensions(8)).

use super::{
    field::{Field, transport},
    foreign,
    options::{ALL, Options, TCP_FLAGS, flags, interface, list, mark, masked, network, port},
    rules::{Expr, Statement, Verdict},
};

/// The statements of a rule.
pub(super) fn statements(words: &[&str]) -> Vec<Statement> {
    let mut statements = Vec::new();
    let mut options = Options::new(words);
    let mut module = "";
    while let Some(option) = options.next() {
        match option {
            "-m" | "--match" => {
                module = options.value();
                match module {
                    "statistic" => statements.push(Statement::Chance),
                    "limit" | "hashlimit" => statements.push(Statement::Rate),
                    _ => {}
                }
            }
            "-j" | "--jump" => {
                statements.extend(target(options.value(), options.rest()));
                break;
            }
            "-g" | "--goto" => {
                statements.push(Statement::Verdict(Verdict::Goto(options.value().to_owned())));
                break;
            }
            "--comment" => drop(options.value()),
            "-c" | "--set-counters" => {
                options.value();
                options.value();
            }
            option if of_module(module, option) => options.skip(),
            option => {
                let condition = condition(option, module, &mut options);
                if condition.is_none() {
                    options.skip();
                }
                statements.push(condition.unwrap_or(Statement::Unknown));
            }
        }
    }
    statements
}

/// Whether the module's own statement stands for this option.
fn of_module(module: &str, option: &str) -> bool {
    match module {
        "statistic" => ["--mode", "--probability", "--every", "--packet"].contains(&option),
        "limit" | "hashlimit" => option.starts_with("--limit") || option.starts_with("--hashlimit"),
        _ => false,
    }
}

fn condition(option: &str, module: &str, options: &mut Options<'_>) -> Option<Statement> {
    let th = |name: &str| Field::of_header("th", name);
    let field = match option {
        "-i" | "--in-interface" => Field::Input,
        "-o" | "--out-interface" => Field::Output,
        "--physdev-in" => Field::PhysicalInput,
        "--physdev-out" => Field::PhysicalOutput,
        "-s" | "--source" => Field::of_header("ip", "saddr"),
        "-d" | "--destination" => Field::of_header("ip", "daddr"),
        "--sport" | "--source-port" | "--sports" | "--source-ports" => th("sport"),
        "--dport" | "--destination-port" | "--dports" | "--destination-ports" => th("dport"),
        "--mac-source" => Field::of_header("ether", "saddr"),
        "--pkt-type" => Field::PacketType,
        "--src-type" => Field::SourceType,
        "--dst-type" => Field::DestinationType,
        "--icmp-type" | "--icmpv6-type" => Field::of_header("icmp", "type"),
        "--ttl-eq" | "--ttl" => Field::of_header("ip", "ttl"),
        _ => return other(option, module, options),
    };
    let value = options.value();
    let right = match option {
        "-i" | "--in-interface" | "-o" | "--out-interface" | "--physdev-in" | "--physdev-out" => {
            interface(value)
        }
        "-s" | "--source" | "-d" | "--destination" => list(value, network),
        "--pkt-type" | "--src-type" | "--dst-type" => {
            list(value, |word| Expr::Text(word.to_ascii_lowercase()))
        }
        "--mac-source" => super::constant::constant(value),
        _ => list(value, port),
    };
    Some(options.compare(field, right))
}

fn other(option: &str, module: &str, options: &mut Options<'_>) -> Option<Statement> {
    Some(match option {
        "-p" | "--protocol" => {
            let name = options.value().to_ascii_lowercase();
            let number = transport(&name).or_else(|| name.parse().ok());
            if name == "all" || number == Some(0) {
                return Some(options.equal(Expr::Number(0), Expr::Number(0)));
            }
            options.compare(Field::Transport, number.map_or(Expr::Unknown, Expr::Number))
        }
        "--ctstate" | "--state" => {
            let states = options.value().to_ascii_lowercase();
            let states = states.split(',').map(|state| Expr::Text(state.to_owned()));
            options.any_bit(Field::ConnectionState, Expr::Or(states.collect()))
        }
        "--mark" => {
            let field = if module == "connmark" { Field::ConnectionMark } else { Field::Mark };
            let (left, right) = mark(options.value(), field);
            options.equal(left, right)
        }
        "--physdev-is-bridged" | "--physdev-is-out" => options.exists(Field::PhysicalOutput),
        "--physdev-is-in" => options.exists(Field::PhysicalInput),
        "--syn" => {
            let mask = flags("SYN,RST,ACK,FIN");
            options.equal(bits(mask), flags("SYN"))
        }
        "--tcp-flags" => {
            let mask = flags(options.value());
            let wanted = flags(options.value());
            options.equal(bits(mask), wanted)
        }
        _ => return None,
    })
}

fn bits(mask: Expr) -> Expr {
    Expr::And(Box::new(Expr::Field(TCP_FLAGS)), Box::new(mask))
}

/// What a target does.
fn target(name: &str, options: &[&str]) -> Option<Statement> {
    let value = |option: &str| {
        let place = options.iter().position(|word| *word == option)?;
        options.get(place + 1).copied()
    };
    match name {
        "MARK" => Some(Statement::Set { field: Field::Mark, value: new_mark(value) }),
        "CONNMARK" if options.contains(&"--restore-mark") => {
            let mask = |option| value(option).and_then(super::constant::number).unwrap_or(ALL);
            let kept = and(Expr::Field(Field::Mark), !mask("--nfmask") & ALL);
            let from = and(Expr::Field(Field::ConnectionMark), mask("--ctmask"));
            let value = Expr::Xor(Box::new(kept), Box::new(from));
            Some(Statement::Set { field: Field::Mark, value })
        }
        "CONNMARK" => None,
        "CT" if options.contains(&"--notrack") => Some(Statement::Untracked),
        name => match foreign::target(name) {
            // A chain, or a target that nobody knows: then no chain is found.
            Some(Statement::UnknownEnd) => Some(Statement::Verdict(Verdict::Jump(name.to_owned()))),
            statement => statement,
        },
    }
}

fn and(left: Expr, mask: u128) -> Expr {
    Expr::And(Box::new(left), Box::new(Expr::Number(mask)))
}

/// The mark after the target MARK.
fn new_mark<'a>(value: impl Fn(&str) -> Option<&'a str>) -> Expr {
    let mark = || Expr::Field(Field::Mark);
    if let Some((Some(new), mask)) = value("--set-xmark").map(masked) {
        return Expr::Xor(Box::new(and(mark(), !mask & ALL)), Box::new(Expr::Number(new)));
    }
    if let Some((Some(new), mask)) = value("--set-mark").map(masked) {
        return Expr::Or(vec![and(mark(), !mask & ALL), Expr::Number(new)]);
    }
    let number = |option| value(option).and_then(super::constant::number);
    if let Some(bits) = number("--or-mark") {
        return Expr::Or(vec![mark(), Expr::Number(bits)]);
    }
    number("--and-mark").map_or(Expr::Unknown, |bits| and(mark(), bits))
}
