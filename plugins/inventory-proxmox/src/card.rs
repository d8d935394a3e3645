//! A network card: `virtio=BC:24:11:4B:5E:57,bridge=vmbr0,firewall=1`.

use vmkit_listing::card_mac;
use vmkit_plugin::{NetworkMode, SubjectCard, Unread};

/// The card with this index and value of the machine of this number.
pub(crate) fn card(
    file: &str,
    number: &str,
    index: usize,
    value: &str,
) -> Result<SubjectCard, Unread> {
    let name = format!("net{index}");
    let pairs: Vec<(&str, &str)> =
        value.split(',').filter_map(|part| part.trim().split_once('=')).collect();
    let get = |key: &str| pairs.iter().find(|(own, _)| *own == key).map(|(_, value)| *value);
    // The model comes with its MAC; older files have `macaddr` beside `model`.
    let mac = get("macaddr").or_else(|| {
        let values = pairs.iter().map(|(_, value)| *value);
        values.into_iter().find(|value| value.bytes().filter(|byte| *byte == b':').count() == 5)
    });
    let first = pairs.first().map(|(_, value)| *value);
    let mac = match mac.or_else(|| first.filter(|value| value.contains(':'))) {
        Some(mac) => Some(card_mac(file, &name, mac)?),
        None => None,
    };
    let bridge = get("bridge").map(str::to_owned);
    Ok(match bridge {
        Some(bridge) => SubjectCard {
            mac,
            mode: Some(NetworkMode::Bridged),
            interface: Some(bridge),
            port: Some(format!("tap{number}i{index}")),
        },
        // Without a bridge QEMU's user network serves it.
        None => SubjectCard { mac, mode: Some(NetworkMode::User), interface: None, port: None },
    })
}
