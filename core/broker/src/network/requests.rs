//! The requests for ports, and the modes of this program that serve them for longer.

use std::io;

use vmkit_attach::SHARED_BRIDGE;
use vmkit_rights::{PortRequest, Refusal};
use vmkit_types::Mac;

use super::{
    leftovers,
    macvtap::on_adapter,
    names::refusal,
    netlink::Netlink,
    port::Port,
    shared,
    tap::{attach, bridge},
    watcher,
};

/// Most ports on one computer, as many as a bridge can have.
const MOST: usize = 1023;

/// Makes a port.
pub(crate) fn port(wanted: &PortRequest) -> Result<Port, Refusal> {
    let mut netlink = Netlink::open().map_err(|error| refusal("open a netlink socket", &error))?;
    let ports = leftovers::remove(&mut netlink);
    if ports.map_err(|error| refusal("list the ports of machines", &error))? >= MOST {
        return Err(Refusal::failed(format!("there are {MOST} ports of machines already")));
    }
    match wanted {
        // It may end at any time, but for who joins by its own request.
        PortRequest::Bridge(name) if name == SHARED_BRIDGE => {
            Err(Refusal::denied(format!("{name} is the network of shared mode")))
        }
        PortRequest::Bridge(name) => {
            let bridge = bridge(&mut netlink, name)?;
            attach(&mut netlink, &bridge)
        }
        PortRequest::Adapter { uplink, mac } => on_adapter(&mut netlink, uplink, Mac::new(*mac)),
        PortRequest::Shared => shared::port(&mut netlink),
    }
}

/// Does the work of a mode that these words of the command line name. `None`: they name none.
pub(crate) fn mode(words: &[String]) -> Option<io::Result<()>> {
    match words {
        [mode, index] if mode == watcher::MODE => index.parse().ok().map(watcher::run),
        [mode] if mode == shared::KEEPER_MODE => Some(shared::run()),
        [mode, words @ ..] if mode == shared::DHCP_MODE => Some(shared::become_dnsmasq(words)),
        _ => None,
    }
}
