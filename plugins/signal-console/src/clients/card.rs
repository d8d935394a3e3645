//! The machine's card as the guest names it, and settings that are for another one.

use vmkit_plugin::Mac;

use crate::{boot::Boot, device::Device, fault::Fault, line::Line, words::last_word};

/// The kernel's drivers of the cards that hypervisors offer.
const DRIVERS: [&str; 7] =
    ["virtio_net ", "e1000 ", "e1000e ", "igb ", "vmxnet3 ", "8139cp ", "hv_netvsc "];
/// Most MACs of one line that are read.
const MOST_MACS: usize = 8;

/// `virtio_net virtio0 ens3: renamed from eth0`. Containers rename interfaces without a driver.
pub(crate) fn renamed(boot: &mut Boot<'_>, line: Line<'_>) {
    let is_card = DRIVERS.iter().any(|driver| line.before.contains(driver));
    if let Some(device) = Device::parse(last_word(line.before)).filter(|_| is_card) {
        boot.see_card(device);
    }
}

/// `[nic not present] Cannot rename mac=52:54:00:0f:0e:0d to ens3, not available.`, as cloud-init says.
pub(crate) fn not_renamed(boot: &mut Boot<'_>, line: Line<'_>) {
    let word = line.after.split(' ').next().unwrap_or_default();
    complain_of(boot, word.parse().into_iter());
}

/// `RuntimeError: Not all expected physical devices present: {'52:54:00:0f:0e:0d'}`, as cloud-init says.
pub(crate) fn expected(boot: &mut Boot<'_>, line: Line<'_>) {
    let words = line.after.split(['{', '}', '\'', ',', ' ']).filter(|word| !word.is_empty());
    complain_of(boot, words.take(MOST_MACS).filter_map(|word| word.parse().ok()));
}

/// The settings name these cards. They are wrong if one of them is not the machine's.
fn complain_of(boot: &mut Boot<'_>, mut named: impl Iterator<Item = Mac>) {
    if let Some(other) = named.find(|mac| boot.is_foreign_mac(*mac)) {
        let says = format!("cloud-init has settings for {other}, which no card of the VM has");
        boot.complain(Fault::OtherCard, &says);
    }
}
