//! Network cards of a `.vmx` file.

use vmkit_listing::card_mac;
use vmkit_plugin::{NetworkMode, SubjectCard, Unread};

use crate::{places::Places, settings::Settings};

/// VMware's machines have at most this many cards.
const MOST_CARDS: usize = 10;

/// The cards, in their order.
pub(crate) fn cards(
    settings: &Settings,
    file: &str,
    places: &Places,
) -> Result<Vec<SubjectCard>, Unread> {
    (0..MOST_CARDS)
        .map(|number| format!("ethernet{number}"))
        .filter(|card| settings.is_true(&format!("{card}.present")))
        .map(|card| read(settings, file, &card, places))
        .collect()
}

fn read(
    settings: &Settings,
    file: &str,
    card: &str,
    places: &Places,
) -> Result<SubjectCard, Unread> {
    let get = |key: &str| settings.get(&format!("{card}.{key}"));
    // A MAC of the user's is under another key than one that VMware made.
    let (own, other) = match get("addresstype") {
        Some("static") => ("address", "generatedaddress"),
        _ => ("generatedaddress", "address"),
    };
    let mac = get(own).or_else(|| get(other)).map(|text| card_mac(file, card, text)).transpose()?;
    // Such as `VMnet8` or `/dev/vmnet8`.
    let custom = get("vnet").map(|name| name.trim_start_matches("/dev/").to_ascii_lowercase());
    let network = match get("connectiontype") {
        None | Some("bridged") => "vmnet0",
        Some("nat") => "vmnet8",
        Some("hostonly") => "vmnet1",
        Some("custom") => custom.as_deref().unwrap_or_default(),
        Some(_) => "",
    };
    let mode = match network {
        "vmnet0" => Some(NetworkMode::Bridged),
        "vmnet1" | "vmnet8" => Some(NetworkMode::Shared),
        _ => None,
    };
    // What `vmnet0` is bridged to is chosen when a machine starts, and no file says so.
    let named = places.has_vmnet_interfaces && network.starts_with("vmnet") && network != "vmnet0";
    let interface = named.then(|| network.to_owned());
    Ok(SubjectCard { mac, mode, interface, port: None })
}
