//! The options of a rule of ebtables (ebtables(8)).

use super::{
    constant::{constant, number},
    field::Field,
    options::{Options, interface, list, mac_sides, mark, network, port},
    rules::{Expr, Statement, Verdict},
};

/// The statements of a rule in this table.
pub(super) fn statements(words: &[&str], table: &str) -> Vec<Statement> {
    let mut statements = Vec::new();
    let mut options = Options::new(words);
    let mut target = None;
    while let Some(option) = options.next() {
        match option {
            "-j" | "--jump" => target = Some(options.value()),
            "-c" => {
                options.value();
                options.value();
            }
            option if option.starts_with("--log") || option.starts_with("--nflog") => {
                options.skip();
            }
            "--limit" => {
                options.skip();
                statements.push(Statement::Rate);
            }
            // Options of targets: the target itself says what becomes of the frame.
            "--limit-burst" | "--mark-target" | "--mark-set" | "--snat-target"
            | "--dnat-target" | "--to-source" | "--to-destination" | "--redirect-target"
            | "--snat-arp" => {
                options.skip();
            }
            option => {
                let condition = condition(option, &mut options);
                if condition.is_none() {
                    options.skip();
                }
                statements.push(condition.unwrap_or(Statement::Unknown));
            }
        }
    }
    statements.extend(target.and_then(|name| verdict(name, table)));
    statements
}

fn verdict(name: &str, table: &str) -> Option<Statement> {
    Some(match name {
        "ACCEPT" => Statement::Verdict(Verdict::Accept),
        // In this table it means that the frame is routed.
        "DROP" if table == "broute" => Statement::Verdict(Verdict::Elsewhere),
        "DROP" => Statement::Verdict(Verdict::Drop),
        "RETURN" => Statement::Verdict(Verdict::Return),
        "CONTINUE" => return None,
        // They accept unless an option says otherwise.
        "mark" | "snat" | "dnat" | "redirect" | "arpreply" => Statement::UnknownEnd,
        chain => Statement::Verdict(Verdict::Jump(chain.to_owned())),
    })
}

fn condition(option: &str, options: &mut Options<'_>) -> Option<Statement> {
    let header = Field::of_header;
    let named = match option {
        "-i" | "--in-interface" | "--in-if" => Some(Field::Input),
        "-o" | "--out-interface" | "--out-if" => Some(Field::Output),
        "--logical-in" => Some(Field::InputBridge),
        "--logical-out" => Some(Field::OutputBridge),
        _ => None,
    };
    if let Some(field) = named {
        let name = interface(options.value());
        return Some(options.compare(field, name));
    }
    let mac = match option {
        "-s" | "--source" | "--src" => Some(header("ether", "saddr")),
        "-d" | "--destination" | "--dst" => Some(header("ether", "daddr")),
        "--arp-mac-src" => Some(header("arp", "saddr ether")),
        "--arp-mac-dst" => Some(header("arp", "daddr ether")),
        _ => None,
    };
    if let Some(field) = mac {
        let (left, right) = mac_sides(options.value(), field);
        return Some(options.equal(left, right));
    }
    let (field, read): (Field, fn(&str) -> Expr) = match option {
        "-p" | "--protocol" | "--proto" => (Field::Protocol, kind),
        "--ip-src" | "--ip-source" => (header("ip", "saddr"), network),
        "--ip-dst" | "--ip-destination" => (header("ip", "daddr"), network),
        "--ip-proto" | "--ip-protocol" => (header("ip", "protocol"), constant),
        "--ip-sport" | "--ip-source-port" => (header("th", "sport"), port),
        "--ip-dport" | "--ip-destination-port" => (header("th", "dport"), port),
        "--arp-op" | "--arp-opcode" => (header("arp", "operation"), operation),
        "--arp-htype" => (header("arp", "htype"), constant),
        "--arp-ptype" => (header("arp", "ptype"), kind),
        "--arp-ip-src" => (header("arp", "saddr ip"), network),
        "--arp-ip-dst" => (header("arp", "daddr ip"), network),
        "--pkttype-type" => (Field::PacketType, name),
        "--ip6-src" | "--ip6-source" => (header("ip6", "saddr"), network),
        "--ip6-dst" | "--ip6-destination" => (header("ip6", "daddr"), network),
        "--ip6-proto" | "--ip6-protocol" | "--ip6-icmp-type" | "--ip6-sport" | "--ip6-dport" => {
            (header("ip6", "nexthdr"), constant)
        }
        "--vlan-id" | "--vlan-prio" | "--vlan-encap" => (header("vlan", "id"), constant),
        "--mark" => {
            let (left, right) = mark(options.value(), Field::Mark);
            return Some(options.equal(left, right));
        }
        _ => return None,
    };
    let value = options.value();
    Some(options.compare(field, list(value, read)))
}

/// The type of a frame's content.
fn kind(word: &str) -> Expr {
    // It is hexadecimal also without a prefix.
    u128::from_str_radix(word.trim_start_matches("0x"), 16)
        .map_or_else(|_| Expr::Text(word.to_ascii_lowercase()), Expr::Number)
}

fn name(word: &str) -> Expr {
    Expr::Text(word.to_ascii_lowercase())
}

fn operation(word: &str) -> Expr {
    number(word).map_or_else(|| Expr::Text(word.to_ascii_lowercase()), Expr::Number)
}
