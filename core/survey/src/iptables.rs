//! Parses `iptables-save -c` and `iptables -S -v`.

use crate::{
    DropRule,
    rule::{Conditions, Hook},
};

/// The rules and policies that drop. `bridged_filtered`: bridged frames pass them.
pub(crate) fn drops(text: &str, bridged_filtered: Option<bool>) -> Vec<DropRule> {
    let mut found = Vec::new();
    let mut forward = Forward::default();
    for line in text.lines().map(str::trim) {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            [":FORWARD", "DROP", counts, ..] => forward.policy(line, before_colon(counts)),
            ["-P", "FORWARD", "DROP", ..] => forward.policy(line, counted(&words)),
            [counts, "-A", chain, rule @ ..] if counts.starts_with('[') => {
                found.extend(forward.rule(chain, rule, before_colon(counts), line));
            }
            ["-A", chain, rule @ ..] => {
                found.extend(forward.rule(chain, rule, counted(rule), line));
            }
            _ => {}
        }
    }
    found.extend(forward.dropped());
    if bridged_filtered == Some(false) {
        found.retain(|rule| !matches!(rule.drops, crate::Drops::Bridged));
    }
    found
}

/// The FORWARD chain.
#[derive(Default)]
struct Forward {
    policy: Option<(String, Option<u64>)>,
    accepted: Vec<String>,
    accepts_all: bool,
}

impl Forward {
    fn policy(&mut self, line: &str, frames: Option<u64>) {
        self.policy = Some((line.to_owned(), frames));
    }

    fn rule(
        &mut self,
        chain: &str,
        words: &[&str],
        frames: Option<u64>,
        line: &str,
    ) -> Option<DropRule> {
        let hook = match chain {
            "FORWARD" => Hook::IpForward,
            "INPUT" => Hook::IpInput,
            // Other chains are reached by jumps, which are not followed.
            _ => return None,
        };
        let conditions = Conditions { frames, ..conditions(words) };
        let target = words.iter().position(|word| *word == "-j").and_then(|at| words.get(at + 1));
        match target {
            Some(&"ACCEPT") if hook == Hook::IpForward => {
                match conditions.accepting() {
                    Some(Some(interface)) => self.accepted.push(interface),
                    Some(None) => self.accepts_all = true,
                    None => {}
                }
                None
            }
            Some(&("DROP" | "REJECT")) if !(hook == Hook::IpForward && self.accepts_all) => {
                conditions.dropping(hook, line, &self.accepted)
            }
            _ => None,
        }
    }

    fn dropped(self) -> Option<DropRule> {
        let (text, frames) = self.policy.filter(|_| !self.accepts_all)?;
        let conditions = Conditions { frames, ..Conditions::default() };
        conditions.dropping(Hook::IpForward, &text, &self.accepted)
    }
}

fn conditions(words: &[&str]) -> Conditions {
    let mut read = Conditions::default();
    let mut udp = true;
    let mut rest = words;
    while let [first, tail @ ..] = rest {
        let used = match (*first, tail) {
            ("-i", [name, ..]) => set(&mut read.input, name),
            ("-o", [name, ..]) => set(&mut read.output, name),
            ("-p", [protocol, ..]) => {
                udp = *protocol == "udp" || *protocol == "17";
                1
            }
            ("-m", ["physdev" | "udp" | "tcp" | "comment", ..])
            | ("--comment" | "-j" | "--reject-with", [_, ..]) => 1,
            ("--physdev-is-bridged", _) => {
                read.bridged = true;
                0
            }
            ("--dport", [port, ..]) => {
                let port = port.parse().ok();
                if udp {
                    read.to_port = port;
                } else {
                    read.to_tcp_port = port;
                }
                1
            }
            ("--sport", [port, ..]) => {
                read.from_port = port.parse().ok();
                1
            }
            ("-m", ["statistic", ..]) => {
                read.at_random = true;
                tail.iter().take_while(|word| **word != "-j").count()
            }
            ("-c", [_, _, ..]) => 2,
            _ => {
                read.others = true;
                0
            }
        };
        rest = &tail[used.min(tail.len())..];
    }
    read
}

/// A final `+` in iptables stands for any ending.
fn set(place: &mut Option<String>, name: &str) -> usize {
    *place = Some(name.strip_suffix('+').map_or_else(|| name.to_owned(), |n| format!("{n}*")));
    1
}

/// `[12:840]`: packets and bytes.
fn before_colon(counts: &str) -> Option<u64> {
    counts.trim_start_matches('[').split(':').next()?.parse().ok()
}

/// `-c PACKETS BYTES`.
fn counted(words: &[&str]) -> Option<u64> {
    let at = words.iter().position(|word| *word == "-c")?;
    words.get(at + 1)?.parse().ok()
}
