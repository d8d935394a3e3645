//! How guests use their devices, to and from `qmp.json`.

use std::time::Duration;

use vmkit_model::{CardDriver, Devices, DiskUse};
use vmkit_types::{Reading, Unread};

use crate::document;

/// What the document says; an unknown word was not understood by whoever wrote it for another version.
pub(crate) fn read(document: &document::Devices, problems: &mut Vec<String>) -> Reading<Devices> {
    let document::Devices { card_driver, card_driver_unknown, disk_unknown, .. } = document;
    let known = |word: &str| CardDriver::WORDS.iter().find(|(_, other)| *other == word);
    let card = match card_driver.as_deref().map(|word| (word, known(word))) {
        Some((_, Some((driver, _)))) => Reading::Known(*driver),
        Some((word, None)) => {
            problems.push(format!("driver of a card {word:?}"));
            Reading::Unknown(reason(card_driver_unknown.as_ref()))
        }
        None => Reading::Unknown(reason(card_driver_unknown.as_ref())),
    };
    let disk = match (document.disk_read_bytes, document.disk_read_operations) {
        (Some(read_bytes), Some(read_operations)) => {
            let idle = document.disk_idle_ms.map(Duration::from_millis);
            Reading::Known(DiskUse { read_bytes, read_operations, idle })
        }
        _ => Reading::Unknown(reason(disk_unknown.as_ref())),
    };
    match (&card, &disk) {
        (Reading::Unknown(Unread::NotTried), Reading::Unknown(Unread::NotTried)) => {
            Reading::Unknown(Unread::NotTried)
        }
        _ => Reading::Known(Devices { card, disk }),
    }
}

fn reason(why: Option<&String>) -> Unread {
    why.cloned().map_or(Unread::NotTried, Unread::Failed)
}

/// The fields of the document.
pub(crate) fn write(devices: &Reading<Devices>) -> document::Devices {
    let devices = match devices {
        Reading::Known(devices) => devices,
        Reading::Absent | Reading::Unknown(Unread::NotTried) => {
            return document::Devices::default();
        }
        Reading::Unknown(why) => {
            &Devices { card: Reading::Unknown(why.clone()), disk: Reading::Unknown(why.clone()) }
        }
    };
    let word = |driver: &CardDriver| CardDriver::WORDS.iter().find(|(other, _)| other == driver);
    let disk = devices.disk.as_ref().known();
    let idle = disk.and_then(|disk| disk.idle);
    document::Devices {
        card_driver: devices.card.as_ref().known().and_then(word).map(|(_, it)| (*it).to_owned()),
        card_driver_unknown: why(&devices.card),
        disk_read_bytes: disk.map(|disk| disk.read_bytes),
        disk_read_operations: disk.map(|disk| disk.read_operations),
        disk_idle_ms: idle.and_then(|idle| u64::try_from(idle.as_millis()).ok()),
        disk_unknown: why(&devices.disk),
    }
}

fn why<T>(reading: &Reading<T>) -> Option<String> {
    match reading {
        Reading::Unknown(Unread::NotTried) | Reading::Known(_) | Reading::Absent => None,
        Reading::Unknown(why) => Some(why.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_what_is_read_again_and_why_something_is_not_known() {
        let disk = |idle| {
            let idle = Option::map(idle, Duration::from_millis);
            Reading::Known(DiskUse { read_bytes: 512, read_operations: 1, idle })
        };
        let failed = |why: &str| Unread::Failed(why.to_owned());
        let rows = [
            Devices { card: Reading::Known(CardDriver::Missing), disk: disk(Some(11_734)) },
            Devices { card: Reading::Known(CardDriver::Idle), disk: disk(None) },
            Devices {
                card: Reading::Unknown(failed("the VM has no virtio card")),
                disk: disk(Some(0)),
            },
            Devices {
                card: Reading::Known(CardDriver::Used),
                disk: Reading::Unknown(failed("an old QEMU")),
            },
        ];
        for devices in rows {
            let text = serde_json::to_string(&write(&Reading::Known(devices.clone()))).unwrap();
            let mut problems = Vec::new();
            let again = read(&serde_json::from_str(&text).unwrap(), &mut problems);
            assert_eq!((again.known(), problems), (Some(devices), Vec::new()), "{text}");
        }
        let nothing = serde_json::from_str("{}").unwrap();
        assert_eq!(read(&nothing, &mut Vec::new()), Reading::Unknown(Unread::NotTried));
        let mut problems = Vec::new();
        let strange = serde_json::from_str(r#"{"card_driver":"asleep"}"#).unwrap();
        assert_eq!(read(&strange, &mut problems), Reading::Unknown(Unread::NotTried));
        assert_eq!(problems, ["driver of a card \"asleep\""]);
    }
}
