//! libvirt's networks: which bridge each has, who gives the addresses on it, and whether it is started.

use std::collections::{BTreeMap, HashMap};

use vmkit_formats::xml::Element;
use vmkit_plugin::{NetworkMode, Reading, Remark, Unread};

use crate::sources::{Files, Sources};

/// A network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Network {
    pub(crate) mode: Option<NetworkMode>,
    /// Its bridge, or the host's interface that it puts machines on.
    pub(crate) interface: Option<String>,
}

/// The networks of a connection.
pub(crate) struct Networks {
    by_name: HashMap<String, Network>,
    /// Why some may not be among these.
    complete: Result<(), Unread>,
    /// The names of the networks that are started.
    active: Result<Vec<String>, Unread>,
}

impl Networks {
    pub(crate) fn new(sources: &Sources) -> Self {
        // What a started network is, says its run-time file: its bridge may have been chosen then.
        let documents = [&sources.networks, &sources.active_networks].into_iter().flat_map(known);
        let by_name = documents.filter_map(|(_, document)| {
            let network = if document.name() == "networkstatus" {
                document.child("network")?
            } else {
                document
            };
            Some((network.text_at("name")?.to_owned(), Network::new(network)))
        });
        let names = |files: &Files<Element>| match files {
            Reading::Known(files) => Ok(files.keys().cloned().collect()),
            Reading::Absent => Ok(Vec::new()),
            Reading::Unknown(why) => Err(why.clone()),
        };
        let unread = |files: &Files<Element>| match files {
            Reading::Known(files) => files.values().find_map(why_unknown).map_or(Ok(()), Err),
            Reading::Absent => Ok(()),
            Reading::Unknown(why) => Err(why.clone()),
        };
        Self {
            by_name: by_name.collect(),
            complete: unread(&sources.networks),
            active: names(&sources.active_networks),
        }
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Network> {
        self.by_name.get(name)
    }

    /// The network whose bridge this is.
    pub(crate) fn with_bridge(&self, bridge: &str) -> Option<&Network> {
        self.by_name.values().find(|network| {
            network.mode == Some(NetworkMode::Shared)
                && network.interface.as_deref() == Some(bridge)
        })
    }

    /// What is wrong with the network of this name.
    pub(crate) fn remark(&self, name: &str) -> Result<Option<Remark>, Unread> {
        let remark = |code: &str, says| {
            Some(Remark { code: code.to_owned(), about: Some(name.to_owned()), says })
        };
        if self.active.as_ref().map_err(Clone::clone)?.iter().any(|active| active == name) {
            return Ok(None);
        }
        if self.by_name.contains_key(name) {
            let says = format!("its network \"{name}\" is not started");
            return Ok(remark(Remark::NETWORK_INACTIVE, says));
        }
        self.complete.clone()?;
        Ok(remark("network-missing", format!("its network \"{name}\" is not defined")))
    }
}

impl Network {
    fn new(network: &Element) -> Self {
        let forward = network.child("forward");
        let bridge = network.at("bridge").and_then(|bridge| bridge.attribute("name"));
        // Without a forward element the network is isolated, and one without a mode is `nat`
        // (https://libvirt.org/formatnetwork.html).
        let mode = forward.map(|forward| forward.attribute("mode").unwrap_or("nat"));
        let device = || {
            let forward = forward?;
            let first = || forward.child("interface")?.attribute("dev");
            forward.attribute("dev").or_else(first)
        };
        match mode {
            None | Some("nat" | "route" | "open") => {
                Self { mode: Some(NetworkMode::Shared), interface: bridge.map(str::to_owned) }
            }
            Some("bridge" | "private" | "vepa" | "passthrough") => Self {
                mode: Some(NetworkMode::Bridged),
                interface: bridge.or_else(device).map(str::to_owned),
            },
            // A function of the card itself is handed to the machine.
            Some(_) => Self { mode: None, interface: None },
        }
    }
}

/// The documents that could be read.
fn known(files: &Files<Element>) -> Vec<(&String, &Element)> {
    static NONE: BTreeMap<String, Reading<Element>> = BTreeMap::new();
    let files = if let Reading::Known(files) = files { files } else { &NONE };
    let documents = files.iter().filter_map(|(name, document)| match document {
        Reading::Known(document) => Some((name, document)),
        Reading::Absent | Reading::Unknown(_) => None,
    });
    documents.collect()
}

fn why_unknown<T>(reading: &Reading<T>) -> Option<Unread> {
    match reading {
        Reading::Unknown(why) => Some(why.clone()),
        Reading::Known(_) | Reading::Absent => None,
    }
}
