//! What each mode would mean on this computer.

use vmkit_model::{NetworkChoice, Platform, StartMode};
use vmkit_types::{HostNetwork, Prefix};

use crate::{
    adapters::adapters,
    bridge::SHARED_BRIDGE,
    situation::Situation,
    subnet::{Subnet, free_subnet},
    target::target,
    warning::warning,
};

/// What a mode would mean on this computer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModeHere {
    /// The mode.
    pub mode: StartMode,
    /// Whether a machine can be started in it.
    pub possible: bool,
    /// What it means, or why it is not possible: sentences.
    pub says: Vec<String>,
}

/// What each mode would mean on this computer.
pub fn modes(situation: &Situation<'_>) -> [ModeHere; 2] {
    StartMode::ALL.map(|mode| {
        let says = match mode {
            StartMode::Bridged => bridged(situation),
            StartMode::Shared => shared(situation),
        };
        let (possible, says) = match says {
            Ok(says) => (true, says),
            Err(why) => (false, vec![why]),
        };
        ModeHere { mode, possible, says }
    })
}

fn bridged(situation: &Situation<'_>) -> Result<Vec<String>, String> {
    let adapters = adapters(situation.network, situation.platform);
    let adapter = target(&adapters, None).map_err(|why| format!("Not possible: {why}."))?;
    let name = &adapter.interface.name;
    let meaning = format!(
        "On {name}, the router of its network gives the VM an address, and other machines reach the VM."
    );
    let choice = NetworkChoice { mode: StartMode::Bridged, bridge: Some(name.clone()) };
    let warning = warning(&choice, situation).map(|warning| warning.says);
    Ok(std::iter::once(meaning).chain(warning).collect())
}

fn shared(situation: &Situation<'_>) -> Result<Vec<String>, String> {
    let limit =
        "It reaches what this computer reaches, and other machines do not reach it.".to_owned();
    let network = match situation.platform {
        Platform::MacOs => "macOS gives the VM an address of a network of its own.".to_owned(),
        Platform::Unknown => "This computer gives the VM an address of its own network.".to_owned(),
        Platform::Linux => {
            let (network, moved) = subnet(situation.network).ok_or(
                "Not possible: every network for it overlaps an address or a route of this computer.",
            )?;
            let moved = moved.map(|why| format!(" ({why})")).unwrap_or_default();
            format!("This computer gives the VM an address of {network}{moved}.")
        }
    };
    Ok(vec![network, limit])
}

/// The network of shared mode as it is, or else as it would be, and why it is not the preferred one.
fn subnet(network: &HostNetwork) -> Option<(Prefix, Option<String>)> {
    let bridge = network.interfaces.iter().find(|interface| interface.name == SHARED_BRIDGE);
    let running = bridge.and_then(|bridge| {
        bridge.addresses.iter().find_map(|prefix| match prefix.address {
            std::net::IpAddr::V4(gateway) => {
                Some(Subnet { gateway, prefix: prefix.length, moved_because: None })
            }
            std::net::IpAddr::V6(_) => None,
        })
    });
    let subnet = running.or_else(|| free_subnet(network, SHARED_BRIDGE))?;
    Some((subnet.network(), subnet.moved_because))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{situation::Reach, testing::network};

    #[test]
    fn says_what_each_mode_would_mean_here() {
        let limit = "It reaches what this computer reaches, and other machines do not reach it.";
        let on =
            "the router of its network gives the VM an address, and other machines reach the VM.";
        let rows = [
            (
                Platform::Linux,
                "br0 bridge, eth0 br0",
                format!("bridged true On br0, {on}"),
                format!(
                    "shared true This computer gives the VM an address of 192.168.105.0/24. {limit}"
                ),
            ),
            (
                Platform::Linux,
                "vmkit0 bridge 192.168.115.1/24",
                "bridged false Not possible: no adapter can be bridged to at present: vmkit0 (it is the \
                 network of shared mode)."
                    .to_owned(),
                format!(
                    "shared true This computer gives the VM an address of 192.168.115.0/24. {limit}"
                ),
            ),
            (
                Platform::Linux,
                "eth0 192.168.105.2/24",
                format!(
                    "bridged true On eth0, {on} eth0 is in no bridge, so that the VM gets a macvtap on \
                     it: other machines reach the VM, and this computer and the VM do not reach each \
                     other."
                ),
                format!(
                    "shared true This computer gives the VM an address of 192.168.115.0/24 \
                     (192.168.105.0/24 overlaps 192.168.105.2/24 of eth0). {limit}"
                ),
            ),
            (
                Platform::MacOs,
                "en5",
                format!("bridged true On en5, {on}"),
                format!(
                    "shared true macOS gives the VM an address of a network of its own. {limit}"
                ),
            ),
        ];
        for (platform, interfaces, bridged, shared) in rows {
            let network = network(interfaces, "");
            let (reach, remembered) = (Reach::Unknown, None);
            let situation = Situation {
                machine: None,
                runs: false,
                network: &network,
                platform,
                router: None,
                reach,
                remembered,
            };
            let found = modes(&situation).map(|ModeHere { mode, possible, says }| {
                format!("{} {possible} {}", mode.code(), says.join(" "))
            });
            assert_eq!(found, [bridged, shared], "{interfaces}");
        }
    }
}
