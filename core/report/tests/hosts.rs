//! What `vm hosts-sync` shows: whole outputs, and nothing that steers a terminal.

mod common;

use std::path::Path;

use common::{compare, hosts_sync, terminal, text};
use vmkit_report::{HostsOutcome, Style, Terminal};

fn golden(name: &str, found: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    compare(&file, found, "UPDATE_GOLDEN");
}

#[test]
fn writes_a_preview_and_a_change() {
    let preview = hosts_sync(HostsOutcome::Preview);
    golden("hosts-preview.txt", &text(|out| preview.write_text(out, terminal(100))));
    golden("hosts.json", &text(|out| preview.write_json(out)));
    let changed = hosts_sync(HostsOutcome::Replaced);
    golden("hosts-changed.txt", &text(|out| changed.write_text(out, terminal(100))));
}

#[test]
fn summarises_each_outcome() {
    let rows = [
        (HostsOutcome::Unchanged, "/etc/hosts needs no change; 1 VM without a line."),
        (HostsOutcome::WrittenInPlace, "/etc/hosts was overwritten, since it cannot be replaced: "),
        (HostsOutcome::Undone, "/etc/hosts was restored to the state before the last change."),
    ];
    for (outcome, expected) in rows {
        let mut sync = hosts_sync(outcome);
        sync.next = None;
        let said = text(|out| sync.write_text(out, terminal(100)));
        assert!(said.lines().last().is_some_and(|line| line.starts_with(expected)), "{said}");
    }
}

#[test]
fn no_text_of_the_file_or_a_machine_controls_the_terminal() {
    const HOSTILE: &str = "x\x1b[2J\x1b]0;t\x07\r\n\u{9b}31m\u{7f}\u{202e}\u{2028}\0";
    let mut sync = hosts_sync(HostsOutcome::Replaced);
    sync.file = HOSTILE.to_owned();
    sync.diff.push(format!("+{HOSTILE}"));
    sync.vms[5].name = HOSTILE.to_owned();
    sync.vms[5].reason = Some(HOSTILE.to_owned());
    sync.vms[5].names_left_out[0] = (HOSTILE.to_owned(), HOSTILE.to_owned());
    sync.backup = Some(HOSTILE.to_owned());
    sync.caches.push((HOSTILE.to_owned(), Err(HOSTILE.to_owned())));
    sync.next = Some(vec![HOSTILE.to_owned()]);
    for said in [
        text(|out| sync.write_text(out, Terminal { style: Style::Plain, ..terminal(90) })),
        text(|out| sync.write_json(out)),
    ] {
        let steers = |c: char| {
            c.is_control() && c != '\n' || ('\u{2000}'..'\u{2100}').contains(&c) && c != '…'
        };
        assert!(!said.contains(steers), "{said:?}");
    }
}
