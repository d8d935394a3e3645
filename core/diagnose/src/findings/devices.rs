//! How the guest uses its network card and its disks, as QEMU reports it.

use std::time::Duration;

use vmkit_model::{CardDriver, DiskUse};
use vmkit_types::{Reading, Unread};

use super::sheet::Sheet;
use crate::{
    Facts, FindingCode,
    boot::{is_unread, shows_kernel},
};

pub(super) fn judge(facts: &Facts<'_>, sheet: &mut Sheet) {
    let codes = [
        FindingCode::GuestDriverAbsent,
        FindingCode::GuestInterfaceUnused,
        FindingCode::DiskHardlyRead,
    ];
    let devices = match &facts.machine.devices {
        Reading::Known(devices) => devices,
        Reading::Absent => return,
        Reading::Unknown(why) => return sheet.all_unknown(&codes, why),
    };
    match &devices.card {
        Reading::Known(driver) => card(*driver, sheet),
        Reading::Absent => {}
        Reading::Unknown(why) => sheet.all_unknown(&codes[..2], why),
    }
    match &devices.disk {
        Reading::Known(disk) if is_unread(disk) && shows_kernel(facts) => {
            let why = "its console shows a kernel, which was not read from its disks".to_owned();
            sheet.unknown(FindingCode::DiskHardlyRead, &Unread::Failed(why));
        }
        Reading::Known(disk) => sheet.judged(
            FindingCode::DiskHardlyRead,
            is_unread(disk),
            said(disk),
            format!("{} of its disks was read", bytes(disk.read_bytes)),
        ),
        // A VM without a disk starts from the network or from a kernel of the host.
        Reading::Absent => {}
        Reading::Unknown(why) => sheet.unknown(FindingCode::DiskHardlyRead, why),
    }
}

fn card(driver: CardDriver, sheet: &mut Sheet) {
    let (absent, unused) = (FindingCode::GuestDriverAbsent, FindingCode::GuestInterfaceUnused);
    match driver {
        CardDriver::Missing => {
            sheet.present(absent, "QEMU reports that no driver has taken its virtio card");
        }
        CardDriver::Idle => {
            sheet.absent(absent, "QEMU reports a driver for its virtio card");
            let says = "QEMU reports a driver for its virtio card, which nobody has set to receive";
            sheet.present(unused, says);
        }
        CardDriver::Used => {
            sheet.absent(absent, "QEMU reports that the guest has set its card to receive");
            sheet.absent(unused, "QEMU reports that the guest has set its card to receive");
        }
        CardDriver::Present => sheet.absent(absent, "QEMU reports a driver for its virtio card"),
    }
}

/// How little was read.
fn said(disk: &DiskUse) -> String {
    if disk.read_operations == 0 {
        return "nothing was read of its disks".to_owned();
    }
    let since = disk.idle.filter(|idle| *idle >= Duration::from_secs(1));
    let since =
        since.map_or_else(String::new, |idle| format!(", and nothing for {} s", idle.as_secs()));
    format!("{} of its disks was read{since}", bytes(disk.read_bytes))
}

fn bytes(count: u64) -> String {
    match count {
        0..1024 => format!("{count} bytes"),
        1024..1_048_576 => format!("{} KiB", count >> 10),
        _ => format!("{} MiB", count >> 20),
    }
}
