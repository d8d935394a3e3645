//! Which chains of others drop packets of the network, in the text of the firewall's tools.

use super::{
    firewall::TABLE,
    openings::{Hook, Opening, Tool},
};

/// The chains in the text of the firewall's tools that drop what they do not know.
pub(super) fn needed(rules: &str) -> Vec<Opening> {
    let (mut needed, mut table, mut chain) = (Vec::new(), Vec::new(), String::new());
    let (mut hook, mut legacy) = (None, false);
    for line in rules.lines().map(str::trim) {
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        let drops = match words.as_slice() {
            ["table", family, name, "{"] => {
                table = vec![(*family).to_owned(), (*name).to_owned()];
                false
            }
            ["chain", name, "{"] => {
                (chain, hook) = ((*name).to_owned(), None);
                false
            }
            ["type", "filter", "hook", place, rest @ ..] => {
                hook = Hook::of(place);
                rest.ends_with(&["policy", "drop;"])
            }
            // What is saved of the legacy tables.
            [name] if name.starts_with('*') => {
                (legacy, hook) = (*name == "*filter", None);
                false
            }
            [place, policy, ..] if legacy && place.starts_with(':') => {
                hook = Hook::of(&place[1..]);
                *policy == "DROP"
            }
            [_, "-A", place, "-j", "DROP" | "REJECT", ..] if legacy => {
                hook = Hook::of(place);
                true
            }
            // A rule for all packets.
            ["drop"]
            | ["reject", ..]
            | ["counter", "packets", _, "bytes", _, "drop" | "reject", ..] => true,
            _ => false,
        };
        let (true, Some(hook)) = (drops, hook) else { continue };
        if let Some(tool) = tool(legacy, &table, &chain) {
            let opening = Opening { tool, hook };
            if !needed.contains(&opening) {
                needed.push(opening);
            }
        }
    }
    needed
}

/// The tool that changes a chain; `None`: the packets of IPv4 do not pass there, or the table is the
/// network's own.
fn tool(legacy: bool, table: &[String], chain: &str) -> Option<Tool> {
    if legacy {
        return Some(Tool::Iptables("iptables-legacy".to_owned()));
    }
    let [family, name] = table else { return None };
    match (family.as_str(), name.as_str(), chain) {
        (_, TABLE, _) => None,
        // iptables does not understand all rules of nftables, and would refuse to change its chain.
        ("ip", "filter", "FORWARD" | "INPUT") => Some(Tool::Iptables("iptables".to_owned())),
        ("ip" | "inet", ..) => Some(Tool::Nftables(family.clone(), name.clone(), chain.to_owned())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The places in the text, in words.
    fn places(rules: &str) -> String {
        needed(rules).iter().map(Opening::place).collect::<Vec<_>>().join("; ")
    }

    fn chain(
        family: &str,
        table: &str,
        chain: &str,
        hook: &str,
        policy: &str,
        rule: &str,
    ) -> String {
        format!(
            "table {family} {table} {{\n\tchain {chain} {{\n\t\ttype filter hook {hook} priority \
             filter; policy {policy};\n\t\t{rule}\n\t}}\n}}\n"
        )
    }

    #[test]
    fn opens_the_chains_that_drop_what_they_do_not_know() {
        let jump = "counter packets 0 bytes 0 jump DOCKER-USER";
        let rows = [
            (chain("ip", "filter", "FORWARD", "forward", "drop", jump), "FORWARD of iptables"),
            (chain("ip", "filter", "FORWARD", "forward", "accept", jump), ""),
            (chain("ip", "filter", "INPUT", "input", "drop", ""), "INPUT of iptables"),
            (
                chain("ip", "filter", "FORWARD", "forward", "accept", "counter packets 1 bytes 9 reject"),
                "FORWARD of iptables",
            ),
            (
                chain("inet", "firewalld", "filter_INPUT", "input", "accept", "reject with icmpx admin-prohibited"),
                "the chain filter_INPUT of the table inet firewalld of nftables",
            ),
            (chain("inet", "own", "in", "input", "accept", "iifname \"x\" drop"), ""),
            (chain("ip6", "filter", "FORWARD", "forward", "drop", ""), ""),
            (chain("inet", "vmkit_shared", "forward", "forward", "drop", ""), ""),
            (chain("ip", "nat", "OUTPUT", "output", "drop", ""), ""),
            (
                "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD DROP [0:0]\n[0:0] -A INPUT -j REJECT\nCOMMIT\n".to_owned(),
                "FORWARD of iptables-legacy; INPUT of iptables-legacy",
            ),
            ("*nat\n:INPUT DROP [0:0]\n".to_owned(), ""),
            (String::new(), ""),
        ];
        for (rules, expected) in rows {
            assert_eq!(places(&rules), expected, "{rules}");
        }
    }
}
