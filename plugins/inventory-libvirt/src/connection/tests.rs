//! Files that cannot be read, as a user without root's rights sees them.

use std::collections::BTreeMap;

use vmkit_formats::xml;

use super::*;
use crate::sources::SYSTEM;

const NAME: &str = "web";

fn denied() -> Unread {
    Unread::Denied("/etc/libvirt/qemu/web.xml".to_owned())
}

/// A directory with this one file, or an empty one.
fn files<T>(file: Option<Reading<T>>) -> Files<T> {
    Reading::Known(file.into_iter().map(|file| (NAME.to_owned(), file)).collect())
}

fn domain(text: &str) -> Reading<Element> {
    Reading::Known(xml::parse(text.as_bytes()).unwrap())
}

fn processes(pids: &[u32]) -> Processes {
    let text = "qemu-system-x86_64 -name guest=web -netdev tap,fd=3,id=n \
                -device virtio-net-pci,netdev=n,mac=52:54:00:4b:5e:57";
    let arguments: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
    let answer =
        |pid| ProcessAnswer { pid, user: None, directory: None, arguments: arguments.clone() };
    Reading::Known(pids.iter().map(|pid| (*pid, line(&answer(*pid)))).collect())
}

/// `STATE PID CARDS` of the one machine, if there is one.
fn found(sources: &Sources, processes: &Processes) -> String {
    let Some(machine) = machines(sources, processes).into_iter().next() else {
        return "none".to_owned();
    };
    assert_eq!(machine.name, NAME);
    let state = match machine.state {
        Reading::Known(state) => state.code(),
        Reading::Absent => "-",
        Reading::Unknown(_) => "?",
    };
    let pid = machine.pid.known().map_or("-".to_owned(), |pid| pid.to_string());
    let cards = match machine.cards {
        Reading::Known(cards) => {
            cards.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
        }
        Reading::Absent => "-".to_owned(),
        Reading::Unknown(why) => format!("? {}", why.code()),
    };
    format!("{state} {pid} {cards}")
}

/// A file that may not be read.
fn secret<T>() -> Reading<T> {
    Reading::Unknown(denied())
}

/// What is defined, what runs, the pid files, the processes, and the machine.
type Row<'a> = (Files<Element>, Files<Element>, Files<u32>, &'a [u32], &'a str);

/// A directory that may not be listed.
fn nowhere<T>() -> Files<T> {
    Reading::Unknown(denied())
}

#[test]
fn lists_what_is_known_of_a_domain_whose_files_are_roots() {
    let card = "<domain><devices><interface type='user'/></devices></domain>";
    let status = "<domstatus state='paused' pid='7'><domain/></domstatus>";
    let rows: [Row<'_>; 12] = [
        // Its name is known by its file, and the rest by the process that libvirt's pid file names.
        (
            files(Some(secret())),
            files(Some(secret())),
            files(Some(Reading::Known(7))),
            &[7],
            "running 7 52:54:00:4b:5e:57 - - -",
        ),
        (files(Some(secret())), files(None), files(None), &[], "stopped - ? denied"),
        // The process is one of others, and libvirt does not name it.
        (files(Some(secret())), files(None), files(None), &[8], "stopped - ? denied"),
        // Only the directory of what runs can be listed.
        (
            nowhere(),
            files(Some(secret())),
            files(Some(Reading::Known(7))),
            &[7],
            "running 7 52:54:00:4b:5e:57 - - -",
        ),
        (files(Some(secret())), nowhere(), nowhere(), &[7], "? - ? denied"),
        (nowhere(), nowhere(), nowhere(), &[7], "none"),
        (files(Some(secret())), files(Some(secret())), files(Some(secret())), &[7], "? - ? denied"),
        // Root sees all of it.
        (files(Some(domain(card))), files(None), files(None), &[7], "stopped - - user - -"),
        (files(Some(domain(card))), files(Some(domain(status))), files(None), &[7], "paused 7 "),
        (files(Some(domain(card))), files(Some(domain(status))), files(None), &[8], "stopped - "),
        // What is not libvirt's XML names its file and hides no state.
        (files(Some(domain("<a/>"))), files(None), files(None), &[], "stopped - ? malformed"),
        (
            files(Some(domain(card))),
            files(Some(domain("<a/>"))),
            files(Some(Reading::Known(7))),
            &[7],
            "? 7 52:54:00:4b:5e:57 - - -",
        ),
    ];
    for (row, (defined, run_time, pids, processes, expected)) in rows.into_iter().enumerate() {
        let networks = Reading::Known(BTreeMap::new());
        let active_networks = Reading::Known(BTreeMap::new());
        let sources =
            Sources { place: &SYSTEM, defined, run_time, pids, networks, active_networks };
        assert_eq!(found(&sources, &self::processes(processes)), expected, "row {row}");
    }
}

#[test]
fn a_network_is_called_inactive_only_if_that_was_seen() {
    let network = "<network><name>lan</name><bridge name='virbr7'/></network>";
    let on_lan = "<domain><devices><interface type='network'><source network='lan'/></interface>\
                  </devices></domain>";
    let none = || Reading::Known(BTreeMap::new());
    let one = |text| Reading::Known(BTreeMap::from([("lan".to_owned(), domain(text))]));
    let hidden = || Reading::Unknown(denied());
    let rows = [
        (one(network), none(), "network-inactive"),
        (one(network), one(network), ""),
        // A started network may be defined nowhere.
        (none(), one(network), ""),
        (none(), none(), "network-missing"),
        (hidden(), none(), "?"),
        (hidden(), one(network), ""),
        (one(network), hidden(), "?"),
    ];
    for (row, (networks, active_networks, expected)) in rows.into_iter().enumerate() {
        let sources = Sources {
            place: &SYSTEM,
            defined: files(Some(domain(on_lan))),
            run_time: files(None),
            pids: files(None),
            networks,
            active_networks,
        };
        let machine = machines(&sources, &processes(&[])).remove(0);
        let found = match machine.remarks {
            Reading::Known(remarks) => remarks.into_iter().map(|remark| remark.code).collect(),
            Reading::Absent => "-".to_owned(),
            Reading::Unknown(_) => "?".to_owned(),
        };
        assert_eq!(found, expected, "row {row}");
    }
}
