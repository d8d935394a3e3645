//! Openings in the rules of others, such as Docker's: what one table accepts, another can still drop.

use serde::{Deserialize, Serialize};
use vmkit_attach::SHARED_BRIDGE;
use vmkit_rights::Refusal;

use super::tools::{listing, run};

/// The comment of each rule that is put in.
const COMMENT: &str = "vmkit";

/// A chain of others that drops packets of the network, with the tool that changes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Opening {
    pub(super) tool: Tool,
    pub(super) hook: Hook,
}

/// What changes a chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Tool {
    /// One of the programs of iptables, for its chain of the hook's name.
    Iptables(String),
    /// A chain of nftables: family, table and chain.
    Nftables(String, String, String),
}

/// Where packets pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Hook {
    Forward,
    Input,
}

impl Hook {
    pub(super) fn of(word: &str) -> Option<Self> {
        match word {
            "forward" | "FORWARD" => Some(Self::Forward),
            "input" | "INPUT" => Some(Self::Input),
            _ => None,
        }
    }

    fn chain(self) -> &'static str {
        match self {
            Self::Forward => "FORWARD",
            Self::Input => "INPUT",
        }
    }

    /// What passes, in the words of iptables.
    fn matches(self) -> Vec<String> {
        let bridge = SHARED_BRIDGE;
        match self {
            Self::Forward => vec![
                format!("-i {bridge}"),
                format!("-o {bridge} -m conntrack --ctstate RELATED,ESTABLISHED"),
            ],
            Self::Input => ["udp --dport 67", "udp --dport 53", "tcp --dport 53"]
                .map(|what| format!("-i {bridge} -p {what}"))
                .to_vec(),
        }
    }

    /// The same in the words of nftables.
    fn expressions(self) -> Vec<String> {
        let bridge = SHARED_BRIDGE;
        match self {
            Self::Forward => vec![
                format!("iifname \"{bridge}\""),
                format!("oifname \"{bridge}\" ct state established,related"),
            ],
            Self::Input => ["udp dport { 53, 67 }", "tcp dport 53"]
                .map(|what| format!("iifname \"{bridge}\" {what}"))
                .to_vec(),
        }
    }
}

impl Opening {
    /// Puts those of its rules that are missing in front of the chain's. No rule is missing meanwhile, which
    /// would cut off machines that run.
    pub(super) fn make(&self) -> Result<(), Refusal> {
        match &self.tool {
            Tool::Iptables(program) => self.each_rule(|rule| {
                let is_there = self.iptables(program, "-C", rule).is_ok();
                if is_there { Ok(()) } else { self.iptables(program, "-I", rule) }
            }),
            Tool::Nftables(family, table, chain) => {
                let place = [family, table, chain].map(String::as_str).join(" ");
                let rule = |expression: &String| {
                    format!("insert rule {place} {expression} accept comment \"{COMMENT}\"")
                };
                let rules: Vec<String> = self.hook.expressions().iter().map(rule).collect();
                let present = removals(&place)?;
                if present.len() == rules.len() {
                    return Ok(());
                }
                // One transaction.
                run("nft", &[[present, rules].concat().join("; ")]).map(drop)
            }
        }
    }

    /// Removes its rules, if they are there.
    pub(super) fn remove(&self) -> Result<(), Refusal> {
        match &self.tool {
            Tool::Iptables(program) => self.each_rule(|rule| self.iptables(program, "-D", rule)),
            Tool::Nftables(family, table, chain) => {
                let present = removals(&[family, table, chain].map(String::as_str).join(" "))?;
                let change = || run("nft", &[present.join("; ")]).map(drop);
                if present.is_empty() { Ok(()) } else { change() }
            }
        }
    }

    /// Changes each rule of iptables. One that fails keeps the others from no change.
    fn each_rule(&self, change: impl Fn(&str) -> Result<(), Refusal>) -> Result<(), Refusal> {
        let changed: Vec<_> = self.hook.matches().iter().map(|rule| change(rule)).collect();
        changed.into_iter().collect()
    }

    fn iptables(&self, program: &str, action: &str, rule: &str) -> Result<(), Refusal> {
        // It waits for the lock of the tables up to 5 s.
        let line = format!("-w 5 {action} {} {rule}", self.hook.chain());
        let line = format!("{line} -m comment --comment {COMMENT} -j ACCEPT");
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        run(program, &words).map(drop)
    }

    /// What it opens, for a warning.
    pub(super) fn place(&self) -> String {
        match &self.tool {
            Tool::Iptables(program) => format!("{} of {program}", self.hook.chain()),
            Tool::Nftables(family, table, chain) => {
                format!("the chain {chain} of the table {family} {table} of nftables")
            }
        }
    }
}

/// The commands that remove the broker's rules from this chain of nftables.
fn removals(place: &str) -> Result<Vec<String>, Refusal> {
    let listed = listing("nft", &["-a", &format!("list chain {place}")])?;
    let own = format!("comment \"{COMMENT}\" # handle ");
    let handles = listed.lines().filter_map(|line| line.split_once(&own));
    let removal =
        |(_, handle): (&str, &str)| format!("delete rule {place} handle {}", handle.trim());
    Ok(handles.map(removal).collect())
}
