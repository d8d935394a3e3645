//! Network cards of an instance, and the addresses that the daemon reports.

use std::net::IpAddr;

use vmkit_listing::{Json, card_mac};
use vmkit_plugin::{NetworkMode, Reading, SubjectCard, Unread};

/// Most cards of an instance, and most addresses of it, that are read.
const MOST: usize = 64;

/// The cards and the addresses.
pub(crate) fn of(
    instance: Json<'_>,
    socket: &str,
    name: &str,
) -> (Reading<Vec<SubjectCard>>, Reading<Vec<IpAddr>>) {
    let devices = match instance.entries("/expanded_devices") {
        Reading::Known(devices) => devices,
        Reading::Absent => Vec::new(),
        Reading::Unknown(why) => {
            return (Reading::Unknown(why), Reading::Unknown(Unread::NotTried));
        }
    };
    let cards = devices
        .into_iter()
        .filter(|(_, device)| device.text("/type") == Reading::Known("nic"))
        .take(MOST)
        .map(|(device_name, device)| card(instance, device, device_name, socket, name));
    let cards: Result<Vec<SubjectCard>, Unread> = cards.collect();
    (cards.map_or_else(Reading::Unknown, Reading::Known), addresses(instance))
}

/// One card: its device says how it is connected, keys called `volatile.…` which MAC and which interface
/// of the host it got.
fn card(
    instance: Json<'_>,
    device: Json<'_>,
    device_name: &str,
    socket: &str,
    name: &str,
) -> Result<SubjectCard, Unread> {
    let volatile = |key: &str| {
        let pointer = format!("/expanded_config/volatile.{}.{key}", escaped(device_name));
        instance.text(&pointer).known()
    };
    let mac = device.text("/hwaddr").known().or_else(|| volatile("hwaddr"));
    let what = format!("{name}: {device_name}");
    let mac = mac.map(|text| card_mac(socket, &what, text)).transpose()?;
    let text = |pointer: &str| device.text(pointer).known();
    // A managed network of the daemon gives addresses; otherwise the card names an interface of the host.
    let (mode, interface) = match (text("/network"), text("/nictype")) {
        (Some(network), _) => (Some(NetworkMode::Shared), Some(network)),
        (None, Some("bridged" | "macvlan" | "ipvlan" | "sriov" | "physical")) => {
            (Some(NetworkMode::Bridged), text("/parent"))
        }
        (None, Some("routed" | "p2p")) => (Some(NetworkMode::Shared), None),
        (None, _) => (None, text("/parent")),
    };
    let interface = interface.map(str::to_owned);
    Ok(SubjectCard { mac, mode, interface, port: volatile("host_name").map(str::to_owned) })
}

/// The addresses of all of the instance's interfaces but loopback. For a VM its agent reports them, where
/// it has one, or else they are leases.
fn addresses(instance: Json<'_>) -> Reading<Vec<IpAddr>> {
    let interfaces = match instance.entries("/state/network") {
        Reading::Known(interfaces) => interfaces,
        Reading::Absent => return Reading::Absent,
        Reading::Unknown(why) => return Reading::Unknown(why),
    };
    let addresses = interfaces
        .into_iter()
        .filter(|(name, interface)| {
            *name != "lo" && interface.text("/type") != Reading::Known("loopback")
        })
        .flat_map(|(_, interface)| interface.items("/addresses").known().unwrap_or_default())
        .take(MOST);
    Reading::Known(addresses.filter_map(|entry| entry.parsed("/address").known()).collect())
}

/// The text as a part of a JSON pointer.
fn escaped(text: &str) -> String {
    text.replace('~', "~0").replace('/', "~1")
}
