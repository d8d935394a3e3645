//! Asks QEMU how a guest uses its network card and its disks.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use serde::Deserialize;
use vmkit_model::{CardDriver, Devices, DiskUse};
use vmkit_rights::{Broker, DEVICE_QUERIES, MonitorCommand};
use vmkit_types::{Reading, Unread};

use super::{
    answers::{Answer, Answers},
    exchange::{NoAnswer, converse},
    socket::Socket,
};

/// Most virtio network cards that are asked about.
const MOST_CARDS: usize = 8;
/// Longest path of a device; QEMU's own have about 60 bytes.
const LONGEST_PATH: usize = 256;

const FILTERS: &str = DEVICE_QUERIES[0];
const VIRTIO: &str = DEVICE_QUERIES[1];
const BLOCKS: &str = DEVICE_QUERIES[2];

/// A device of `x-query-virtio`, since QEMU 7.2.
#[derive(Deserialize)]
struct VirtioDevice {
    name: String,
    path: String,
}

/// The part of `x-query-virtio-status` that says how far a driver has come.
#[derive(Deserialize)]
struct VirtioStatus {
    status: Statuses,
}

#[derive(Deserialize)]
struct Statuses {
    statuses: Vec<String>,
}

/// A card of `query-rx-filter`: what the guest wants to receive.
#[derive(Deserialize)]
struct Filter {
    promiscuous: bool,
    #[serde(rename = "multicast-table", default)]
    multicast: Vec<String>,
    #[serde(rename = "unicast-table", default)]
    unicast: Vec<String>,
}

impl Filter {
    /// Whether the guest has set it. A card that was reset receives everything.
    fn is_set(&self) -> bool {
        !self.promiscuous || !self.multicast.is_empty() || !self.unicast.is_empty()
    }
}

/// A disk of `query-blockstats`.
#[derive(Deserialize)]
struct Disk {
    /// The device of the guest that has it. Missing: no device has it.
    qdev: Option<String>,
    stats: DiskStats,
}

#[derive(Deserialize)]
struct DiskStats {
    rd_bytes: u64,
    rd_operations: u64,
    idle_time_ns: Option<u64>,
}

/// Asks the monitor, within the patience in all.
pub(super) fn ask(
    socket: &Socket,
    broker: Option<&Broker>,
    patience: Duration,
) -> Result<Reading<Devices>, NoAnswer> {
    let began = Instant::now();
    let converse = |command: &MonitorCommand, expected: usize| {
        let left = patience.saturating_sub(began.elapsed());
        let mut answers = Answers::new(expected);
        converse(socket, None, command, broker, left, |bytes| answers.take(bytes))
    };
    let answers = converse(&MonitorCommand::Devices, DEVICE_QUERIES.len())?;
    let cards = virtio_cards(answers.get(VIRTIO));
    let states = match cards {
        Reading::Known(paths) if !paths.is_empty() => {
            let expected = paths.len();
            Reading::Known(converse(&MonitorCommand::VirtioStatus { paths }, expected)?)
        }
        Reading::Known(_) => Reading::Absent,
        other => other.map(|_| BTreeMap::new()),
    };
    let card = card(states, answers.get(FILTERS));
    Ok(Reading::Known(Devices { card, disk: disk(answers.get(BLOCKS)) }))
}

/// The paths of the guest's virtio network cards.
fn virtio_cards(answer: Option<&Answer>) -> Reading<Vec<String>> {
    let all: Vec<VirtioDevice> = match read(answer) {
        Ok(all) => all,
        Err(why) => return Reading::Unknown(why),
    };
    let is_card = |it: &VirtioDevice| it.name == "virtio-net" && it.path.len() <= LONGEST_PATH;
    Reading::Known(all.into_iter().filter(is_card).map(|it| it.path).take(MOST_CARDS).collect())
}

/// Whether a driver has a card. `states`: of each virtio card; `Absent`: the guest has none.
fn card(
    states: Reading<BTreeMap<String, Answer>>,
    filters: Option<&Answer>,
) -> Reading<CardDriver> {
    let filters: Result<Vec<Filter>, Unread> = read(filters);
    let is_set = filters.as_ref().is_ok_and(|cards| cards.iter().any(Filter::is_set));
    if is_set {
        return Reading::Known(CardDriver::Used);
    }
    let states = match states {
        Reading::Known(states) => states,
        Reading::Absent => {
            let why = "QEMU says it of virtio cards only, and the VM has none";
            return Reading::Unknown(Unread::Failed(why.to_owned()));
        }
        Reading::Unknown(why) => return Reading::Unknown(why),
    };
    let mut taken = false;
    for answer in states.values() {
        match read::<VirtioStatus>(Some(answer)) {
            // "VIRTIO_CONFIG_S_DRIVER_OK: Driver setup and ready"
            Ok(VirtioStatus { status }) => {
                taken |= status.statuses.iter().any(|it| it.contains("_DRIVER_OK"));
            }
            Err(why) => return Reading::Unknown(why),
        }
    }
    Reading::Known(match (taken, filters) {
        (false, _) => CardDriver::Missing,
        // A virtio card has a filter; without one nothing is known of it.
        (true, Ok(filters)) if !filters.is_empty() => CardDriver::Idle,
        (true, _) => CardDriver::Present,
    })
}

/// How much the guest's disks were read. `Absent`: the guest has no disk.
fn disk(answer: Option<&Answer>) -> Reading<DiskUse> {
    let disks: Vec<Disk> = match read(answer) {
        Ok(disks) => disks,
        Err(why) => return Reading::Unknown(why),
    };
    let own = disks.into_iter().filter(|disk| disk.qdev.as_ref().is_some_and(|it| !it.is_empty()));
    let stats: Vec<DiskStats> = own.map(|disk| disk.stats).collect();
    if stats.is_empty() {
        return Reading::Absent;
    }
    let sum = |of: fn(&DiskStats) -> u64| stats.iter().map(of).fold(0, u64::saturating_add);
    Reading::Known(DiskUse {
        read_bytes: sum(|stats| stats.rd_bytes),
        read_operations: sum(|stats| stats.rd_operations),
        idle: stats.iter().filter_map(|it| it.idle_time_ns).min().map(Duration::from_nanos),
    })
}

fn read<'v, T: Deserialize<'v>>(answer: Option<&'v Answer>) -> Result<T, Unread> {
    match answer {
        Some(Ok(value)) => T::deserialize(value)
            .map_err(|error| Unread::Malformed(format!("QEMU's answer: {error}"))),
        Some(Err(why)) => Err(Unread::Failed(format!("QEMU does not say it: {why}"))),
        None => Err(Unread::Failed("the QMP monitor sent more than a monitor does".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// Answers of QEMU 7.2 for a card in these states.
    fn state(words: &[&str]) -> Reading<BTreeMap<String, Answer>> {
        let status =
            json!({ "name": "virtio-net", "started": false, "status": { "statuses": words } });
        Reading::Known(BTreeMap::from([("0".to_owned(), Ok(status))]))
    }

    const READY: [&str; 4] = [
        "VIRTIO_CONFIG_S_ACKNOWLEDGE: Valid virtio device found",
        "VIRTIO_CONFIG_S_DRIVER: Guest OS compatible with device",
        "VIRTIO_CONFIG_S_FEATURES_OK: Feature negotiation complete",
        "VIRTIO_CONFIG_S_DRIVER_OK: Driver setup and ready",
    ];

    #[test]
    fn tells_a_missing_driver_an_unused_card_and_a_used_one_apart() {
        let fresh = || {
            Answer::Ok(json!([{ "promiscuous": true, "name": "virtio-net-pci.0",
            "main-mac": "52:54:00:12:34:56", "vlan-table": [4095], "unicast-table": [],
            "multicast-table": [] }]))
        };
        let set = || {
            Answer::Ok(json!([{ "promiscuous": false, "multicast-table":
            ["01:00:5e:00:00:01"], "unicast-table": [] }]))
        };
        let none = || Answer::Ok(json!([]));
        let old = || Err("The command x-query-virtio has not been found".to_owned());
        let old_qemu = Reading::Unknown(read::<Value>(Some(&old())).unwrap_err());
        let rows = [
            ("no driver", state(&[]), fresh(), Some(CardDriver::Missing)),
            ("a driver gave up", state(&READY[..2]), fresh(), Some(CardDriver::Missing)),
            ("never set up", state(&READY), fresh(), Some(CardDriver::Idle)),
            ("set up", state(&READY), set(), Some(CardDriver::Used)),
            ("no filter", state(&READY), none(), Some(CardDriver::Present)),
            ("an old QEMU, set up", old_qemu.clone(), set(), Some(CardDriver::Used)),
            ("an old QEMU", old_qemu, fresh(), None),
            ("no virtio card", Reading::Absent, none(), None),
        ];
        for (name, states, filters, expected) in rows {
            assert_eq!(card(states, Some(&filters)).known(), expected, "{name}");
        }
    }

    #[test]
    fn counts_what_was_read_of_disks_that_a_device_has() {
        let disk_of = |qdev: Option<&str>, bytes: u64, idle: Option<u64>| {
            json!({ "device": "virtio0", "qdev": qdev, "stats": { "rd_bytes": bytes,
                "rd_operations": bytes / 512, "idle_time_ns": idle, "wr_bytes": 0 } })
        };
        let path = Some("/machine/peripheral-anon/device[2]/virtio-backend");
        let used = |read_bytes, idle: Option<u64>| {
            let idle = idle.map(Duration::from_nanos);
            Reading::Known(DiskUse { read_bytes, read_operations: read_bytes / 512, idle })
        };
        let rows = [
            (json!([disk_of(path, 512, Some(7))]), used(512, Some(7))),
            (json!([disk_of(path, 0, None)]), used(0, None)),
            (
                json!([disk_of(path, 512, Some(9)), disk_of(path, 1024, Some(3))]),
                used(1536, Some(3)),
            ),
            (json!([disk_of(None, 0, None)]), Reading::Absent),
            (json!([]), Reading::Absent),
        ];
        for (value, expected) in rows {
            assert_eq!(disk(Some(&Ok(value.clone()))), expected, "{value}");
        }
        let strange = Answer::Ok(json!({ "disks": 1 }));
        assert!(matches!(disk(Some(&strange)), Reading::Unknown(Unread::Malformed(_))));
    }
}
