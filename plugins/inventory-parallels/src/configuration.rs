//! What `config.pvs` says of a machine. Its elements are those of the public SDK's classes, such as
//! `CVmGenericNetworkAdapter`.

use vmkit_formats::xml::Element;
use vmkit_listing::{absolute, card_mac};
use vmkit_plugin::{NetworkMode, SubjectCard};

/// Values of `EmulatedType` of a card: `PNA_HOST_ONLY`, `PNA_SHARED`, `PNA_BRIDGED_ETHERNET`. A machine on
/// a host-only network has an address of this computer's as well.
const MODES: [(&str, NetworkMode); 3] =
    [("0", NetworkMode::Shared), ("1", NetworkMode::Shared), ("2", NetworkMode::Bridged)];

pub(crate) fn is_template(root: &Element) -> bool {
    root.text_at("Settings/General/IsTemplate") == Some("1")
}

pub(crate) fn name(root: &Element) -> Option<&str> {
    root.text_at("Identification/VmName")
}

/// With braces, as on command lines.
pub(crate) fn uuid(root: &Element) -> Option<&str> {
    root.text_at("Identification/VmUuid")
}

/// The cards that are switched on.
pub(crate) fn cards(root: &Element) -> Vec<SubjectCard> {
    let adapters = root.all("Hardware/NetworkAdapter").into_iter();
    adapters.filter(|adapter| adapter.text_at("Enabled") == Some("1")).map(card).collect()
}

fn card(adapter: &Element) -> SubjectCard {
    let mode = adapter.text_at("EmulatedType");
    let mode = MODES.iter().find(|(value, _)| Some(*value) == mode).map(|(_, mode)| *mode);
    // `Default` stands for the interface with the default route.
    let interface = adapter.text_at("AdapterName").filter(|name| is_interface(name));
    SubjectCard {
        mac: adapter.text_at("MAC").and_then(|mac| card_mac("", "", mac).ok()),
        mode,
        interface: interface.filter(|_| mode == Some(NetworkMode::Bridged)).map(str::to_owned),
        port: None,
    }
}

/// Whether a text is the name of an interface, such as `en0`.
fn is_interface(name: &str) -> bool {
    let letters = name.trim_end_matches(|each: char| each.is_ascii_digit());
    letters.len() < name.len() && letters.bytes().all(|byte| byte.is_ascii_lowercase())
}

/// The disks, whose paths are absolute or begin in the bundle.
pub(crate) fn disks(root: &Element, bundle: &str) -> Vec<String> {
    let names = root.all("Hardware/Hdd").into_iter().filter_map(|disk| disk.text_at("SystemName"));
    names.map(|name| absolute(bundle, name)).collect()
}
