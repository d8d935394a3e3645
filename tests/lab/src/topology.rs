//! Router, access point and host: three namespaces connected by cables.

use crate::{LabError, Namespace, names::LabName};

/// The router, which is also the DHCP server and the gateway.
pub const ROUTER_ADDRESS: &str = "192.168.77.1";
/// The host, on its bridge.
pub const HOST_ADDRESS: &str = "192.168.77.10";
/// The length of the local network's prefix.
pub(crate) const PREFIX_LENGTH: u8 = 24;

/// The hosts of a lab, without what runs on them.
#[derive(Debug)]
pub(crate) struct Topology {
    /// The access point: a bridge with the other end of the host's cable.
    pub(crate) air: Namespace,
    /// `rt0` carries [`ROUTER_ADDRESS`].
    pub(crate) router: Namespace,
    /// `en0` is the uplink in bridge `br0`, which carries [`HOST_ADDRESS`].
    pub(crate) host: Namespace,
}

impl Topology {
    pub(crate) fn new(name: &LabName) -> Result<Self, LabError> {
        let air = Namespace::new(name.namespace("air"))?;
        let router = Namespace::new(name.namespace("rt"))?;
        let host = Namespace::new(name.namespace("mac"))?;

        bridge(&air, "air0")?;
        cable(&air, "ap-up", "air0", &router, "rt0")?;
        cable(&air, "ap-sta", "air0", &host, "en0")?;
        router.ip(&format!("address add {ROUTER_ADDRESS}/{PREFIX_LENGTH} dev rt0"))?;

        bridge(&host, "br0")?;
        host.ip("link set en0 master br0")?;
        host.ip(&format!("address add {HOST_ADDRESS}/{PREFIX_LENGTH} dev br0"))?;
        host.ip(&format!("route add default via {ROUTER_ADDRESS}"))?;
        Ok(Self { air, router, host })
    }
}

/// Makes a bridge without forward delay, which would drop a guest's first DHCP requests.
fn bridge(namespace: &Namespace, name: &str) -> Result<(), LabError> {
    namespace.ip(&format!("link add {name} type bridge stp_state 0 forward_delay 0"))?;
    // A duplicate address check would keep the link-local address tentative for a second.
    namespace.set(&format!("ipv6.conf.{name}.disable_ipv6"), "1")?;
    namespace.ip(&format!("link set {name} up"))?;
    Ok(())
}

/// Connects two namespaces: `port` of `bridge` in one, `interface` in the other, both up.
pub(crate) fn cable(
    bridged: &Namespace,
    port: &str,
    bridge: &str,
    far: &Namespace,
    interface: &str,
) -> Result<(), LabError> {
    let far_name = far.name();
    bridged.ip(&format!("link add {port} type veth peer name {interface} netns {far_name}"))?;
    bridged.ip(&format!("link set {port} master {bridge} up"))?;
    far.ip(&format!("link set {interface} up"))?;
    Ok(())
}
