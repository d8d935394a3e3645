//! Diagnoses of guests that are still booting.

use std::time::Duration;

use vmkit_types::{Kind, NetworkMode, Observation, Reading, Unread, attribute};

use super::{CATALOGUE, scene::Scene};
use crate::{Awaited, diagnose, findings};

const HOME: [u8; 4] = [192, 168, 1, 60];

/// What is known about a guest that started some seconds ago.
struct Row {
    name: &'static str,
    /// Seconds since the start of its process, if known.
    uptime: Option<u64>,
    /// What its console shows: a phase, or `unread`.
    console: Option<&'static str>,
    /// Since its console was last written to, where that is known.
    silent: Option<u64>,
    /// The boots that its console shows, and the kernel's last time stamp.
    boots: Option<u32>,
    kernel: Option<u64>,
    /// What else was seen: `KIND` of the machine, `KIND @` of its address.
    seen: &'static [&'static str],
    /// The messages at its port.
    guest: &'static str,
    /// What it has yet to do; `None`: it is not reported as booting.
    awaits: Option<Awaited>,
    /// The named cause; empty: no cause.
    cause: &'static str,
    /// Part of the evidence that it is booting.
    because: &'static str,
}

const ROW: Row = Row {
    name: "",
    uptime: Some(12),
    console: Some("dhcp"),
    silent: None,
    boots: None,
    kernel: None,
    seen: &[],
    guest: "",
    awaits: None,
    cause: "",
    because: "as far as dhcp",
};

/// Its lease is three seconds old, and its MAC was seen at the address.
const LEASED: &[&str] = &["arp-reply @", "ssh-refused @"];
const SSH: Option<Awaited> = Some(Awaited::Ssh);
const ADDRESS: Option<Awaited> = Some(Awaited::Address);
const NOT_LISTENING: &str = "guest-ssh-not-listening";
const BLOCKED: &str = "guest-firewall-blocks-ssh";

/// The process of a guest that refuses SSH has run for a day.
const LONG_UP: Row = Row { uptime: Some(86_400), seen: LEASED, cause: NOT_LISTENING, ..ROW };

const ROWS: &[Row] = &[
    // The SSH server of a guest with an address.
    Row { name: "refused", seen: LEASED, awaits: SSH, ..ROW },
    Row { name: "silent", seen: &["arp-reply @", "ssh-timeout @"], awaits: SSH, ..ROW },
    Row { name: "no banner", seen: &["arp-reply @", "ssh-no-banner @"], awaits: SSH, ..ROW },
    Row { name: "ready", seen: &["arp-reply @", "ssh-ready @"], ..ROW },
    Row { name: "nobody asked SSH", seen: &["arp-reply @"], ..ROW },
    Row {
        name: "refused in the kernel",
        console: Some("kernel"),
        seen: LEASED,
        awaits: SSH,
        because: "as far as kernel",
        ..ROW
    },
    Row {
        name: "refused after the login prompt",
        console: Some("login"),
        seen: LEASED,
        cause: NOT_LISTENING,
        ..ROW
    },
    Row {
        name: "silent after the login prompt",
        console: Some("login"),
        seen: &["arp-reply @", "ssh-timeout @"],
        cause: BLOCKED,
        ..ROW
    },
    Row {
        name: "refused long after the start",
        uptime: Some(301),
        seen: LEASED,
        cause: NOT_LISTENING,
        ..ROW
    },
    Row {
        name: "silent long after the start",
        uptime: Some(86_400),
        seen: &["arp-reply @", "ssh-timeout @"],
        cause: BLOCKED,
        ..ROW
    },
    Row {
        name: "refused, just before the limit",
        uptime: Some(299),
        seen: LEASED,
        awaits: SSH,
        ..ROW
    },
    // No console, or an empty one.
    Row {
        name: "no console",
        console: None,
        seen: LEASED,
        awaits: SSH,
        because: "run for 12 s",
        ..ROW
    },
    Row {
        name: "a console that cannot be read",
        console: Some("unread"),
        seen: LEASED,
        awaits: SSH,
        because: "run for 12 s",
        ..ROW
    },
    Row {
        name: "a quiet console",
        console: Some("none"),
        seen: LEASED,
        awaits: SSH,
        because: "run for 12 s",
        ..ROW
    },
    Row {
        name: "no console, long after the start",
        uptime: Some(301),
        console: None,
        seen: LEASED,
        cause: NOT_LISTENING,
        ..ROW
    },
    // The start of its process is unknown.
    Row {
        name: "no start and no console",
        uptime: None,
        console: None,
        seen: LEASED,
        cause: NOT_LISTENING,
        ..ROW
    },
    Row {
        name: "no start, the console has not ended",
        uptime: None,
        seen: LEASED,
        awaits: SSH,
        ..ROW
    },
    Row {
        name: "no start, a lease of 3 s ago",
        uptime: None,
        seen: &["arp-reply @", "ssh-refused @", "lease-current @ 3"],
        awaits: SSH,
        ..ROW
    },
    Row {
        name: "no start, the console is silent for long",
        uptime: None,
        silent: Some(300),
        seen: LEASED,
        cause: NOT_LISTENING,
        ..ROW
    },
    Row {
        name: "no start, the kernel runs for long",
        uptime: None,
        kernel: Some(300),
        seen: LEASED,
        cause: NOT_LISTENING,
        ..ROW
    },
    // A guest that has rebooted keeps its process.
    Row {
        name: "rebooted",
        console: Some("kernel"),
        boots: Some(2),
        silent: Some(1),
        kernel: Some(1),
        because: "as far as kernel",
        awaits: SSH,
        ..LONG_UP
    },
    Row {
        name: "rebooted, of a record without the time of its console",
        boots: Some(2),
        kernel: Some(1),
        awaits: SSH,
        ..LONG_UP
    },
    Row { name: "rebooted long ago", boots: Some(2), silent: Some(300), ..LONG_UP },
    Row { name: "its kernel runs for long", silent: Some(2), kernel: Some(298), ..LONG_UP },
    Row { name: "its console goes on", silent: Some(299), awaits: SSH, ..LONG_UP },
    Row { name: "one boot, of a record without the time", boots: Some(1), ..LONG_UP },
    Row {
        name: "rebooted within what its console keeps, leased 3 s ago",
        seen: &["arp-reply @", "ssh-refused @", "lease-current @ 3"],
        awaits: SSH,
        ..LONG_UP
    },
    // A guest without an address.
    Row {
        name: "nothing yet",
        console: Some("kernel"),
        awaits: ADDRESS,
        because: "as far as kernel",
        ..ROW
    },
    Row {
        name: "nothing yet, no console",
        console: None,
        awaits: ADDRESS,
        because: "run for 12 s",
        ..ROW
    },
    Row { name: "asks and waits", guest: "19 DISCOVER 1", awaits: ADDRESS, ..ROW },
    Row {
        name: "asks into a cable that leads nowhere",
        guest: "0 frame 0 from aa:00:00:00:00:fe",
        cause: "guest-link-down",
        ..ROW
    },
    Row {
        name: "sends nothing yet",
        console: Some("firmware"),
        guest: "0 frame 0 from aa:00:00:00:00:fe",
        awaits: ADDRESS,
        because: "as far as firmware",
        ..ROW
    },
    Row { name: "panics", console: Some("panic"), cause: "guest-not-booted", ..ROW },
    Row {
        name: "waits for a person",
        console: Some("initramfs"),
        seen: &["console-fault boot-gave-up"],
        cause: "guest-not-booted",
        ..ROW
    },
    Row {
        name: "stopped early long ago",
        uptime: Some(301),
        console: Some("initramfs"),
        guest: "0 frame 0 from aa:00:00:00:00:fe",
        cause: "guest-not-booted",
        ..ROW
    },
    Row {
        name: "asks in vain",
        guest: "1 DISCOVER 1\n3 DISCOVER 1\n7 DISCOVER 1",
        cause: "?",
        ..ROW
    },
    Row {
        name: "gave itself an address",
        console: Some("link-local"),
        seen: &["console-address 169.254.7.7"],
        cause: "?",
        ..ROW
    },
    Row {
        name: "sends and never asks",
        console: Some("kernel"),
        guest: "0 frame 0 from 52:54:00:00:00:01",
        cause: "guest-no-dhcp-client",
        ..ROW
    },
    Row { name: "is not running", console: Some("kernel"), cause: "vm-not-running", ..ROW },
    Row {
        name: "is on QEMU's user network",
        console: Some("kernel"),
        cause: "vm-user-network",
        ..ROW
    },
    Row { name: "has its cable pulled", console: Some("kernel"), cause: "guest-link-down", ..ROW },
];

fn seen(text: &str) -> Observation {
    let mut words = text.split(' ');
    let kind = words.next().unwrap();
    let mut seen = Observation::new(0, Kind::from_code(kind), kind);
    for word in words {
        if word == "@" {
            seen = seen.at(HOME).on_mac(super::scene::VM.parse().unwrap());
        } else if let Ok(seconds) = word.parse() {
            seen = seen.aged(Duration::from_secs(seconds));
        } else if let Ok(address) = word.parse::<std::net::IpAddr>() {
            seen = seen.at(address);
        } else {
            seen = seen.with(attribute::FAULT, word);
        }
    }
    seen
}

fn scene(row: &Row) -> Scene {
    let mut scene = Scene::at_home();
    if !row.guest.is_empty() {
        scene = scene.guest(row.guest);
    }
    scene.machine.mode = Some(NetworkMode::Bridged);
    scene.machine.started_at =
        row.uptime.map(|seconds| super::scene::now() - Duration::from_secs(seconds));
    scene.machine.console_written_at =
        row.silent.map(|seconds| super::scene::now() - Duration::from_secs(seconds));
    match row.name {
        "is not running" => scene.machine.process = Reading::Known(crate::Process::Stopped),
        "is on QEMU's user network" => scene.machine.mode = Some(NetworkMode::User),
        "has its cable pulled" => scene.machine.link_up = Reading::Known(false),
        _ => {}
    }
    scene.observations = row.seen.iter().map(|text| seen(text)).collect();
    match row.console {
        None => {}
        Some("unread") => scene
            .observations
            .push(Observation::unread(0, &Unread::Denied("open console.log".to_owned()))),
        Some(phase) => scene.observations.push(console(row, phase)),
    }
    scene
}

fn console(row: &Row, phase: &str) -> Observation {
    let numbers = [(attribute::BOOTS, row.boots.map(u64::from)), (attribute::KERNEL_S, row.kernel)];
    let shown = Observation::new(0, Kind::ConsolePhase, format!("as far as {phase}"))
        .with(attribute::PHASE, phase);
    numbers.iter().fold(shown, |shown, (name, number)| match number {
        Some(number) => shown.with(name, number.to_string()),
        None => shown,
    })
}

/// The deviation from the row's expectation.
fn wrong(row: &Row) -> Option<String> {
    scene(row).facts(|facts| {
        let found = findings(facts, &CATALOGUE);
        let got = diagnose(facts, &found, &CATALOGUE);
        let first = got.causes.first().filter(|first| first.probability >= 0.5);
        let named = first.map_or("", |first| first.code);
        let booting = got.booting.as_ref();
        let right = match row.awaits {
            Some(awaits) => booting.is_some_and(|booting| {
                // Neither a cause nor healthy: it is too early for either.
                booting.awaits == awaits
                    && booting.because.contains(row.because)
                    && booting.uptime == row.uptime.map(Duration::from_secs)
                    && got.causes.is_empty()
                    && !got.healthy
                    && got.cannot_tell.is_some()
            }),
            None => booting.is_none() && (row.cause == "?" || named == row.cause),
        };
        (!right).then(|| format!("{}: {booting:?}, {named:?} {:?}", row.name, got.cannot_tell))
    })
}

#[test]
fn names_no_cause_while_the_guest_boots() {
    let wrong: Vec<String> = ROWS.iter().filter_map(wrong).collect();
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), ROWS.len(), wrong.join("\n"));
}

#[test]
fn the_end_of_the_boot_is_a_finding() {
    let rows = [
        (Some("dhcp"), Some(12), super::present as fn(&Scene) -> _, true),
        (Some("login"), Some(12), super::absent, true),
        (Some("dhcp"), Some(301), super::absent, true),
        (None, None, super::present, false),
        (None, None, super::absent, false),
    ];
    for (console, uptime, codes, expected) in rows {
        let scene = scene(&Row { uptime, console, ..ROW });
        let found = codes(&scene).contains(&"boot-unfinished");
        assert_eq!(found, expected, "{console:?} {uptime:?}");
    }
}
