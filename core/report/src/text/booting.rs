//! A machine that is still booting.

use std::time::Duration;

use vmkit_diagnose::Booting;

use super::{
    Terminal,
    style::Role,
    wrap::{lines, room},
};
use crate::{DoctorVm, clean::shown};

/// The next step of the boot, and how long it usually takes.
pub(super) fn booting_lines(vm: &DoctorVm, booting: &Booting, terminal: Terminal) -> Vec<String> {
    let name = terminal.style.paint(Role::Heading, &shown(&vm.name));
    let word = terminal.style.paint(Role::Doubtful, "still booting");
    let address = vm.usable_address();
    let at = address.map_or_else(String::new, |address| format!(", at {address}"));
    let since = booting.uptime.map_or_else(String::new, |uptime| {
        format!(", {} after the start of its process", seconds(uptime))
    });
    let limit = format!(
        "{} after the start or the console's last line; what is missing after that is a fault",
        seconds(booting.limit)
    );
    let mut drawn = vec![format!("{name}: {word}{at}{since}")];
    let rows = [
        ("  awaited  ", shown(&booting.awaited)),
        ("  seen     ", shown(&booting.because)),
        ("  usual    ", shown(&booting.usual)),
        ("  at most  ", limit),
    ];
    let of_row = |(first, text): &(&str, String)| lines(room(terminal), first, "           ", text);
    drawn.extend(rows.iter().flat_map(of_row));
    drawn
}

fn seconds(time: Duration) -> String {
    match time.as_secs() {
        seconds @ 0..120 => format!("{seconds} s"),
        seconds @ 120..7200 => format!("{} min", seconds / 60),
        seconds => format!("{} h", seconds / 3600),
    }
}
