//! How much work a packet is worth, whatever a guest's rules are.

use super::super::{Ends, Packet, Passage, RuleSet, Way, evaluate::counted, steps::MOST, text};

/// Chains that jump to the next one this many times each, and this at the end of them.
fn jumping(sets: &str, last: &str) -> String {
    let chains: Vec<String> = (0..8)
        .map(|depth| {
            let next = format!("jump c{}\n", depth + 1).repeat(8);
            format!("chain c{depth} {{\n{next}}}\n")
        })
        .collect();
    let chains = chains.concat();
    format!(
        "table inet t {{\n{sets}\nchain c8 {{\n{last}\n}}\n{chains}chain input {{\ntype filter hook \
         input priority 0; policy accept;\njump c0\ntcp dport 22 drop\n}}\n}}\n"
    )
}

fn ssh() -> (Packet, Way) {
    let ends = Ends { destination: "192.168.1.64".parse().ok(), ..Ends::default() };
    (Packet::connection(ends, 22), Way::arriving("eth0"))
}

#[test]
fn rules_that_compare_without_end_are_unknown_after_a_bounded_number_of_steps() {
    let listed =
        |element: fn(usize) -> String| (0..40_000).map(element).collect::<Vec<_>>().join(", ");
    let ports = listed(|port| format!("{}", 1000 + port % 60_000));
    let verdicts = listed(|port| format!("{} : drop", 1000 + port % 60_000));
    let bits = (0..40_000).map(|_| "0x1").collect::<Vec<_>>().join(" | ");
    let rows = [
        (
            format!("set s {{\ntype inet_service\nelements = {{ {ports} }}\n}}"),
            "tcp dport @s drop".to_owned(),
        ),
        (String::new(), format!("tcp dport {{ {ports} }} drop")),
        (String::new(), format!("tcp dport vmap {{ {verdicts} }}")),
        // The key is unknown, so that each element may be the one.
        (
            String::new(),
            format!(
                "ip saddr vmap {{ {} }}",
                listed(|at| format!("10.{}.{}.1 : drop", at / 200, at % 200))
            ),
        ),
        (String::new(), format!("meta mark & ({bits}) == 0x1 drop")),
        (String::new(), format!("tcp dport 23 {}drop", "tcp dport 22 ".repeat(20_000))),
    ];
    let (packet, way) = ssh();
    for (sets, last) in rows {
        let written = jumping(&sets, &last);
        let start: String = last.chars().take(30).collect();
        let (passage, steps) = counted(&text::read(&written), &packet, &way, None);
        // A list that is being compared goes on to its end without comparing.
        assert!(steps < MOST + 200_000, "{start}: {steps} steps");
        assert!(steps > MOST, "{start} is no trial: {steps} steps");
        assert!(matches!(passage, Passage::Unknown { .. }), "{start}: {passage:?}");
    }
}

/// The lists of a busy computer are compared to their end.
#[test]
fn a_long_list_is_compared_whole() {
    let list: Vec<String> =
        (0..60_000).map(|at| format!("10.{}.{}.1", at / 250, at % 250)).collect();
    let written = format!(
        "table inet t {{\nchain input {{\ntype filter hook input priority 0; policy accept;\nip daddr {{ {} }} \
         drop\ntcp dport 22 drop\n}}\n}}\n",
        list.join(", ")
    );
    let (packet, way) = ssh();
    let passage = RuleSet::read(&written, None, None).passage(&packet, &way);
    assert!(
        matches!(&passage, Passage::Drops { rule } if rule.text == "tcp dport 22 drop"),
        "{passage:?}"
    );
}
