//! The results of the differential DHCP test.

use vmkit_dhcp::{TestCase, TestResult};
use vmkit_types::{Reading, Unread};

use super::sheet::Sheet;
use crate::{Facts, FindingCode};

const CASES: [(FindingCode, TestCase); 3] = [
    (FindingCode::TestHostUnanswered, TestCase::Host),
    (FindingCode::TestMachineUnanswered, TestCase::Machine),
    (FindingCode::TestForeignUnanswered, TestCase::Foreign),
];
const BROADCAST: FindingCode = FindingCode::TestBroadcastUnanswered;

pub(super) fn judge(facts: &Facts<'_>, sheet: &mut Sheet) {
    let results = match &facts.test {
        Reading::Known(results) => *results,
        Reading::Absent => return,
        Reading::Unknown(why) => {
            sheet.all_unknown(&CASES.map(|(code, _)| code), why);
            return sheet.unknown(BROADCAST, why);
        }
    };
    let of = |wanted: TestCase| results.iter().find(|r| r.case == wanted && r.sent > 0);
    let unicast = of(TestCase::MachineUnicast).filter(|result| !result.offers.is_empty());
    for (code, case) in CASES {
        match of(case) {
            // If only the flag makes the difference, that is a finding of its own.
            Some(result) if case == TestCase::Machine && unicast.is_some() => {
                let yes = format!("{}, without the broadcast flag it was answered", asked(result));
                sheet.judged(BROADCAST, result.offers.is_empty(), yes, answer(result));
                sheet.absent(code, unicast.map(answer).unwrap_or_default());
            }
            // Lost broadcasts say nothing about the servers.
            Some(result) if unicast.is_some() && result.offers.is_empty() => {
                let lost = "replies by broadcast do not arrive".to_owned();
                sheet.unknown(code, &Unread::Failed(lost));
            }
            Some(result) => {
                sheet.judged(code, result.offers.is_empty(), asked(result), answer(result));
            }
            None => sheet.unknown(code, &Unread::NotTried),
        }
    }
}

fn asked(result: &TestResult) -> String {
    let times = if result.sent == 1 { "once" } else { "times" };
    match (result.sent, result.chaddr) {
        (1, Some(chaddr)) => format!("asked once with {chaddr}, no OFFER"),
        (1, None) => format!("asked {times}, no OFFER"),
        (sent, Some(chaddr)) => format!("asked {sent} times with {chaddr}, no OFFER"),
        (sent, None) => format!("asked {sent} times, no OFFER"),
    }
}

fn answer(result: &TestResult) -> String {
    let Some(offer) = result.offers.first() else { return "no OFFER".to_owned() };
    let server = offer.server.map_or_else(String::new, |server| format!(" by {server}"));
    match offer.yiaddr {
        Some(yiaddr) => format!("{yiaddr} was offered{server}"),
        None => format!("an address was offered{server}"),
    }
}
