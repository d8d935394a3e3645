//! DHCP message by message, and the test with several hardware addresses.

use maud::{Markup, html};
use vmkit_dhcp::{Ladder, Rung, Step, TestCase, TestResult};

/// A longer ladder is folded.
const LONGEST_OPEN: usize = 12;

/// The messages at both sides of this computer.
pub(super) fn ladder(ladder: &Ladder) -> Markup {
    let Some(first) = ladder.rungs.first() else { return html! {} };
    html! {
        h3 { "DHCP, message by message" }
        details open[ladder.rungs.len() <= LONGEST_OPEN] {
            summary { (summary(ladder)) }
            @if ladder.left_out > 0 {
                p.aside { (ladder.left_out) " older messages are left out." }
            }
            table.ladder {
                thead {
                    tr {
                        th.number scope="col" { "Time" }
                        th scope="col" { "Message" }
                        th scope="col" { "At the VM's port" }
                        th scope="col" { "At the uplink" }
                    }
                }
                tbody {
                    @for rung in &ladder.rungs {
                        @let since = rung.at.duration_since(first.at).unwrap_or_default();
                        tr {
                            td.number { (format!("{:.1} s", since.as_secs_f64())) }
                            th scope="row" { (message(rung)) }
                            td { (step(rung.guest_side, rung)) }
                            td { (step(rung.uplink_side, rung)) }
                        }
                    }
                }
            }
        }
    }
}

/// How many messages of each kind, in the order of the first of each.
fn summary(ladder: &Ladder) -> String {
    let mut kinds: Vec<(&str, usize)> = Vec::new();
    for rung in &ladder.rungs {
        let word = rung.message.kind.word();
        match kinds.iter_mut().find(|(known, _)| *known == word) {
            Some((_, count)) => *count += 1,
            None => kinds.push((word, 1)),
        }
    }
    let counts: Vec<String> =
        kinds.iter().map(|(word, count)| format!("{count} × {word}")).collect();
    counts.join(", ")
}

fn message(rung: &Rung) -> Markup {
    let message = &rung.message;
    let given = message.yiaddr.map(|address| address.to_string());
    let from = if message.kind.is_of_client() {
        Some(format!("from {}", message.source_mac))
    } else {
        message.server.map(|server| format!("by {server}"))
    };
    html! {
        span.word { (message.kind.word()) }
        @if let Some(given) = given { " " (given) }
        @if let Some(from) = from { span.detail { (from) } }
    }
}

/// Whether the message was seen on one side, with the arrow of its direction.
fn step(step: Step, rung: &Rung) -> Markup {
    let (class, sign, word) = match step {
        Step::Seen if rung.message.kind.is_of_client() => ("good", "→ ", "seen"),
        Step::Seen => ("good", "← ", "seen"),
        Step::Missing => ("bad", "✗ ", "missing"),
        Step::NotWatched => ("quiet", "", "not watched"),
    };
    html! { span class=(class) { span aria-hidden="true" { (sign) } (word) } }
}

/// What servers offered to different hardware addresses.
pub(super) fn offer_test(results: &[TestResult]) -> Markup {
    let asked = results.iter().filter(|result| result.sent > 0);
    html! {
        @if asked.clone().next().is_some() {
            h3 { "DHCP asked by this computer" }
            table {
                thead {
                    tr {
                        th scope="col" { "Asked with" }
                        th.number scope="col" { "Answered" }
                        th scope="col" { "Answer" }
                    }
                }
                tbody {
                    @for result in asked {
                        tr {
                            th scope="row" { (case(result)) }
                            td.number { (result.answered) " of " (result.sent) }
                            td { (answer(result)) }
                        }
                    }
                }
            }
        }
    }
}

fn case(result: &TestResult) -> Markup {
    let words = match result.case {
        TestCase::Host => "this computer's hardware address",
        TestCase::Machine => "the VM's hardware address",
        TestCase::Foreign => "an unknown hardware address",
        TestCase::MachineUnicast => "the VM's, for a unicast reply",
        TestCase::MachineClientId => "the VM's, with its client identifier",
        TestCase::Gateway => "ARP requests for the gateway, which show what the link loses",
    };
    html! {
        (words)
        @if let Some(chaddr) = result.chaddr { span.detail { (chaddr) } }
    }
}

fn answer(result: &TestResult) -> Markup {
    html! {
        @if result.case == TestCase::Gateway && result.answered > 0 {
            p { "it answers" }
        } @else if result.offers.is_empty() {
            span.bad { span aria-hidden="true" { "✗ " } "no answer" }
        }
        @for offer in &result.offers {
            p.good {
                span aria-hidden="true" { "✓ " }
                @match offer.yiaddr {
                    Some(address) => { (address) " offered" },
                    None => { "an address was offered" }
                }
                @if let Some(server) = offer.server { " by " (server) }
            }
        }
    }
}
