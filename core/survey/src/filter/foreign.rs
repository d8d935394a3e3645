//! Matches and targets of iptables that are known by name only.

use super::rules::{Expr, Statement, Verdict};

/// What `xt match "NAME"` or `xt target "NAME"` of nftables' output is. `None`: it neither asks nor
/// decides anything.
pub(super) fn statement(kind: &str, name: &str) -> Option<Statement> {
    match (kind, name) {
        ("match", "comment") => None,
        ("match", "limit" | "hashlimit") => Some(Statement::Rate),
        ("match", _) => Some(Statement::Unknown),
        (_, target) => self::target(target),
    }
}

/// What a target of iptables does, its options aside.
pub(super) fn target(name: &str) -> Option<Statement> {
    Some(match name {
        "LOG" | "NFLOG" | "ULOG" | "TRACE" | "CHECKSUM" | "TCPMSS" | "TOS" | "DSCP" | "TTL"
        | "ECN" | "CLASSIFY" | "AUDIT" | "SECMARK" | "CONNSECMARK" | "SET" | "CT" | "RATEEST"
        | "LED" | "TEE" | "IDLETIMER" | "HL" | "HMARK" | "TCPOPTSTRIP" | "NETMAP" | "nflog"
        | "log" => {
            return None;
        }
        "MARK" | "CONNMARK" | "mark" => {
            Statement::Set { field: super::field::Field::Mark, value: Expr::Unknown }
        }
        "ACCEPT" => Statement::Verdict(Verdict::Accept),
        "DROP" | "REJECT" => Statement::Verdict(Verdict::Drop),
        "RETURN" => Statement::Verdict(Verdict::Return),
        "NOTRACK" => Statement::Untracked,
        "MASQUERADE" | "SNAT" | "DNAT" | "REDIRECT" => Statement::Translate,
        "QUEUE" | "NFQUEUE" | "TPROXY" | "SYNPROXY" => Statement::Verdict(Verdict::Elsewhere),
        _ => Statement::UnknownEnd,
    })
}
