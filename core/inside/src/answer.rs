//! A guest's whole answer.

use vmkit_types::{Reading, Unread, escaped};

use crate::{
    cards, facts::Inside, firewall, journal, listeners, managers, parts::Parts, routes, servers,
    setup,
};

/// Longest answer in bytes. The script bounds each part, and the rules of a busy Docker host have
/// some 400 KiB.
pub const LONGEST_ANSWER: usize = 4 << 20;
/// The first line of an answer.
const HEADER: &str = "# vmkit-inside 1";
/// What stands before the reason why there is no answer.
const NOT_ASKED: &str = "# unread ";

/// Reads what the script printed in the guest. What follows after [`LONGEST_ANSWER`] does not count.
pub fn read(answer: &[u8]) -> Reading<Inside> {
    let answer = String::from_utf8_lossy(&answer[..answer.len().min(LONGEST_ANSWER)]);
    // A login may greet before the script begins.
    let Some((_, answer)) = answer.split_once(HEADER) else { return malformed() };
    // The script never prints such a line.
    if answer.trim_start().starts_with(NOT_ASKED) {
        return malformed();
    }
    let parts = Parts::of(answer);
    Reading::Known(Inside {
        cards: parts.read("addresses", cards::read),
        routes: parts.read("routes", routes::read),
        servers: servers::read(&parts),
        listeners: parts.read("listeners", listeners::read),
        programs: parts.read("programs", |text| Ok(managers::programs(text))),
        managed: managers::managed(&parts),
        firewall: firewall::read(&parts),
        setup: setup::read(&parts),
        lease: journal::read(&parts),
    })
}

fn malformed() -> Reading<Inside> {
    Reading::Unknown(Unread::Malformed("the guest did not answer".to_owned()))
}

/// Why there is no answer, where the text is what [`not_asked`] records. A guest that prints it lies.
pub fn recorded_reason(text: &[u8]) -> Option<Unread> {
    let text = String::from_utf8_lossy(&text[..text.len().min(LONGEST_ANSWER)]);
    let reason = text.strip_prefix(HEADER)?.strip_prefix('\n')?.strip_prefix(NOT_ASKED)?;
    let reason = reason.lines().next().unwrap_or_default();
    let (code, detail) = reason.split_once(' ').unwrap_or((reason, ""));
    Some(Unread::from_code(code, detail))
}

/// What is recorded in place of an answer.
pub fn not_asked(why: &Unread) -> String {
    format!("{HEADER}\n{NOT_ASKED}{} {}\n", why.code(), escaped(why.detail()))
}
