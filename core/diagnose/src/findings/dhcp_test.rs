//! The results of the offer test: so many of so many DISCOVERs were answered.

use vmkit_dhcp::{Loss, Outcome, TestCase, TestResult};
use vmkit_types::{Reading, Unread};

use super::sheet::Sheet;
use crate::{Facts, FindingCode};

const CASES: [(FindingCode, TestCase); 3] = [
    (FindingCode::TestHostUnanswered, TestCase::Host),
    (FindingCode::TestMachineUnanswered, TestCase::Machine),
    (FindingCode::TestForeignUnanswered, TestCase::Foreign),
];
const BROADCAST: FindingCode = FindingCode::TestBroadcastUnanswered;
const LINK: FindingCode = FindingCode::LinkLosesFrames;
/// A link that loses this share of the exchanges delays DHCP noticeably.
const NOTICEABLE: f64 = 0.15;
/// From this probability on the loss is noticeable, and below the rest of 1 it is not.
const SURE: f64 = 0.9;

pub(super) fn judge(facts: &Facts<'_>, sheet: &mut Sheet) {
    let results = match &facts.test {
        Reading::Known(results) => *results,
        Reading::Absent => return,
        Reading::Unknown(why) => {
            sheet.all_unknown(&CASES.map(|(code, _)| code), why);
            return sheet.all_unknown(&[BROADCAST, LINK], why);
        }
    };
    let loss = Loss::of(results);
    link(results, &loss, sheet);
    let of = |wanted: TestCase| results.iter().find(|result| result.case == wanted);
    let outcome = |case: TestCase| of(case).map(|result| result.outcome(&loss));
    let unicast = of(TestCase::MachineUnicast).filter(|it| it.outcome(&loss) == Outcome::Answered);
    // Unless one reply by broadcast came, all may be filtered, which the unicast ones would show.
    let by_broadcast = CASES.iter().any(|(_, case)| outcome(*case) == Some(Outcome::Answered));
    let filtered = !by_broadcast && outcome(TestCase::MachineUnicast) == Some(Outcome::Open);
    for (code, case) in CASES {
        let Some(result) = of(case) else {
            sheet.unknown(code, &Unread::NotTried);
            continue;
        };
        match (result.outcome(&loss), unicast) {
            (Outcome::Answered, _) => sheet.absent(code, answer(result)),
            // If only the flag makes the difference, that is a finding of its own.
            (_, Some(answered)) if case == TestCase::Machine => {
                sheet.absent(code, answer(answered));
            }
            // Lost broadcasts say nothing about the servers.
            (Outcome::Silent, Some(_)) => {
                let why = "replies by broadcast do not arrive".to_owned();
                sheet.unknown(code, &Unread::Failed(why));
            }
            (Outcome::Silent, None) if filtered => {
                let why = format!("{}; a unicast reply may be lost", asked(result));
                sheet.unknown(code, &Unread::Failed(why));
            }
            (Outcome::Silent, None) => sheet.present(code, asked(result)),
            (Outcome::Open, _) => sheet.unknown(code, &too_few(result)),
        }
    }
    if let (Some(broadcast), Some(_)) = (of(TestCase::Machine), unicast) {
        match broadcast.outcome(&loss) {
            Outcome::Answered => sheet.absent(BROADCAST, answer(broadcast)),
            Outcome::Silent => {
                let says =
                    format!("{}, without the broadcast flag it was answered", asked(broadcast));
                sheet.present(BROADCAST, says);
            }
            Outcome::Open => sheet.unknown(BROADCAST, &too_few(broadcast)),
        }
    }
}

/// Whether the link loses so much that DHCP suffers.
fn link(results: &[TestResult], loss: &Loss, sheet: &mut Sheet) {
    let answered = results.iter().filter(|result| result.answered > 0);
    let each = answered.map(|result| {
        let what = match result.case {
            TestCase::Gateway => "ARP requests",
            TestCase::Host => "DISCOVERs of this computer",
            TestCase::Foreign => "DISCOVERs of an unknown client",
            TestCase::Machine => "DISCOVERs of the VM",
            TestCase::MachineUnicast => "DISCOVERs of the VM for a unicast reply",
            TestCase::MachineClientId => "DISCOVERs with the VM's identifier",
        };
        format!("{} of {} {what}", result.answered, result.sent)
    });
    let counted: Vec<String> = each.collect();
    let lossy = loss.at_least(NOTICEABLE);
    let says = format!("answered: {}", counted.join(", "));
    if counted.is_empty() {
        let why = "nothing that was asked was answered".to_owned();
        sheet.unknown(LINK, &Unread::Failed(why));
    } else if (1.0 - SURE..SURE).contains(&lossy) {
        sheet.unknown(LINK, &Unread::Failed(format!("{says}: too few to tell")));
    } else {
        sheet.judged(LINK, lossy >= SURE, &says, &says);
    }
}

fn too_few(result: &TestResult) -> Unread {
    Unread::Failed(format!(
        "{} of {} DISCOVERs answered, which the loss of the link or a slow server may explain",
        result.answered, result.sent
    ))
}

fn asked(result: &TestResult) -> String {
    let with = result.chaddr.map_or_else(String::new, |chaddr| format!(" with {chaddr}"));
    format!("0 of {} DISCOVERs{with} answered", result.sent)
}

fn answer(result: &TestResult) -> String {
    let counted = format!("{} of {} answered", result.answered, result.sent);
    let Some(offer) = result.offers.first() else { return counted };
    let server = offer.server.map_or_else(String::new, |server| format!(" by {server}"));
    match offer.yiaddr {
        Some(yiaddr) => format!("{counted}: {yiaddr} was offered{server}"),
        None => format!("{counted}: an address was offered{server}"),
    }
}
