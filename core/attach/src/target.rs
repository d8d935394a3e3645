//! What a bridged machine is put on.

use vmkit_types::InterfaceKind;

use crate::adapters::{Adapter, Bridging};

/// Why there is nothing to bridge a machine to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoTarget {
    /// This computer has no adapter or bridge of this name.
    Missing {
        /// The name.
        name: String,
        /// Those to which a machine can be bridged.
        others: Vec<String>,
    },
    /// No machine can be bridged to the adapter.
    NotBridgeable {
        /// The adapter.
        name: String,
        /// Why: a clause.
        why: String,
    },
    /// Nothing was named, and no adapter with a carrier can be bridged.
    None {
        /// Why, for each adapter: a clause.
        why: Vec<String>,
    },
}

impl std::fmt::Display for NoTarget {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Missing { name, others } if others.is_empty() => {
                write!(f, "this computer has no adapter or bridge {name:?}, and no other one")
            }
            Self::Missing { name, others } => {
                let others = others.join(", ");
                write!(f, "this computer has no adapter or bridge {name:?}; it has {others}")
            }
            Self::NotBridgeable { name, why } => {
                write!(f, "no VM can be bridged to {name}: {why}")
            }
            Self::None { why } if why.is_empty() => {
                f.write_str("this computer has no adapter that a VM can be bridged to")
            }
            Self::None { why } => {
                write!(f, "no adapter can be bridged to at present: {}", why.join("; "))
            }
        }
    }
}

impl std::error::Error for NoTarget {}

/// The adapter or bridge for a bridged machine: the named one, or else the best. The best one leads out,
/// has a carrier and is wired, if possible, and the default route leads through it; a bridge is better
/// than a macvtap.
///
/// # Errors
/// No adapter fits, or no VM can be bridged to the named one.
pub fn target<'a, 'n>(
    adapters: &'a [Adapter<'n>],
    named: Option<&str>,
) -> Result<&'a Adapter<'n>, NoTarget> {
    if let Some(name) = named {
        return by_name(adapters, name);
    }
    let usable = adapters
        .iter()
        .filter(|adapter| adapter.is_bridgeable() && adapter.has_carrier() && adapter.leads_out());
    // Of equal ones the first counts, hence the reversal.
    let best = usable.rev().max_by_key(|adapter| {
        let has_address = !adapter.interface.addresses.is_empty();
        let is_bridge = adapter.bridging == Bridging::Tap;
        (!adapter.is_wifi(), adapter.default_route, is_bridge, has_address)
    });
    best.ok_or_else(|| NoTarget::None { why: adapters.iter().map(unusable).collect() })
}

fn by_name<'a, 'n>(adapters: &'a [Adapter<'n>], name: &str) -> Result<&'a Adapter<'n>, NoTarget> {
    let found = adapters.iter().find(|adapter| adapter.interface.name == name);
    let Some(found) = found else {
        let others = adapters.iter().filter(|adapter| adapter.is_bridgeable());
        let others = others.map(|adapter| adapter.interface.name.clone()).collect();
        return Err(NoTarget::Missing { name: name.to_owned(), others });
    };
    match &found.bridging {
        Bridging::Impossible(obstacle) => {
            Err(NoTarget::NotBridgeable { name: name.to_owned(), why: obstacle.to_string() })
        }
        _ => Ok(found),
    }
}

/// Why an adapter is not suggested: its name and a clause.
fn unusable(adapter: &Adapter<'_>) -> String {
    let why = match &adapter.bridging {
        Bridging::Impossible(obstacle) => obstacle.to_string(),
        _ if !adapter.leads_out() => "nothing in it leads out".to_owned(),
        _ if adapter.interface.kind == InterfaceKind::Bridge => {
            "its adapter has no carrier".to_owned()
        }
        _ => "no carrier".to_owned(),
    };
    format!("{} ({why})", adapter.interface.name)
}

#[cfg(test)]
mod tests {
    use vmkit_model::Platform::{self, Linux, MacOs};

    use super::*;
    use crate::{adapters::adapters, testing::network};

    #[test]
    fn chooses_what_a_machine_is_bridged_to() {
        let rows: &[(Platform, &str, &str, Option<&str>, &str)] = &[
            (Linux, "eth0 br0, br0 bridge 10.0.0.2/8", "0.0.0.0/0 br0", None, "br0"),
            (Linux, "eth0, eth1 br0, br0 bridge", "0.0.0.0/0 eth0", None, "eth0"),
            (Linux, "eth0, eth1 br0, br0 bridge", "", None, "br0"),
            (Linux, "eth0, eth1 10.0.0.2/8", "", None, "eth1"),
            (Linux, "eth0 down, eth1", "", None, "eth1"),
            (Linux, "wlan0 wifi br0, br0 bridge, eth0", "0.0.0.0/0 br0", None, "eth0"),
            (Linux, "wlan0 wifi br0, br0 bridge, eth0 down", "", None, "br0"),
            (Linux, "virbr0 bridge 192.168.122.1/24", "", Some("virbr0"), "virbr0"),
            (
                Linux,
                "virbr0 bridge, eth0 down, wlan0 wifi",
                "",
                None,
                "no adapter can be bridged to at present: eth0 (no carrier); virbr0 (nothing in it \
                 leads out); wlan0 (Linux bridges no Wi-Fi station)",
            ),
            (Linux, "", "", None, "this computer has no adapter that a VM can be bridged to"),
            (
                Linux,
                "eth0, br0 bridge, wlan0 wifi",
                "",
                Some("br7"),
                "this computer has no adapter or bridge \"br7\"; it has br0, eth0",
            ),
            (
                Linux,
                "",
                "",
                Some("br7"),
                "this computer has no adapter or bridge \"br7\", and no other one",
            ),
            (
                Linux,
                "eth0 br0, br0 bridge",
                "",
                Some("eth0"),
                "no VM can be bridged to eth0: it is in the bridge br0, to which VMs are \
                 bridged instead",
            ),
            (
                Linux,
                "vmkit0 bridge",
                "",
                Some("vmkit0"),
                "no VM can be bridged to vmkit0: it is the network of shared mode",
            ),
            (MacOs, "en0 wifi, en5", "0.0.0.0/0 en0", None, "en5"),
            (MacOs, "en0 wifi, en5 down", "0.0.0.0/0 en0", None, "en0"),
            (MacOs, "en0 wifi bridge100, bridge100 bridge", "", Some("en0"), "en0"),
        ];
        for (platform, interfaces, routes, named, expected) in rows {
            let network = network(interfaces, routes);
            let adapters = adapters(&network, *platform);
            let found = match target(&adapters, *named) {
                Ok(adapter) => adapter.interface.name.clone(),
                Err(none) => none.to_string(),
            };
            assert_eq!(&found, expected, "{interfaces}; {routes}; {named:?}");
        }
    }
}
