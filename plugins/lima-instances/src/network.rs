//! The network cards of an instance.

use serde_json::Value;
use vmkit_plugin::{Mac, NetworkMode, ProcessAnswer, Reading, SubjectCard};

/// The networks that Lima writes into `networks.yaml` when there is none. `host` has no way out, and the
/// guest has an address of this computer's as on a shared network.
const BUILT_IN: [(&str, NetworkMode); 4] = [
    ("shared", NetworkMode::Shared),
    ("host", NetworkMode::Shared),
    ("bridged", NetworkMode::Bridged),
    ("user-v2", NetworkMode::User),
];

/// The networks that instances refer to by name.
pub(crate) struct Networks(Reading<Value>);

impl Networks {
    pub(crate) fn new(file: Reading<Value>) -> Self {
        Self(file)
    }

    /// The mode of a network and the interface that it is bridged to.
    fn named(&self, name: &str) -> (Option<NetworkMode>, Option<String>) {
        let built_in =
            |mode: &str| BUILT_IN.iter().find(|(known, _)| *known == mode).map(|(_, mode)| *mode);
        let Reading::Known(file) = &self.0 else { return (built_in(name), None) };
        let Some(network) = file.get("networks").and_then(|all| all.get(name)) else {
            return (built_in(name), None);
        };
        let text = |key: &str| network.get(key).and_then(Value::as_str);
        let mode = text("mode").and_then(built_in);
        let interface = text("interface").filter(|_| mode == Some(NetworkMode::Bridged));
        (mode, interface.map(str::to_owned))
    }
}

/// The cards of an instance: first the one of user networking, unless a network of that mode is in its
/// place, then one for each network. MACs that the configuration leaves to Lima are those of QEMU's
/// command line, if it runs.
pub(crate) fn cards(
    configuration: &Value,
    networks: &Networks,
    process: Option<&ProcessAnswer>,
) -> Vec<SubjectCard> {
    let listed = configuration.get("networks").and_then(Value::as_array);
    let listed: Vec<_> =
        listed.into_iter().flatten().map(|entry| (entry, described(entry, networks))).collect();
    let is_user = |(_, card): &(&Value, SubjectCard)| card.mode == Some(NetworkMode::User);
    let instead = listed.iter().position(is_user);
    let user = SubjectCard { mode: Some(NetworkMode::User), ..SubjectCard::default() };
    let first = instead.map_or(user, |at| listed[at].1.clone());
    let others = listed.iter().enumerate().filter(|(at, _)| Some(*at) != instead);
    // QEMU's `net0` is the first card, and `netN` the one of the network before the N-th.
    let others = others.map(|(at, (_, card))| (at + 1, card.clone()));
    let with_mac = |(number, card): (usize, SubjectCard)| SubjectCard {
        mac: card.mac.or_else(|| process.and_then(|process| mac_of(process, number))),
        ..card
    };
    [(0, first)].into_iter().chain(others).map(with_mac).collect()
}

/// The card of an entry of `networks`.
fn described(entry: &Value, networks: &Networks) -> SubjectCard {
    let text = |key: &str| entry.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
    let is_shared = entry.get("vzNAT").and_then(Value::as_bool) == Some(true);
    let (mode, interface) = match text("lima") {
        Some(name) => networks.named(name),
        None => (is_shared.then_some(NetworkMode::Shared), None),
    };
    let mac = text("macAddress").and_then(|mac| mac.parse::<Mac>().ok());
    SubjectCard { mac, mode, interface, port: None }
}

/// The MAC of the card at `netN` on QEMU's command line.
fn mac_of(process: &ProcessAnswer, number: usize) -> Option<Mac> {
    let of_card = format!("netdev=net{number}");
    let devices = process.arguments.windows(2).filter(|pair| pair[0] == "-device");
    let mut options = devices.map(|pair| pair[1].split(',').collect::<Vec<_>>());
    let card = options.find(|options| options.contains(&of_card.as_str()))?;
    card.iter().find_map(|option| option.strip_prefix("mac=")?.parse().ok())
}
